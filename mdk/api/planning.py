"""The API of meetings and places on them: book, cancel, rebook, lift, take off."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor, actor_of
from accounts.errors import FieldError, Invalid
from accounts.permissions import Permission
from cases.access import access_case
from mdk.access import access_item, access_meeting
from mdk.api.agenda import shown_meeting
from mdk.api.documents import Document, item_document, meeting_documents
from mdk.api.parameters import FROM_TO, checked, day_of, number_of
from mdk.api.serializers import (
    BookedShape,
    BookingInput,
    CancelInput,
    ChairInput,
    ItemShape,
    LiftInput,
    MeetingShape,
    ReasonInput,
    RebookedShape,
    RebookInput,
)
from mdk.models import AgendaItem, Meeting
from mdk.queries.attendance import chairs_for
from mdk.queries.meetings import meetings_between
from mdk.services.agenda import already_booked, book_case, lift_item, take_off
from mdk.services.cancelling import cancel_meeting
from mdk.services.outcome import choose_chair
from mdk.services.rebooking import rebook_item
from mdk.services.warnings import booking_warnings


def _item(actor: Actor, item: AgendaItem) -> Document | None:
    return item_document(actor, access_meeting(actor, item.meeting_id), item.pk)


class MeetingsView(ListAPIView[Meeting]):
    """The meetings that the caller takes part in."""

    serializer_class = MeetingShape

    def get_queryset(self) -> QuerySet[Meeting]:
        """Return the meetings between `from` and `to`, of `series` when it is given."""
        request = self.request
        return meetings_between(
            actor_of(request), day_of(request, "from"), day_of(request, "to"), number_of(request, "series")
        )

    @extend_schema(parameters=[*FROM_TO, OpenApiParameter("series", OpenApiTypes.INT)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the meetings with their agendas, by time."""
        actor = actor_of(request)
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(meeting_documents(actor, page or []))


class MeetingView(APIView):
    """One meeting."""

    @extend_schema(responses=MeetingShape)
    def get(self, request: Request, pk: int) -> Response:
        """Return the meeting with its agenda."""
        actor = actor_of(request)
        return Response(shown_meeting(actor, pk))

    @extend_schema(request=ChairInput, responses=MeetingShape)
    def patch(self, request: Request, pk: int) -> Response:
        """Choose the chair, by e-mail, among those who may chair the series."""
        actor = actor_of(request)
        meeting = access_meeting(actor, pk, Permission.PLAN_MEETING)
        email = checked(ChairInput, request)["chair"].lower()
        chair = chairs_for(meeting, timezone.localdate()).filter(email=email).first()
        if chair is None:
            raise Invalid([FieldError("chair", "unknown", _("Nobody with this e-mail may chair the meeting."))])
        choose_chair(pk, chair, by=actor.user, now=timezone.now())
        return Response(shown_meeting(actor, pk))


class ItemsView(APIView):
    """Places on the agenda."""

    @extend_schema(request=BookingInput, responses={201: BookedShape})
    def post(self, request: Request, pk: int) -> Response:
        """Book a case; 409 not-ready, over-capacity, after-cutoff or already-booked.

        The first three give way to `override_reason` by one who may override; from anyone else it is a 403. After the
        cut-off the place is provisional until the chair says yes (`late`). `warnings` say what a firm place breaks in
        the readers' time.
        """
        actor = actor_of(request)
        meeting = access_meeting(actor, pk, Permission.PLAN_MEETING)
        given = checked(BookingInput, request)
        if given["override_reason"].strip():
            access_meeting(actor, pk, Permission.OVERRIDE)
        case = access_case(actor, given.pop("case"))
        now = timezone.now()
        level = given.get("level") or case.level
        warnings = [] if given["provisional"] else booking_warnings(meeting, case, level, now)
        item = book_case(pk, case.pk, by=actor.user, now=now, **given)
        if item.added_at != now:
            raise already_booked(item)
        booked = item_document(actor, access_meeting(actor, pk), item.pk) or {}
        return Response(booked | {"warnings": warnings}, status=201)


class CancelView(APIView):
    """Cancellation."""

    @extend_schema(request=CancelInput, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Cancel the meeting; its cases go on to where each is expected to be ready."""
        actor = actor_of(request)
        access_meeting(actor, pk, Permission.PLAN_MEETING)
        cancel_meeting(pk, reason=checked(CancelInput, request)["reason"], by=actor.user, now=timezone.now())
        return Response(shown_meeting(actor, pk))


class RebookView(APIView):
    """Rebooking."""

    @extend_schema(request=RebookInput, responses=RebookedShape)
    def post(self, request: Request, pk: int) -> Response:
        """Move the item to `meeting`, or to the next one of its series, and say what became of the preparation."""
        actor = actor_of(request)
        access_item(actor, pk, Permission.PLAN_MEETING)
        given = checked(RebookInput, request)
        target = given.get("meeting")
        if target is not None:
            access_meeting(actor, target, Permission.PLAN_MEETING)
        done = rebook_item(
            pk, reason=given["reason"], note=given["note"], meeting_id=target, by=actor.user, now=timezone.now()
        )
        item = done.item
        return Response(
            {
                "item": _item(actor, item) if item else None,
                "meeting": item.meeting_id if item else None,
                "prep_minutes_carried": done.rebooking.prep_minutes_carried,
                "prep_minutes_lost": done.rebooking.prep_minutes_lost,
            }
        )


class LiftView(APIView):
    """Lifting from the protocol list."""

    @extend_schema(request=LiftInput, responses=ItemShape)
    def post(self, request: Request, pk: int) -> Response:
        """Lift a case from the protocol list to discussion, with a sentence; any member may."""
        actor = actor_of(request)
        item = access_item(actor, pk)
        lift_item(pk, reason=checked(LiftInput, request)["reason"], by=actor.user, now=timezone.now())
        return Response(_item(actor, item))


class RemoveView(APIView):
    """Taking off the agenda."""

    @extend_schema(request=ReasonInput, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Take the case off the agenda; it waits again as referred."""
        actor = actor_of(request)
        item = access_item(actor, pk, Permission.PLAN_MEETING)
        take_off(pk, reason=checked(ReasonInput, request)["reason"], by=actor.user, now=timezone.now())
        return Response(shown_meeting(actor, item.meeting_id))
