"""A provisional place: given, and moved. No rebooking: each move is written down and counted beside them.

Everything here is called with the meetings, the item and the case locked, in that order.
"""

from collections.abc import Collection
from datetime import date, datetime

from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from cases.access import with_parents
from cases.models import Case
from events.models import Notice
from events.record import record
from mdk.access import series_units
from mdk.case_panels import readers_by_case
from mdk.enums import ItemStatus, MoveReason
from mdk.models import AgendaItem, Meeting, PlanningChoice, ProvisionalMove
from mdk.transitions import touch

TOLD_FROM_DAYS = 1
"""From how many days on a moved date is told to somebody who has not chosen."""


def hold_place(
    case: Case, meeting: Meeting, *, level: str, minutes: int, by: User | None, now: datetime,
    probability: float | None,
) -> AgendaItem:  # fmt: skip
    """Give the case a provisional place, last on the agenda; `by` None means that the system chose it.

    It takes no minutes and is not prepared. The units of the series take part in the case from now on.
    """
    last = meeting.items.aggregate(last=Max("position"))["last"] or 0
    item = AgendaItem.objects.create(
        meeting=meeting, case=case, level=level, minutes=minutes, position=last + 1,
        status=ItemStatus.PROVISIONAL, status_changed_at=now, added_by=by, added_at=now,
        probability=probability, forecast_at=None if probability is None else now,
    )  # fmt: skip
    case.units.add(*series_units(meeting.series))
    touch(meeting)
    return item


def written_first_place(case: Case, meeting: Meeting, *, now: datetime, probability: float) -> ProvisionalMove:
    """Write down the first date that the system found for the case. Leaves `place.given`."""
    first = ProvisionalMove.objects.create(
        case=case, to_meeting=meeting, reason=MoveReason.SOONER, probability_after=probability, moved_at=now
    )
    record(
        "place.given", by=None, system="forecast", now=now, subject=first, case=case.pk, meeting=meeting.pk,
        unit=meeting.series.unit_id,
    )  # fmt: skip
    return first


def leave_place(
    item: AgendaItem, *, to: Meeting | None, reason: MoveReason, by: User | None, now: datetime,
    probability: float | None = None,
) -> ProvisionalMove:  # fmt: skip
    """End the provisional place `item` for one on the meeting `to` (None: no meeting is likely).

    Whoever plans on the date is told (`written_move`). The caller gives the new place. Units that came to the case by
    this place alone, which the system gave, leave it: a date that moves on opens no patient to a unit for good.
    """
    item.status, item.status_changed_at, item.position = ItemStatus.REMOVED, now, None
    item.removed_reason = _left_for(to)
    item.save()
    touch(item.meeting)
    if item.added_by_id is None:
        _let_go_of_units(item, to)
    return written_move(
        item.case, item.meeting, to, reason=reason, by=by, now=now, before=item.probability, after=probability
    )


def written_move(
    case: Case, left: Meeting, to: Meeting | None, *, reason: MoveReason, by: User | None, now: datetime,
    before: float | None, after: float | None,
) -> ProvisionalMove:  # fmt: skip
    """Write down that the case's date went from one meeting to another, and tell those who plan on it.

    They are the responsible clinician, the contact nurse and who has prepared the case, each when the date lies by as
    many days as they chose from the one that they know. Leaves `place.moved`.
    """
    move = ProvisionalMove.objects.create(
        case=case, from_meeting=left, to_meeting=to, reason=reason, probability_before=before,
        probability_after=after, moved_by=by, moved_at=now,
    )  # fmt: skip
    record(
        "place.moved", by=by, system="forecast", now=now, subject=move, case=case.pk, meeting=left.pk,
        unit=left.series.unit_id, to=_told(case, left, to),
        data={"from_on": _day(left).isoformat(), "to_on": _day(to).isoformat() if to else "", "move": reason},
    )  # fmt: skip
    return move


def _let_go_of_units(item: AgendaItem, to: Meeting | None) -> None:
    """Take from the case the units of the series that neither its own unit, nor another place of it, nor `to` brings."""
    ended = Q(status=ItemStatus.REMOVED, added_by=None)
    others = AgendaItem.objects.filter(case=item.case_id).exclude(ended).select_related("meeting__series")
    stay = {unit.pk for unit in with_parents(item.case.unit)}
    for series in {*(other.meeting.series for other in others), *([to.series] if to else [])}:
        stay |= series_units(series)
    item.case.units.remove(*(series_units(item.meeting.series) - stay))


def _told(case: Case, left: Meeting, to: Meeting | None) -> list[User]:
    """Return who is told: those for whom the date has moved far enough from the one that they know."""
    people = {person.pk: person for person in (case.responsible_clinician, case.contact_nurse) if person}
    people |= {reader.pk: reader for reader in readers_by_case([case.pk]).get(case.pk, ())}
    if to is None:
        return list(people.values())
    chosen = dict(PlanningChoice.objects.filter(person__in=people).values_list("person_id", "move_days"))
    known = _known_days(case, people, _day(left))
    return [
        person
        for pk, person in people.items()
        if abs((_day(to) - known[pk]).days) >= chosen.get(pk, TOLD_FROM_DAYS)
    ]  # fmt: skip


def _known_days(case: Case, people: Collection[int], left: date) -> dict[int, date]:
    """Return which date each person knows: the last that they were told of, else the first of this row of moves.

    So many small moves, each too small to be told, are told when together they are large enough.
    """
    moves = list(ProvisionalMove.objects.filter(case=case).select_related("to_meeting", "from_meeting"))
    begins = max((place for place, move in enumerate(moves) if move.from_meeting is None), default=0)
    first = moves[begins] if moves else None
    known = dict.fromkeys(people, left)
    if first is None:
        return known
    if meeting := first.from_meeting or first.to_meeting:
        known = dict.fromkeys(people, _day(meeting))
    told = Notice.objects.filter(
        person__in=people, event__kind="place.moved", event__case_id=case.pk, created_at__gt=first.moved_at
    ).order_by("created_at", "pk")
    for person, to_on in told.values_list("person_id", "event__data__to_on"):
        if to_on:
            known[person] = date.fromisoformat(to_on)
    return known


def _day(meeting: Meeting) -> date:
    return timezone.localdate(meeting.starts_at)


def _left_for(to: Meeting | None) -> str:
    if to is None:
        return _("Provisional; no coming meeting is likely.")
    at = timezone.localtime(to.starts_at).strftime("%Y-%m-%d %H:%M")
    return _("Provisional; moved to %(at)s.") % {"at": at}
