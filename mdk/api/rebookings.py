"""The API of what was rebooked and why, of how cases ended, and of the chair's word for a case that is not ready."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import require
from accounts.actor import actor_of
from accounts.permissions import Permission
from cases.enums import CaseEnding
from cases.models import Case
from mdk.access import access_item, access_meeting
from mdk.api.documents import item_document
from mdk.api.parameters import FROM_TO, checked, day_of
from mdk.api.serializers import ItemShape, Plain, ReasonInput
from mdk.enums import RebookingReason
from mdk.models import Rebooking
from mdk.queries.rebookings import endings_between, rebookings_between
from mdk.services.unready import accept_unready


class RebookingShape(Plain):
    """One rebooking; `rebooked_by` is null for the system, at the cut-off."""

    id = serializers.IntegerField()
    case = serializers.IntegerField(source="case_id")
    number = serializers.IntegerField(help_text="Which rebooking of the case it is, from 1.")
    count = serializers.IntegerField(help_text="How many the case has had by now.")
    previous = serializers.IntegerField(allow_null=True, help_text="The rebooking of the case before this one.")
    from_item = serializers.IntegerField(source="from_item_id")
    from_meeting = serializers.IntegerField(source="from_item.meeting_id")
    to_item = serializers.IntegerField(source="to_item_id", allow_null=True)
    to_meeting = serializers.IntegerField(source="to_item.meeting_id", allow_null=True, default=None)
    reason = serializers.ChoiceField(RebookingReason.choices)
    note = serializers.CharField()
    missing_item = serializers.CharField(source="missing_requirement")
    missing_owner = serializers.CharField(help_text="The role that owns the missing answer; empty for none.")
    foreseeable = serializers.BooleanField(source="is_foreseeable")
    prep_minutes_lost = serializers.IntegerField()
    prep_minutes_carried = serializers.IntegerField()
    rebooked_by = serializers.EmailField(source="rebooked_by.email", allow_null=True, default=None)
    rebooked_at = serializers.DateTimeField()


class EndingShape(Plain):
    """How a case ended that had a place; `prep_minutes_lost` is what readers had spent on it in all."""

    case = serializers.IntegerField(source="pk")
    ending = serializers.ChoiceField(CaseEnding.choices)
    ended_at = serializers.DateTimeField(source="status_changed_at")
    meeting = serializers.IntegerField(help_text="The last meeting that the case had a place on.")
    rebookings = serializers.IntegerField(source="rebookings_before")
    prep_minutes_lost = serializers.IntegerField()


class RebookingsView(ListAPIView[Rebooking]):
    """What was rebooked, why, and what it cost; no patient in it."""

    serializer_class = RebookingShape

    def get_queryset(self) -> QuerySet[Rebooking]:
        """Return the rebookings between `from` and `to`, newest first."""
        if getattr(self, "swagger_fake_view", False):
            return Rebooking.objects.none()
        actor = actor_of(self.request)
        require(actor, Permission.VIEW_MEETING)
        return rebookings_between(actor, day_of(self.request, "from"), day_of(self.request, "to"))

    @extend_schema(parameters=FROM_TO)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them."""
        return super().get(request, *args, **kwargs)


class EndingsView(ListAPIView[Case]):
    """How cases ended that no conference took up, and what preparation was lost; no patient in it."""

    serializer_class = EndingShape

    def get_queryset(self) -> QuerySet[Case]:
        """Return the endings between `from` and `to`, newest first."""
        if getattr(self, "swagger_fake_view", False):
            return Case.objects.none()
        actor = actor_of(self.request)
        require(actor, Permission.VIEW_MEETING)
        return endings_between(actor, day_of(self.request, "from"), day_of(self.request, "to"))

    @extend_schema(operation_id="endings_list", parameters=FROM_TO)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them."""
        return super().get(request, *args, **kwargs)


class AcceptUnreadyView(APIView):
    """The chair's word."""

    @extend_schema(request=ReasonInput, responses=ItemShape)
    def post(self, request: Request, pk: int) -> Response:
        """Keep a firm case on the agenda though something is missing; for those who run the meeting."""
        actor = actor_of(request)
        item = access_item(actor, pk, Permission.RUN_MEETING)
        reason = checked(ReasonInput, request)["reason"]
        accept_unready(pk, reason=reason, by=actor.user, now=timezone.now())
        return Response(item_document(actor, access_meeting(actor, item.meeting_id), pk))
