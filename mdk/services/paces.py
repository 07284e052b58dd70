"""Counting anew, every night, how long preparations have taken."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from cases.enums import ResultState
from cases.models import Result
from checklists.registry import spec_of, specs_of
from mdk.enums import PreparationState
from mdk.models import Pace, Preparation
from mdk.planning.pace import MOST_EXAMINATIONS, MOST_TIMES, Evidence
from mdk.services.carrying import ELSEWHERE_FACTOR

REMEMBERED = timedelta(days=730)
"""How far back readings are counted: two years, so that the paces follow how the hospital works now (local)."""

_BATCH = 2_000
_KEY = ("reader", "discipline", "diagnosis", "phase", "examinations")

_Key = tuple[int | None, str, int, str, int]


@transaction.atomic
def count_paces(now: datetime) -> int:
    """Count every first reading of the time that is remembered, by reader and of all, and return how many counts there are.

    A reading that was carried over or opened again covers only what was new, so it is left out. Safe to run twice: the
    same readings give the same counts, and what no reading speaks for any longer goes.
    """
    counts: defaultdict[_Key, list[int]] = defaultdict(lambda: [0, 0, 0])
    for key, minutes, estimated in _readings(now):
        for one in (key, (None, *key[1:])):
            counts[one][0] += 1
            counts[one][1] += min(minutes, MOST_TIMES * estimated)
            counts[one][2] += estimated
    Pace.objects.bulk_create(
        (_row(key, Evidence(*sums), now) for key, sums in sorted(counts.items(), key=lambda item: str(item[0]))),
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=list(_KEY),
        update_fields=["readings", "minutes", "estimated", "counted_at"],
    )
    Pace.objects.filter(counted_at__lt=now).delete()
    return len(counts)


def _row(key: _Key, evidence: Evidence, now: datetime) -> Pace:
    reader, discipline, diagnosis, phase, examinations = key
    return Pace(
        reader_id=reader, discipline=discipline, diagnosis_id=diagnosis, phase=phase, examinations=examinations,
        readings=evidence.readings, minutes=evidence.minutes, estimated=evidence.estimated, counted_at=now,
    )  # fmt: skip


def _readings(now: datetime) -> Iterator[tuple[tuple[int, str, int, str, int], int, int]]:
    """Yield (key, minutes spent, minutes by the definition) of each first reading; constant memory."""
    answers = Result.objects.filter(case=OuterRef("item__case"), kind=OuterRef("discipline"))
    answers = answers.exclude(state=ResultState.CANCELLED).filter(created_at__lte=OuterRef("completed_at")).order_by()
    counted = answers.values("case").annotate(count=Count("pk")).values("count")
    done = Preparation.objects.filter(
        state=PreparationState.DONE, carried_over_from=None, reopened_at=None, earlier_minutes=0, minutes__gt=0,
        completed_at__gte=now - REMEMBERED,
    ).annotate(
        examinations=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        has_foreign=Exists(answers.filter(is_external=True)),
    )  # fmt: skip
    specs_of(done.order_by().values_list("item__case__definition_id", flat=True).distinct())
    columns = (
        "completed_by_id", "discipline", "item__case__diagnosis_id", "item__case__phase", "examinations", "minutes",
        "has_foreign", "item__case__definition_id", "item__level",
    )  # fmt: skip
    for reader, discipline, diagnosis, phase, examinations, minutes, foreign, definition, level in (
        done.order_by().values_list(*columns).iterator(chunk_size=_BATCH)
    ):
        estimated = spec_of(definition).level(level).prep_minutes.get(discipline, 0)
        if estimated:
            key = (reader, discipline, diagnosis, phase, min(examinations, MOST_EXAMINATIONS))
            yield key, minutes, estimated * (ELSEWHERE_FACTOR if foreign else 1)
