"""The proposed agenda: a plan for the coming meetings is worked out, kept, and accepted whole or in part by a person.

It is worked out outside any transaction and holds nothing: what has changed by the time it is accepted is found by the
services that give the places, and told case by case.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.errors import FieldError, Invalid, Refused
from accounts.models import User
from events.record import record
from mdk.enums import PLANNABLE, ItemStatus, PlanState
from mdk.models import AgendaItem, Meeting, ProposedPlan
from mdk.planning.demand import Problem
from mdk.planning.explain import Why, why_not, why_placed
from mdk.planning.placement import Plan, solve
from mdk.planning.rooms import placed
from mdk.queries.plans import planned_series
from mdk.services.agenda import book_case
from mdk.services.firming import give_place
from mdk.services.gathering import Gathered, gather

WEEKS: Final = 4
MOST_WEEKS: Final = 26
SECONDS: Final = 10
MOST_SECONDS: Final = 60


class PlanRefused(Refused):
    """The plan was answered by somebody else, who is named, or discarded; or the meeting can no longer be planned."""

    code = "plan-answered"


@dataclass(frozen=True, slots=True)
class Options:
    """What is to be planned: which series beside the meeting's own, how many weeks from the meeting on, within how long."""

    weeks: int = WEEKS
    series: Sequence[int] = ()
    seconds: int = SECONDS


def propose_plan(meeting: Meeting, options: Options, *, actor: Actor, now: datetime) -> ProposedPlan:
    """Work out a plan for the coming meetings from `meeting` on, keep it as proposed and return it.

    Who may: `plan_meeting` at every series named. Invalid names the wrong option; PlanRefused `meeting-status` when
    the meeting itself can no longer be planned. Nothing is locked while the solver works. Leaves `plan.proposed`.
    """
    series = planned_series(actor, {meeting.series_id, *options.series})
    _check(meeting, options, {one.pk for one in series})
    gathered = gather(actor, meeting, series, weeks=options.weeks, now=now)
    plan = solve(gathered.problem, seconds=options.seconds)
    return _keep(meeting, options, gathered, plan, series=sorted(one.pk for one in series), by=actor.user, now=now)


def accept_plan(
    plan_id: int, *, by: User, now: datetime, only: Collection[int] | None = None
) -> Mapping[int, Mapping[str, Any]]:
    """Give the cases of the plan their places, those in `only` or all, and return what became of each, by case.

    Every place goes through the same gate as one given by hand, in a transaction of its own; what no longer holds is
    told (`why`, `code`) and the others are given all the same. An answer has `item`, `firm`, `why`, `code`. Accepting
    again goes on where it stopped and never gives a place twice. PlanRefused when another person has answered the plan.
    Who may: `plan_meeting` at every series of the plan (the caller has checked). Leaves `plan.accepted`.
    """
    plan = _claim(plan_id, only, by=by, now=now)
    answers: dict[str, Any] = dict(plan.content["answers"])
    try:
        for entry in plan.content["placed"]:
            case = entry["case"]
            if (only is None or case in only) and "item" not in answers.get(str(case), ()):
                answers[str(case)] = _give(entry, by=by, now=now)
    finally:
        _note(plan_id, answers)
    return {int(case): answer for case, answer in answers.items()}


@transaction.atomic
def discard_plan(plan_id: int, *, by: User, now: datetime) -> ProposedPlan:
    """Put a proposed plan aside; what it would have placed waits as before. A second time changes nothing.

    PlanRefused when it has been accepted. Leaves `plan.discarded`.
    """
    plan = _locked(plan_id)
    if plan.state == PlanState.DISCARDED:
        return plan
    if plan.state != PlanState.PROPOSED:
        raise _answered(plan)
    plan.state, plan.answered_by, plan.answered_at = PlanState.DISCARDED, by, now
    plan.save(update_fields=["state", "answered_by", "answered_at"])
    record("plan.discarded", by=by, now=now, subject=plan, meeting=plan.meeting_id, unit=plan.meeting.series.unit_id)
    return plan


