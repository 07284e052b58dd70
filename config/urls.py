"""All addresses of the house."""

from django.urls import URLPattern, URLResolver, include, path

from config.health import healthz, readyz

FLOORS = ("accounts", "events", "checklists", "cases", "mdk")

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("api/v1/", include("config.api")),
    *(path("", include(f"{floor}.urls")) for floor in FLOORS),
]
