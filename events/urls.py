"""Addresses of the notices."""

from django.urls import path

from events.views import deliveries, notices

app_name = "events"

urlpatterns = [
    path("notices/", notices.notices_page, name="notices"),
    path("notices/read/", notices.read_all_page, name="read-all"),
    path("notices/<int:pk>/read/", notices.read_page, name="read"),
    path("deliveries/", deliveries.deliveries_page, name="deliveries"),
    path("deliveries/try-again/", deliveries.try_again_page, name="try-again"),
]
