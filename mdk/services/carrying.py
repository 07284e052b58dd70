"""Preparation follows the case: made for each firm place, carried over from the one before, weighed by what is to be read."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from cases.enums import ResultState
from cases.models import Case, Result
from checklists.registry import spec_of
from mdk.enums import NOT_BEGUN, ChangeKind, MeetingStatus, PreparationState
from mdk.models import AgendaItem, Preparation
from mdk.planning.calendar import due_at
from mdk.planning.rereading import news_between, second_minutes
from mdk.queries.paces import Asked, estimates
from mdk.queries.readings import answers_by_case, basis, snapshot
from mdk.services.assigning import assign

ELSEWHERE_FACTOR = 2
"""How much longer a discipline prepares when an examination of its kind was made elsewhere.

It is read anew in full instead of shown from one's own answer. That 31 % of cases have such studies is known
(Shenoy-Bhangle 2020); no source states the minutes, so the factor is local.
"""

_S = PreparationState
NO_LONGER_THE_SAME = (ChangeKind.QUESTION, ChangeKind.LEVEL)
"""What makes another case of it, that a discipline has not accepted yet."""


@dataclass(frozen=True, slots=True)
class _Weight:
    """What there is to read for one preparation: its minutes, whether they are learnt, and what is new in it."""

    minutes: int
    is_learnt: bool
    news: frozenset[ChangeKind] = frozenset()


def prepare_item(item: AgendaItem, *, now: datetime, previous: AgendaItem | None = None) -> None:
    """Make the preparations that the level of a firm item asks for, on top of what was read for the case before.

    The last reading of each discipline, of whichever place the case had (`previous` or an earlier one), is carried
    over: done and with nothing new it stays done, otherwise it is a second reading with the minutes of what is new
    (`mdk.planning.rereading`). What was begun goes along with what is written, and its reader. A discipline of which
    nothing is asked in the case's phase, and of which there is no answer, is left in peace.

    Called again for the same item, after its level changed, it adds what is lacking and weighs anew what nobody has
    begun; what is done is opened again by `reopen_changed`. Call it with the meeting locked.
    """
    known = {row.discipline: row for row in item.preparations.all()}
    rows = [known.get(row.discipline, row) for row in _carrying(item)]
    for row, weight in zip(rows, _weights(rows), strict=True):
        if row.discipline not in known:
            _settle(row, weight, now)
            row.save()
        elif row.state in NOT_BEGUN:
            row.estimate_minutes, row.is_learnt = weight.minutes, weight.is_learnt
            row.save(update_fields=["estimate_minutes", "is_learnt"])
    if item.meeting.status == MeetingStatus.PUBLISHED:
        assign([row.pk for row in rows if row.state == _S.TODO], now=now)


def minutes_needed(case: Case, level: str) -> dict[str, int]:
    """Return the minutes by discipline that a place at the level would take to prepare now; what is carried over takes none."""
    return minutes_needed_each([(case, level)])[case.pk]


def minutes_needed_each(wanted: Iterable[tuple[Case, str]]) -> dict[int, dict[str, int]]:
    """Return the same for each case at its level, by case and discipline; four queries, however many there are."""
    items = [AgendaItem(case=case, level=level) for case, level in wanted]
    rows = _carrying_each(items)
    needed: dict[int, dict[str, int]] = {item.case_id: {} for item in items}
    for row, weight in zip(rows, _weights(rows), strict=True):
        needed[row.item.case_id][row.discipline] = 0 if _is_settled(row, weight) else weight.minutes
    return needed


def open_preparations(item_ids: list[int], now: datetime) -> None:
    """Let readers begin: the waiting preparations of these firm items become work to do, and are given out by the roster.

    They are weighed anew, since answers may have come since the booking. The queries do not grow with their number.
    """
    waiting = list(_loaded(Preparation.objects.filter(item_id__in=item_ids, state=_S.WAITING)))
    for row, weight in zip(waiting, _weights(waiting), strict=True):
        row.state, row.state_changed_at = _S.TODO, now
        row.estimate_minutes, row.is_learnt = weight.minutes, weight.is_learnt
    Preparation.objects.bulk_update(waiting, ["state", "state_changed_at", "estimate_minutes", "is_learnt"])
    assign([row.pk for row in waiting], now=now)


def raise_estimates(rows: Iterable[Preparation]) -> int:
    """Raise the estimates of preparations that nobody has begun to what there is to read now; return how many rose.

    An answer may have come since the agenda was published, from elsewhere perhaps. None is lowered, so that a week
    that was planned does not move for nothing. What somebody holds or has changed meanwhile is left to the next run.
    Four queries, however many there are.
    """
    waiting = [row for row in rows if row.state in NOT_BEGUN]
    weighed = zip(waiting, _weights(waiting), strict=True)
    more = {row.pk: (row.estimate_minutes, weight) for row, weight in weighed if weight.minutes > row.estimate_minutes}
    if not more:
        return 0
    with transaction.atomic():
        held = Preparation.objects.select_for_update(skip_locked=True).filter(pk__in=more, state__in=NOT_BEGUN)
        raised = [row for row in held if row.estimate_minutes == more[row.pk][0]]
        for row in raised:
            row.estimate_minutes, row.is_learnt = more[row.pk][1].minutes, more[row.pk][1].is_learnt
        Preparation.objects.bulk_update(raised, ["estimate_minutes", "is_learnt"])
    return len(raised)


def settle_work(item: AgendaItem, *, now: datetime) -> None:
    """Keep the minutes of what was begun for an item that leaves its agenda, as far as they are known.

    They are counted from the start, and at most as the estimate: whoever left the page open has not read all night.
    """
    for row in item.preparations.filter(state=_S.IN_PROGRESS, minutes__isnull=True):
        if row.started_at:
            row.minutes = min(row.estimate_minutes, int((now - row.started_at) / timedelta(minutes=1)))
            row.save(update_fields=["minutes"])


def minutes_anew(preparation: Preparation) -> tuple[int, bool]:
    """Return the minutes of reading what is new for the preparation, and whether they are learnt; two queries."""
    weight = _weights([preparation])[0]
    return weight.minutes, weight.is_learnt


def _kinds(case_ids: set[int]) -> dict[int, set[str]]:
    """Return of which kinds each case has answers, or awaits them; one query."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    there = Result.objects.filter(case_id__in=case_ids).exclude(state=ResultState.CANCELLED).order_by()
    for case, kind in there.values_list("case_id", "kind").distinct():
        found[case].add(kind)
    return found


