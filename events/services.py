"""What a person does with a notice."""

from datetime import datetime

from accounts.models import User
from events.models import Notice


def read_notice(*, by: User, notice: Notice, now: datetime) -> Notice:
    """Mark the person's own notice as read; a second time keeps the first time's stamp."""
    Notice.objects.filter(pk=notice.pk, person=by, read_at__isnull=True).update(read_at=now)
    notice.refresh_from_db(fields=["read_at"])
    return notice


def read_all_notices(*, by: User, now: datetime) -> int:
    """Mark all of the person's notices as read; returns how many were unread."""
    return Notice.objects.filter(person=by, read_at__isnull=True).update(read_at=now)
