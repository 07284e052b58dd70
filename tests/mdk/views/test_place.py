"""The booking dialogue on the page of a case, and the click that makes a provisional place firm."""

from typing import Any

import pytest
from django.utils import timezone

from cases.enums import ResultState
from cases.models import Case
from mdk.enums import ItemStatus
from mdk.models import AgendaItem, Meeting
from tests.domain_factories import House, add_result, make_case, make_meeting, make_series, place, ready_case
from tests.mdk.planning import HTMX, MEMBERS, PLANNERS, WITHOUT_CASES, Api, page, person

PAD = "histopathology"


def waiting_case(house: House, **fields: Any) -> Case:
    """Return a case that lacks only its histopathology, ordered today."""
    case = ready_case(house, **fields)
    case.results.filter(requirement=PAD).delete()
    add_result(case, "pathology", requirement=PAD, state=ResultState.ORDERED)
    return case


def url(case: Case) -> str:
    return f"/cases/{case.pk}/place/"


def statuses() -> list[str]:
    return list(AgendaItem.objects.order_by("pk").values_list("status", flat=True))


@pytest.mark.parametrize("role", PLANNERS)
def test_planners_book_with_one_click(house: House, role: str) -> None:
    meeting, case = make_meeting(house), waiting_case(house)
    answer = page(person(house, role)).post(url(case), {"meeting": meeting.pk})
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/{case.pk}/")
    assert statuses() == [ItemStatus.PROVISIONAL]


@pytest.mark.parametrize("role", [*MEMBERS, *WITHOUT_CASES])
def test_nobody_else_books(house: House, role: str) -> None:
    meeting, case = make_meeting(house), waiting_case(house)
    answer = page(person(house, role)).post(url(case), {"meeting": meeting.pk})
    assert answer.status_code in (403, 404)
    assert statuses() == []


def test_a_stranger_finds_nothing(house: House) -> None:
    meeting, case = make_meeting(house), waiting_case(house)
    assert page(house.stranger).post(url(case), {"meeting": meeting.pk}).status_code == 404
    assert statuses() == []


@pytest.mark.parametrize("meeting", ["", "x", "999999"])
def test_a_meeting_that_is_none(house: House, meeting: str) -> None:
    assert page(house.coordinator).post(url(make_case(house)), {"meeting": meeting}).status_code == 404


def test_only_by_post(house: House) -> None:
    assert page(house.coordinator).get(url(make_case(house))).status_code == 405


def test_htmx_gets_the_fresh_part_and_a_refusal_says_why(house: House) -> None:
    meeting, case = make_meeting(house, capacity_minutes=5), ready_case(house)
    client = page(house.coordinator)
    answer = client.post(url(case), {"meeting": meeting.pk}, **HTMX)
    assert answer.status_code == 409
    assert "full" in answer.content.decode()
    answer = client.post(url(waiting_case(house)), {"meeting": meeting.pk}, **HTMX)
    assert answer.status_code == 200
    assert answer.content.decode().lstrip().startswith('<div id="case"')
    assert statuses() == [ItemStatus.PROVISIONAL]


def test_the_dialogue_shows_the_coming_meetings_to_those_who_may_book(house: House) -> None:
    series, case = make_series(house), waiting_case(house)
    first, second = series.meetings.order_by("starts_at")[:2]
    for role, is_shown in {"coordinator": True, "chair": True, "clinician": False, "nurse": False}.items():
        answer = page(person(house, role)).get(f"/cases/{case.pk}/")
        text = answer.content.decode()
        assert (url(case) in text) == is_shown, role
        assert (f'value="{second.pk}"' in text) == is_shown
        assert answer.context["page"].forecast.meeting.meeting == first.pk
        assert 'id="forecast-head"' in text


def test_a_case_with_a_firm_place_is_not_offered_others(house: House) -> None:
    meeting, case = make_meeting(house), ready_case(house)
    place(meeting, case, by=house.coordinator)
    answer = page(house.coordinator).get(f"/cases/{case.pk}/")
    assert answer.context["page"].proposals == []
    assert answer.context["page"].forecast is None


def test_the_page_says_how_sure_it_is(house: House) -> None:
    make_meeting(house)
    text = page(house.clinician).get(f"/cases/{waiting_case(house).pk}/", headers={"Accept-Language": "sv"})
    parts = text.context["page"].forecast.parts
    assert [(part.is_thin, part.probability is not None) for part in parts] == [(True, True)]
    assert parts[0].basis in text.content.decode()