def _disciplines(item: AgendaItem, there: set[str]) -> list[str]:
    """Return the disciplines that the level lets prepare and that have something to show for the case."""
    spec = spec_of(item.case.definition_id)
    asked = {requirement.kind for requirement in spec.requirements_for(item.case.phase, item.level)}
    return [discipline for discipline in spec.level(item.level).prep_minutes if discipline in asked | there]


def _last_readings(items: Sequence[AgendaItem]) -> dict[tuple[int, str], Preparation]:
    """Return the latest preparation that somebody had begun for each case on another item, by case and discipline; one query."""
    rows = Preparation.objects.filter(item__case__in={item.case_id for item in items}).order_by("pk")
    rows = rows.exclude(item__in=[item.pk for item in items if item.pk])
    loaded = rows.select_related("completed_by", "reader", "item")
    return {(row.item.case_id, row.discipline): row for row in loaded if _is_begun(row)}


def _is_begun(row: Preparation) -> bool:
    return bool(row.completed_at or row.carried_over_from_id or row.seen or row.findings or row.headings)


def _carrying(item: AgendaItem) -> list[Preparation]:
    """Return a preparation, not saved, for each discipline of the item, with all that the earlier one brings along."""
    return _carrying_each([item])


def _carrying_each(items: Sequence[AgendaItem]) -> list[Preparation]:
    """Return the same for items of different cases, in their order; two queries."""
    kinds, earlier = _kinds({item.case_id for item in items}), _last_readings(items)
    rows = [
        Preparation(item=item, discipline=name, carried_over_from=earlier.get((item.case_id, name)))
        for item in items
        for name in _disciplines(item, kinds[item.case_id])
    ]
    for row in rows:
        if before := row.carried_over_from:
            row.findings, row.headings, row.seen = before.findings, before.headings, before.seen
            row.completed_by, row.completed_at = before.completed_by, before.completed_at
            row.accepted_by_id, row.accepted_at = before.accepted_by_id, before.accepted_at
    return rows


