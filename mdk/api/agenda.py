"""The API of an agenda as a list: order, breaks, places, late additions, several at once, publishing and versions."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_log import log_read
from accounts.actor import Actor, actor_of
from accounts.errors import FieldError, Invalid
from accounts.models import AccessLog
from accounts.permissions import Permission
from cases.access import access_case
from mdk.access import access_item, access_meeting
from mdk.api.documents import Document, change_document, item_document, meeting_document
from mdk.api.list_shapes import (
    AnswersShape,
    BreaksInput,
    BulkInput,
    ItemInput,
    LateInput,
    OrderInput,
    VersionShape,
)
from mdk.api.parameters import checked
from mdk.api.serializers import ItemShape, MeetingShape
from mdk.queries.agenda import agenda_of
from mdk.queries.changes import change_log
from mdk.services.agenda import change_item, order_by_rules, order_items, set_breaks, set_item_level
from mdk.services.bulk import Answer, book_many, level_many, move_many, rebook_many, take_off_many
from mdk.services.late import answer_late
from mdk.services.publishing import publish_meeting

PLAN = Permission.PLAN_MEETING


def shown_meeting(actor: Actor, pk: int) -> Document:
    """Return the meeting's document as it stands now; the reading is logged."""
    return meeting_document(actor, access_meeting(actor, pk))


class OrderView(APIView):
    """The order of the agenda."""

    @extend_schema(request=OrderInput, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Put the agenda in the given order, which names every item once, or in that of the series' rules.

        With `version`: 409 `stale`, naming who did what, when others have changed the agenda since.
        """
        actor = actor_of(request)
        access_meeting(actor, pk, PLAN)
        given = checked(OrderInput, request)
        call: dict[str, Any] = {"version": given["version"], "by": actor.user, "now": timezone.now()}
        if given["by_rules"]:
            order_by_rules(pk, **call)
        elif "items" in given:
            order_items(pk, given["items"], **call)
        else:
            message = _("Name the items in their order, or ask for the order by the rules.")
            raise Invalid([FieldError("items", "required", message)])
        return Response(shown_meeting(actor, pk))


class BreaksView(APIView):
    """The breaks of the agenda."""

    @extend_schema(request=BreaksInput, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Set the breaks by hand; null for those by the rule of the series."""
        actor = actor_of(request)
        access_meeting(actor, pk, PLAN)
        given = checked(BreaksInput, request)["breaks"]
        breaks = None if given is None else [(one["after"], one["minutes"]) for one in given]
        set_breaks(pk, breaks, by=actor.user, now=timezone.now())
        return Response(shown_meeting(actor, pk))


class PublishView(APIView):
    """Publication."""

    @extend_schema(request=None, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Publish the agenda: members see it and readers begin; once more publishes what has changed since."""
        actor = actor_of(request)
        access_meeting(actor, pk, PLAN)
        publish_meeting(pk, by=actor.user, now=timezone.now())
        return Response(shown_meeting(actor, pk))


class VersionsView(APIView):
    """The published lists."""

    @extend_schema(responses=VersionShape(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Return the versions of the list, the newest first, each with what was changed to it."""
        actor = actor_of(request)
        meeting = access_meeting(actor, pk, Permission.VIEW_CASE)
        log = change_log(meeting, agenda_of(meeting))
        log_read(actor, patients=log.patients, what="api-versions", action=AccessLog.Action.API)
        return Response(
            [
                {
                    "number": version.number,
                    "published_at": timezone.localtime(version.published_at).isoformat(),
                    "published_by": version.by,
                    "changes": [change_document(change) for change in version.changes],
                }
                for version in log.versions
            ]
        )


class ItemView(APIView):
    """One place on an agenda."""

    @extend_schema(request=ItemInput, responses=ItemShape)
    def patch(self, request: Request, pk: int) -> Response:
        """Change minutes, guest or level; more minutes than the meeting has left take `override_reason`."""
        actor = actor_of(request)
        item = access_item(actor, pk, PLAN)
        given = checked(ItemInput, request)
        if given["override_reason"].strip():
            access_item(actor, pk, Permission.OVERRIDE)
        call: dict[str, Any] = {"override_reason": given["override_reason"], "by": actor.user, "now": timezone.now()}
        if "level" in given:
            access_item(actor, pk, Permission.SET_LEVEL)
            set_item_level(pk, given["level"], reason=given["reason"], **call)
        change_item(pk, minutes=given.get("minutes"), guest=given.get("guest"), **call)
        return Response(item_document(actor, access_meeting(actor, item.meeting_id), pk))


class LateView(APIView):
    """The answer to a late addition."""

    @extend_schema(request=LateInput, responses=MeetingShape)
    def post(self, request: Request, pk: int) -> Response:
        """Say yes (the place is firm, readers are told) or no (the case is off); the meeting's chair may."""
        actor = actor_of(request)
        item = access_item(actor, pk, Permission.RUN_MEETING)
        given = checked(LateInput, request)
        answer_late(pk, yes=given["yes"], note=given["note"], by=actor.user, now=timezone.now())
        return Response(shown_meeting(actor, item.meeting_id))


class BulkView(APIView):
    """One step for several cases."""

    @extend_schema(request=BulkInput, responses=AnswersShape)
    def post(self, request: Request, pk: int) -> Response:
        """Book, rebook, remove, move or level several at once; each gets its own answer."""
        actor = actor_of(request)
        access_meeting(actor, pk, PLAN)
        answers = _do_many(actor, pk, checked(BulkInput, request))
        return Response({"answers": [_answer(answer) for answer in answers]})


def _do_many(actor: Actor, pk: int, given: dict[str, Any]) -> list[Answer]:
    ids = given["ids"]
    call: dict[str, Any] = {"by": actor.user, "now": timezone.now()}
    if given["do"] == "book":
        cases = [access_case(actor, case).pk for case in ids]
        return book_many(pk, cases, level=given["level"], **call)
    if given["do"] == "move":
        move_many(pk, ids, before=given["before"], version=given["version"], **call)
        return [Answer(item, item) for item in ids]
    for item in ids:
        access_item(actor, item, PLAN)
    if given["do"] == "remove":
        return take_off_many(ids, reason=given["reason"], **call)
    if given["do"] == "level":
        for item in ids:
            access_item(actor, item, Permission.SET_LEVEL)
        return level_many(ids, level=given["level"], reason=given["reason"], **call)
    if given["meeting"] is not None:
        access_meeting(actor, given["meeting"], PLAN)
    reason = given.get("rebooking_reason", "")
    return rebook_many(ids, reason=reason, note=given["reason"], meeting_id=given["meeting"], **call)


def _answer(answer: Answer) -> Document:
    return {
        "id": answer.id, "item": answer.item, "done": answer.is_done, "code": answer.code, "why": answer.why,
    }  # fmt: skip
