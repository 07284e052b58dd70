"""Feeds of the calendar: the secret in their address, and what they show by the person's rights of this moment."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.actor import Actor, actor_for
from mdk.models import CalendarFeed, Meeting, Series
from mdk.queries.meetings import visible_series

SALT = "mdk.calendar.feed"
BACK = timedelta(days=30)


def token_of(feed: CalendarFeed) -> str:
    """Return the token of the feed's address: the id and 256 bits derived from its nonce and the secret key."""
    return next(_tokens(feed))


def feed_of(token: str) -> CalendarFeed | None:
    """Return the open feed with this token, its person loaded; None for any other token. In constant time."""
    number = token.partition("-")[0]
    if not (number.isascii() and number.isdecimal()) or len(number) > 18:
        return None
    feed = CalendarFeed.objects.select_related("person", "series").filter(pk=number, revoked_at__isnull=True).first()
    return feed if feed and any(constant_time_compare(token, known) for known in _tokens(feed)) else None


def feeds_of(actor: Actor) -> QuerySet[CalendarFeed]:
    """Return the open feeds of the person, that of all meetings first, then by series."""
    rows = CalendarFeed.objects.filter(person=actor.user, revoked_at__isnull=True)
    return rows.select_related("series").order_by("series__name", "pk")


def series_without_feed(actor: Actor) -> QuerySet[Series]:
    """Return the series that the person takes part in and has no feed of."""
    return visible_series(actor).exclude(
        pk__in=feeds_of(actor).filter(series__isnull=False).order_by().values("series")
    )


def shown_meetings(feed: CalendarFeed, now: datetime) -> list[Meeting] | None:
    """Return the meetings that the feed shows, by time, from a month back on; None when the person may see none.

    The rights are those of this moment: who has left the unit, or whose account is closed, sees nothing.
    """
    if not feed.person.is_active:
        return None
    series = visible_series(actor_for(feed.person, timezone.localdate(now)))
    if feed.series_id:
        series = series.filter(pk=feed.series_id)
    ids = list(series.values_list("pk", flat=True))
    if not ids:
        return None
    meetings = Meeting.objects.filter(series__in=ids, starts_at__gte=now - BACK)
    return list(meetings.select_related("series", "chair").order_by("starts_at", "pk"))


def _tokens(feed: CalendarFeed) -> Iterator[str]:
    """Yield the token by the present secret key, then those by the former ones that are still accepted."""
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        digest = salted_hmac(SALT, f"{feed.pk}:{feed.nonce}", secret=key, algorithm="sha256").hexdigest()
        yield f"{feed.pk}-{digest}"
