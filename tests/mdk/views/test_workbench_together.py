"""Several rows at once, the step undone, the other coordinator's changes, and additions after the cut-off."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from cases.models import Case
from mdk.enums import ItemStatus, LateState
from mdk.models import AgendaItem, Meeting
from mdk.services.agenda import change_item, order_items
from tests.domain_factories import House, add_result, make_case, make_series, place, ready_case
from tests.mdk.planning import HTMX, page


class Stage:
    """A planned meeting with three items and the one after it; two ready cases and one that is not ready wait."""

    def __init__(self, house: House) -> None:
        self.house = house
        series = make_series(house)
        self.meeting, self.later = series.meetings.order_by("starts_at")[:2]
        self.items = [place(self.meeting, ready_case(house), by=house.coordinator) for _ in range(3)]
        self.ready = [ready_case(house), ready_case(house)]
        self.unready = make_case(house)
        self.client = page(house.coordinator)

    @property
    def url(self) -> str:
        return f"/meetings/{self.meeting.pk}/"

    def order(self) -> list[int]:
        """Return the agenda's items in order."""
        on_it = AgendaItem.objects.filter(meeting=self.meeting, position__isnull=False)
        return list(on_it.order_by("position").values_list("pk", flat=True))

    def version(self) -> int:
        return Meeting.objects.get(pk=self.meeting.pk).version

    def post(self, where: str, by: User | None = None, **data: Any) -> Any:
        """Post as htmx does, to an address below the meeting's, or to an absolute one."""
        client = page(by) if by else self.client
        return client.post(where if where.startswith("/") else f"{self.url}{where}", data, **HTMX)

    def undo(self) -> Any:
        return self.post("undo/")


@pytest.fixture
def stage(house: House) -> Stage:
    """Return the stage."""
    return Stage(house)


def pks(rows: list[Any]) -> list[int]:
    return [row.pk for row in rows]


# Several at once -------------------------------------------------------------------------------------------------


def test_those_that_can_be_booked_are_and_each_refusal_says_why(stage: Stage) -> None:
    answer = stage.post("bulk/", do="add", cases=[*pks(stage.ready), stage.unready.pk])
    assert answer.status_code == 200
    assert set(AgendaItem.objects.filter(case__in=stage.ready).values_list("status", flat=True)) == {"planned"}
    assert not AgendaItem.objects.filter(case=stage.unready).exists()
    (told,) = answer.context["answers"]
    assert (told.key, "inte redo" in told.why) == (f"case-{stage.unready.pk}", True)
    assert told.why in answer.content.decode()


def test_provisional_places_for_many(stage: Stage) -> None:
    stage.post("bulk/", do="likely", cases=[stage.unready.pk])
    assert AgendaItem.objects.get(case=stage.unready).status == ItemStatus.PROVISIONAL


def test_many_are_dropped_at_a_place(stage: Stage) -> None:
    stage.post("bulk/", do="add", cases=",".join(map(str, pks(stage.ready))), before=stage.items[1].pk)
    added = [AgendaItem.objects.get(case=case).pk for case in stage.ready]
    assert stage.order() == [stage.items[0].pk, *added, stage.items[1].pk, stage.items[2].pk]


def test_one_is_dropped_at_a_place(stage: Stage) -> None:
    stage.post("book/", case=stage.ready[0].pk, before=stage.items[0].pk)
    assert stage.order() == [AgendaItem.objects.get(case=stage.ready[0]).pk, *pks(stage.items)]


@pytest.mark.parametrize(
    ("do", "chosen", "expected"),
    [("down", [0], [1, 0, 2]), ("up", [2], [0, 2, 1]), ("down", [0, 1], [2, 0, 1]), ("up", [0], [0, 1, 2])],
)
def test_the_selected_are_moved(stage: Stage, do: str, chosen: list[int], expected: list[int]) -> None:
    items = pks(stage.items)
    answer = stage.post("bulk/", do=do, items=[items[n] for n in chosen], version=stage.version())
    assert answer.status_code == 200
    assert stage.order() == [items[n] for n in expected]


