"""The API of preparation: what waits, and the moves of one."""

from collections.abc import Callable
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_log import log_read
from accounts.actor import Actor, actor_of
from accounts.errors import FieldError, Invalid
from accounts.models import AccessLog
from checklists.enums import Discipline
from mdk.access import access_handing, access_preparation, access_preparations
from mdk.api.documents import Document
from mdk.api.parameters import FROM_TO, checked, day_of
from mdk.api.room_input import (
    ClaimedManyShape,
    ClaimManyInput,
    CompleteInput,
    HandOverInput,
    PreparationShape,
    ReturnInput,
)
from mdk.enums import PreparationState
from mdk.models import Preparation
from mdk.queries.attendance import people_named
from mdk.queries.preparations import QueueRow, queue_rows, row_of
from mdk.queries.queue import filtered, readers_for, visible_preparations
from mdk.queries.readings import Change
from mdk.services import preparation as service
from mdk.services.preparation_moves import PreparationRefused, refuse_held

Move = Callable[..., Preparation]


class PreparationsView(GenericAPIView[Preparation]):
    """The preparations that the caller may read."""

    serializer_class = PreparationShape

    @extend_schema(
        operation_id="preparations_list",
        parameters=[
            OpenApiParameter("reader", OpenApiTypes.STR, description="`me`, `none`, or a reader's e-mail."),
            OpenApiParameter("state", OpenApiTypes.STR, enum=PreparationState.values),
            OpenApiParameter("discipline", OpenApiTypes.STR, enum=Discipline.values),
            *FROM_TO,
        ],
        responses=PreparationShape(many=True),
    )
    def get(self, request: Request) -> Response:
        """List them by due time: readers their own discipline's, those who plan meetings all of theirs."""
        actor = actor_of(request)
        found = filtered(
            visible_preparations(actor),
            actor,
            reader=request.query_params.get("reader", ""),
            state=request.query_params.get("state", ""),
            discipline=request.query_params.get("discipline", ""),
            since=day_of(request, "from"),
            until=day_of(request, "to"),
        )
        page = self.paginate_queryset(found.order_by("due_at", "pk").values_list("pk", flat=True)) or []
        rows = queue_rows(found.filter(pk__in=page).order_by("due_at", "pk"), actor)
        log_read(actor, patients=[row.patient_id for row in rows], what="api-preparations", action=AccessLog.Action.API)
        return self.get_paginated_response([preparation_row(row) for row in rows])


def preparation_row(row: QueueRow) -> Document:
    """Return the row as CONTRACT.md names its fields."""
    return {
        "id": row.id,
        "item": row.item_id,
        "meeting": row.meeting_id,
        "case": row.case_id,
        "discipline": row.discipline,
        "reader": row.reader_email,
        "estimate_minutes": row.estimate_minutes,
        "minutes": row.minutes,
        "state": row.state,
        "due_at": timezone.localtime(row.due_at).isoformat(),
        "carried_over_from": row.carried_over_from_id,
        "new_since": row.new_since,
        "changes": [_change(change) for change in row.changes],
        "level": row.level,
        "clinical_question": row.question,
        "assigned": row.assigned_at is not None,
        "accepted_by": row.accepted_email,
        "return_reason": row.return_reason,
    }


def _change(change: Change) -> Document:
    """Return one thing that is new; words in the caller's language."""
    return {
        "kind": change.kind.value,
        "label": change.label,
        "before": change.before,
        "after": change.after,
        "performed_on": change.on.isoformat() if change.on else None,
        "changed_at": timezone.localtime(change.at).isoformat() if change.at else None,
        "result": change.answer,
    }


def _moved(actor: Actor, pk: int, move: Move) -> Response:
    """Make the move (access was given) and answer with the preparation as it is then, logged."""
    move(pk, by=actor.user, now=timezone.now())
    row = row_of(pk, actor)
    log_read(actor, patients=[row.patient_id], what="api-preparation", action=AccessLog.Action.API)
    return Response(preparation_row(row))


