"""What every page's frame needs of the notices."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from events.queries import unread_count


def notices(request: HttpRequest) -> dict[str, Any]:
    """Give templates `unread_notices`: a number that is counted (one query) only where a page shows it."""
    actor = getattr(request, "actor", None)
    return {"unread_notices": SimpleLazyObject(lambda: unread_count(actor.user)) if actor else 0}
