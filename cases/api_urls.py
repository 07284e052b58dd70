"""Addresses of the API of cases."""

from django.urls import path

from cases import api, api_sides, api_triage

urlpatterns = [
    path("cases/", api.CasesView.as_view(), name="api-cases"),
    path("cases/<int:pk>/", api.CaseView.as_view(), name="api-case"),
    path("cases/<int:pk>/results/", api.ResultsView.as_view(), name="api-case-results"),
    path("cases/<int:pk>/level/", api.LevelView.as_view(), name="api-case-level"),
    path("cases/<int:pk>/triage/", api_triage.TriageView.as_view(), name="api-case-triage"),
    path("cases/<int:pk>/waivers/", api.WaiversView.as_view(), name="api-case-waivers"),
    path("cases/<int:pk>/not_applicable/", api.NotApplicableView.as_view(), name="api-case-not-applicable"),
    path("cases/<int:pk>/attest/", api.AttestView.as_view(), name="api-case-attest"),
    path("cases/<int:pk>/withdraw/", api.WithdrawView.as_view(), name="api-case-withdraw"),
    path("cases/<int:pk>/discordances/", api_sides.DiscordancesView.as_view(), name="api-case-discordances"),
    path("cases/<int:pk>/discordances/<int:mark>/settle/", api_sides.SettleView.as_view(), name="api-case-settle"),
    path("cases/<int:pk>/messages/", api_sides.MessagesView.as_view(), name="api-case-messages"),
]
