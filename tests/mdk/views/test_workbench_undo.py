"""The last step on the workbench, taken back."""

from django.utils import timezone

from cases.models import Case
from events.models import Notice
from mdk.enums import ItemStatus
from mdk.models import AgendaItem
from mdk.services.agenda import change_item
from tests.domain_factories import place
from tests.mdk.bench_stage import Stage, pks


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


def test_a_booking_taken_back_tells_nobody_since_nobody_was_told_of_it(stage: Stage) -> None:
    stage.post("book/", case=stage.ready[0].pk)
    stage.undo()
    assert not Notice.objects.filter(event__kind="item.removed").exists()


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
