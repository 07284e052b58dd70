"""Every change of the workbench: book, level, minutes, move, sort, rebook, take off, publish, chair, cancel."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cases.models import Case
from events.models import Event
from mdk.enums import ItemStatus, MeetingStatus
from mdk.models import AgendaItem, Meeting
from mdk.services.agenda import order_items
from tests.domain_factories import House, live_meeting, make_case, make_meeting, make_series, place, ready_case
from tests.mdk.planning import HTMX, MEMBERS, WITHOUT_CASES, page, person


class Stage:
    """A planned meeting with two items, a ready and a not ready case that wait, and the meeting after it."""

    def __init__(self, house: House) -> None:
        self.house = house
        series = make_series(house)
        self.meeting, self.later = series.meetings.order_by("starts_at")[:2]
        self.items = [place(self.meeting, ready_case(house), by=house.coordinator) for _ in range(2)]
        self.ready, self.unready = ready_case(house), make_case(house)
        self.client = page(house.coordinator)

    def order(self) -> list[int]:
        """Return the agenda's items in order."""
        on_it = AgendaItem.objects.filter(meeting=self.meeting, position__isnull=False)
        return list(on_it.order_by("position").values_list("pk", flat=True))


@pytest.fixture
def stage(house: House) -> Stage:
    """Return the stage."""
    return Stage(house)


Call = Callable[[Stage], tuple[str, dict[str, Any]]]
CHANGES: dict[str, Call] = {
    "book": lambda s: (f"/meetings/{s.meeting.pk}/book/", {"case": s.ready.pk}),
    "level": lambda s: (
        f"/meetings/{s.meeting.pk}/level/",
        {"case": s.ready.pk, "level": "protocol", "reason": "Enkelt."},
    ),
    "minutes": lambda s: (f"/meetings/{s.meeting.pk}/minutes/", {f"minutes-{s.items[0].pk}": "11"}),
    "move": lambda s: (f"/items/{s.items[0].pk}/move/", {"steps": "1"}),
    "sort": lambda s: (f"/meetings/{s.meeting.pk}/sort/", {}),
    "order": lambda s: (
        f"/meetings/{s.meeting.pk}/order/",
        {"items": f"{s.items[1].pk},{s.items[0].pk}", "version": Meeting.objects.get(pk=s.meeting.pk).version},
    ),
    "breaks": lambda s: (f"/meetings/{s.meeting.pk}/breaks/", {}),
    "change": lambda s: (f"/items/{s.items[0].pk}/change/", {"minutes": 8, "guest": "", "pause": ""}),
    "grade": lambda s: (f"/items/{s.items[0].pk}/level/", {"level": "protocol", "reason": "Enkelt."}),
    "rebook": lambda s: (f"/items/{s.items[0].pk}/rebook/", {"reason": "no_time"}),
    "take_off": lambda s: (f"/items/{s.items[0].pk}/take-off/", {"reason": "Fel konferens."}),
    "publish": lambda s: (f"/meetings/{s.meeting.pk}/publish/", {}),
    "chair": lambda s: (f"/meetings/{s.meeting.pk}/chair/", {"chair": s.house.chair.pk}),
    "cancel": lambda s: (f"/meetings/{s.meeting.pk}/cancel/", {"reason": "Strömavbrott."}),
}


def picture() -> list[object]:
    """Return all that a change of planning can touch."""
    return [
        list(Meeting.objects.order_by("pk").values_list("pk", "status", "version", "chair_id")),
        list(AgendaItem.objects.order_by("pk").values_list("pk", "position", "status", "minutes")),
        list(Case.objects.order_by("pk").values_list("pk", "status", "level", "version")),
        Event.objects.count(),
    ]


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_each_works_and_leads_back_to_the_page(stage: Stage, change: str) -> None:
    url, data = CHANGES[change](stage)
    answer = stage.client.post(url + "?readiness=ready&q=hemligt", data)
    assert answer.status_code == 302
    assert answer["Location"] == f"/meetings/{stage.meeting.pk}/" + "?readiness=ready"


@pytest.mark.parametrize("change", sorted(set(CHANGES) - {"publish", "cancel"}))
def test_each_answers_htmx_with_the_part(stage: Stage, change: str) -> None:
    url, data = CHANGES[change](stage)
    answer = stage.client.post(url, data, **HTMX)
    assert answer.status_code == 200
    assert answer.content.decode().lstrip().startswith('<div id="workbench"')
    assert answer.context["said"]


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_stranger_finds_nothing_and_changes_nothing(stage: Stage, change: str) -> None:
    url, data = CHANGES[change](stage)
    before = picture()
    assert page(stage.house.stranger).post(url, data).status_code == 404
    assert picture() == before


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_without_the_right_nothing_changes(stage: Stage, change: str) -> None:
    url, data = CHANGES[change](stage)
    before = picture()
    answers = {role: page(person(stage.house, role)).post(url, data) for role in (*MEMBERS, *WITHOUT_CASES)}
    assert {role: answer.status_code for role, answer in answers.items()} == dict.fromkeys(answers, 403)
    assert picture() == before


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_looking_is_not_changing(stage: Stage, change: str) -> None:
    url, _data = CHANGES[change](stage)
    before = picture()
    assert stage.client.get(url).status_code == 405
    assert picture() == before


