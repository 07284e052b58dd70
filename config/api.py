"""The REST API: what each floor offers under /api/v1/."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView

from config.docs import ApiDocs

FLOORS = ("accounts", "events", "checklists", "cases", "mdk")


def floors() -> list[URLPattern | URLResolver]:
    """Return the addresses of every floor's `api_urls`."""
    found: list[URLPattern | URLResolver] = []
    for floor in FLOORS:
        if find_spec(f"{floor}.api_urls"):
            found += import_module(f"{floor}.api_urls").urlpatterns
    return found


urlpatterns = [
    *floors(),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", ApiDocs.as_view(url_name="api-schema"), name="api-docs"),
]