def _settle(row: Preparation, weight: _Weight, now: datetime) -> None:
    """Give a new preparation its place in time and its estimate; one with nothing left to read is done at once."""
    meeting = row.item.meeting
    due = due_at(meeting.starts_at, meeting.series.prep_due_days, meeting.series.prep_due_time)
    row.due_at = due if due > now else meeting.starts_at
    row.state, row.state_changed_at = _S.WAITING if meeting.status == MeetingStatus.PLANNED else _S.TODO, now
    row.estimate_minutes, row.is_learnt = weight.minutes, weight.is_learnt
    before = row.carried_over_from
    if _is_settled(row, weight):
        row.state, row.minutes, row.estimate_minutes = _S.DONE, 0, 0
        row.reader, row.claimed_at = row.completed_by, now
    elif before and before.completed_at is None and before.reader:
        row.reader, row.claimed_at = before.reader, now
    if weight.news.intersection(NO_LONGER_THE_SAME):
        row.accepted_by = row.accepted_at = None


def _is_settled(row: Preparation, weight: _Weight) -> bool:
    """Whether the reading that is carried over was finished and nothing is new; one that was sent back was not."""
    before = row.carried_over_from
    return bool(before and before.completed_at and before.state != _S.RETURNED and not weight.news)


def _loaded(rows: Any) -> Any:
    return rows.select_related("item__case", "carried_over_from")


def _weights(rows: Sequence[Preparation]) -> list[_Weight]:
    """Return what each preparation has to read, in the same order; two queries, with item and case loaded."""
    if not rows:
        return []
    found = answers_by_case({row.item.case_id for row in rows}, {row.discipline for row in rows})
    answers = [found.get((row.item.case_id, row.discipline), []) for row in rows]
    asked = [_asked(row, some) for row, some in zip(rows, answers, strict=True)]
    weighed = zip(rows, estimates(asked), answers, strict=True)
    return [_weight(row, estimate.minutes, estimate.is_learnt, some) for row, estimate, some in weighed]


def _asked(row: Preparation, answers: Sequence[Result]) -> Asked:
    """Ask for the minutes of a first reading: those of the definition, more where something was made elsewhere."""
    item = row.item
    minutes = spec_of(item.case.definition_id).level(item.level).prep_minutes.get(row.discipline, row.estimate_minutes)
    factor = ELSEWHERE_FACTOR if any(answer.is_external for answer in answers) else 1
    return Asked(
        discipline=row.discipline,
        diagnosis_id=item.case.diagnosis_id,
        phase=item.case.phase,
        examinations=len(answers),
        minutes=minutes * factor,
        reader_id=row.reader_id,
    )


def _weight(row: Preparation, full: int, is_learnt: bool, answers: Sequence[Result]) -> _Weight:
    """Weigh a first reading in full, a second one by what is new, one that was begun by what is left of it."""
    present = snapshot(row.item.case.clinical_question, row.item.level, answers)
    seen = basis(row.seen, row.completed_at, present, answers)
    news = frozenset(one.kind for one in news_between(seen, present))
    if row.completed_at:
        return _Weight(second_minutes(full, seen, present, elsewhere=ELSEWHERE_FACTOR), is_learnt, news)
    begun = row.carried_over_from.minutes or 0 if row.carried_over_from else 0
    return _Weight(max(min(1, full), full - begun), is_learnt, news)
