"""The cases that wait for a meeting, read in batches: where each holds a place, what it waits for, how urgent it is."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet

from cases.enums import CaseStatus, ReadinessState, TriageAnswer
from cases.forecast import CaseForecast, Subject, forecasts
from cases.models import Case
from checklists.enums import LevelCode, Severity
from checklists.registry import specs_of
from mdk.enums import OPEN_ITEMS, PLANNABLE, ItemStatus, LateState
from mdk.models import AgendaItem, ProvisionalMove
from mdk.planning.urgency import urgency

BATCH: Final = 500
"""Cases that are read at a time."""


@dataclass(frozen=True, slots=True)
class Place:
    """The open place of a waiting case. `by_hand` says that a person chose it."""

    item: int
    meeting: int
    series: int
    status: str
    minutes: int
    level: str
    late: str
    by_hand: bool
    probability: float | None
    starts_at: datetime
    cutoff_at: datetime
    meeting_status: str
    firmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case that waits for a meeting, with its place, if any, and its forecast.

    `is_ready` is also true of the protocol list, which asks for no readiness; `lacks` is the first requirement that
    stops it, empty for what is none. `home` are the unit that refers it and those above, `barred` the meetings from
    which a person took it off; `came_from` is the meeting that its last provisional place ended with, unless it moved.
    """

    case: int
    status: str
    is_ready: bool
    is_national: bool
    level: str
    minutes: int
    diagnosis: int
    definition: int
    lacks: str
    units: frozenset[int]
    home: frozenset[int]
    urgency: tuple[date, date, int]
    promised_on: date | None
    forecast: CaseForecast
    place: Place | None
    barred: frozenset[int] = frozenset()
    came_from: int | None = None

    def chance(self, starts_at: datetime, cutoff_at: datetime, now: datetime) -> float:
        """Return the probability (0-1) of being ready in time for a meeting; the protocol list asks for no readiness."""
        if self.level == LevelCode.PROTOCOL:
            return 1.0
        return self.forecast.for_meeting(starts_at, cutoff_at, now)

    @property
    def holds_provisional(self) -> bool:
        """Whether its place is a provisional one."""
        return self.place is not None and self.place.status == ItemStatus.PROVISIONAL


def waiting_cases(now: datetime, only: Collection[int] | None = None) -> Iterator[list[Waiting]]:
    """Yield in batches, by key, the cases that a forecast of places concerns; five queries a batch, whatever its size.

    They are the referred cases that are not ready, those that hold a provisional place, and those with a promised date;
    `only` narrows them to some cases, of which then also the ready ones are among them.
    """
    last = 0
    while rows := list(_rows(only).filter(pk__gt=last).order_by("pk").values(*_COLUMNS, **_PLACE, **_ABOVE)[:BATCH]):
        last = rows[-1]["id"]
        yield _batch(rows, now)


def _rows(only: Collection[int] | None) -> QuerySet[Case]:
    open_item = FilteredRelation("agenda_items", condition=Q(agenda_items__status__in=OPEN_ITEMS))
    found = Case.objects.annotate(held=open_item)
    if only is not None:
        return found.filter(pk__in=only)
    return found.filter(
        Q(held__status=ItemStatus.PROVISIONAL)
        | Q(status=CaseStatus.REFERRED) & ~Q(readiness_state=ReadinessState.READY, promised_on__isnull=True)
        | Q(status=CaseStatus.SCHEDULED, promised_on__isnull=False)
    )


_COLUMNS = (
    "id", "status", "triage", "level", "diagnosis_id", "unit_id", "definition_id", "suspected_on", "promised_on",
    "readiness_state", "readiness",
)  # fmt: skip
_ABOVE = {"above": F("unit__parent"), "higher": F("unit__parent__parent"), "top": F("unit__parent__parent__parent")}
_PLACE = {
    "provider": F("patient__provider_id"),
    "item": F("held__id"),
    "meeting": F("held__meeting_id"),
    "item_status": F("held__status"),
    "item_minutes": F("held__minutes"),
    "item_level": F("held__level"),
    "late": F("held__late"),
    "added_by": F("held__added_by"),
    "probability": F("held__probability"),
    "series": F("held__meeting__series"),
    "starts_at": F("held__meeting__starts_at"),
    "cutoff_at": F("held__meeting__cutoff_at"),
    "meeting_status": F("held__meeting__status"),
    "firmed_at": F("held__meeting__firmed_at"),
}


