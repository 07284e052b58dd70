"""Read-only API of the diagnoses and their current definitions. Open to every member; holds no patient data."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from checklists.api_fields import (
    AnswerHeadingsSerializer,
    CircumstanceSerializer,
    IndicationSerializer,
    LeadTimeSerializer,
    LevelRuleSerializer,
    LevelSerializer,
    MeetingScopeSerializer,
    QuestionSerializer,
    RequirementSerializer,
    SubLeadTimeSerializer,
)
from checklists.models import Diagnosis
from checklists.queries import current_spec, published_diagnoses
from checklists.registry import specs_of


class DiagnosisSerializer(serializers.Serializer[Any]):
    """A diagnosis with everything that its current definition (`DefinitionSpec`) says."""

    slug = serializers.CharField()
    name_sv = serializers.CharField()
    name_en = serializers.CharField()
    version = serializers.CharField()
    icd10 = serializers.ListField(child=serializers.CharField())
    group = serializers.CharField()
    lead_times = LeadTimeSerializer(many=True)
    lead_times_version = serializers.CharField()
    lead_time_days = serializers.IntegerField(allow_null=True)
    sub_lead_times = SubLeadTimeSerializer(many=True)
    mdk_days_from_suspicion = serializers.IntegerField(allow_null=True)
    mdk_days_basis = serializers.CharField()
    mdk_days_source = serializers.CharField()
    mdk_days_note_sv = serializers.CharField()
    mdk_days_note_en = serializers.CharField()
    requirements = RequirementSerializer(many=True)
    circumstances = CircumstanceSerializer(many=True)
    levels = LevelSerializer(many=True)
    level_rules = LevelRuleSerializer(many=True)
    default_levels = serializers.DictField(child=serializers.CharField())
    checklists = serializers.DictField(child=QuestionSerializer(many=True))
    outcome_fields = QuestionSerializer(many=True)
    quorum = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    quorum_source = serializers.DictField(child=serializers.CharField())
    optional_roles = serializers.ListField(child=serializers.CharField())
    indications = IndicationSerializer(many=True)
    answer_headings = AnswerHeadingsSerializer(many=True)
    meeting_scope = MeetingScopeSerializer()
    meeting_may_follow_treatment = serializers.BooleanField()
    notes_sv = serializers.CharField()
    notes_en = serializers.CharField()
    sources = serializers.DictField(child=serializers.CharField())


@extend_schema(responses=DiagnosisSerializer(many=True))
class DiagnosesView(ListAPIView[Diagnosis]):
    """All diagnoses with a published definition, in Swedish order."""

    serializer_class = DiagnosisSerializer

    def get_queryset(self) -> QuerySet[Diagnosis]:
        """Return the diagnoses; their definitions are fetched together, by page."""
        return published_diagnoses()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer one page."""
        page = self.paginate_queryset(self.get_queryset())
        rows = list(self.get_queryset()) if page is None else page
        specs = specs_of(row.current_id for row in rows if row.current_id is not None)
        shown = DiagnosisSerializer([specs[row.current_id] for row in rows if row.current_id is not None], many=True)
        return Response(shown.data) if page is None else self.get_paginated_response(shown.data)


class DiagnosisView(APIView):
    """One diagnosis."""

    @extend_schema(responses=DiagnosisSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Answer the current definition; 404 for an unknown slug."""
        return Response(DiagnosisSerializer(current_spec(slug)).data)
