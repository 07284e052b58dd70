"""The readers' queue as plain rows: two queries for two hundred preparations, besides the scope's."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.errors import NotAllowed
from accounts.models import User
from accounts.permissions import Permission
from accounts.queries import people_with
from checklists.enums import Discipline
from mdk.access import PREPARES, series_units
from mdk.enums import ItemStatus, MeetingStatus, PreparationState
from mdk.models import Preparation, Series
from mdk.queries.days import midnight
from mdk.queries.meetings import visible_series
from mdk.queries.preparations import QueueRow, queue_rows

STATES = (
    PreparationState.TODO,
    PreparationState.IN_PROGRESS,
    PreparationState.DONE,
    PreparationState.RETURNED,
    PreparationState.WAITING,
)


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
        preparations = preparations.filter(due_at__gte=midnight(since))
    if until:
        preparations = preparations.filter(due_at__lt=midnight(until + timedelta(days=1)))
    return preparations


def readers_for(preparation: Preparation, actor: Actor, on: date) -> QuerySet[User]:
    """Return the people who may take over the preparation, but for the one who holds it."""
    permission = PREPARES[Discipline(preparation.discipline)]
    units = series_units(preparation.item.meeting.series)
    return people_with(permission, units, on).exclude(pk=preparation.reader_id or actor.user.pk)


def _series_for(actor: Actor, permission: Permission) -> QuerySet[Series]:
    return visible_series(actor, permission).order_by()


def _grouped(rows: Iterable[QueueRow]) -> list[QueueGroup]:
    groups: dict[tuple[int, datetime], QueueGroup] = {}
    for row in rows:
        key = (row.meeting_id, row.due_at)
        if key not in groups:
            groups[key] = QueueGroup(row.meeting_id, row.meeting_name, row.starts_at, row.due_at)
        groups[key].rows.append(row)
    return list(groups.values())
