"""What became of the demo's agendas after they were made: a second published list, a rebooking, a late addition."""

from datetime import timedelta
from typing import TYPE_CHECKING

from mdk.enums import PreparationState, RebookingReason
from mdk.services.agenda import book_case
from mdk.services.publishing import publish_meeting
from mdk.services.rebooking import rebook_item

if TYPE_CHECKING:
    from config.seeding.demo import Demo


def change_published(demo: "Demo") -> None:
    """The breast list goes out a second time: a prepared case is rebooked, another takes its minutes."""
    meeting, by = demo.meeting("Bröst-MDK"), demo.staff["koordinator"]
    when = demo.now - timedelta(hours=2, minutes=20)
    prepared = meeting.items.filter(status="planned", preparations__state=PreparationState.DONE)
    item = prepared.first() or meeting.items.filter(status="planned").latest("position")
    rebook_item(item.pk, reason=RebookingReason.PATIENT_ILL, by=by, now=when)
    demo.book(meeting, demo.cases(("breast",), "ready", levels=("focused",)), when=when + timedelta(minutes=4))
    publish_meeting(meeting.pk, by=by, now=when + timedelta(minutes=6))


def ask_late(demo: "Demo") -> None:
    """A case is asked for after the cut-off of the skin conference, and waits for the chair's yes."""
    (case,) = demo.cases(("melanoma",), "ready", levels=("focused",))
    reason = "Patienten opereras på måndag; frågan om portvakt kan inte vänta en vecka."
    when = demo.now - timedelta(minutes=50)
    book_case(demo.meeting("Hud-MDK").pk, case.pk, by=demo.staff["koordinator"], now=when, override_reason=reason)
