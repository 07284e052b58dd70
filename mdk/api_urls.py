"""Addresses of meetings in the API, below `/api/v1/`."""

from django.urls import path

from mdk.api import agenda, files, planning, plans, rebookings, room_urls, rounds, series, workload

urlpatterns = [
    path("series/", series.SeriesView.as_view(), name="api-series"),
    path("series/<int:pk>/", series.OneSeriesView.as_view(), name="api-one-series"),
    path("meetings/", planning.MeetingsView.as_view(), name="api-meetings"),
    path("meetings/<int:pk>/", planning.MeetingView.as_view(), name="api-meeting"),
    path("meetings/<int:pk>/items/", planning.ItemsView.as_view(), name="api-meeting-items"),
    path("meetings/<int:pk>/bulk/", agenda.BulkView.as_view(), name="api-meeting-bulk"),
    path("meetings/<int:pk>/order/", agenda.OrderView.as_view(), name="api-meeting-order"),
    path("meetings/<int:pk>/breaks/", agenda.BreaksView.as_view(), name="api-meeting-breaks"),
    path("meetings/<int:pk>/firm/", rounds.FirmView.as_view(), name="api-meeting-firm"),
    path("meetings/<int:pk>/publish/", agenda.PublishView.as_view(), name="api-meeting-publish"),
    path("meetings/<int:pk>/versions/", agenda.VersionsView.as_view(), name="api-meeting-versions"),
    path("meetings/<int:pk>/cancel/", planning.CancelView.as_view(), name="api-meeting-cancel"),
    path("meetings/<int:pk>/propose/", plans.ProposeView.as_view(), name="api-meeting-propose"),
    path("plans/<int:pk>/", plans.PlanView.as_view(), name="api-plan"),
    path("plans/<int:pk>/accept/", plans.AcceptView.as_view(), name="api-plan-accept"),
    path("plans/<int:pk>/discard/", plans.DiscardView.as_view(), name="api-plan-discard"),
    path("meetings/<int:pk>/agenda.pdf", files.AgendaPdfView.as_view(), name="api-agenda-pdf"),
    path("meetings/<int:pk>/agenda.xlsx", files.AgendaXlsxView.as_view(), name="api-agenda-xlsx"),
    path("items/<int:pk>/", agenda.ItemView.as_view(), name="api-item"),
    path("items/<int:pk>/late/", agenda.LateView.as_view(), name="api-item-late"),
    path("items/<int:pk>/rebook/", planning.RebookView.as_view(), name="api-item-rebook"),
    path("items/<int:pk>/lift/", planning.LiftView.as_view(), name="api-item-lift"),
    path("items/<int:pk>/remove/", planning.RemoveView.as_view(), name="api-item-remove"),
    path("rebookings/", rebookings.RebookingsView.as_view(), name="api-rebookings"),
    path("endings/", rebookings.EndingsView.as_view(), name="api-endings"),
    path("items/<int:pk>/accept_unready/", rebookings.AcceptUnreadyView.as_view(), name="api-item-accept-unready"),
    path("workload/", workload.WorkloadView.as_view(), name="api-workload"),
    *room_urls.urlpatterns,
]
