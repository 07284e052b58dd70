"""Addresses of meetings, agendas, preparation and the meeting room."""

from django.urls import path

from mdk import room_urls
from mdk.views import coordinator, meetings, member, proposals

app_name = "mdk"

urlpatterns = [
    path("meetings/", meetings.meetings_page, name="meetings"),
    path("series/", meetings.series_page, name="series"),
    path("series/new/", meetings.series_new_page, name="series_new"),
    path("meetings/<int:pk>/", coordinator.meeting_page, name="meeting"),
    path("meetings/<int:pk>/agenda.pdf", meetings.agenda_pdf_page, name="agenda_pdf"),
    path("meetings/<int:pk>/agenda.xlsx", meetings.agenda_xlsx_page, name="agenda_xlsx"),
    path("meetings/<int:pk>/find/", coordinator.find_page, name="find"),
    path("meetings/<int:pk>/book/", coordinator.book_page, name="book"),
    path("meetings/<int:pk>/level/", coordinator.level_page, name="level"),
    path("meetings/<int:pk>/minutes/", coordinator.minutes_page, name="minutes"),
    path("meetings/<int:pk>/sort/", coordinator.sort_page, name="sort"),
    path("meetings/<int:pk>/publish/", coordinator.publish_page, name="publish"),
    path("meetings/<int:pk>/chair/", coordinator.chair_page, name="chair"),
    path("meetings/<int:pk>/cancel/", coordinator.cancel_page, name="cancel"),
    path("items/<int:pk>/move/", coordinator.move_page, name="move"),
    path("items/<int:pk>/rebook/", coordinator.rebook_page, name="rebook"),
    path("items/<int:pk>/take-off/", coordinator.take_off_page, name="take_off"),
    path("items/<int:pk>/lift/", member.lift_page, name="lift"),
    path("items/<int:pk>/firm/", coordinator.firm_page, name="firm"),
    path("cases/<int:pk>/place/", proposals.place_page, name="place"),
    *room_urls.urlpatterns,
]