def test_levels_of_candidates_and_of_items(stage: Stage) -> None:
    data = {"cases": [stage.ready[0].pk], "items": [stage.items[0].pk], "level": "focused", "reason": "En fråga."}
    stage.post("bulk/", do="level", **data)
    item = AgendaItem.objects.get(pk=stage.items[0].pk)
    assert (item.level, item.case.level) == ("focused", "focused")
    assert Case.objects.get(pk=stage.ready[0].pk).level == "focused"
    stage.undo()
    item.refresh_from_db()
    assert (item.level, item.minutes) == (stage.items[0].level, stage.items[0].minutes)
    assert Case.objects.get(pk=stage.ready[0].pk).level == stage.ready[0].level


def test_many_are_rebooked_for_one_reason_which_is_not_undone(stage: Stage) -> None:
    stage.post("bulk/", do="rebook", items=pks(stage.items[:2]), why="no_time", meeting=stage.later.pk)
    assert AgendaItem.objects.filter(meeting=stage.later, status="planned").count() == 2
    assert stage.undo().status_code == 409
    assert AgendaItem.objects.filter(meeting=stage.later, status="planned").count() == 2


def test_many_are_taken_off_and_put_back_where_they_stood(stage: Stage) -> None:
    before = [item.case_id for item in stage.items]
    stage.post("bulk/", do="off", items=pks(stage.items[:2]), reason="Fel dag.")
    assert len(stage.order()) == 1
    assert stage.undo().status_code == 200
    again = AgendaItem.objects.filter(meeting=stage.meeting, position__isnull=False).order_by("position")
    assert list(again.values_list("case_id", flat=True)) == before
    assert set(again.values_list("status", flat=True)) == {"planned"}


def test_provisional_places_are_made_firm_and_back(stage: Stage) -> None:
    item = place(stage.meeting, stage.ready[0], by=stage.house.coordinator, provisional=True)
    stage.post("bulk/", do="firm", items=[item.pk])
    item.refresh_from_db()
    assert item.status == ItemStatus.PLANNED
    stage.undo()
    assert AgendaItem.objects.get(case=stage.ready[0], position__isnull=False).status == ItemStatus.PROVISIONAL