def _batch(rows: Sequence[dict[str, Any]], now: datetime) -> list[Waiting]:
    ids = [row["id"] for row in rows]
    units: defaultdict[int, set[int]] = defaultdict(set)
    for case, unit in Case.units.through.objects.filter(case_id__in=ids).values_list("case_id", "unit_id"):
        units[case].add(unit)
    found = forecasts([_subject(row) for row in rows], now=now)
    specs = specs_of(row["definition_id"] for row in rows)
    barred, came_from = _left_places([row["id"] for row in rows if row["item"] is None])
    return [
        Waiting(
            case=row["id"],
            status=row["status"],
            is_ready=row["readiness_state"] == ReadinessState.READY or _level(row) == LevelCode.PROTOCOL,
            is_national=row["triage"] == TriageAnswer.NATIONAL,
            level=_level(row),
            minutes=row["item_minutes"] or specs[row["definition_id"]].level(_level(row)).minutes,
            diagnosis=row["diagnosis_id"],
            definition=row["definition_id"],
            lacks=_lacks(row["readiness"]),
            units=frozenset(units[row["id"]]),
            home=frozenset(row[name] for name in ("unit_id", *_ABOVE) if row[name]),
            urgency=urgency(
                row["suspected_on"], specs[row["definition_id"]].lead_time_days, row["promised_on"], row["id"]
            ),
            promised_on=row["promised_on"],
            forecast=found[row["id"]],
            place=_place(row),
            barred=frozenset(barred[row["id"]]),
            came_from=came_from.get(row["id"]),
        )
        for row in rows
    ]


def _lacks(readiness: Mapping[str, Any]) -> str:
    stopping = (finding for finding in readiness.get("findings", ()) if finding["severity"] != Severity.WARNING)
    return next((str(finding["requirement"]) for finding in stopping), "")


def _level(row: dict[str, Any]) -> str:
    return str(row["item_level"] or row["level"])


def _subject(row: dict[str, Any]) -> Subject:
    return Subject(
        row["id"], row["provider"], row["unit_id"], row["definition_id"], _level(row), row["readiness"]
    )  # fmt: skip


def _place(row: dict[str, Any]) -> Place | None:
    if row["item"] is None:
        return None
    return Place(
        item=row["item"],
        meeting=row["meeting"],
        series=row["series"],
        status=row["item_status"],
        minutes=row["item_minutes"],
        level=row["item_level"],
        late=row["late"],
        by_hand=row["added_by"] is not None,
        probability=row["probability"],
        starts_at=row["starts_at"],
        cutoff_at=row["cutoff_at"],
        meeting_status=row["meeting_status"],
        firmed_at=row["firmed_at"],
    )


def _left_places(case_ids: Sequence[int]) -> tuple[defaultdict[int, set[int]], dict[int, int]]:
    """Return from which coming meetings a person took each case off, and with which meeting its last place ended.

    A place that moved left a move behind it and is neither. One query.
    """
    barred: defaultdict[int, set[int]] = defaultdict(set)
    came_from: dict[int, int] = {}
    moved = ProvisionalMove.objects.filter(
        case=OuterRef("case"), from_meeting=OuterRef("meeting"), moved_at__gte=OuterRef("status_changed_at")
    )
    rows = AgendaItem.objects.filter(
        ~Exists(moved), case__in=case_ids, status=ItemStatus.REMOVED, late__in=["", LateState.REFUSED]
    ).order_by("status_changed_at", "pk")
    for case, meeting, status in rows.values_list("case_id", "meeting_id", "meeting__status"):
        if status in PLANNABLE:
            barred[case].add(meeting)
            came_from.pop(case, None)
        else:
            came_from[case] = meeting
    return barred, came_from
