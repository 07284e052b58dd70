"""Firm cases that are no longer ready at the cut-off: moved on by the system, unless the chair takes them up all the same."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import Invalid, sentence_errors
from accounts.models import User
from cases.enums import ReadinessState
from cases.services.refreshing import bring_up_to_date
from checklists.enums import LevelCode
from events.models import Event
from events.record import record
from mdk.enums import PLANNABLE, ItemStatus
from mdk.models import AgendaItem
from mdk.queries.lacking import all_lacking, reason_for
from mdk.services.agenda import BookingRefused
from mdk.services.rebooking import expected_meeting, is_ready, move_on
from mdk.services.sweeping import sweep
from mdk.transitions import lock_meeting, touch

ACCEPTED = "item.accepted_unready"


def rebook_unready(*, now: datetime) -> int:
    """Rebook the firm cases of coming meetings whose cut-off has passed and that are not ready; return how many.

    The reason is what they lack, and they go where their answers are expected, provisionally (`rebook_item`). The
    protocol list asks for no readiness; a case that the chair has accepted, or that was booked or made firm over the
    finding, stays. Each in a transaction of its own, so that one that fails is logged and stops nobody. Safe to run
    twice. Leaves what a rebooking leaves, by the system.
    """
    bring_up_to_date(list(_past_cutoff(now).values_list("case_id", flat=True)), now=now)
    return sweep(list(_unready(now)), lambda item: _rebook(item, now), what="cases rebooked at the cut-off")


@transaction.atomic
def accept_unready(item_id: int, *, reason: str, by: User, now: datetime) -> AgendaItem:
    """Take up a firm case though something is missing: it stays on the agenda at the cut-off, with the reason.

    Who may: `run_meeting`. A case that is ready, or that is accepted already, stays as it is. Invalid without a reason;
    BookingRefused `not-on-agenda` where the place is not firm (any more). Leaves `item.accepted_unready`, which tells
    the responsible clinician.
    """
    if errors := sentence_errors("reason", reason, 200):
        raise Invalid(errors)
    meeting = lock_meeting(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    rows = AgendaItem.objects.select_for_update(of=("self",)).select_related("case__responsible_clinician")
    item = rows.annotate(is_accepted=_accepted()).get(pk=item_id)
    if item.status not in (ItemStatus.PLANNED, ItemStatus.DISCUSSING):
        raise BookingRefused(_("The case has no firm place on this agenda."), code="not-on-agenda")
    if item.is_accepted or is_ready(item.case, item.level, now):
        return item
    reasons = [item.override_reason, reason.strip()]
    item.override_reason = " · ".join(filter(None, reasons))[-500:]
    item.override_by, item.override_at = by, now
    item.save(update_fields=["override_reason", "override_by", "override_at"])
    touch(meeting)
    record(
        "item.accepted_unready", by=by, now=now, subject=item, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id, to=[item.case.responsible_clinician],
        data={"lacking": [one.requirement for one in all_lacking(item.case)]},
    )  # fmt: skip
    return item


def _past_cutoff(now: datetime) -> QuerySet[AgendaItem]:
    return AgendaItem.objects.filter(
        status=ItemStatus.PLANNED,
        meeting__status__in=PLANNABLE,
        meeting__cutoff_at__lte=now,
        meeting__starts_at__gt=now,
    ).exclude(level=LevelCode.PROTOCOL)


def _unready(now: datetime) -> QuerySet[AgendaItem]:
    """Return what is to be looked at: not ready by the stored summary, or on the agenda at another level than the case's."""
    is_short = ~Q(case__readiness_state=ReadinessState.READY) | ~Q(level=F("case__level"))
    return _past_cutoff(now).filter(is_short, ~_accepted()).select_related("case", "meeting").order_by("pk")


def _accepted() -> Exists:
    """Whether somebody has taken up the case over just this: the chair, or who booked it or made it firm unready."""
    about = Event.objects.filter(subject_type="agendaitem", subject_id=OuterRef("pk"))
    return Exists(
        about.filter(Q(kind=ACCEPTED) | Q(kind__in=["item.booked", "item.firmed"], data__override="not-ready"))
    )


def _rebook(item: AgendaItem, now: datetime) -> bool:
    """Rebook one item that is still unready and not accepted; whoever was faster has won."""
    if is_ready(item.case, item.level, now):
        return False
    target = expected_meeting(item, now)
    return _rebook_locked(item, target.pk if target else None, now)


@transaction.atomic
def _rebook_locked(item: AgendaItem, target: int | None, now: datetime) -> bool:
    for pk in sorted({item.meeting_id, target or item.meeting_id}):
        lock_meeting(pk)
    held = AgendaItem.objects.select_for_update(of=("self",)).select_related("case").annotate(is_accepted=_accepted())
    found = held.filter(pk=item.pk, status=ItemStatus.PLANNED).first()
    if found is None or found.is_accepted or is_ready(found.case, found.level, now):
        return False
    move_on(item.pk, target, reason=reason_for(found.case), by=None, now=now)
    return True
