"""The other coordinator's changes, the filters, one place opened, and additions after the cut-off."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mdk.enums import ItemStatus, LateState
from mdk.models import AgendaItem, Meeting
from mdk.services.agenda import change_item, order_items
from tests.domain_factories import add_result, make_case, make_series, place, ready_case
from tests.mdk.bench_stage import Stage, pks
from tests.mdk.planning import HTMX, page


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
