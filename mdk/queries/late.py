"""Additions after the cut-off: who answers them, and how many there are of each unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from accounts.queries import people_with
from mdk.access import series_units
from mdk.enums import FIRM_ITEMS, ItemStatus, LateState
from mdk.models import AgendaItem, Meeting
from mdk.queries.days import between


@dataclass(frozen=True, slots=True)
class LateShare:
    """Firm places of a referring unit's cases: all that were given, those after the cut-off, and late ones refused."""

    unit_id: int
    unit_name: str
    added: int
    late: int
    refused: int

    @property
    def share(self) -> float:
        """The late part of what was given (0-1); 0 when nothing was."""
        return self.late / self.added if self.added else 0.0


def answerers(meeting: Meeting, now: datetime) -> list[User]:
    """Return who says yes or no to late additions: the chair, or all who may run the meeting while it has none."""
    if meeting.chair:
        return [meeting.chair]
    return list(people_with(Permission.RUN_MEETING, series_units(meeting.series), timezone.localdate(now)))


def may_answer(meeting: Meeting, person: User | None, now: datetime) -> bool:
    """Whether the person may say yes to a late addition of the meeting (the system may not)."""
    return person is not None and person in answerers(meeting, now)


def late_shares(unit_ids: Iterable[int], first: date, last: date) -> list[LateShare]:
    """Return the late share of each unit that referred cases to meetings from `first` to `last`, by name; one query."""
    items = AgendaItem.objects.filter(between("meeting__starts_at", first, last), case__unit__in=list(unit_ids))
    # A place that was given up was firm when its case was rebooked from it, or was granted late.
    given = Q(status__in=[*FIRM_ITEMS, ItemStatus.REBOOKED]) | Q(late=LateState.GRANTED)
    rows = (
        items.values(unit=F("case__unit_id"), name=F("case__unit__name"))
        .annotate(
            added=Count("pk", filter=given),
            granted=Count("pk", filter=Q(late=LateState.GRANTED)),
            refused=Count("pk", filter=Q(late=LateState.REFUSED)),
        )
        .filter(Q(added__gt=0) | Q(refused__gt=0))
        .order_by("name", "unit")
    )
    return [LateShare(row["unit"], row["name"], row["added"], row["granted"], row["refused"]) for row in rows]
