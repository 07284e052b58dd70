"""Addresses of the ground floor's API, below `/api/v1/`."""

from django.urls import path

from accounts import api

urlpatterns = [
    path("token/", api.TokenView.as_view(), name="api-token"),
    path("me/", api.MeView.as_view(), name="api-me"),
    path("units/", api.UnitsView.as_view(), name="api-units"),
    path("access-log/", api.AccessLogView.as_view(), name="api-access-log"),
]