class ClaimView(APIView):
    """Claiming."""

    @extend_schema(request=None, responses=PreparationShape)
    def post(self, request: Request, pk: int) -> Response:
        """Take the preparation; 409 held-by-another names who holds it."""
        access_preparation(actor_of(request), pk, change=True)
        return _moved(actor_of(request), pk, service.claim)


class ClaimManyView(APIView):
    """Claiming several."""

    @extend_schema(operation_id="preparations_claim_many", request=ClaimManyInput, responses=ClaimedManyShape)
    def post(self, request: Request) -> Response:
        """Take several together, each answered for itself; 404 when one of them is unknown, and then none is taken."""
        actor = actor_of(request)
        asked = list(dict.fromkeys(checked(ClaimManyInput, request)["preparations"]))
        access_preparations(actor, asked)
        answers = service.claim_each(asked, by=actor.user, now=timezone.now())
        return Response({"results": [_claimed(pk, answers[pk]) for pk in asked]})


def _claimed(pk: int, answer: Preparation | PreparationRefused) -> Document:
    """Return what became of one of several."""
    refusal = answer if isinstance(answer, PreparationRefused) else None
    return {
        "preparation": pk,
        "claimed": refusal is None,
        "code": refusal.code if refusal else "",
        "detail": refusal.message if refusal else "",
        "reader": refusal.extra.get("reader") if refusal else None,
    }


class AcceptView(APIView):
    """Accepting."""

    @extend_schema(request=None, responses=PreparationShape)
    def post(self, request: Request, pk: int) -> Response:
        """Say that the discipline takes the case and its question; 409 names who holds or has accepted it."""
        access_preparation(actor_of(request), pk, change=True)
        return _moved(actor_of(request), pk, service.accept)


class ReleaseView(APIView):
    """Releasing."""

    @extend_schema(request=None, responses=PreparationShape)
    def post(self, request: Request, pk: int) -> Response:
        """Give it back to the queue; only its reader may."""
        access_preparation(actor_of(request), pk, change=True)
        return _moved(actor_of(request), pk, service.release)


class BeginView(APIView):
    """Beginning."""

    @extend_schema(request=None, responses=PreparationShape)
    def post(self, request: Request, pk: int) -> Response:
        """Begin; one that nobody holds is claimed with it."""
        access_preparation(actor_of(request), pk, change=True)
        return _moved(actor_of(request), pk, service.start)


class HandOverView(APIView):
    """Handing over."""

    @extend_schema(request=HandOverInput, responses=PreparationShape)
    def post(self, request: Request, pk: int) -> Response:
        """Give it to another reader of the discipline, by e-mail or id.

        Those who manage the roster may give out what nobody has taken; who is away today is stepped in for.
        """
        actor = actor_of(request)
        preparation, gives_out = access_handing(actor, pk)
        refuse_held(preparation, actor.user, timezone.now(), gives_out=gives_out)
        named = checked(HandOverInput, request)["reader"].strip().lower()
        person = people_named([named]).get(named)
        if person is None or person not in readers_for(preparation, actor, timezone.localdate()):
            message = _("Nobody with this e-mail or id may take over the preparation.")
            raise Invalid([FieldError("reader", "unknown", message)])
        return _moved(actor, pk, partial(service.hand_over, reader=person, gives_out=gives_out))


class CompleteView(APIView):
    """Finishing."""

    @extend_schema(request=CompleteInput, responses=PreparationShape)
    def post(self, request: Request, pk: int) -> Response:
        """Finish with findings and minutes; a second time by its reader corrects the first."""
        access_preparation(actor_of(request), pk, change=True)
        return _moved(actor_of(request), pk, partial(service.complete, **checked(CompleteInput, request)))


class ReturnView(APIView):
    """Sending back."""

    @extend_schema(request=ReturnInput, responses=PreparationShape)
    def post(self, request: Request, pk: int) -> Response:
        """Send it back with a reason, which reaches the responsible clinician."""
        access_preparation(actor_of(request), pk, change=True)
        return _moved(actor_of(request), pk, partial(service.send_back, **checked(ReturnInput, request)))