BAD: dict[str, dict[str, Any]] = {
    "book": {"case": "x"},
    "level": {"case": 1, "level": "nonsense"},
    "minutes": {},
    "move": {"steps": "far"},
    "order": {"items": "1,x", "version": 1},
    "change": {"minutes": 61},
    "grade": {"level": "nonsense"},
    "rebook": {"reason": ""},
    "take_off": {"reason": "  "},
    "chair": {"chair": 999999},
    "cancel": {"reason": ""},
}


@pytest.mark.parametrize("change", sorted(set(BAD) - {"minutes"}))
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_bad_form_is_422_and_changes_nothing(stage: Stage, change: str, headers: dict[str, str]) -> None:
    url, _data = CHANGES[change](stage)
    before = picture()
    answer = stage.client.post(url, BAD[change], **headers)
    assert answer.status_code == 422
    assert picture() == before


def test_booking_takes_the_case_onto_the_agenda(stage: Stage) -> None:
    stage.client.post(*CHANGES["book"](stage))
    item = AgendaItem.objects.get(case=stage.ready)
    assert (item.meeting, item.status, item.position) == (stage.meeting, ItemStatus.PLANNED, 3)


def test_a_case_that_is_not_ready_opens_its_row_with_the_reason(stage: Stage) -> None:
    answer = stage.client.post(f"/meetings/{stage.meeting.pk}/book/", {"case": stage.unready.pk}, **HTMX)
    assert answer.status_code == 409
    assert answer.context["open"]["case"].id == stage.unready.pk
    assert answer.context["refusal"].code == "not-ready"
    assert answer.context["refusal"].message in answer.content.decode()
    assert not AgendaItem.objects.filter(case=stage.unready).exists()


def test_with_a_reason_it_is_booked_all_the_same(stage: Stage) -> None:
    data = {"case": stage.unready.pk, "override_reason": "Ordföranden vill ta upp fallet."}
    assert stage.client.post(f"/meetings/{stage.meeting.pk}/book/", data).status_code == 302
    item = AgendaItem.objects.get(case=stage.unready)
    assert (item.override_reason, item.override_by) == (data["override_reason"], stage.house.coordinator)


def test_what_was_typed_stays_when_the_meeting_is_over(stage: Stage) -> None:
    Meeting.objects.filter(pk=stage.meeting.pk).update(cutoff_at=timezone.now() - timedelta(hours=1))
    data = {"case": stage.ready.pk, "minutes": "17"}
    answer = stage.client.post(f"/meetings/{stage.meeting.pk}/book/", data, **HTMX)
    assert answer.status_code == 409
    assert answer.context["refusal"].code == "after-cutoff"
    assert 'value="17"' in answer.content.decode()


def test_a_provisional_place_asks_for_no_readiness(stage: Stage) -> None:
    data = {"case": stage.unready.pk, "provisional": "on"}
    assert stage.client.post(f"/meetings/{stage.meeting.pk}/book/", data).status_code == 302
    assert AgendaItem.objects.get(case=stage.unready).status == ItemStatus.PROVISIONAL


def test_a_case_of_another_hospital_is_not_found(stage: Stage) -> None:
    case = make_case(stage.house, unit=stage.house.elsewhere, responsible_clinician=stage.house.stranger)
    assert stage.client.post(f"/meetings/{stage.meeting.pk}/book/", {"case": case.pk}).status_code == 404


def test_a_case_that_somebody_else_booked_names_them(stage: Stage) -> None:
    place(stage.later, stage.ready, by=stage.house.chair)
    answer = stage.client.post(f"/meetings/{stage.meeting.pk}/book/", {"case": stage.ready.pk}, **HTMX)
    assert answer.status_code == 409
    assert stage.house.chair.name in answer.content.decode()


def test_the_level_is_set_with_a_reason(stage: Stage) -> None:
    stage.client.post(*CHANGES["level"](stage))
    stage.ready.refresh_from_db()
    assert (stage.ready.level, stage.ready.level_reason) == ("protocol", "Enkelt.")


def test_another_level_without_a_reason_stands_by_the_field(stage: Stage) -> None:
    level = "protocol" if stage.ready.level_suggested != "protocol" else "full"
    data = {"case": stage.ready.pk, "level": level}
    answer = stage.client.post(f"/meetings/{stage.meeting.pk}/level/", data, **HTMX)
    assert answer.status_code == 422
    assert answer.context["open"]["level"].errors.keys() == {"reason"}


def test_minutes_that_were_changed_are_saved(stage: Stage) -> None:
    first, second = stage.items
    data = {f"minutes-{first.pk}": "11", f"minutes-{second.pk}": str(second.minutes)}
    stage.client.post(f"/meetings/{stage.meeting.pk}/minutes/", data)
    assert AgendaItem.objects.get(pk=first.pk).minutes == 11
    assert AgendaItem.objects.get(pk=second.pk).minutes == second.minutes


