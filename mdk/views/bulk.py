"""What is done to several rows of the workbench at once, with an answer for each."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.actor import ActorRequest
from accounts.permissions import Permission
from cases.access import access_case
from mdk.access import access_meeting
from mdk.forms.bench import BulkForm
from mdk.models import Meeting
from mdk.queries.before import grades_of, levels_of, order_of, places_of
from mdk.queries.meetings import targets_after
from mdk.services.bulk import Answer, book_many, level_many, move_many, rebook_many, take_off_many
from mdk.services.several import firm_many, level_cases
from mdk.services.undoing import Step
from mdk.views.workbench import Outcome, act

Values = dict[str, Any]
"""What the form gave: `do` and its fields, `cases` or `items`."""


@require_POST
def bulk_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Do one thing with the selected rows: each is done or refused by itself, and the page says which and why."""
    meeting = access_meeting(request.actor, pk, Permission.PLAN_MEETING)

    def work(values: Values) -> Outcome:
        needed = Permission.SET_LEVEL if values["do"] == "level" else Permission.VIEW_CASE
        values["cases"] = [access_case(request.actor, case, needed).pk for case in values["cases"]]
        values["items"] = [item for item in order_of(pk) if item in set(values["items"])]
        return _WAYS[values["do"]](request, meeting, values)

    form = BulkForm(request.POST, targets=targets_after(meeting, request.actor), auto_id="bulk_%s")
    return act(request, meeting, form, work, name="bulk", opened="", said="")


def _add(request: ActorRequest, meeting: Meeting, values: Values) -> Outcome:
    if values["reason"].strip():
        access_meeting(request.actor, meeting.pk, Permission.OVERRIDE)
    answers = book_many(
        meeting.pk, values["cases"], provisional=values["do"] == "likely", override_reason=values["reason"],
        by=request.user, now=timezone.now(),
    )  # fmt: skip
    items = [answer.item for answer in answers if answer.item]
    if items and values["before"] is not None:
        move_many(meeting.pk, items, before=values["before"] or None, by=request.user, now=timezone.now())
    return _told(Step("book", {"items": items}), case=answers)


def _level(request: ActorRequest, meeting: Meeting, values: Values) -> Outcome:
    access_meeting(request.actor, meeting.pk, Permission.SET_LEVEL)
    levels, grades = levels_of(values["cases"]), grades_of(values["items"])
    how = {"level": values["level"], "reason": values["reason"], "by": request.user, "now": timezone.now()}
    cases, items = level_cases(values["cases"], **how), level_many(values["items"], **how)
    step = Step("level", {"cases": _of_done(cases, levels), "items": _of_done(items, grades)})
    return _told(step, case=cases, item=items)


def _move(request: ActorRequest, meeting: Meeting, values: Values) -> Outcome:
    """Move the rows up before the one above them, or down after the one below."""
    before, chosen = order_of(meeting.pk), values["items"]
    rest = [item for item in before if item not in chosen]
    ends = before.index(chosen[0]) if chosen else 0
    above = [item for item in before[:ends] if item not in chosen]
    place = max(len(above) - 1, 0) if values["do"] == "up" else len(above) + 1
    target = rest[place] if place < len(rest) else None
    move_many(meeting.pk, chosen, before=target, version=values["version"], by=request.user, now=timezone.now())
    return Outcome(Step("order", {"items": before}), _("The order is saved."))


def _rebook(request: ActorRequest, meeting: Meeting, values: Values) -> Outcome:
    answers = rebook_many(
        values["items"], reason=values["why"], note=values["reason"], meeting_id=values["meeting"], by=request.user,
        now=timezone.now(),
    )  # fmt: skip
    return _told(None, item=answers)


def _off(request: ActorRequest, meeting: Meeting, values: Values) -> Outcome:
    before = places_of(values["items"])
    answers = take_off_many(values["items"], reason=values["reason"], by=request.user, now=timezone.now())
    return _told(Step("off", {"places": list(_of_done(answers, before).values())}), item=answers)


def _firm(request: ActorRequest, meeting: Meeting, values: Values) -> Outcome:
    if values["reason"].strip():
        access_meeting(request.actor, meeting.pk, Permission.OVERRIDE)
    before = places_of(values["items"])
    answers = firm_many(values["items"], override_reason=values["reason"], by=request.user, now=timezone.now())
    return _told(Step("firm", {"places": list(_of_done(answers, before).values())}), item=answers)


def _of_done(answers: Sequence[Answer], before: dict[int, Any]) -> dict[int, Any]:
    """Return how those stood before that were changed."""
    return {answer.id: before[answer.id] for answer in answers if answer.is_done and answer.id in before}


def _told(step: Step | None, *, case: Sequence[Answer] = (), item: Sequence[Answer] = ()) -> Outcome:
    """Return the outcome with the number of those done; without any, there is nothing to undo."""
    answers = [("case", answer) for answer in case] + [("item", answer) for answer in item]
    done = sum(answer.is_done for _of, answer in answers)
    said = ngettext("Done for %(n)d case.", "Done for %(n)d cases.", done) % {"n": done}
    return Outcome(step if done else None, said, answers)


_WAYS: dict[str, Callable[[ActorRequest, Meeting, Values], Outcome]] = {
    "add": _add,
    "likely": _add,
    "level": _level,
    "up": _move,
    "down": _move,
    "rebook": _rebook,
    "off": _off,
    "firm": _firm,
}
