"""Who gets which place in the round at the cut-off: the rules of `mdk.planning` with what stands in the database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cases.models import Case
from mdk.models import Meeting
from mdk.planning.likely import Option, first_option
from mdk.planning.seating import Entrant, Left, seat
from mdk.queries.coming import Coming, coming_meetings, count_held
from mdk.queries.rounds import Entry, Round, next_in_series, provisional_cases, ready_without_place
from mdk.queries.waiting import Waiting, waiting_cases
from mdk.services.agenda import planned_minutes
from mdk.services.agenda.refusals import planned_preparation
from mdk.services.carrying import minutes_needed_each


@dataclass(frozen=True, slots=True)
class Field:
    """Who takes part in a round: those on the meeting, those of the next one, and those without a place."""

    meeting: Meeting
    own: Mapping[int, Waiting]
    following: Mapping[int, Waiting]
    unplaced: Mapping[int, Waiting]

    @property
    def others(self) -> Mapping[int, Waiting]:
        """Those to whom places left over are offered: the ready ones."""
        return {pk: case for pk, case in {**self.following, **self.unplaced}.items() if case.is_ready}


def case_ids_of(meeting: Meeting) -> list[int]:
    """Return the cases that the round may touch, by key."""
    following = next_in_series(meeting)
    there = {*provisional_cases(meeting), *(provisional_cases(following) if following else ())}
    return sorted(there | set(ready_without_place(meeting)))


def field_of(meeting: Meeting, case_ids: Sequence[int], now: datetime) -> Field:
    """Return the field of the round among these cases: five queries."""
    cases = [case for batch in waiting_cases(now, case_ids) for case in batch]
    own = {case.case: case for case in cases if case.place and case.place.meeting == meeting.pk}
    placed = {case.case: case for case in cases if case.holds_provisional and case.case not in own}
    unplaced = {case.case: case for case in cases if case.place is None}
    return Field(meeting, {pk: case for pk, case in own.items() if case.holds_provisional}, placed, unplaced)


def proposed(field: Field, now: datetime, *, only: Collection[int] | None, among: Collection[int] | None) -> Round:
    """Return the round of the field; `only` these cases get firm places, and new dates lie `among` these meetings."""
    own = [case for case in field.own.values() if case.is_ready and _is_chosen(case, only)]
    others = [case for case in field.others.values() if _is_chosen(case, only)]
    left = _left(field.meeting)
    seating = seat(_entrants(own, left), _entrants(others, left), left)
    everybody = {**field.own, **field.others}
    firmed = tuple(_firm_entry(everybody[pk], field) for pk in seating.seated)
    leaving = sorted((case for pk, case in field.own.items() if pk not in seating.seated), key=lambda one: one.urgency)
    dated = _new_dates(leaving, field.meeting, now, among)
    entries = [_leaving_entry(case, dated.get(case.case), seating.unseated.get(case.case), only) for case in leaving]
    staying = [_staying_entry(case) for pk, case in field.others.items() if pk in seating.unseated]
    moved = tuple(entry for entry in entries if entry.to is not None)
    undated = [entry for entry in entries if entry.to is None]
    return Round(field.meeting.pk, firmed, moved, (*undated, *staying))


def _is_chosen(case: Waiting, only: Collection[int] | None) -> bool:
    return only is None or case.case in only


def _left(meeting: Meeting) -> Left:
    """Return what the meeting has left, in minutes."""
    planned = planned_preparation(meeting)
    return Left(
        meeting.capacity_minutes - planned_minutes(meeting),
        {name: None if limit is None else limit - planned[name] for name, limit in meeting.prep_limits.items()},
    )


def _entrants(cases: Iterable[Waiting], left: Left) -> list[Entrant]:
    """Return the cases as entrants; their preparation is weighed only where the meeting states a limit of it."""
    is_limited = any(limit is not None for limit in left.preparation.values())
    cases = list(cases)
    rows = Case.objects.in_bulk([case.case for case in cases]) if is_limited else {}
    needed = minutes_needed_each([(rows[case.case], case.level) for case in cases]) if is_limited else {}
    return [Entrant(case.case, case.urgency, case.minutes, needed.get(case.case, {})) for case in cases]


def _new_dates(
    cases: Iterable[Waiting], meeting: Meeting, now: datetime, among: Collection[int] | None
) -> dict[int, tuple[Coming, Option]]:
    """Return the new date of each case, the most urgent first: its first likely meeting after this one."""
    coming = [one for one in coming_meetings(now) if one.starts_at > meeting.starts_at and one.id != meeting.pk]
    coming = [one for one in coming if among is None or one.id in among]
    count_held(coming, but=0)
    by_id = {one.id: one for one in coming}
    found = {}
    for case in cases:
        fitting = [one for one in coming if one.takes(case) and one.id not in case.barred]
        option = first_option([one.option(case, now) for one in fitting], case.minutes)
        if option:
            found[case.case] = by_id[option.meeting], option
            by_id[option.meeting].hold(case, option.probability)
    return found


def _firm_entry(case: Waiting, field: Field) -> Entry:
    item = case.place.item if case.place else None
    if case.case in field.own:
        return Entry(case.case, item, "ready", urgent_on=case.urgency[0].isoformat())
    if case.place is None:
        return Entry(case.case, None, "waiting", urgent_on=case.urgency[0].isoformat())
    at = case.place.starts_at.isoformat()
    return Entry(case.case, item, "offered", urgent_on=case.urgency[0].isoformat(), starts_at=at)


def _leaving_entry(
    case: Waiting, date: tuple[Coming, Option] | None, full: str | None, only: Collection[int] | None
) -> Entry:
    item = case.place.item if case.place else None
    if date is None:
        return Entry(case.case, item, "no-date", lacks=case.lacks, definition=case.definition)
    meeting, option = date
    code = "not-ready" if not case.is_ready else "no-room" if _is_chosen(case, only) else "not-chosen"
    return Entry(
        case.case, item, code, urgent_on=case.urgency[0].isoformat(), lacks=case.lacks, definition=case.definition,
        full=full or "", to=meeting.id, starts_at=meeting.starts_at.isoformat(), probability=option.probability,
    )  # fmt: skip


def _staying_entry(case: Waiting) -> Entry:
    if case.place is None:
        return Entry(case.case, None, "waits")
    return Entry(
        case.case, case.place.item, "stays", to=None, starts_at=case.place.starts_at.isoformat(),
        probability=case.place.probability,
    )  # fmt: skip
