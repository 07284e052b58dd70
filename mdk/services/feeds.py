"""A person's addresses of the calendar: made and revoked by the person alone."""

from datetime import datetime
from secrets import token_hex

from django.db import transaction

from accounts.models import User
from events.record import record
from mdk.models import CalendarFeed, Series


@transaction.atomic
def open_feed(*, by: User, series: Series | None, now: datetime) -> CalendarFeed:
    """Return the person's open feed of `series` (of all their meetings, when None), a new one where there is none.

    The caller has seen to it that the person takes part in the series. Leaves `calendar.opened` for a new one.
    """
    feed, is_new = CalendarFeed.objects.get_or_create(
        person=by, series=series, revoked_at=None, defaults={"nonce": token_hex(16), "created_at": now}
    )
    if is_new:
        record("calendar.opened", by=by, now=now, subject=feed)
    return feed


@transaction.atomic
def revoke_feed(feed_id: int, *, by: User, now: datetime) -> bool:
    """Close the person's feed for good: its address answers 404 from now on. False when it is not theirs or closed.

    Leaves `calendar.revoked`.
    """
    feed = CalendarFeed.objects.select_for_update().filter(pk=feed_id, person=by, revoked_at__isnull=True).first()
    if feed is None:
        return False
    feed.revoked_at = now
    feed.save(update_fields=["revoked_at"])
    record("calendar.revoked", by=by, now=now, subject=feed)
    return True
