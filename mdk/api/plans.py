"""The API of the proposed agenda: asked for, read, accepted whole or in part, put aside."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_log import log_read
from accounts.actor import Actor, actor_of
from accounts.models import AccessLog
from accounts.permissions import Permission
from mdk.access import access_meeting, access_plan
from mdk.api.documents import Document
from mdk.api.parameters import checked
from mdk.enums import PlanState
from mdk.queries.plan_shown import PlanRow, plan_shown
from mdk.services.plans import (
    MOST_SECONDS,
    MOST_WEEKS,
    SECONDS,
    WEEKS,
    Options,
    accept_plan,
    discard_plan,
    propose_plan,
)

Plain = serializers.Serializer[Any]


class ProposeInput(Plain):
    """What is to be planned: the meeting's series and those in `series`, `weeks` from the meeting on, within `seconds`.

    The plan is accepted whole at once; with `dry_run` it is only proposed and can be accepted later.
    """

    weeks = serializers.IntegerField(min_value=1, max_value=MOST_WEEKS, default=WEEKS)
    series = serializers.ListField(child=serializers.IntegerField(), max_length=50, default=list)
    seconds = serializers.IntegerField(min_value=1, max_value=MOST_SECONDS, default=SECONDS)
    dry_run = serializers.BooleanField(default=False)


class AcceptInput(Plain):
    """Which cases of the plan get their places; all of them when none are named."""

    cases = serializers.ListField(child=serializers.IntegerField(), required=False, allow_null=True, default=None)


class PlacedShape(Plain):
    """A case with a place: the meeting, whether it is firm, and why; `item` once the place is given."""

    case = serializers.IntegerField()
    meeting = serializers.IntegerField()
    item = serializers.IntegerField(allow_null=True)
    firm = serializers.BooleanField()
    why = serializers.CharField()


class NotPlacedShape(Plain):
    """A case without a place, and the binding reason; also one whose place no longer held when it was accepted."""

    case = serializers.IntegerField()
    why = serializers.CharField()


class PlanShape(Plain):
    """A plan: who goes where, who does not, and how good it is proven to be.

    `objective` is what the plan costs in waiting, lateness, changes and uneven weeks, in tenths of a day of waiting; no plan
    within the same limits costs less than `bound`. `gap` is the share that is not proven (0-1),
    `proven` whether it is at most 0.02, and `bound_text` says so. `left_out` counts waiting cases beyond the most urgent
    ones that were looked at.
    """

    plan = serializers.IntegerField()
    state = serializers.ChoiceField(PlanState.choices)
    placed = PlacedShape(many=True)
    not_placed = NotPlacedShape(many=True)
    left_out = serializers.IntegerField()
    objective = serializers.IntegerField()
    bound = serializers.IntegerField()
    gap = serializers.FloatField()
    seconds = serializers.FloatField()
    proven = serializers.BooleanField()
    bound_text = serializers.CharField()


def _document(actor: Actor, pk: int) -> Document:
    """Return the plan as it stands now; the reading is logged."""
    shown = plan_shown(access_plan(actor, pk))
    log_read(actor, patients=shown.patients, what="api-plan", action=AccessLog.Action.API)
    refused = [row for row in shown.placed if row.answer == "refused"]
    content = shown.content
    return {
        "plan": shown.plan.pk,
        "state": shown.plan.state,
        "placed": [_placed(row) for row in shown.placed if row.answer != "refused"],
        "not_placed": [{"case": row.case, "why": row.answer_why or row.why} for row in (*refused, *shown.refused)],
        "left_out": content["more"],
        **{name: content[name] for name in ("objective", "bound", "gap", "seconds", "proven")},
        "bound_text": shown.bound,
    }


def _placed(row: PlanRow) -> Document:
    is_firm = row.answer == "firm" if row.answer else row.is_firm
    return {
        "case": row.case, "meeting": row.meeting, "item": row.item, "firm": is_firm, "why": row.answer_why or row.why,
    }  # fmt: skip


class ProposeView(APIView):
    """Proposals."""

    @extend_schema(request=ProposeInput, responses=PlanShape)
    def post(self, request: Request, pk: int) -> Response:
        """Fill the coming meetings from this one on by optimisation; with `dry_run` only say how.

        Every place goes through the same gate as one given by hand; what no longer holds is in `not_placed`.
        """
        actor = actor_of(request)
        meeting = access_meeting(actor, pk, Permission.PLAN_MEETING)
        given = checked(ProposeInput, request)
        options = Options(given["weeks"], given["series"], given["seconds"])
        plan = propose_plan(meeting, options, actor=actor, now=timezone.now())
        if not given["dry_run"]:
            accept_plan(plan.pk, by=actor.user, now=timezone.now())
        return Response(_document(actor, plan.pk))


class PlanView(APIView):
    """One plan."""

    @extend_schema(responses=PlanShape)
    def get(self, request: Request, pk: int) -> Response:
        """Return the plan with what became of it."""
        return Response(_document(actor_of(request), pk))


class AcceptView(APIView):
    """Acceptance."""

    @extend_schema(request=AcceptInput, responses=PlanShape)
    def post(self, request: Request, pk: int) -> Response:
        """Give the cases named, or all, their places; 409 when somebody else has answered the plan."""
        actor = actor_of(request)
        access_plan(actor, pk)
        accept_plan(pk, by=actor.user, now=timezone.now(), only=checked(AcceptInput, request)["cases"])
        return Response(_document(actor, pk))


class DiscardView(APIView):
    """Putting aside."""

    @extend_schema(request=None, responses=PlanShape)
    def post(self, request: Request, pk: int) -> Response:
        """Put a proposed plan aside; 409 when it has been accepted."""
        actor = actor_of(request)
        access_plan(actor, pk)
        discard_plan(pk, by=actor.user, now=timezone.now())
        return Response(_document(actor, pk))
