"""Several rows of the workbench at once."""

from typing import Any

import pytest

from cases.models import Case
from mdk.enums import ItemStatus
from mdk.models import AgendaItem
from tests.domain_factories import make_case, place
from tests.mdk.bench_stage import Stage, pks


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
