"""A case that ends gives up its place on an agenda: withdrawn, deceased or treated elsewhere, and no rebooking."""

from datetime import datetime

from accounts.models import User
from cases.enums import CaseEnding
from cases.holding import PlaceMoved
from events.record import record
from mdk.enums import OPEN_ITEMS, ItemStatus
from mdk.models import AgendaItem
from mdk.queries.fates import spent_on
from mdk.services.agenda import concerned_by, leave_agenda
from mdk.transitions import lock_meeting, touch


def hold(case_id: int) -> int | None:
    """Lock the meeting and the open item of the case and return the item's id; None without one.

    PlaceMoved when the item has left its agenda meanwhile: it may stand on another, whose meeting has to be locked first.
    """
    found = AgendaItem.objects.filter(case_id=case_id, status__in=OPEN_ITEMS).values_list("pk", "meeting_id").first()
    if found is None:
        return None
    item_id, meeting_id = found
    lock_meeting(meeting_id)
    if AgendaItem.objects.select_for_update().get(pk=item_id).status not in OPEN_ITEMS:
        raise PlaceMoved
    return item_id


def give_up(place: int, *, ending: str, by: User, now: datetime) -> None:
    """Take the item `place`, which `hold` has locked, off its agenda for the ending.

    The minutes that readers have spent are lost with it (`mdk.queries.fates`); those who hold its preparation are told
    along with the responsible clinician and the contact nurse. Leaves `item.removed`.
    """
    item = AgendaItem.objects.select_related(
        "case__responsible_clinician", "case__contact_nurse", "meeting__series"
    ).get(pk=place)
    meeting = lock_meeting(item.meeting_id)
    if item.status == ItemStatus.DISCUSSING:
        item.seconds_used += meeting.seconds_shown(now)
    leave_agenda(item, ItemStatus.REMOVED, by=by, now=now)
    item.removed_reason = str(CaseEnding(ending).label)
    item.save(update_fields=["removed_reason"])
    if meeting.current_item_id == item.pk:
        touch(meeting, current_item=None, current_since=None)
    else:
        touch(meeting)
    record(
        "item.removed", by=by, now=now, subject=item, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id, to=concerned_by(item),
        data={"ending": ending, "prep_minutes_lost": sum(spent_on(item.case_id).values())},
    )  # fmt: skip
