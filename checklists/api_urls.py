"""Addresses of the diagnoses' API, below `/api/v1/`."""

from django.urls import path

from checklists import api

urlpatterns = [
    path("diagnoses/", api.DiagnosesView.as_view(), name="api-diagnoses"),
    path("diagnoses/<slug:slug>/", api.DiagnosisView.as_view(), name="api-diagnosis"),
]
