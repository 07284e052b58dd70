"""Keeping stored readiness true as time goes: an answer grows too old, an expected one does not come.

Lists, pages, reminders and API read the summary that is stored on the case; nobody computes it beside them. What
decides by it (booking, publishing, starting, reminding) brings the cases up to date first.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import DatabaseError, transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from cases.models import Case, Clearance, Result
from cases.queries import due_for_refresh, open_cases
from cases.readiness.store import readiness_of

logger = logging.getLogger(__name__)

BATCH = 500
"""Cases of one transaction: so many are locked at a time, and so many lie in memory."""

_STORED = ("readiness_state", "readiness", "readiness_changes_on")
_LOOKED_AT = (
    "definition_id",
    "phase",
    "level",
    "clinical_question",
    "comorbidity",
    "patient_wishes",
    "performance_status",
    "contact_nurse_id",
    "attested_at",
    *_STORED,
)
_ANSWER = (
    "case_id",
    "kind",
    "requirement",
    "state",
    "performed_on",
    "expected_on",
    "ordered_on",
    "preliminary_on",
    "source",
    "is_external",
)


@dataclass(slots=True)
class Refreshed:
    """What a run did: how many cases it looked at, how many it changed, and the keys of those that it could not."""

    checked: int = 0
    changed: int = 0
    failed: list[int] = field(default_factory=list)

    def __iadd__(self, other: "Refreshed") -> "Refreshed":
        self.checked += other.checked
        self.changed += other.changed
        self.failed += other.failed
        return self


def refresh_due_readiness(now: datetime) -> Refreshed:
    """Recompute the open cases that time alone has made another by today. Safe to run twice, and cut off anywhere."""
    today = timezone.localdate(now)
    return _refresh(lambda: due_for_refresh(today), today)


def recompute_all(now: datetime) -> Refreshed:
    """Recompute every open case, whether or not it is due: after a new release, or to be sure.

    One pass by key, a transaction a batch: the cases are locked, their answers and clearances read in two queries,
    and only those that changed are written. Memory does not grow with the number of cases. A case that cannot be
    computed is logged, left as it is and named in what is returned; the others go on.
    """
    return _refresh(open_cases, timezone.localdate(now))


def bring_up_to_date(case_ids: Collection[int], *, now: datetime) -> None:
    """Recompute those of the cases that are due, locked by key; call it before deciding anything by their readiness.

    In a transaction of its own when the caller has none, so that lists show what the decision saw even when it is
    a refusal. One query when nothing is due. What cannot be computed is logged and left as it is: a meeting is held
    in spite of it, and a booking computes its case once more and fails there.
    """
    today = timezone.localdate(now)
    _refresh(lambda: due_for_refresh(today).filter(pk__in=case_ids), today)


def _refresh(wanted: Callable[[], QuerySet[Case]], today: date) -> Refreshed:
    done, last = Refreshed(), 0
    for first, last in _pages(wanted):
        page = wanted().filter(pk__range=(first, last))
        try:
            done += _refresh_page(page, today)
        except DatabaseError:
            # A deadlock or a row that the database refuses: one by one, so that it is only that row's loss.
            logger.exception("readiness of the cases %d-%d is refreshed one by one", first, last)
            done += _one_by_one(page, today)
    return done


def _pages(wanted: Callable[[], QuerySet[Case]]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last key of each batch, in the order of keys."""
    last = 0
    while keys := list(wanted().filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        last = keys[-1]
        yield keys[0], last


@transaction.atomic
def _refresh_page(page: QuerySet[Case], today: date) -> Refreshed:
    # Neither the texts of the answers nor what was revoked long ago is read.
    answers = Prefetch("results", Result.objects.only(*_ANSWER))
    in_force = Prefetch("clearances", Clearance.objects.filter(revoked_at=None))
    locked = page.select_for_update(of=("self",)).order_by("pk").only(*_LOOKED_AT).prefetch_related(answers, in_force)
    done, changed = Refreshed(), []
    for case in locked:
        done.checked += 1
        try:
            is_changed = _recompute(case, today)
        except Exception:
            logger.exception("readiness of case %d cannot be computed", case.pk)
            done.failed.append(case.pk)
        else:
            if is_changed:
                changed.append(case)
    done.changed = Case.objects.bulk_update(changed, _STORED) if changed else 0
    return done


def _one_by_one(page: QuerySet[Case], today: date) -> Refreshed:
    done = Refreshed()
    for pk in page.order_by("pk").values_list("pk", flat=True):
        try:
            done += _refresh_page(page.filter(pk=pk), today)
        except DatabaseError:
            logger.exception("readiness of case %d cannot be stored", pk)
            done += Refreshed(checked=1, failed=[pk])
    return done


def _recompute(case: Case, today: date) -> bool:
    """Set the stored fields of a case with its answers loaded; return whether they are others than before."""
    before = [getattr(case, name) for name in _STORED]
    readiness = readiness_of(case, today)
    after = [readiness.state, readiness.summary(), readiness.changes_on]
    for name, value in zip(_STORED, after, strict=True):
        setattr(case, name, value)
    return before != after
