"""Publishing an agenda: a numbered list that stays as it was, told to its members; and again when it has changed."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Role
from accounts.queries import people_in_role
from events.models import Event
from events.record import record
from mdk.access import series_units
from mdk.enums import FIRM_ITEMS, MeetingStatus
from mdk.models import AgendaVersion, Meeting
from mdk.queries.days import midnight
from mdk.queries.publishing import latest_versions, list_of, members_of, unpublished
from mdk.services.agenda import refresh_agenda
from mdk.services.carrying import open_preparations
from mdk.services.sweeping import sweep
from mdk.transitions import lock_meeting, move_meeting, touch


@transaction.atomic
def publish_meeting(meeting_id: int, *, by: User, now: datetime) -> Meeting:
    """Publish the agenda: members see it and are told, readers begin, and the list is kept as version 1.

    A published agenda whose list has changed since is published again as the next version. One that has not:
    the same person asking again changes nothing, anybody else is told who did it (MeetingMoveRefused). Who may:
    `plan_meeting`. Leaves `meeting.published`, or `meeting.republished`.
    """
    meeting = lock_meeting(meeting_id)
    if meeting.status == MeetingStatus.PUBLISHED and has_changed(meeting):
        return _publish_again(meeting, by=by, now=now)

    def begin(meeting: Meeting) -> None:
        _let_begin(meeting, now)
        _keep_list(meeting, by=by, now=now)

    return move_meeting(
        meeting_id, "publish", by=by, now=now, effect=begin, to=lambda meeting: members_of(meeting, now)
    )


def has_changed(meeting: Meeting) -> bool:
    """Whether the list differs from the one that was published last: other cases, order, levels or minutes."""
    latest = latest_versions([meeting.pk]).get(meeting.pk)
    return latest is None or _compared(latest.content) != _compared(list_of(meeting))


def tell_unpublished(*, now: datetime) -> int:
    """Tell the coordinators of each meeting that is not published on the last working day before it, once a day.

    Returns how many meetings they were told of. Leaves `meeting.unpublished`.
    """
    return sweep(unpublished(now), lambda meeting: _tell(meeting.pk, now), what="lists that are not published")


@transaction.atomic
def _tell(meeting_id: int, now: datetime) -> int:
    meeting = lock_meeting(meeting_id)
    today = timezone.localdate(now)
    told = Event.objects.filter(kind="meeting.unpublished", meeting_id=meeting_id, at__gte=midnight(today))
    if meeting.status != MeetingStatus.PLANNED or told.exists():
        return 0
    people = people_in_role(Role.COORDINATOR, series_units(meeting.series), today)
    record(
        "meeting.unpublished", by=None, now=now, subject=meeting, meeting=meeting.pk, unit=meeting.series.unit_id,
        to=people,
    )  # fmt: skip
    return 1


def _publish_again(meeting: Meeting, *, by: User, now: datetime) -> Meeting:
    _let_begin(meeting, now)
    version = _keep_list(meeting, by=by, now=now)
    touch(meeting, published_at=now, published_by=by, status_changed_at=now, status_changed_by=by)
    record(
        "meeting.republished", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=meeting.series.unit_id,
        to=members_of(meeting, now), data={"list": version.number},
    )  # fmt: skip
    return meeting


def _let_begin(meeting: Meeting, now: datetime) -> None:
    refresh_agenda(meeting, now)
    open_preparations(list(meeting.items.filter(status__in=FIRM_ITEMS).values_list("pk", flat=True)), now)


def _keep_list(meeting: Meeting, *, by: User, now: datetime) -> AgendaVersion:
    """Keep the list as it stands under the next number; the meeting is locked."""
    latest = latest_versions([meeting.pk]).get(meeting.pk)
    number = latest.number + 1 if latest else 1
    return AgendaVersion.objects.create(
        meeting=meeting, number=number, published_by=by, published_at=now, content=list_of(meeting)
    )


def _compared(content: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(line["case"], line["level"], line["minutes"]) for line in content]
