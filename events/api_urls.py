"""Addresses of the notices' API, below `/api/v1/`."""

from django.urls import path

from events import api

urlpatterns = [
    path("notices/", api.NoticesView.as_view(), name="api-notices"),
    path("notices/<int:pk>/read/", api.ReadNoticeView.as_view(), name="api-notice-read"),
]
