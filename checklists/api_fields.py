"""The parts of a definition as the API shows them; read-only, straight from the typed spec."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from checklists.enums import LevelCode, Modality, Phase

_ORDER = {code: place for place, code in enumerate((*Phase.values, *LevelCode.values, *Modality.values))}


class CodesField(serializers.ListField):
    """A set of phases, levels or modalities, always in the same order."""

    child = serializers.CharField()

    def to_representation(self, data: Iterable[str]) -> list[Any]:
        """The codes in the order of their enum."""
        return sorted(data, key=lambda code: (_ORDER.get(code, len(_ORDER)), code))


class SourcedSerializer(serializers.Serializer[Any]):
    """A fact with its source: an address, a title, or `local`."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name; DRF's own is set on instances


class LabelledSerializer(serializers.Serializer[Any]):
    """A key with its name in both languages."""

    key = serializers.CharField()
    label_sv = serializers.CharField()
    label_en = serializers.CharField()


class LeadTimeSerializer(SourcedSerializer):
    """Days to the first treatment of one kind."""

    treatment = serializers.CharField()
    label_sv = serializers.CharField()
    label_en = serializers.CharField()
    days = serializers.IntegerField()
    basis = serializers.CharField()
    counted_from = serializers.CharField()
    clock = serializers.BooleanField()


class SubLeadTimeSerializer(SourcedSerializer):
    """Days between two steps."""

    start = serializers.CharField()
    end = serializers.CharField()
    label_sv = serializers.CharField()
    label_en = serializers.CharField()
    days = serializers.IntegerField()
    days_max = serializers.IntegerField(allow_null=True)


class AnswerCodeSerializer(serializers.Serializer[Any]):
    """A code under which other systems report an answer."""

    system = serializers.CharField()
    code = serializers.CharField()


class RequirementSerializer(LabelledSerializer, SourcedSerializer):
    """What must be there, when, and how old it may be."""

    kind = serializers.CharField()
    phases = CodesField()
    levels = CodesField()
    severity = serializers.CharField()
    conditional = serializers.BooleanField()
    max_age_days = serializers.DictField(child=serializers.IntegerField(allow_null=True))
    field = serializers.CharField()
    phases_source = serializers.CharField()
    codes = AnswerCodeSerializer(many=True)
    modalities = CodesField()


class LevelSerializer(SourcedSerializer):
    """How a case is taken up."""

    code = serializers.CharField()
    minutes = serializers.IntegerField()
    prep_minutes = serializers.DictField(child=serializers.IntegerField())
    checklist = serializers.CharField()
    needs_attestation = serializers.BooleanField()
    needs_reason = serializers.BooleanField()
    minutes_source = serializers.CharField()


class CircumstanceSerializer(LabelledSerializer, SourcedSerializer):
    """A stated fact that level rules ask for."""

    choices = LabelledSerializer(many=True)


class LevelRuleSerializer(SourcedSerializer):
    """When a level is suggested."""

    level = serializers.CharField()
    phases = CodesField()
    when = serializers.DictField(child=CodesField())
    reason_sv = serializers.CharField()
    reason_en = serializers.CharField()


class QuestionSerializer(LabelledSerializer, SourcedSerializer):
    """A checklist item or an outcome field."""

    kind = serializers.CharField()
    choices = LabelledSerializer(many=True)
    required = serializers.BooleanField()  # type: ignore[assignment]


class AnswerHeadingsSerializer(LabelledSerializer, SourcedSerializer):
    """The headings of a structured answer, in order."""

    headings = LabelledSerializer(many=True)


class IndicationSerializer(SourcedSerializer):
    """A reason to take a case to the conference."""

    label_sv = serializers.CharField()
    label_en = serializers.CharField()


class MeetingScopeSerializer(SourcedSerializer):
    """Which conference takes the case, and where it may go on to."""

    usual = serializers.CharField()
    onward = serializers.CharField()
    note_sv = serializers.CharField()
    note_en = serializers.CharField()
