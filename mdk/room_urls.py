"""Addresses of the readers' pages and of the meeting room; `mdk.urls` takes them in."""

from django.urls import path

from mdk.views import chair, follow, giving, protocol, queue, reader

urlpatterns = [
    path("queue/", queue.queue_page, name="queue"),
    path("queue/claim/", queue.claim_many_page, name="claim_many"),
    path("queue/<int:pk>/", reader.preparation_page, name="preparation"),
    path("queue/<int:pk>/claim/", reader.claim_page, name="claim"),
    path("queue/<int:pk>/accept/", reader.accept_page, name="accept"),
    path("queue/<int:pk>/draft/", reader.draft_page, name="draft"),
    path("queue/<int:pk>/skip/", reader.skip_page, name="skip"),
    path("queue/<int:pk>/release/", reader.release_page, name="release"),
    path("queue/<int:pk>/begin/", reader.begin_page, name="begin"),
    path("queue/<int:pk>/hand-over/", reader.hand_over_page, name="hand_over"),
    path("queue/<int:pk>/complete/", reader.complete_page, name="complete"),
    path("queue/<int:pk>/send-back/", reader.send_back_page, name="send_back"),
    path("meetings/<int:pk>/preparations/", giving.preparations_page, name="preparations"),
    path("meetings/<int:pk>/preparations/give/", giving.give_page, name="give"),
    path("meetings/<int:pk>/live/", chair.live_page, name="live"),
    path("meetings/<int:pk>/follow/", follow.follow_page, name="follow"),
    path("meetings/<int:pk>/start/", chair.start_page, name="start"),
    path("meetings/<int:pk>/next/", chair.next_page, name="next"),
    path("meetings/<int:pk>/previous/", chair.previous_page, name="previous"),
    path("meetings/<int:pk>/park/", chair.park_page, name="park"),
    path("meetings/<int:pk>/break/", chair.break_page, name="break"),
    path("meetings/<int:pk>/jump/", chair.jump_page, name="jump"),
    path("meetings/<int:pk>/confirm/", chair.confirm_page, name="confirm"),
    path("meetings/<int:pk>/close/", chair.close_page, name="close"),
    path("meetings/<int:pk>/sign/", chair.sign_page, name="sign"),
    path("meetings/<int:pk>/attendance/", follow.attendance_page, name="attendance"),
    path("meetings/<int:pk>/protocol/", protocol.protocol_page, name="protocol"),
    path("meetings/<int:pk>/protocol.pdf", protocol.protocol_pdf_page, name="protocol_pdf"),
    path("items/<int:pk>/defer/", chair.defer_page, name="defer"),
    path("items/<int:pk>/outcome/", chair.outcome_page, name="outcome"),
    path("items/<int:pk>/addendum/", protocol.addendum_page, name="addendum"),
]
