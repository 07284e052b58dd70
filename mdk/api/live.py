"""The API of the meeting itself: running it, outcomes, attendance, signing, the protocol."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_log import log_read
from accounts.actor import actor_of
from accounts.errors import FieldError, Invalid
from accounts.files import PDF
from accounts.models import AccessLog, User
from accounts.permissions import Permission
from mdk.access import access_item, access_meeting
from mdk.api.documents import item_document, meeting_document, outcome_document
from mdk.api.files import AnyAccept
from mdk.api.parameters import checked
from mdk.api.room_input import AddendumInput, AttendanceInput, DeferInput, OutcomeInput, StartInput
from mdk.api.serializers import ItemShape, MeetingShape, OutcomeShape
from mdk.models import Meeting
from mdk.print.protocol import protocol_file
from mdk.queries.attendance import people_named
from mdk.queries.live import outcome_of
from mdk.services import live
from mdk.services.outcome import Participant, add_addendum, record_attendance, save_outcome, sign_meeting


def _moved(request: Request, pk: int, move: Callable[..., Meeting], permission: Permission) -> Response:
    """Make the move for one who may, and answer with the meeting as it is then."""
    actor = actor_of(request)
    access_meeting(actor, pk, permission)
    move(pk, by=actor.user, now=timezone.now())
    return Response(meeting_document(actor, access_meeting(actor, pk)))


class StartView(APIView):
    """The start."""

    @extend_schema(request=StartInput, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Start the meeting; 409 chair-missing, or not-the-day unless `confirm_early`."""
        early = checked(StartInput, request)["confirm_early"]
        return _moved(request, pk, partial(live.start_meeting, confirm_early=early), Permission.RUN_MEETING)


class NextView(APIView):
    """One case on."""

    @extend_schema(request=None, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Finish the current case and show the next; 409 outcome-missing, or end-of-agenda after the last."""
        return _moved(request, pk, live.next_item, Permission.RUN_MEETING)


class PreviousView(APIView):
    """One case back."""

    @extend_schema(request=None, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Show the case before; 409 start-of-agenda at the first."""
        return _moved(request, pk, live.previous_item, Permission.RUN_MEETING)


class ParkView(APIView):
    """Parking."""

    @extend_schema(request=None, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Put the current case last and show the next."""
        return _moved(request, pk, live.park_item, Permission.RUN_MEETING)


class BreakView(APIView):
    """Breaks."""

    @extend_schema(request=None, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Begin a break, or end the one that is on."""
        return _moved(request, pk, live.toggle_break, Permission.RUN_MEETING)


class CloseView(APIView):
    """The end."""

    @extend_schema(request=None, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Close the meeting: what was not discussed goes on to where it is expected to be ready."""
        return _moved(request, pk, live.close_meeting, Permission.RUN_MEETING)


class SignView(APIView):
    """The signature."""

    @extend_schema(request=None, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Sign the protocol and lock its outcomes; only the meeting's chair may."""
        return _moved(request, pk, sign_meeting, Permission.SIGN_MEETING)


class AttendanceView(APIView):
    """Who is there."""

    @extend_schema(request=AttendanceInput(many=True), responses=MeetingShape)
    def put(self, request: Request, pk: int) -> Response:
        """Replace the attendance; a user is given by e-mail or id, a guest by name."""
        actor = actor_of(request)
        access_meeting(actor, pk, Permission.RUN_MEETING)
        given = AttendanceInput(data=request.data, many=True)
        given.is_valid(raise_exception=True)
        lines = list(given.validated_data)
        people = people_named([line["user"] for line in lines])
        record_attendance(pk, _participants(lines, people), by=actor.user, now=timezone.now())
        return Response(meeting_document(actor, access_meeting(actor, pk)))


class DeferView(APIView):
    """Deferral."""

    @extend_schema(request=DeferInput, responses=ItemShape)
    def post(self, request: Request, pk: int) -> Response:
        """End the item without a recommendation, for a coded reason; its case waits again."""
        actor = actor_of(request)
        item = access_item(actor, pk, Permission.RUN_MEETING)
        given = checked(DeferInput, request)
        live.defer_item(pk, reason=given["reason"], note=given["note"], by=actor.user, now=timezone.now())
        return Response(item_document(actor, access_meeting(actor, item.meeting_id), pk))


class OutcomeView(APIView):
    """The recommendation for one item."""

    @extend_schema(request=OutcomeInput, responses=OutcomeShape)
    def put(self, request: Request, pk: int) -> Response:
        """Write the outcome; what is left out stays. `version` is the one that was read (0 for none), else 409."""
        actor = actor_of(request)
        item = access_item(actor, pk, Permission.RECORD_OUTCOME)
        given = checked(OutcomeInput, request)
        version = given.pop("version")
        if "discordant" in given:
            given["is_discordant"] = given.pop("discordant")
        outcome = save_outcome(pk, given, version=version, by=actor.user, now=timezone.now())
        log_read(actor, patients=[item.case.patient_id], what="api-item-outcome", action=AccessLog.Action.API)
        return Response(outcome_document(outcome))


class AddendaView(APIView):
    """What is added after signing."""

    @extend_schema(request=AddendumInput, responses={201: OutcomeShape})
    def post(self, request: Request, pk: int) -> Response:
        """Add to the signed outcome, which itself stays as it was; 409 not-signed before."""
        actor = actor_of(request)
        item = access_item(actor, pk, Permission.RECORD_OUTCOME)
        text = checked(AddendumInput, request)["text"]
        addendum = add_addendum(pk, text, by=actor.user, now=timezone.now())
        log_read(actor, patients=[item.case.patient_id], what="api-item-addenda", action=AccessLog.Action.API)
        added = {"id": addendum.pk, "text": addendum.text, "added_by": actor.user.email,
                 "added_at": timezone.localtime(addendum.added_at).isoformat()}  # fmt: skip
        return Response(added | {"outcome": outcome_document(outcome_of(item))}, status=201)


class ProtocolPdfView(APIView):
    """The protocol as a file."""

    content_negotiation_class = AnyAccept

    @extend_schema(responses={(200, PDF): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Return the protocol as PDF; one that is not signed says so. Protected identities are hidden in it."""
        actor = actor_of(request)
        meeting = access_meeting(actor, pk, Permission.VIEW_CASE)
        return protocol_file(actor, meeting, what="api-protocol-pdf")


def _participants(lines: list[dict[str, Any]], people: dict[str, User]) -> list[Participant]:
    """Return the lines with their users; `Invalid` names those that nobody answers to."""
    errors = [
        FieldError(f"{place}.user", "unknown", _("There is no user “%(user)s”.") % {"user": line["user"]})
        for place, line in enumerate(lines)
        if line["user"] and line["user"] not in people
    ]
    if errors:
        raise Invalid(errors)
    return [
        Participant(
            speciality=line["speciality"],
            user=people.get(line["user"]),
            name="" if line["user"] else line["name"],
            is_present=line["present"],
            is_remote=line["remote"],
        )
        for line in lines
    ]