def test_what_will_be_too_old_is_named(house: House) -> None:
    case = ready_case(house)
    series = make_series(house)
    far = series.meetings.filter(starts_at__date__gte=case.readiness_changes_on).order_by("starts_at").first()
    assert far is not None
    place(far, case, by=house.coordinator)
    answer = page(house.clinician).get(f"/cases/{case.pk}/")
    assert answer.context["page"].forecast.outdated
    assert answer.context["page"].forecast.outdated in answer.content.decode()


def test_lists_say_how_likely_a_provisional_place_is(house: House) -> None:
    meeting, case = make_meeting(house), waiting_case(house)
    place(meeting, case, by=house.coordinator, provisional=True)
    chance = Api(house.coordinator).get(f"cases/{case.pk}/").json()["next_meeting"]
    assert chance["firm"] is False
    assert 0 < chance["probability"] < 1
    words = f"{round(chance['probability'] * 100)}"
    for address in ("/cases/", "/cases/mine/", f"/meetings/{meeting.pk}/", f"/cases/{case.pk}/"):
        client = page(house.clinician)
        text = client.get(address).content.decode().replace("\xa0", " ")
        assert f"{words} %" in text or f"{words}%" in text, address
    row = page(house.coordinator).get(f"/meetings/{meeting.pk}/").context["bench"].rows[0]
    assert row.probability == pytest.approx(chance["probability"], abs=0.02)


@pytest.mark.parametrize("address", ["/cases/", "/cases/mine/", "/api/v1/cases/", "meeting"])
def test_lists_of_provisional_places_cost_the_same_for_one_and_three(
    house: House, address: str, django_assert_max_num_queries: Any
) -> None:
    meeting = make_meeting(house)
    address = f"/meetings/{meeting.pk}/" if address == "meeting" else address
    client = page(house.clinician)

    def add() -> None:
        place(meeting, waiting_case(house), by=house.coordinator, provisional=True)

    add()
    client.get(address)
    with django_assert_max_num_queries(30) as one:
        client.get(address)
    add()
    add()
    with django_assert_max_num_queries(len(one)):
        assert client.get(address).status_code == 200


def firm(client: Any, item: AgendaItem, **data: str) -> Any:
    return client.post(f"/items/{item.pk}/firm/", data, **HTMX)


def test_the_workbench_makes_a_place_firm(house: House) -> None:
    meeting, case = make_meeting(house), ready_case(house)
    item = place(meeting, case, by=house.coordinator, provisional=True)
    client = page(house.coordinator)
    text = client.get(f"/meetings/{meeting.pk}/", {"open": f"item-{item.pk}"}).content.decode()
    assert f"/items/{item.pk}/firm/" in text
    assert f"/items/{item.pk}/rebook/" not in text
    assert firm(client, item).status_code == 200
    assert statuses() == [ItemStatus.PLANNED]


def test_the_workbench_says_why_not(house: House) -> None:
    item = place(make_meeting(house), make_case(house), by=house.coordinator, provisional=True)
    answer = firm(page(house.coordinator), item)
    assert answer.status_code == 409
    assert answer.context["refusal"].code == "not-ready"
    assert statuses() == [ItemStatus.PROVISIONAL]


def test_only_those_who_may_override(house: House) -> None:
    item = place(make_meeting(house), make_case(house), by=house.coordinator, provisional=True)
    answers = {role: firm(page(person(house, role)), item, override_reason="Akut.").status_code for role in PLANNERS}
    assert answers == {"coordinator": 200, "chair": 200}
    assert AgendaItem.objects.get().override_reason == "Akut."


@pytest.mark.parametrize("role", MEMBERS)
def test_members_make_nothing_firm(house: House, role: str) -> None:
    item = place(make_meeting(house), ready_case(house), by=house.coordinator, provisional=True)
    assert firm(page(person(house, role)), item).status_code == 403
    assert firm(page(house.stranger), item).status_code == 404
    assert statuses() == [ItemStatus.PROVISIONAL]


def test_a_candidate_says_when_its_answer_is_expected(house: House) -> None:
    meeting, case = make_meeting(house), waiting_case(house)
    row = page(house.coordinator).get(f"/meetings/{meeting.pk}/").context["bench"].candidates.rows[0]
    assert row.id == case.pk
    assert row.expects
    assert 0 < row.probability < 1


def test_after_the_cutoff_the_beginning_counts(house: House) -> None:
    meeting, case = make_meeting(house), waiting_case(house)
    place(meeting, case, by=house.coordinator, provisional=True)
    Meeting.objects.filter(pk=meeting.pk).update(cutoff_at=timezone.now())
    shown = page(house.clinician).get(f"/cases/{case.pk}/").context["page"].forecast
    assert shown.moment == meeting.starts_at
    assert shown.probability > 0
