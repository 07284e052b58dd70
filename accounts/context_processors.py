"""What every page's frame needs: who acts, where they can go, and how they like to see it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.navigation import Nav, nav_for

THEMES = ("auto", "light", "dark")


def theme_of(request: HttpRequest) -> str:
    """Return the theme of the person's cookie: `light`, `dark` or `auto`."""
    chosen = request.COOKIES.get("theme", "auto")
    return chosen if chosen in THEMES else "auto"


def house(request: HttpRequest) -> dict[str, Any]:
    """Give templates `actor`, `nav`, `theme` and `demo`; no query."""
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "nav": SimpleLazyObject(lambda: nav_for(request, actor) if actor else Nav()),
        "theme": theme_of(request),
        "demo": settings.DEMO,
    }
