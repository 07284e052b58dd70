"""The moves of a meeting: one table, one writer of its status."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import User
from accounts.permissions import Permission
from events.record import record
from mdk.enums import MeetingStatus
from mdk.models import Meeting


class MeetingMoveRefused(Refused):
    """The meeting does not stand where this move starts, or somebody else made the move."""

    code = "meeting-status"


@dataclass(frozen=True, slots=True)
class Move:
    """From which statuses to which, who may make it, and which event it leaves."""

    sources: tuple[MeetingStatus, ...]
    target: MeetingStatus
    permission: Permission
    event: str


_S = MeetingStatus
MOVES: dict[str, Move] = {
    "publish": Move((_S.PLANNED,), _S.PUBLISHED, Permission.PLAN_MEETING, "meeting.published"),
    "start": Move((_S.PUBLISHED,), _S.LIVE, Permission.RUN_MEETING, "meeting.started"),
    "close": Move((_S.LIVE,), _S.CLOSED, Permission.RUN_MEETING, "meeting.closed"),
    "sign": Move((_S.CLOSED,), _S.SIGNED, Permission.SIGN_MEETING, "meeting.signed"),
    "cancel": Move((_S.PLANNED, _S.PUBLISHED), _S.CANCELLED, Permission.PLAN_MEETING, "meeting.cancelled"),
    "restore": Move((_S.CANCELLED,), _S.PLANNED, Permission.MANAGE_SERIES, "meeting.restored"),
}


def lock_meeting(pk: int) -> Meeting:
    """Return the meeting `pk`, its row locked until the transaction ends. First in the lock order."""
    return Meeting.objects.select_for_update(of=("self",)).select_related("series").get(pk=pk)


def touch(meeting: Meeting, **fields: Any) -> None:
    """Save `fields` of a locked meeting and raise its version, so that followers see the change."""
    for name, value in fields.items():
        setattr(meeting, name, value)
    meeting.version += 1
    meeting.save(update_fields=[*fields, "version"])


@transaction.atomic
def move_meeting(
    meeting_id: int,
    action: str,
    *,
    by: User,
    now: datetime,
    guard: Callable[[Meeting], None] | None = None,
    effect: Callable[[Meeting], None] | None = None,
    to: Callable[[Meeting], Iterable[User]] | None = None,
) -> Meeting:
    """Make the move `action`: lock, check, guard, save, effect, record; the only writer of a meeting's status.

    The same person asking again for what they did is a success and changes nothing; anybody else gets
    MeetingMoveRefused (409), naming who did it and when. `guard` may refuse; `effect` works in the same
    transaction after the status is saved, and `to` names who is told.
    """
    move = MOVES[action]
    meeting = lock_meeting(meeting_id)
    if meeting.status == move.target and meeting.status_changed_by_id == by.pk:
        return meeting
    if meeting.status not in move.sources:
        raise _refusal(meeting)
    if guard:
        guard(meeting)
    meeting.status = move.target
    meeting.status_changed_at, meeting.status_changed_by = now, by
    stamps = {"publish": ("published_at", "published_by"), "start": ("started_at",), "close": ("closed_at",),
              "sign": ("signed_at", "signed_by")}.get(action, ())  # fmt: skip
    for stamp in stamps:
        setattr(meeting, stamp, by if stamp.endswith("_by") else now)
    meeting.version += 1
    meeting.save()
    if effect:
        effect(meeting)
    record(
        move.event, by=by, now=now, subject=meeting, meeting=meeting.pk, unit=meeting.series.unit_id,
        to=to(meeting) if to else (),
    )  # fmt: skip
    return meeting


def _refusal(meeting: Meeting) -> MeetingMoveRefused:
    status = meeting.get_status_display().lower()
    if meeting.status_changed_by is None:
        message = _("The meeting is %(status)s, so this cannot be done.") % {"status": status}
    else:
        message = _("The meeting is %(status)s: %(who)s did that %(at)s.") % {
            "status": status,
            "who": meeting.status_changed_by.name,
            "at": timezone.localtime(meeting.status_changed_at).strftime("%Y-%m-%d %H:%M"),
        }
    who = meeting.status_changed_by.name if meeting.status_changed_by else ""
    return MeetingMoveRefused(message, extra={"meeting_status": meeting.status, "changed_by": who})
