"""Addresses of the pages about diagnoses."""

from django.urls import path

from checklists import views

app_name = "checklists"

urlpatterns = [
    path("diagnoses/", views.diagnoses_page, name="diagnoses"),
    path("diagnoses/<slug:slug>/", views.diagnosis_page, name="diagnosis"),
]