def _check(meeting: Meeting, options: Options, allowed: Collection[int]) -> None:
    errors = []
    if not 1 <= options.weeks <= MOST_WEEKS:
        errors.append(
            FieldError("weeks", "out-of-range", _("Give whole weeks from 1 to %(most)d.") % {"most": MOST_WEEKS})
        )
    if not 1 <= options.seconds <= MOST_SECONDS:
        errors.append(
            FieldError("seconds", "out-of-range", _("Give whole seconds from 1 to %(most)d.") % {"most": MOST_SECONDS})
        )
    if not {meeting.series_id, *options.series} <= set(allowed):
        errors.append(FieldError("series", "unknown", _("Name active series that you may plan.")))
    if errors:
        raise Invalid(errors)
    if meeting.status not in PLANNABLE:
        status = meeting.get_status_display().lower()
        raise PlanRefused(
            _("The meeting is %(status)s; propose from a coming one.") % {"status": status}, code="meeting-status"
        )


@transaction.atomic
def _keep(
    meeting: Meeting, options: Options, gathered: Gathered, plan: Plan, *, series: list[int], by: User, now: datetime
) -> ProposedPlan:
    kept = ProposedPlan.objects.create(
        meeting=meeting, series=series, made_by=by, made_at=now, content=_content(options, gathered, plan)
    )
    record("plan.proposed", by=by, now=now, subject=kept, meeting=meeting.pk, unit=meeting.series.unit_id)
    return kept


def _content(options: Options, gathered: Gathered, plan: Plan) -> dict[str, Any]:
    """Return the plan as it is stored: ids, minutes, days and codes."""
    problem = gathered.problem
    order = {meeting.pk: place for place, meeting in enumerate(gathered.meetings)}
    entries = sorted(_placed(gathered, plan), key=lambda entry: (order[entry["meeting"]], entry["due"], entry["case"]))
    return {
        "weeks": options.weeks,
        "placed": entries,
        "not_placed": list(_not_placed(gathered, plan)),
        "more": gathered.more,
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": round(plan.gap, 4),
        "seconds": round(plan.seconds, 2),
        "proven": plan.proven,
        "before": _sums(problem, {one.case: one.held for one in problem.candidates if one.held is not None}),
        "after": _sums(problem, plan.places),
        "meetings": [_load(gathered, meeting, plan) for meeting in gathered.meetings],
        "answers": {},
    }


def _placed(gathered: Gathered, plan: Plan) -> Iterator[dict[str, Any]]:
    problem = gathered.problem
    rooms = placed(problem, plan.places)
    for one in problem.candidates:
        if (meeting := plan.places.get(one.case)) is None:
            continue
        yield {
            "case": one.case,
            "meeting": meeting,
            "firm": one.is_ready,
            "held": one.held,
            "minutes": one.minutes,
            "level": gathered.levels[one.case],
            "prep": {name: minutes for name, minutes in one.prep.items() if minutes},
            "due": str(one.due_on),
            "awaited": gathered.awaited[one.case],
            "why": why_placed(problem, rooms, one, problem.by_meeting[meeting]).kept(),
        }


def _not_placed(gathered: Gathered, plan: Plan) -> Iterator[dict[str, Any]]:
    problem = gathered.problem
    rooms = placed(problem, plan.places)
    for one in sorted(problem.candidates, key=lambda one: (one.due_on, one.case)):
        if one.case not in plan.places:
            why = why_not(problem, rooms, one)
            yield {"case": one.case, "held": one.held, "awaited": gathered.awaited[one.case], "why": why.kept()}
    for case, code in gathered.apart.items():
        yield {"case": case, "held": None, "awaited": "", "why": Why(code).kept()}


def _sums(problem: Problem, places: Mapping[int, int]) -> dict[str, int]:
    """Return how many cases have a place, how many are late for it, and the days of lateness together."""
    late = {
        one.case: one.lateness(problem.by_meeting[places[one.case]].on if one.case in places else problem.beyond_on)
        for one in problem.candidates
    }
    return {"placed": len(places), "late": sum(days > 0 for days in late.values()), "days": sum(late.values())}


