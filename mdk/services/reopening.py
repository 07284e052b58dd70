"""A preparation that is done is opened again when something new comes to the case before the meeting."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from cases.transitions import lock_case
from events.record import record
from mdk.enums import PLANNABLE, ItemStatus, PreparationState
from mdk.models import Preparation
from mdk.queries.readings import changes_of, changes_since
from mdk.services.carrying import minutes_anew, raise_estimates
from mdk.services.sweeping import sweep
from mdk.transitions import lock_meeting, touch

AHEAD = timedelta(days=60)
"""How far ahead firm places are looked through; nothing is prepared earlier than that."""


def reopen_changed(*, now: datetime) -> int:
    """Open again what is done of coming firm places where something came after the reading; return how many.

    A result that comes or is corrected, another question or another level (`changes_since`). What nobody has begun is
    weighed anew instead, and what is in progress only shows what is new. Each in a transaction of its own; safe to run
    twice and at the same time as the readers work. Four queries when nothing is new.
    """
    ahead = list(_ahead(now))
    raise_estimates(ahead)
    done = [row for row in ahead if row.state == PreparationState.DONE]
    news = changes_of(done)
    changed = [row.pk for row in done if news[row.pk]]
    return sweep(changed, lambda pk: reopen(pk, now=now), what="preparations opened again")


@transaction.atomic
def reopen(preparation_id: int, *, now: datetime) -> bool:
    """Open one preparation again where it is done and something is new; return whether it was.

    It stays with its reader, who is told, with the minutes of what is new; the minutes of the reading that is done stay
    counted (`earlier_minutes`). Leaves `preparation.reopened`.
    """
    meeting = lock_meeting(Preparation.objects.values_list("item__meeting_id", flat=True).get(pk=preparation_id))
    rows = Preparation.objects.select_for_update(of=("self",))
    row = rows.select_related("item__case", "reader", "carried_over_from").get(pk=preparation_id)
    item = row.item
    # The answers of a case are written under its lock: none comes between what is looked at here and what is saved.
    item.case = lock_case(item.case_id)
    if row.state != PreparationState.DONE or item.status != ItemStatus.PLANNED or not changes_since(row):
        return False
    row.state, row.state_changed_at, row.reopened_at, row.started_at = PreparationState.TODO, now, now, None
    row.earlier_minutes, row.minutes = row.earlier_minutes + (row.minutes or 0), None
    row.estimate_minutes, row.is_learnt = minutes_anew(row)
    row.save()
    touch(meeting)
    record(
        "preparation.reopened", by=None, now=now, subject=row, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id, to=[row.reader] if row.reader else [], data={"discipline": row.discipline},
    )  # fmt: skip
    return True


def _ahead(now: datetime) -> QuerySet[Preparation]:
    """Return what is done or not begun of the firm places of coming meetings."""
    return Preparation.objects.filter(
        state__in=[PreparationState.DONE, PreparationState.TODO],
        item__status=ItemStatus.PLANNED,
        item__meeting__status__in=PLANNABLE,
        item__meeting__starts_at__range=(now, now + AHEAD),
    ).select_related("item__case", "carried_over_from")
