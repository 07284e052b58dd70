"""The readers' queue as plain rows: two queries for two hundred preparations, besides the scope's."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
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
from mdk.queries.capacity import ReaderWeek, monday_of, reader_weeks
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


ORDER = ("due_at", "item__meeting__starts_at", "item__position", "pk")
"""Of the queue: what is due first stands first, then as on the agenda."""


@dataclass(slots=True)
class QueueGroup:
    """The preparations of one meeting with one due time, in order of the agenda."""

    meeting_id: int
    meeting_name: str
    starts_at: datetime
    due_at: datetime
    due_words: str
    starts_words: str
    rows: list[QueueRow] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        """The minutes that are left to prepare."""
        return sum(row.estimate_minutes for row in self.rows if row.is_open)

    @property
    def first(self) -> QueueRow | None:
        """The first preparation that is left to do."""
        return next((row for row in self.rows if row.is_open), None)

    @property
    def left(self) -> int:
        """The number of preparations that are left to do."""
        return sum(row.is_open for row in self.rows)


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
        return sum(group.left for group in self.free)

    @property
    def can_take(self) -> bool:
        """Whether there is anything that the reader may take."""
        return any(row.is_takeable for group in [*self.free, *self.others] for row in group.rows)

    @property
    def first(self) -> QueueRow | None:
        """What Enter begins: the first of mine that is left, else the first to share."""
        return next((group.first for group in [*self.own, *self.free] if group.first), None)


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
    found = _coming(actor)
    found = found.filter(state=state) if state in PreparationState.values else found.exclude(state="waiting")
    if discipline in Discipline.values:
        found = found.filter(discipline=discipline)
    mine, free = Q(reader=actor.user), Q(reader=None)
    if who != "all":
        found = found.filter({"mine": mine, "free": free}.get(who, mine | free))
    rows = queue_rows(found.order_by(*ORDER), actor)
    today = timezone.localdate()
    return Queue(
        own=_grouped((row for row in rows if row.reader_id == actor.user.pk), today),
        free=_grouped((row for row in rows if row.reader_id is None), today),
        others=_grouped((row for row in rows if row.reader_id not in (None, actor.user.pk)), today),
        rows=rows,
    )


def week_of(reader: User, today: date) -> ReaderWeek:
    """Return the reader's present week: minutes planned and done, and how many there are."""
    monday = monday_of(today)
    return reader_weeks([reader.pk], [monday])[reader.pk, monday]


def following(actor: Actor, current: Preparation, *, shared: bool = False) -> int | None:
    """Return the preparation that comes after `current` in the queue: of the actor's own, or (`shared`) of nobody's.

    After the last one it begins from the top. None when there is no other left. One query, besides the scope's.
    """
    found = _coming(actor).filter(state__in=[PreparationState.TODO, PreparationState.IN_PROGRESS])
    found = found.filter(reader=None if shared else actor.user).exclude(pk=current.pk).order_by(*ORDER)
    place = (current.due_at, current.item.meeting.starts_at, current.item.position or 0, current.pk)
    ids = list(found.values_list("due_at", "item__meeting__starts_at", "item__position", "pk"))
    return next((row[-1] for row in ids if row > place), ids[0][-1] if ids else None)


def _coming(actor: Actor) -> QuerySet[Preparation]:
    """Return what the actor may prepare of firm cases on coming meetings."""
    return visible_preparations(actor).filter(
        discipline__in=prepared_disciplines(actor),
        item__status__in=[ItemStatus.PLANNED, ItemStatus.DISCUSSING],
        item__meeting__status__in=[MeetingStatus.PLANNED, MeetingStatus.PUBLISHED, MeetingStatus.LIVE],
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


def moment_words(at: datetime, today: date) -> str:
    """Return a moment as the queue says it: `today 15:00`, `tomorrow 08:15`, `Thu 26 Nov 08:15`."""
    local = timezone.localtime(at)
    clock = date_format(local, "H:i")
    match (local.date() - today).days:
        case 0:
            return _("today %(time)s") % {"time": clock}
        case 1:
            return _("tomorrow %(time)s") % {"time": clock}
        case -1:
            return _("yesterday %(time)s") % {"time": clock}
    return f"{date_format(local, 'D j b')} {clock}"


def _grouped(rows: Iterable[QueueRow], today: date) -> list[QueueGroup]:
    groups: dict[tuple[int, datetime], QueueGroup] = {}
    for row in rows:
        key = (row.meeting_id, row.due_at)
        if key not in groups:
            due, starts = moment_words(row.due_at, today), moment_words(row.starts_at, today)
            groups[key] = QueueGroup(row.meeting_id, row.meeting_name, row.starts_at, row.due_at, due, starts)
        groups[key].rows.append(row)
    return list(groups.values())
