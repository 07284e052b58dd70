"""Addresses of the pages about diagnoses."""

from django.urls import path

from checklists.views import draft, pages, versions

app_name = "checklists"

urlpatterns = [
    path("diagnoses/", pages.diagnoses_page, name="diagnoses"),
    path("diagnoses/<slug:slug>/", pages.diagnosis_page, name="diagnosis"),
    path("diagnoses/<slug:slug>/versions/", versions.versions, name="versions"),
    path("diagnoses/<slug:slug>/versions/<int:pk>/", versions.version, name="version"),
    path("diagnoses/<slug:slug>/versions/<int:pk>/choose/", versions.choose, name="choose"),
    path("diagnoses/<slug:slug>/versions/<int:pk>/start/", versions.start, name="start"),
    path("diagnoses/<slug:slug>/draft/", draft.draft, name="draft"),
    path("diagnoses/<slug:slug>/draft/difference/", draft.draft_difference, name="draft_difference"),
    path("diagnoses/<slug:slug>/draft/publish/", draft.publish, name="publish"),
    path("diagnoses/<slug:slug>/draft/discard/", draft.discard, name="discard"),
]