def _load(gathered: Gathered, meeting: Meeting, plan: Plan) -> dict[str, Any]:
    """Return the minutes of a meeting before and after the plan, and what it holds."""
    firm = meeting.planned  # type: ignore[attr-defined]
    mine = [one for one in gathered.problem.candidates if plan.places.get(one.case) == meeting.pk]
    prep: dict[str, int] = {}
    for one in mine:
        for discipline, minutes in one.prep.items():
            prep[discipline] = prep.get(discipline, 0) + minutes
    return {
        "meeting": meeting.pk,
        "before": firm,
        "after": firm + sum(one.minutes for one in mine),
        "capacity": meeting.capacity_minutes,
        "prep": prep,
    }


def _locked(plan_id: int) -> ProposedPlan:
    """Return the plan, locked. Who answered is read afterwards: what is joined to a row that was waited for is as of before."""
    return ProposedPlan.objects.select_for_update(of=("self",)).select_related("meeting__series").get(pk=plan_id)


@transaction.atomic
def _claim(plan_id: int, only: Collection[int] | None, *, by: User, now: datetime) -> ProposedPlan:
    """Make the plan the person's to accept, before any place is given, so that two never do it side by side."""
    plan = _locked(plan_id)
    if plan.state == PlanState.DISCARDED or (plan.state != PlanState.PROPOSED and plan.answered_by_id != by.pk):
        raise _answered(plan)
    named = {entry["case"] for entry in plan.content["placed"]}
    if only is not None and not set(only) <= named:
        raise Invalid([FieldError("cases", "unknown", _("Choose among the cases of the plan."))])
    done = {int(case) for case, answer in plan.content["answers"].items() if "item" in answer}
    chosen = named if only is None else set(only)
    if plan.state != PlanState.PROPOSED and chosen <= done:
        return plan
    plan.state = PlanState.ACCEPTED if chosen | done >= named else PlanState.PARTLY
    plan.answered_by, plan.answered_at = by, now
    plan.save(update_fields=["state", "answered_by", "answered_at"])
    record("plan.accepted", by=by, now=now, subject=plan, meeting=plan.meeting_id, unit=plan.meeting.series.unit_id)
    return plan


def _answered(plan: ProposedPlan) -> PlanRefused:
    who = plan.answered_by.name if plan.answered_by else ""
    at = timezone.localtime(plan.answered_at).strftime("%Y-%m-%d %H:%M") if plan.answered_at else ""
    state = plan.get_state_display().lower()
    return PlanRefused(
        _("The plan is %(state)s: %(who)s did that %(at)s.") % {"state": state, "who": who, "at": at},
        extra={"state": plan.state, "answered_by": who},
    )


def _give(entry: Mapping[str, Any], *, by: User, now: datetime) -> dict[str, Any]:
    """Give one case its place and return the answer; a refusal is an answer too.

    A provisional place is given as the system's, so that it goes on following the forecast; only one that a person
    chose is moved in the name of the person who accepts.
    """
    meeting, case, is_firm = entry["meeting"], entry["case"], entry["firm"]
    held = _place_of(case)
    if held and held.meeting_id == meeting and (held.status != ItemStatus.PROVISIONAL or not is_firm):
        return _given(held, entry)
    try:
        if is_firm or (held and held.added_by_id):
            return _given(give_place(meeting, case, by=by, now=now), entry)
        item = book_case(meeting, case, by=None, now=now, provisional=True)
    except Refused as refusal:
        return {"why": str(refusal), "code": refusal.code}
    AgendaItem.objects.filter(pk=item.pk).update(probability=entry["why"]["chance"], forecast_at=now)
    return _given(item, entry)


def _given(item: AgendaItem, entry: Mapping[str, Any]) -> dict[str, Any]:
    is_firm = item.status != ItemStatus.PROVISIONAL
    is_less = entry["firm"] and not is_firm
    why = _("It was ready when the plan was made and is not now: the place is provisional.") if is_less else ""
    return {"item": item.pk, "firm": is_firm, "why": why, "code": "not-ready" if is_less else ""}


def _place_of(case: int) -> AgendaItem | None:
    return AgendaItem.objects.filter(case=case, status__in=[ItemStatus.PROVISIONAL, ItemStatus.PLANNED]).first()


@transaction.atomic
def _note(plan_id: int, answers: Mapping[str, Any]) -> None:
    """Keep what became of the cases, beside what another call of the same person has kept meanwhile."""
    plan = ProposedPlan.objects.select_for_update().get(pk=plan_id)
    plan.content["answers"] |= answers
    plan.save(update_fields=["content"])
