"""Addresses of the pages of cases."""

from django.urls import path

from cases.api_fhir import FhirView
from cases.api_hl7v2 import Hl7View
from cases.views import case, definitions, edit, importing, mine, placing, refer, thread, timeline, triage, viewer
from cases.views import list as lists

app_name = "cases"

urlpatterns = [
    path("cases/", lists.list_page, name="list"),
    path("cases/mine/", mine.mine_page, name="mine"),
    path("cases/<int:pk>/mend/", mine.mend_page, name="mend"),
    path("cases/new/", refer.refer_page, name="refer"),
    path("cases/new/preview/", refer.preview_page, name="preview"),
    path("cases/new/drafts/", refer.drafts_page, name="drafts"),
    path("cases/new/drafts/<int:pk>/discard/", refer.discard_page, name="discard_draft"),
    path("cases/definitions/", definitions.definitions_page, name="definitions"),
    path("cases/triage/", triage.triage_view, name="triage"),
    path("cases/triage/undo/", triage.undo_view, name="undo_triage"),
    path("cases/triage/<int:pk>/", triage.decide_view, name="decide"),
    path("cases/import/", importing.import_page, name="import"),
    path("cases/export/", lists.export_page, name="export"),
    path("cases/<int:pk>/", case.case_page, name="case"),
    path("cases/<int:pk>/edit/", edit.edit_page, name="edit"),
    path("cases/<int:pk>/results/", case.result_page, name="result"),
    path("cases/<int:pk>/results/<int:result>/", case.correct_page, name="correct"),
    path("cases/<int:pk>/results/<int:result>/move/", case.move_page, name="move"),
    path("cases/<int:pk>/clear/", case.clear_page, name="clear"),
    path("cases/<int:pk>/level/", case.level_page, name="level"),
    path("cases/<int:pk>/attest/", case.attest_page, name="attest"),
    path("cases/<int:pk>/withdraw/", case.withdraw_page, name="withdraw"),
    path("cases/<int:pk>/discordances/", timeline.discordance_page, name="discordance"),
    path("cases/<int:pk>/discordances/<int:mark>/settle/", timeline.settle_page, name="settle"),
    path("cases/<int:pk>/messages/", thread.thread_page, name="thread"),
    path("cases/<int:pk>/results/<int:result>/images/", viewer.image_page, name="image"),
    path("cases/viewers/", viewer.viewers_page, name="viewers"),
    path("cases/viewers/<int:unit>/", viewer.viewer_page, name="viewer"),
    path("hl7v2/", Hl7View.as_view(), name="hl7v2"),
    path("cases/placing/", placing.to_place_page, name="to_place"),
    path("cases/placing/<int:pk>/search/", placing.search_page, name="search_place"),
    path("cases/placing/<int:pk>/place/", placing.place_page, name="place_report"),
    path("cases/placing/<int:pk>/aside/", placing.aside_page, name="set_aside"),
    path("cases/placing/messages/<int:pk>/retry/", placing.retry_page, name="retry_message"),
    path("fhir/", FhirView.as_view(), name="fhir"),
    path("fhir/DiagnosticReport", FhirView.as_view(), name="fhir_report"),
]
