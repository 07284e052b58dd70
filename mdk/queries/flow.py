"""What moves around the workload: who waits to be shared, rebookings beside provisional moves, late additions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone

from checklists.enums import Discipline
from mdk.enums import FIRM_ITEMS, NOT_BEGUN
from mdk.models import Preparation, ProvisionalMove, Rebooking, Series
from mdk.queries.capacity import mondays_between
from mdk.queries.days import between


@dataclass(frozen=True, slots=True)
class Unshared:
    """Preparations of one meeting and discipline that nobody has taken."""

    meeting_id: int
    name: str
    starts_at: datetime
    due_at: datetime
    discipline: str
    count: int
    minutes: int

    @property
    def label(self) -> str:
        """The discipline in the language of the page."""
        return str(Discipline(self.discipline).label)


@dataclass(frozen=True, slots=True)
class WeekMoves:
    """One week's rebookings of firm places, and moves of provisional ones beside them."""

    monday: date
    rebookings: int
    moves: int


def unshared(series: QuerySet[Series], now: datetime) -> list[Unshared]:
    """Return what nobody has taken of the coming meetings of the series, the first due first; one query."""
    rows = Preparation.objects.filter(
        reader=None, state__in=NOT_BEGUN, item__status__in=FIRM_ITEMS, item__meeting__starts_at__gt=now,
        item__meeting__series__in=series.values("pk"),
    )  # fmt: skip
    grouped = rows.order_by().values(
        "discipline",
        meeting_id=F("item__meeting_id"),
        name=F("item__meeting__series__name"),
        starts_at=F("item__meeting__starts_at"),
    )
    counted = grouped.annotate(count=Count("pk"), minutes=Sum("estimate_minutes"), due=Min("due_at"))
    return [
        Unshared(
            meeting_id=row["meeting_id"], name=row["name"], starts_at=row["starts_at"], due_at=row["due"],
            discipline=row["discipline"], count=row["count"], minutes=row["minutes"],
        )
        for row in counted.order_by("due", "meeting_id", "-discipline")
    ]  # fmt: skip


def moves_between(series: QuerySet[Series], first: date, last: date) -> list[WeekMoves]:
    """Return the rebookings and the provisional moves of each week; two queries.

    A first provisional date is no move, and neither is a place that was given up without another.
    """
    ids = list(series.values_list("pk", flat=True))
    rebooked = Rebooking.objects.filter(from_item__meeting__series__in=ids)
    moved = ProvisionalMove.objects.filter(
        Q(from_meeting__series__in=ids) | Q(to_meeting__series__in=ids), from_meeting__isnull=False
    )
    rebookings = _weekly(rebooked, "rebooked_at", first, last)
    moves = _weekly(moved, "moved_at", first, last)
    return [
        WeekMoves(monday, rebookings.get(monday, 0), moves.get(monday, 0)) for monday in mondays_between(first, last)
    ]


def any_moves(weeks: Sequence[WeekMoves]) -> bool:
    """Say whether there is anything to show."""
    return any(week.rebookings or week.moves for week in weeks)


def _weekly(
    rows: QuerySet[Rebooking] | QuerySet[ProvisionalMove], name: str, first: date, last: date
) -> dict[date, int]:
    counted = (
        rows.filter(between(name, first, last)).order_by().values(week=TruncWeek(name)).annotate(count=Count("pk"))
    )
    return {timezone.localdate(row["week"]): row["count"] for row in counted}
