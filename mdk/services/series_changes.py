"""Changing a series: first shown, then done exactly as it was shown."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Refused, Stale
from accounts.models import User
from events.record import record
from mdk.enums import FIRM_ITEMS, NOT_DONE, PLANNABLE, Becomes
from mdk.models import AgendaItem, Meeting, Preparation, Series
from mdk.queries.series import last_change
from mdk.services.cancelling import cancel_meeting
from mdk.services.series import generate_meetings, lock_series
from mdk.services.series_data import PLAIN, RELATED, SeriesData, check_series, plain_values
from mdk.services.series_effects import Effect, MeetingShape, SeriesChange, effects_of
from mdk.transitions import move_meeting, touch


class NotConfirmed(Refused):
    """The change does something to meetings that nobody has confirmed, or not as it is now; `change` says what."""

    code = "not-confirmed"

    def __init__(self, change: SeriesChange, *, is_other: bool) -> None:
        message = (
            _("What the change does to the meetings is no longer what you saw. Look once more and confirm.")
            if is_other
            else _("The change does something to coming meetings. See what, and confirm it.")
        )
        super().__init__(message, extra={"confirmation": change.token})
        self.change = change


@transaction.atomic
def change_series(
    series_id: int,
    data: SeriesData,
    *,
    version: int,
    by: User,
    now: datetime,
    confirmed: str = "",
    dry_run: bool = False,
) -> SeriesChange:
    """Make the series what `data` says, and its coming meetings with it; return what became of each.

    With `dry_run` nothing is done. Where meetings change, `confirmed` must be the `token` of exactly these effects:
    NotConfirmed otherwise, so that a case booked meanwhile is not carried along unseen. Stale (409), naming who, when
    somebody changed the series since `version`; Invalid names the wrong field. Meetings that go are cancelled, so
    their firm cases go on to the next; those under way, past, or added by hand are left alone. Who may:
    `manage_series`. Leaves `series.changed`, and `meeting.moved`, `meeting.changed`, `meeting.cancelled` or
    `meeting.restored` for each.
    """
    series = lock_series(series_id)
    if series.version != version:
        raise _stale(series)
    check_series(data, known=series)
    locked = Meeting.objects.select_for_update(of=("self",)).select_related("series").order_by("pk")
    meetings = {
        meeting.pk: meeting for meeting in locked.filter(series=series, status__in=PLANNABLE, starts_at__gt=now)
    }
    proposed = Series(pk=series.pk, version=series.version, **plain_values(data))
    change = effects_of(series, proposed, meetings, now)
    if dry_run:
        return change
    if change.token and confirmed != change.token:
        raise NotConfirmed(change, is_other=bool(confirmed))
    former_chair = series.chair_id
    _save(series, data, change, by=by, now=now)
    _apply(series, change, meetings, former_chair, by=by, now=now)
    return change


def _stale(series: Series) -> Stale:
    event = last_change(series)
    who = event.actor.name if event and event.actor else _("The system")
    at = timezone.localtime(event.at).strftime("%Y-%m-%d %H:%M") if event else ""
    return Stale(
        _("%(who)s changed the series %(at)s. Load it again and make your change on top of that.")
        % {"who": who, "at": at},
        field="version",
        extra={"version": series.version, "changed_by": who},
    )


def _save(series: Series, data: SeriesData, change: SeriesChange, *, by: User, now: datetime) -> None:
    values = plain_values(data)
    changed = sorted(name for name in PLAIN if getattr(series, name) != values[name])
    has_new_chair = "chair" in changed
    for name, value in values.items():
        setattr(series, name, value)
    series.version += 1
    series.save()
    for name in RELATED:
        getattr(series, name).set(getattr(data, name))
    counts = {kind.value: sum(effect.becomes == kind for effect in change.felt) for kind in Becomes}
    felt = {kind: count for kind, count in counts.items() if count}
    record("series.changed", by=by, now=now, subject=series, unit=series.unit_id,
           data={"fields": changed, "meetings": felt})  # fmt: skip
    if has_new_chair and series.chair:
        record("series.chair", by=by, now=now, subject=series, unit=series.unit_id, to=[series.chair])


def _apply(
    series: Series,
    change: SeriesChange,
    meetings: dict[int, Meeting],
    former_chair: int | None,
    *,
    by: User,
    now: datetime,
) -> None:
    """Change and make the meetings that stay first: those that go, the last one first, hand their cases on to them."""
    for effect in change.felt:
        if effect.after and effect.meeting in meetings:
            _change(meetings[effect.meeting], effect, effect.after, series, by=by, now=now)
        elif effect.after and effect.meeting:
            _restore(effect.meeting, effect.after, series, by=by, now=now)
    generate_meetings(series, now=now)
    reason = _("The series was changed and no longer meets then.")
    for effect in reversed(change.felt):
        if effect.becomes == Becomes.GONE and effect.meeting:
            cancel_meeting(effect.meeting, reason=reason, by=by, now=now)


def _change(meeting: Meeting, effect: Effect, after: MeetingShape, series: Series, *, by: User, now: datetime) -> None:
    values = _columns(after)
    if effect.changes_chair:
        values["chair"] = series.chair
    touch(meeting, **values)
    if effect.becomes not in (Becomes.MOVED, Becomes.HOURS):
        record("meeting.changed", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=series.unit_id)
        return
    items = AgendaItem.objects.filter(meeting=meeting, position__isnull=False)
    Preparation.objects.filter(item__in=items, state__in=NOT_DONE).update(due_at=after.due_at)
    record("meeting.moved", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=series.unit_id,
           data={"starts_at": after.starts_at.isoformat()}, to=_concerned(meeting, items))  # fmt: skip


def _restore(meeting_id: int, after: MeetingShape, series: Series, *, by: User, now: datetime) -> None:
    def make_new(meeting: Meeting) -> None:
        for name, value in _columns(after).items():
            setattr(meeting, name, value)
        meeting.chair, meeting.cancelled_reason = series.chair, ""
        meeting.published_at = meeting.published_by = meeting.firmed_at = meeting.firmed_by = None

    move_meeting(meeting_id, "restore", by=by, now=now, guard=make_new)


def _columns(shape: MeetingShape) -> dict[str, object]:
    return {name: getattr(shape, name) for name in MeetingShape.__slots__ if name != "due_at"}


def _concerned(meeting: Meeting, items: Iterable[AgendaItem]) -> list[User]:
    """Return whom a new day or hour concerns: the chair, and who answers for the firm cases."""
    firm = AgendaItem.objects.filter(pk__in=[item.pk for item in items], status__in=FIRM_ITEMS)
    cases = firm.select_related("case__responsible_clinician", "case__contact_nurse")
    people = [person for item in cases for person in (item.case.responsible_clinician, item.case.contact_nurse)]
    return [person for person in (*people, meeting.chair) if person]
