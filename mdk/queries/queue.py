"""The readers' queue as plain rows: two queries for two hundred preparations, besides the scope's."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.errors import NotAllowed
from accounts.models import User
from accounts.permissions import Permission
from accounts.queries import people_with, units_below
from cases.identity import Identity
from cases.models import Result
from cases.privacy import IdentityGuard
from cases.readiness.words import requirement_label
from checklists.enums import Discipline
from checklists.registry import spec_of, specs_of
from mdk.access import PREPARES, series_units
from mdk.enums import ItemStatus, MeetingStatus, PreparationState
from mdk.models import Preparation, Series

STATES = (
    PreparationState.TODO,
    PreparationState.IN_PROGRESS,
    PreparationState.DONE,
    PreparationState.RETURNED,
    PreparationState.WAITING,
)
TO_DO = (PreparationState.WAITING, PreparationState.TODO, PreparationState.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer of the discipline: what and when, whether made elsewhere, and whether new since the last reading."""

    label: str
    performed_on: date | None
    is_external: bool
    is_new: bool


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One preparation as the queue shows it; `patient` and `number` are masked where the reader may not see them."""

    id: int
    item_id: int
    case_id: int
    meeting_id: int
    meeting_name: str
    starts_at: datetime
    due_at: datetime
    discipline: str
    reader_id: int | None
    reader_name: str | None
    reader_email: str | None
    estimate_minutes: int
    minutes: int | None
    state: str
    completed_at: datetime | None
    carried_over_from_id: int | None
    carried_at: datetime | None
    level: str
    question: str
    strip: Sequence[str]
    definition_id: int
    patient_id: int
    patient: str
    number: str
    url: str
    answers: tuple[AnswerRow, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to prepare it."""
        return self.state in TO_DO

    @property
    def new(self) -> list[str]:
        """The labels of the answers that came or changed since the reading that is carried over."""
        return [answer.label for answer in self.answers if answer.is_new]

    @property
    def new_since(self) -> int:
        """How many answers are new since the reading that is carried over; 0 for a first reading."""
        return len(self.new)


@dataclass(slots=True)
class QueueGroup:
    """The preparations of one meeting with one due time, in order of the agenda."""

    meeting_id: int
    meeting_name: str
    starts_at: datetime
    due_at: datetime
    rows: list[QueueRow] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        """The minutes that are left to prepare."""
        return sum(row.estimate_minutes for row in self.rows if row.is_open)

    @property
    def first(self) -> QueueRow | None:
        """The first preparation that is left to do."""
        return next((row for row in self.rows if row.is_open), None)


@dataclass(frozen=True, slots=True)
class Queue:
    """What one reader sees: their own groups, those to share, and the others'; minutes are estimates left to do."""

    own: list[QueueGroup]
    free: list[QueueGroup]
    others: list[QueueGroup]
    rows: list[QueueRow]

    @property
    def own_minutes(self) -> int:
        """The minutes that the reader has left."""
        return sum(group.minutes for group in self.own)

    @property
    def free_minutes(self) -> int:
        """The minutes that nobody has taken."""
        return sum(group.minutes for group in self.free)

    @property
    def free_count(self) -> int:
        """The number of preparations that nobody has taken."""
        return sum(len(group.rows) for group in self.free)


def prepared_disciplines(actor: Actor) -> list[Discipline]:
    """Return the disciplines that the actor prepares somewhere, in fixed order."""
    return [discipline for discipline, permission in PREPARES.items() if actor.can(permission)]


def visible_preparations(actor: Actor) -> QuerySet[Preparation]:
    """Return the preparations that the actor may read: their own discipline's, or all where they plan meetings.

    NotAllowed for a person who neither prepares nor plans. One query for the units, which does not grow.
    """
    scopes = [
        Q(discipline=discipline, item__meeting__series__in=_series_for(actor, permission))
        for discipline, permission in PREPARES.items()
        if actor.can(permission)
    ]
    if actor.can(Permission.PLAN_MEETING):
        scopes.append(Q(item__meeting__series__in=_series_for(actor, Permission.PLAN_MEETING)))
    if not scopes:
        raise NotAllowed(_("The queue is for those who prepare meetings."))
    return Preparation.objects.filter(reduce(or_, scopes))


def queue_of(actor: Actor, *, state: str = "", who: str = "", discipline: str = "") -> Queue:
    """Return the queue of the coming meetings; filters narrow it.

    `state` is a preparation state (every one but waiting, when not given); `who` is `mine`, `free` or `all` (mine
    and free, when not given).
    """
    found = visible_preparations(actor).filter(
        discipline__in=prepared_disciplines(actor),
        item__status__in=[ItemStatus.PLANNED, ItemStatus.DISCUSSING],
        item__meeting__status__in=[MeetingStatus.PLANNED, MeetingStatus.PUBLISHED, MeetingStatus.LIVE],
    )
    found = found.filter(state=state) if state in PreparationState.values else found.exclude(state="waiting")
    if discipline in Discipline.values:
        found = found.filter(discipline=discipline)
    mine, free = Q(reader=actor.user), Q(reader=None)
    if who != "all":
        found = found.filter({"mine": mine, "free": free}.get(who, mine | free))
    rows = queue_rows(found.order_by("due_at", "item__meeting__starts_at", "item__position"), actor)
    return Queue(
        own=_grouped(row for row in rows if row.reader_id == actor.user.pk),
        free=_grouped(row for row in rows if row.reader_id is None),
        others=_grouped(row for row in rows if row.reader_id not in (None, actor.user.pk)),
        rows=rows,
    )