@pytest.mark.parametrize(
    "data",
    [
        {"do": "add"},
        {"do": "nonsense", "cases": [1]},
        {"do": "add", "cases": ["x"]},
        {"do": "level", "cases": [1]},
        {"do": "rebook", "items": [1]},
        {"do": "off", "items": [1]},
    ],
)
def test_a_bulk_without_its_field_is_422_and_says_which(stage: Stage, data: dict[str, Any]) -> None:
    before = stage.order()
    answer = stage.post("bulk/", **data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert stage.order() == before


def test_an_item_of_another_meeting_is_left_alone(stage: Stage) -> None:
    other = place(stage.later, stage.ready[0], by=stage.house.coordinator)
    stage.post("bulk/", do="off", items=[other.pk], reason="Fel.")
    other.refresh_from_db()
    assert other.status == ItemStatus.PLANNED


def test_a_case_of_another_hospital_is_not_found(stage: Stage) -> None:
    foreign = make_case(stage.house, unit=stage.house.elsewhere, responsible_clinician=stage.house.stranger)
    assert stage.post("bulk/", do="add", cases=[stage.ready[0].pk, foreign.pk]).status_code == 404
    assert not AgendaItem.objects.filter(case=stage.ready[0]).exists()


def test_a_reason_to_override_asks_for_the_right(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from accounts.permissions import ROLES, Permission, Role

    rights = ROLES[Role.COORDINATOR] - {Permission.OVERRIDE}
    monkeypatch.setitem(ROLES, Role.COORDINATOR, rights)
    answer = stage.post("bulk/", do="add", cases=[stage.unready.pk], reason="Ändå.")
    assert answer.status_code == 403
    assert not AgendaItem.objects.filter(case=stage.unready).exists()


# The step undone ----------------------------------------------------------------------------------------------------


def test_the_order_goes_back(stage: Stage) -> None:
    before = stage.order()
    stage.post("order/", items=",".join(map(str, reversed(before))), version=stage.version())
    assert stage.order() == before[::-1]
    answer = stage.undo()
    assert (answer.status_code, stage.order()) == (200, before)
    assert not answer.context["can_undo"]
    assert stage.undo().status_code == 409


def test_minutes_go_back(stage: Stage) -> None:
    item = stage.items[0]
    stage.post("minutes/", **{f"minutes-{item.pk}": item.minutes + 2})
    assert AgendaItem.objects.get(pk=item.pk).minutes == item.minutes + 2
    stage.undo()
    assert AgendaItem.objects.get(pk=item.pk).minutes == item.minutes


def test_a_booking_goes_back_to_the_candidates(stage: Stage) -> None:
    stage.post("book/", case=stage.ready[0].pk)
    stage.undo()
    assert AgendaItem.objects.get(case=stage.ready[0]).status == ItemStatus.REMOVED
    assert Case.objects.get(pk=stage.ready[0].pk).status == "referred"


def test_a_level_goes_back(stage: Stage) -> None:
    case = stage.ready[0]
    stage.post("level/", case=case.pk, level="protocol", reason="Enkelt.")
    stage.undo()
    assert Case.objects.get(pk=case.pk).level == case.level


def test_what_somebody_has_changed_since_is_not_undone_and_they_are_named(stage: Stage) -> None:
    before = stage.order()
    stage.post("order/", items=",".join(map(str, reversed(before))), version=stage.version())
    change_item(stage.items[0].pk, minutes=9, by=stage.house.chair, now=timezone.now())
    answer = stage.undo()
    assert answer.status_code == 409
    assert stage.house.chair.name in answer.content.decode()
    assert stage.order() == before[::-1]


def test_a_step_in_another_meeting_is_not_undone_here(stage: Stage) -> None:
    item = place(stage.later, stage.ready[0], by=stage.house.coordinator)
    stage.post(f"/items/{item.pk}/take-off/", reason="Fel.")
    assert stage.undo().status_code == 409
    item.refresh_from_db()
    assert item.status == ItemStatus.REMOVED


def test_the_session_keeps_ids_and_codes_alone(stage: Stage) -> None:
    stage.post("bulk/", do="off", items=pks(stage.items), reason="Hemlig anledning.")
    kept = str(dict(stage.client.session))
    assert "Hemlig" not in kept
    assert stage.items[0].case.patient.name not in kept


# Two coordinators ----------------------------------------------------------------------------------------------------


def test_an_order_made_from_an_older_agenda_is_refused_naming_who(stage: Stage) -> None:
    seen, items = stage.version(), stage.order()
    theirs = [items[1], items[0], items[2]]
    order_items(stage.meeting.pk, theirs, by=stage.house.chair, now=timezone.now())
    answer = stage.post("order/", items=",".join(map(str, reversed(items))), version=seen)
    assert answer.status_code == 409
    assert stage.house.chair.name in answer.content.decode()
    assert stage.order() == theirs


def test_minutes_that_another_changed_are_not_overwritten(stage: Stage) -> None:
    item = stage.items[0]
    change_item(item.pk, minutes=9, by=stage.house.chair, now=timezone.now())
    had, seen = f"{item.pk}:{item.minutes}", 0
    answer = stage.post("minutes/", had=had, seen=seen, **{f"minutes-{item.pk}": 7})
    assert answer.status_code == 409
    assert stage.house.chair.name in answer.content.decode()
    assert AgendaItem.objects.get(pk=item.pk).minutes == 9


def test_minutes_of_a_page_that_is_behind_change_nothing_that_was_not_touched(stage: Stage) -> None:
    first, second, _third = stage.items
    change_item(first.pk, minutes=9, by=stage.house.chair, now=timezone.now())
    had = f"{first.pk}:{first.minutes},{second.pk}:{second.minutes}"
    data = {f"minutes-{first.pk}": first.minutes, f"minutes-{second.pk}": 4}
    assert stage.post("minutes/", had=had, **data).status_code == 200
    assert set(AgendaItem.objects.filter(pk__in=[first.pk, second.pk]).values_list("minutes", flat=True)) == {9, 4}


def watch(stage: Stage, since: str) -> Any:
    return stage.client.get(f"{stage.url}watch/", {"since": since}, **HTMX)


def test_watching_is_silent_until_something_happens(stage: Stage) -> None:
    since = stage.client.get(stage.url)["X-Version"]
    assert watch(stage, since).status_code == 204
    order_items(stage.meeting.pk, stage.order()[::-1], by=stage.house.chair, now=timezone.now())
    answer = watch(stage, since)
    assert answer.status_code == 200
    assert stage.house.chair.name in answer.context["said"]
    assert watch(stage, answer["X-Version"]).status_code == 204


def test_an_answer_of_a_candidate_is_news(stage: Stage) -> None:
    since = stage.client.get(stage.url)["X-Version"]
    add_result(stage.unready, "radiology")
    assert watch(stage, since).status_code == 200


def test_an_answer_of_a_case_elsewhere_is_none(stage: Stage) -> None:
    foreign = make_case(stage.house, unit=stage.house.elsewhere, responsible_clinician=stage.house.stranger)
    since = stage.client.get(stage.url)["X-Version"]
    add_result(foreign, "radiology")
    assert watch(stage, since).status_code == 204


@pytest.mark.parametrize("since", ["", "x.y", "1", "1.", "99999999999999999999.1"])
def test_any_mark_of_what_was_seen_is_answered(stage: Stage, since: str) -> None:
    assert watch(stage, since).status_code == 200


def test_watching_nothing_costs_few_queries_however_long_the_lists(
    stage: Stage, django_assert_num_queries: Any
) -> None:
    since = stage.client.get(stage.url)["X-Version"]
    with django_assert_num_queries(WATCHING):
        watch(stage, since)
    for _ in range(2):
        place(stage.meeting, ready_case(stage.house), by=stage.house.coordinator)
        make_case(stage.house)
    since = stage.client.get(stage.url)["X-Version"]
    with django_assert_num_queries(WATCHING):
        watch(stage, since)


WATCHING = 5
"""Session, person with memberships, meeting, invited units, events."""


def test_a_meeting_that_has_begun_loads_the_page_again(stage: Stage) -> None:
    since = stage.client.get(stage.url)["X-Version"]
    Meeting.objects.filter(pk=stage.meeting.pk).update(status="cancelled")
    assert watch(stage, since)["HX-Refresh"] == "true"


def test_filters_stay_for_the_series(stage: Stage) -> None:
    stage.post("find/", readiness="ready", q="rektal")
    rows = stage.client.get(f"/meetings/{stage.later.pk}/").context["bench"].candidates.rows
    assert {row.id for row in rows} == set(pks(stage.ready))
    assert "rektal" not in stage.client.get(stage.url).context["query"]
    other = make_series(stage.house).meetings.order_by("starts_at")[0]
    assert len(stage.client.get(f"/meetings/{other.pk}/").context["bench"].candidates.rows) == 3


def test_show_more_shows_those_beyond_the_most_urgent(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdk.queries.workbench.SHOWN", 2)
    answer = stage.client.get(stage.url)
    assert len(answer.context["bench"].candidates.rows) == 2
    assert 'name="show"' in answer.content.decode()
    stage.post("find/", show="500")
    assert len(stage.client.get(stage.url).context["bench"].candidates.rows) == 3


def test_a_place_elsewhere_is_said_to_be_likely(stage: Stage) -> None:
    item = place(stage.later, stage.unready, by=stage.house.coordinator, provisional=True)
    AgendaItem.objects.filter(pk=item.pk).update(probability=0.84, forecast_at=timezone.now())
    text = stage.client.get(stage.url).content.decode()
    assert "84" in text
    row = next(row for row in stage.client.get(stage.url).context["bench"].candidates.rows if row.place)
    assert (row.id, row.place.meeting, row.place.is_by_system) == (stage.unready.pk, stage.later.pk, False)


def test_what_stands_on_this_agenda_is_no_candidate(stage: Stage) -> None:
    place(stage.meeting, stage.unready, by=stage.house.coordinator, provisional=True)
    rows = stage.client.get(stage.url).context["bench"].candidates.rows
    assert stage.unready.pk not in {row.id for row in rows}


# One place -----------------------------------------------------------------------------------------------------------


def test_minutes_guest_and_break_of_a_place(stage: Stage) -> None:
    item = stage.items[0]
    answer = stage.post(f"/items/{item.pk}/change/", minutes=8, guest="Dr Gäst", pause=10)
    assert answer.status_code == 200
    item.refresh_from_db()
    assert (item.minutes, item.guest) == (8, "Dr Gäst")
    row = answer.context["bench"].rows[0]
    assert row.break_minutes == 10
    assert stage.post("breaks/").status_code == 200
    assert Meeting.objects.get(pk=stage.meeting.pk).own_breaks is None


def test_another_level_for_a_place(stage: Stage) -> None:
    item = stage.items[0]
    stage.post(f"/items/{item.pk}/level/", level="protocol", reason="Enkelt.")
    item.refresh_from_db()
    assert item.level == "protocol"
    stage.undo()
    item.refresh_from_db()
    assert item.level == stage.items[1].level


def late(stage: Stage) -> AgendaItem:
    """Ask for a late addition, after the places of the cut-off were confirmed."""
    now = timezone.now()
    Meeting.objects.filter(pk=stage.meeting.pk).update(
        cutoff_at=now - timedelta(hours=1), firmed_at=now, firmed_by=stage.house.coordinator
    )
    stage.post("book/", case=stage.ready[0].pk, override_reason="Kan inte vänta.")
    return AgendaItem.objects.get(case=stage.ready[0])


@pytest.mark.parametrize(("yes", "state"), [("1", LateState.GRANTED), ("0", LateState.REFUSED)])
def test_the_chair_answers_a_late_addition_on_the_page(stage: Stage, yes: str, state: str) -> None:
    item = late(stage)
    assert (item.late, item.status) == (LateState.ASKED, ItemStatus.PROVISIONAL)
    shown = page(stage.house.chair).get(stage.url)
    assert shown.context["may_answer"]
    assert "Kan inte vänta." in shown.content.decode()
    answer = stage.post(f"/items/{item.pk}/late/", by=stage.house.chair, yes=yes)
    assert answer.status_code == 200
    item.refresh_from_db()
    assert item.late == state


def test_who_does_not_chair_answers_nothing(stage: Stage) -> None:
    item = late(stage)
    assert not stage.client.get(stage.url).context["may_answer"]
    assert stage.post(f"/items/{item.pk}/late/", yes="1").status_code == 403
    item.refresh_from_db()
    assert item.late == LateState.ASKED


def test_after_the_cut_off_without_a_reason_the_row_asks_for_one(stage: Stage) -> None:
    Meeting.objects.filter(pk=stage.meeting.pk).update(
        cutoff_at=timezone.now() - timedelta(hours=1), firmed_at=timezone.now(), firmed_by=stage.house.coordinator
    )
    answer = stage.post("book/", case=stage.ready[0].pk)
    assert answer.status_code == 409
    assert answer.context["open"]["case"].id == stage.ready[0].pk
    assert not AgendaItem.objects.filter(case=stage.ready[0]).exists()
