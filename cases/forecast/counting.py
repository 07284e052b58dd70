"""Counting the hospital's own history anew: one pass over the answers, in constant memory."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cases.enums import CaseStatus, ForecastStage, ResultState
from cases.forecast.curves import Tally
from cases.models import Result, Turnaround
from cases.workdays import working_day_index

REMEMBERED = timedelta(days=730)
"""How far back history goes: two years, so that the curves follow how the hospital works now (local)."""

_BATCH = 2_000
_OVER = (CaseStatus.DISCUSSED, CaseStatus.CLOSED, CaseStatus.WITHDRAWN)
_COLUMNS = (
    "case__patient__provider_id",
    "case__unit_id",
    "kind",
    "requirement",
    "source",
    "state",
    "ordered_on",
    "preliminary_on",
    "final_on",
    "updated_at",
    "case__created_at",
    "case__status",
    "case__status_changed_at",
)

_Key = tuple[int, int | None, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One answer as history sees it: when the waiting began, from when it was seen here, and when it ended.

    It ended because the answer came (`has_come`), or without an answer: called off, the case over, or still awaited today.
    """

    began: date
    seen: date
    ended: date
    has_come: bool

    def days(self) -> tuple[int, int]:
        """Return the first and the last day, in working days from the beginning, on which it was seen to be awaited.

        A day counts only when it was awaited to its end, or when the answer came on it.
        """
        began = working_day_index(self.began)
        first = working_day_index(self.seen + timedelta(days=1)) - began if self.seen > self.began else 0
        last = working_day_index(self.ended) - began
        return max(0, first), last if self.has_come else last - 1


@transaction.atomic
def count_turnarounds(now: datetime) -> int:
    """Count every answer ordered in the time that is remembered, and return how many counts there are.

    Memory goes with the number of counts, never with the number of answers. Safe to run twice: the same answers
    give the same counts, and what no answer speaks for any longer goes.
    """
    tallies: defaultdict[_Key, Tally] = defaultdict(Tally)
    for key, waiting in _history(timezone.localdate(now)):
        first, last = waiting.days()
        provider, unit, kind, requirement, source, stage = key
        tallies[provider, None, kind, "", "", stage].add(first, last, has_come=waiting.has_come)
        if requirement:
            tallies[provider, None, kind, requirement, "", stage].add(first, last, has_come=waiting.has_come)
            tallies[provider, unit, kind, requirement, source, stage].add(first, last, has_come=waiting.has_come)
    Turnaround.objects.bulk_create(
        (_row(key, tally, now) for key, tally in sorted(tallies.items(), key=lambda item: str(item[0]))),
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["provider", "unit", "kind", "requirement", "source", "stage"],
        update_fields=["came", "awaited", "counted_at"],
    )
    Turnaround.objects.filter(counted_at__lt=now).delete()
    return len(tallies)


def _row(key: _Key, tally: Tally, now: datetime) -> Turnaround:
    provider, unit, kind, requirement, source, stage = key
    counts = tally.counts()
    return Turnaround(
        provider_id=provider, unit_id=unit, kind=kind, requirement=requirement, source=source, stage=stage,
        came=list(counts.came), awaited=list(counts.awaited), counted_at=now,
    )  # fmt: skip


def _history(today: date) -> Iterator[tuple[_Key, Waiting]]:
    """Yield every waiting that began in the time that is remembered, up to yesterday, one after the other."""
    since = today - REMEMBERED
    rows = Result.objects.filter(Q(ordered_on__gte=since) | Q(preliminary_on__gte=since)).order_by()
    for (
        provider, unit, kind, requirement, source, state, ordered_on, preliminary_on, final_on, updated_at,
        created_at, status, changed_at,
    ) in rows.values_list(*_COLUMNS).iterator(chunk_size=_BATCH):  # fmt: skip
        has_come = final_on is not None and final_on < today
        ended = final_on if has_come else today
        if not has_come and state == ResultState.CANCELLED:
            ended = min(ended, timezone.localdate(updated_at))
        if not has_come and status in _OVER:
            ended = min(ended, timezone.localdate(changed_at))
        seen = timezone.localdate(created_at)
        for stage, began in ((ForecastStage.ORDERED, ordered_on), (ForecastStage.PRELIMINARY, preliminary_on)):
            if began and since <= began <= ended:
                yield (provider, unit, kind, requirement, source, stage.value), Waiting(began, seen, ended, has_come)