def filtered(
    preparations: QuerySet[Preparation],
    actor: Actor,
    *,
    reader: str = "",
    state: str = "",
    discipline: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[Preparation]:
    """Narrow preparations by reader (`me`, `none` or an e-mail), state, discipline and the days they are due."""
    if reader:
        by_name = {"me": Q(reader=actor.user), "none": Q(reader=None)}
        preparations = preparations.filter(by_name.get(reader, Q(reader__email__iexact=reader)))
    if state:
        preparations = preparations.filter(state=state)
    if discipline:
        preparations = preparations.filter(discipline=discipline)
    if since:
        preparations = preparations.filter(due_at__gte=_midnight(since))
    if until:
        preparations = preparations.filter(due_at__lt=_midnight(until) + timedelta(days=1))
    return preparations


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


_FIELDS = {
    "meeting_id": F("item__meeting_id"),
    "meeting_name": F("item__meeting__series__name"),
    "starts_at": F("item__meeting__starts_at"),
    "reader_name": F("reader__name"),
    "reader_email": F("reader__email"),
    "carried_at": F("carried_over_from__completed_at"),
    "level": F("item__level"),
    "case_id": F("item__case_id"),
    "question": F("item__case__clinical_question"),
    "strip": F("item__case__readiness__strip"),
    "definition_id": F("item__case__definition_id"),
    "patient_id": F("item__case__patient_id"),
    "name": F("item__case__patient__name"),
    "system": F("item__case__patient__identity_system"),
    "value": F("item__case__patient__identity_value"),
    "is_protected": F("item__case__patient__is_protected"),
    "unit_id": F("item__case__unit_id"),
    "clinician_id": F("item__case__responsible_clinician_id"),
    "nurse_id": F("item__case__contact_nurse_id"),
}
_NAMES = (
    "id", "item_id", "discipline", "reader_id", "estimate_minutes", "minutes", "state", "due_at", "completed_at",
    "carried_over_from_id",
)  # fmt: skip


def queue_rows(preparations: QuerySet[Preparation], actor: Actor) -> list[QueueRow]:
    """Return the preparations as rows with the answers of their discipline: two queries, however many there are."""
    raw = list(preparations.values(*_NAMES, **_FIELDS))
    answers = _answers_of(raw)
    guard = IdentityGuard(actor)
    base = reverse("mdk:queue")
    return [_row(one, answers[one["id"]], guard, base) for one in raw]


def row_of(pk: int, actor: Actor) -> QueueRow:
    """Return one preparation, which the caller has access to, as a row."""
    return queue_rows(Preparation.objects.filter(pk=pk), actor)[0]


def answers_for(preparation: Preparation) -> tuple[AnswerRow, ...]:
    """Return the answers of one preparation's discipline, marked where new since the reading carried over."""
    earlier = preparation.carried_over_from
    case = preparation.item.case
    raw = {
        "id": preparation.pk,
        "case_id": case.pk,
        "definition_id": case.definition_id,
        "discipline": preparation.discipline,
        "carried_at": earlier.completed_at if earlier else None,
    }
    return _answers_of([raw])[preparation.pk]


def readers_for(preparation: Preparation, actor: Actor, on: date) -> QuerySet[User]:
    """Return the people who may take over the preparation, but for the one who holds it."""
    permission = PREPARES[Discipline(preparation.discipline)]
    units = series_units(preparation.item.meeting.series)
    return people_with(permission, units, on).exclude(pk=preparation.reader_id or actor.user.pk)


def _series_for(actor: Actor, permission: Permission) -> QuerySet[Series]:
    units = actor.units_for(permission)
    invited = Series.participating_units.through.objects.filter(unit_id__in=units).values("series_id")
    return Series.objects.filter(Q(unit_id__in=units_below(units)) | Q(pk__in=invited))


def _row(raw: dict[str, Any], answers: tuple[AnswerRow, ...], guard: IdentityGuard, base: str) -> QueueRow:
    shown = guard.of_row(
        raw.pop("name"),
        Identity(raw.pop("system"), raw.pop("value")),
        is_protected=raw.pop("is_protected"),
        unit_id=raw.pop("unit_id"),
        people=(raw.pop("clinician_id"), raw.pop("nurse_id")),
    )
    return QueueRow(**raw, patient=shown.name, number=shown.number, url=f"{base}{raw['id']}/", answers=answers)


def _answers_of(raw: Sequence[dict[str, Any]]) -> dict[int, tuple[AnswerRow, ...]]:
    """Return the answers of each preparation's own discipline, oldest first; one query for the answers."""
    specs_of({row["definition_id"] for row in raw})
    by_case: dict[tuple[int, str], list[tuple[str, date | None, bool, datetime]]] = defaultdict(list)
    results = Result.objects.filter(
        case_id__in={row["case_id"] for row in raw}, kind__in={row["discipline"] for row in raw}
    ).exclude(state="cancelled")
    for case_id, kind, key, day, external, changed in results.order_by("performed_on", "pk").values_list(
        "case_id", "kind", "requirement", "performed_on", "is_external", "updated_at"
    ):
        by_case[case_id, kind].append((key, day, external, changed))
    return {
        row["id"]: tuple(
            AnswerRow(
                label=requirement_label(spec_of(row["definition_id"]), key)
                if key
                else str(Discipline(row["discipline"]).label),
                performed_on=day,
                is_external=external,
                is_new=bool(row["carried_at"] and changed > row["carried_at"]),
            )
            for key, day, external, changed in by_case[row["case_id"], row["discipline"]]
        )
        for row in raw
    }


def _grouped(rows: Iterable[QueueRow]) -> list[QueueGroup]:
    groups: dict[tuple[int, datetime], QueueGroup] = {}
    for row in rows:
        key = (row.meeting_id, row.due_at)
        if key not in groups:
            groups[key] = QueueGroup(row.meeting_id, row.meeting_name, row.starts_at, row.due_at)
        groups[key].rows.append(row)
    return list(groups.values())
