"""Addresses of meetings, agendas, preparation and the meeting room."""

from django.urls import path

from mdk import room_urls
from mdk.views import bulk, calendar, coordinator, meetings, member, places, plans, proposals, roster, series, workload

app_name = "mdk"

urlpatterns = [
    path("meetings/", meetings.meetings_page, name="meetings"),
    path("series/", series.series_page, name="series"),
    path("series/new/", series.series_new_page, name="series_new"),
    path("series/<int:pk>/", series.series_one_page, name="series_one"),
    path("series/<int:pk>/edit/", series.series_edit_page, name="series_edit"),
    path("calendar/", calendar.calendar_page, name="calendar"),
    path("calendar/open/", calendar.calendar_open_page, name="calendar_open"),
    path("calendar/<int:pk>/revoke/", calendar.calendar_revoke_page, name="calendar_revoke"),
    path("calendar/<str:token>.ics", calendar.feed_page, name="feed"),
    path("meetings/<int:pk>/", coordinator.meeting_page, name="meeting"),
    path("meetings/<int:pk>/agenda.pdf", meetings.agenda_pdf_page, name="agenda_pdf"),
    path("meetings/<int:pk>/agenda.xlsx", meetings.agenda_xlsx_page, name="agenda_xlsx"),
    path("meetings/<int:pk>/find/", coordinator.find_page, name="find"),
    path("meetings/<int:pk>/watch/", coordinator.watch_page, name="watch"),
    path("meetings/<int:pk>/undo/", coordinator.undo_page, name="undo"),
    path("meetings/<int:pk>/bulk/", bulk.bulk_page, name="bulk"),
    path("meetings/<int:pk>/book/", places.book_page, name="book"),
    path("meetings/<int:pk>/level/", places.level_page, name="level"),
    path("meetings/<int:pk>/minutes/", places.minutes_page, name="minutes"),
    path("meetings/<int:pk>/order/", places.order_page, name="order"),
    path("meetings/<int:pk>/sort/", places.sort_page, name="sort"),
    path("meetings/<int:pk>/breaks/", places.breaks_page, name="breaks"),
    path("meetings/<int:pk>/publish/", coordinator.publish_page, name="publish"),
    path("meetings/<int:pk>/chair/", coordinator.chair_page, name="chair"),
    path("meetings/<int:pk>/cancel/", coordinator.cancel_page, name="cancel"),
    path("meetings/<int:pk>/propose/", plans.propose_page, name="propose"),
    path("plans/<int:pk>/", plans.plan_page, name="plan"),
    path("plans/<int:pk>/accept/", plans.plan_accept_page, name="plan_accept"),
    path("plans/<int:pk>/discard/", plans.plan_discard_page, name="plan_discard"),
    path("items/<int:pk>/move/", places.move_page, name="move"),
    path("items/<int:pk>/change/", places.change_page, name="change"),
    path("items/<int:pk>/level/", places.grade_page, name="grade"),
    path("items/<int:pk>/rebook/", places.rebook_page, name="rebook"),
    path("items/<int:pk>/take-off/", places.take_off_page, name="take_off"),
    path("items/<int:pk>/late/", places.late_page, name="late"),
    path("items/<int:pk>/lift/", member.lift_page, name="lift"),
    path("items/<int:pk>/firm/", places.firm_page, name="firm"),
    path("cases/<int:pk>/place/", proposals.place_page, name="place"),
    path("roster/", roster.roster_page, name="roster"),
    path("roster/readers/<int:pk>/capacity/", roster.capacity_page, name="capacity"),
    path("roster/readers/<int:pk>/absence/", roster.absence_page, name="absence"),
    path("roster/readers/<int:pk>/reads/", roster.reads_page, name="reads"),
    path("roster/absences/<int:pk>/remove/", roster.absence_removed_page, name="absence_removed"),
    path("roster/meetings/<int:pk>/duty/", roster.duty_page, name="duty"),
    path("workload/", workload.workload_page, name="workload"),
    *room_urls.urlpatterns,
]
