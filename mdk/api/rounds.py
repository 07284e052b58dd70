"""The API of the round at the cut-off."""

from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.permissions import Permission
from mdk.access import access_meeting
from mdk.api.parameters import checked
from mdk.queries.rounds import Entry, Round
from mdk.services.cutoff import confirm_round, propose_round

Plain = serializers.Serializer[Any]


class RoundInput(Plain):
    """`dry_run` only proposes; `cases` are the ready ones that are to be made firm, all that are proposed without it."""

    dry_run = serializers.BooleanField(default=False)
    cases = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False, allow_null=True)


class FirmedShape(Plain):
    """A case with a firm place; `code` says how it came to it: ready, offered (moved forward) or waiting (had none)."""

    case = serializers.IntegerField()
    item = serializers.IntegerField(allow_null=True, help_text="Its place before the round.")
    code = serializers.ChoiceField(["ready", "offered", "waiting"])
    why = serializers.CharField()


class MovedShape(Plain):
    """A case with a new provisional date; `code`: not-ready, no-room or not-chosen."""

    case = serializers.IntegerField()
    item = serializers.IntegerField(allow_null=True, help_text="Its place before the round.")
    code = serializers.ChoiceField(["not-ready", "no-room", "not-chosen"])
    why = serializers.CharField()
    meeting = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    probability = serializers.FloatField(allow_null=True)


class LeftShape(Plain):
    """A case that got neither: no-date (no coming meeting is likely), stays (keeps its later date) or waits."""

    case = serializers.IntegerField()
    item = serializers.IntegerField(allow_null=True)
    code = serializers.ChoiceField(["no-date", "stays", "waits"])
    why = serializers.CharField()


class RoundShape(Plain):
    """A round: firm places in order of urgency, new dates, what is left, and for each case (by id) one sentence why."""

    meeting = serializers.IntegerField()
    confirmed_by = serializers.CharField(allow_blank=True, help_text="Empty while it is a proposal.")
    confirmed_at = serializers.DateTimeField(allow_null=True)
    firmed = FirmedShape(many=True)
    moved = MovedShape(many=True)
    left = LeftShape(many=True)
    why = serializers.DictField(child=serializers.CharField())


class FirmView(APIView):
    """The round at the cut-off."""

    @extend_schema(request=RoundInput, responses=RoundShape)
    def post(self, request: Request, pk: int) -> Response:
        """Make firm the ready cases by urgency and give the others new dates; 409 round-confirmed names who was first."""
        actor = actor_of(request)
        access_meeting(actor, pk, Permission.PLAN_MEETING)
        given, now = checked(RoundInput, request), timezone.now()
        if given["dry_run"]:
            return Response(round_document(propose_round(pk, now=now)))
        return Response(round_document(confirm_round(pk, by=actor.user, now=now, only=given.get("cases"))))


def round_document(held: Round) -> dict[str, Any]:
    """Return what the API says of a round: ids, codes, days and sentences, no patient data."""
    return {
        "meeting": held.meeting,
        "confirmed_by": held.by,
        "confirmed_at": held.at and timezone.localtime(held.at),
        "firmed": [_entry(entry) for entry in held.firmed],
        "moved": [_entry(entry) | _date(entry) for entry in held.moved],
        "left": [_entry(entry) for entry in held.left],
        "why": {str(entry.case): entry.why for entry in held.entries},
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {"case": entry.case, "item": entry.item, "code": entry.code, "why": entry.why}


def _date(entry: Entry) -> dict[str, Any]:
    at = parse_datetime(entry.starts_at)
    return {
        "meeting": entry.to,
        "starts_at": at and timezone.localtime(at),
        "probability": entry.probability,
    }
