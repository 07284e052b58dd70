"""Addresses of the meeting room in the API; `mdk.api_urls` takes them in."""

from django.urls import path

from mdk.api import live, preparations

urlpatterns = [
    path("preparations/", preparations.PreparationsView.as_view(), name="api-preparations"),
    path("preparations/claim/", preparations.ClaimManyView.as_view(), name="api-preparations-claim"),
    path("preparations/<int:pk>/accept/", preparations.AcceptView.as_view(), name="api-preparation-accept"),
    path("preparations/<int:pk>/claim/", preparations.ClaimView.as_view(), name="api-preparation-claim"),
    path("preparations/<int:pk>/release/", preparations.ReleaseView.as_view(), name="api-preparation-release"),
    path("preparations/<int:pk>/hand_over/", preparations.HandOverView.as_view(), name="api-preparation-hand-over"),
    path("preparations/<int:pk>/start/", preparations.BeginView.as_view(), name="api-preparation-start"),
    path("preparations/<int:pk>/complete/", preparations.CompleteView.as_view(), name="api-preparation-complete"),
    path("preparations/<int:pk>/return/", preparations.ReturnView.as_view(), name="api-preparation-return"),
    path("meetings/<int:pk>/start/", live.StartView.as_view(), name="api-meeting-start"),
    path("meetings/<int:pk>/next/", live.NextView.as_view(), name="api-meeting-next"),
    path("meetings/<int:pk>/previous/", live.PreviousView.as_view(), name="api-meeting-previous"),
    path("meetings/<int:pk>/park/", live.ParkView.as_view(), name="api-meeting-park"),
    path("meetings/<int:pk>/break/", live.BreakView.as_view(), name="api-meeting-break"),
    path("meetings/<int:pk>/close/", live.CloseView.as_view(), name="api-meeting-close"),
    path("meetings/<int:pk>/sign/", live.SignView.as_view(), name="api-meeting-sign"),
    path("meetings/<int:pk>/attendance/", live.AttendanceView.as_view(), name="api-meeting-attendance"),
    path("meetings/<int:pk>/protocol.pdf", live.ProtocolPdfView.as_view(), name="api-protocol-pdf"),
    path("items/<int:pk>/defer/", live.DeferView.as_view(), name="api-item-defer"),
    path("items/<int:pk>/outcome/", live.OutcomeView.as_view(), name="api-item-outcome"),
    path("items/<int:pk>/addenda/", live.AddendaView.as_view(), name="api-item-addenda"),
]
