"""The REST API: what each floor offers under /api/v1/."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from config.docs import ApiDocs

FLOORS = ("accounts", "events", "checklists", "cases", "mdk")

urlpatterns = [
    *(path("", include(f"{floor}.api_urls")) for floor in FLOORS),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", ApiDocs.as_view(url_name="api-schema"), name="api-docs"),
]