@pytest.mark.parametrize("text", ["61", "-1", "x", "", "1.5"])
def test_wrong_minutes_change_nothing_of_that_item(stage: Stage, text: str) -> None:
    first = stage.items[0]
    answer = stage.client.post(f"/meetings/{stage.meeting.pk}/minutes/", {f"minutes-{first.pk}": text})
    assert answer.status_code == 422
    assert AgendaItem.objects.get(pk=first.pk).minutes == first.minutes
    assert answer.context["open"]["row"].id == first.pk


def test_moving_down_and_up(stage: Stage) -> None:
    first, second = (item.pk for item in stage.items)
    stage.client.post(f"/items/{first}/move/", {"steps": "1"})
    assert stage.order() == [second, first]
    stage.client.post(f"/items/{first}/move/", {"steps": "-1"})
    assert stage.order() == [first, second]


def test_those_not_operated_come_first_in_their_order(stage: Stage) -> None:
    operated = place(stage.meeting, ready_case(stage.house, phase="post_operative"), by=stage.house.coordinator)
    first, second = (item.pk for item in stage.items)
    order_items(stage.meeting.pk, [operated.pk, second, first], by=stage.house.coordinator, now=timezone.now())
    stage.client.post(f"/meetings/{stage.meeting.pk}/sort/")
    assert stage.order() == [second, first, operated.pk]


def test_rebooking_goes_to_the_meeting_that_was_chosen(stage: Stage) -> None:
    target = stage.later.series.meetings.order_by("starts_at")[3]
    item = stage.items[0]
    data = {"reason": "pathology_missing", "meeting": target.pk, "note": "PAD dröjer."}
    stage.client.post(f"/items/{item.pk}/rebook/", data)
    item.refresh_from_db()
    assert (item.status, item.position) == (ItemStatus.REBOOKED, None)
    assert (item.rebooked_as.to_item.meeting, item.rebooked_as.reason) == (target, "pathology_missing")


def test_another_reason_needs_a_note(stage: Stage) -> None:
    answer = stage.client.post(f"/items/{stage.items[0].pk}/rebook/", {"reason": "other"}, **HTMX)
    assert answer.status_code == 422
    assert answer.context["open"]["rebook"].errors.keys() == {"note"}


def test_a_meeting_of_others_is_no_target(stage: Stage) -> None:
    foreign = make_meeting(stage.house, unit=stage.house.elsewhere, participating_units=[], readers=[], chair=None)
    data = {"reason": "no_time", "meeting": foreign.pk}
    assert stage.client.post(f"/items/{stage.items[0].pk}/rebook/", data).status_code == 422


def test_taken_off_the_case_waits_again(stage: Stage) -> None:
    item = stage.items[0]
    stage.client.post(*CHANGES["take_off"](stage))
    item.refresh_from_db()
    item.case.refresh_from_db()
    assert (item.status, item.removed_reason, item.case.status) == ("removed", "Fel konferens.", "referred")


def test_publishing_opens_the_preparation(stage: Stage) -> None:
    stage.client.post(f"/meetings/{stage.meeting.pk}/publish/")
    stage.meeting.refresh_from_db()
    assert (stage.meeting.status, stage.meeting.published_by) == (MeetingStatus.PUBLISHED, stage.house.coordinator)
    assert set(stage.items[0].preparations.values_list("state", flat=True)) == {"todo"}


def test_published_by_another_says_who(stage: Stage) -> None:
    page(stage.house.chair).post(f"/meetings/{stage.meeting.pk}/publish/")
    answer = stage.client.post(f"/meetings/{stage.meeting.pk}/publish/")
    assert answer.status_code == 409
    assert stage.house.chair.name in answer.content.decode()


def test_only_people_who_may_run_it_can_chair(stage: Stage) -> None:
    answer = stage.client.post(f"/meetings/{stage.meeting.pk}/chair/", {"chair": stage.house.clinician.pk})
    assert answer.status_code == 422


def test_cancelling_moves_the_cases_on(stage: Stage) -> None:
    stage.client.post(*CHANGES["cancel"](stage))
    stage.meeting.refresh_from_db()
    assert (stage.meeting.status, stage.meeting.cancelled_reason) == (MeetingStatus.CANCELLED, "Strömavbrott.")
    assert [item.case_id for item in stage.later.items.order_by("position")] == [item.case_id for item in stage.items]
    assert {item.rebooked_from.reason for item in stage.later.items.all()} == {"meeting_cancelled"}


@pytest.mark.parametrize("change", ["book", "move", "minutes", "sort"])
def test_while_it_runs_the_agenda_stays(house: House, change: str) -> None:
    meeting = live_meeting(house, 2)
    stage = Stage(house)
    stage.meeting, stage.items = meeting, list(meeting.items.order_by("position"))
    before = list(meeting.items.order_by("pk").values_list("pk", "position", "minutes"))
    url, data = CHANGES[change](stage)
    assert stage.client.post(url, data).status_code == 409
    assert list(meeting.items.order_by("pk").values_list("pk", "position", "minutes")) == before
