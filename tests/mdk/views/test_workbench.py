"""/meetings/<pk>/ for those who plan: agenda, candidates, the row that is open."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AccessLog
from mdk.models import Meeting
from tests.domain_factories import (
    QUESTION,
    House,
    add_result,
    live_meeting,
    make_case,
    make_meeting,
    place,
    published_meeting,
    ready_case,
)
from tests.mdk.planning import HTMX, PLANNERS, page, person


def url(meeting: Meeting) -> str:
    return f"/meetings/{meeting.pk}/"


@pytest.mark.parametrize("role", PLANNERS)
def test_planners_get_agenda_and_candidates(house: House, role: str) -> None:
    meeting = make_meeting(house)
    item = place(meeting, ready_case(house), by=house.coordinator)
    waiting = make_case(house)
    answer = page(person(house, role)).get(url(meeting))
    assert answer.status_code == 200
    assert "mdk/workbench.html" in {template.name for template in answer.templates}
    bench = answer.context["bench"]
    assert [row.id for row in bench.rows] == [item.pk]
    assert [row.id for row in bench.candidates.rows] == [waiting.pk]


def test_a_stranger_finds_no_meeting(house: House) -> None:
    assert page(house.stranger).get(url(make_meeting(house))).status_code == 404


def test_lists_show_initials_and_no_number(house: House) -> None:
    meeting = make_meeting(house)
    item = place(meeting, ready_case(house), by=house.coordinator)
    text = page(house.coordinator).get(url(meeting)).content.decode()
    assert str(item.case.patient.identity) not in text
    assert item.case.patient.name not in text
    assert "P." in text


def test_a_protected_identity_is_hidden(house: House) -> None:
    meeting = make_meeting(house)
    item = place(meeting, ready_case(house, is_protected=True), by=house.coordinator)
    text = page(house.coordinator).get(url(meeting), {"open": f"item-{item.pk}"}).content.decode()
    assert "Skyddad identitet" in text
    assert item.case.patient.name not in text
    assert str(item.case.patient.identity) not in text


def test_the_opened_row_names_the_patient(house: House) -> None:
    meeting = make_meeting(house)
    item = place(meeting, ready_case(house), by=house.coordinator)
    text = page(house.coordinator).get(url(meeting), {"open": f"item-{item.pk}"}).content.decode()
    assert item.case.patient.name in text
    assert f"/items/{item.pk}/rebook/" in text


def test_the_opened_candidate_says_what_it_lacks(house: House) -> None:
    meeting, case = make_meeting(house), make_case(house)
    answer = page(house.coordinator).get(url(meeting), {"open": f"case-{case.pk}"})
    assert answer.context["open"]["findings"]
    assert answer.context["open"]["findings"][0]["message"] in answer.content.decode()


@pytest.mark.parametrize("key", ["item-999999", "case-x", "case-", "item-", "nonsense", "chair", "cancel"])
def test_any_key_of_the_address_shows_the_page(house: House, key: str) -> None:
    assert page(house.coordinator).get(url(make_meeting(house)), {"open": key}).status_code == 200


def test_the_reading_is_logged_with_every_patient_shown(house: House) -> None:
    meeting = make_meeting(house)
    item = place(meeting, ready_case(house), by=house.coordinator)
    waiting = make_case(house)
    page(house.coordinator).get(url(meeting))
    row = AccessLog.objects.latest("at")
    assert (row.user, row.what, row.action, row.unit) == (house.coordinator, "mdk:meeting", "list", house.hospital)
    assert set(row.patient_ids) == {item.case.patient_id, waiting.patient_id}


def test_candidates_are_those_of_the_series_most_urgent_first(house: House) -> None:
    today = timezone.localdate()
    meeting = make_meeting(house)
    calm = make_case(house, suspected_on=today)
    urgent = make_case(house, suspected_on=today.replace(year=today.year - 1))
    promised = make_case(house, suspected_on=today, promised_on=today)
    make_case(house, diagnosis="breast")
    rows = page(house.coordinator).get(url(meeting)).context["bench"].candidates.rows
    assert [row.id for row in rows] == [urgent.pk, promised.pk, calm.pk]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"readiness": "ready"}, {"ready"}),
        ({"readiness": "not_ready"}, {"missing", "after"}),
        ({"phase": "post_operative"}, {"after"}),
        ({"q": "sigmoid"}, {"ready", "missing", "after"}),
        ({"readiness": "nonsense"}, {"ready", "missing", "after"}),
    ],
)
def test_the_filters_of_the_address(house: House, query: dict[str, str], found: set[str]) -> None:
    meeting = make_meeting(house)
    cases = {
        "ready": ready_case(house),
        "missing": make_case(house),
        "after": make_case(house, phase="post_operative", clinical_question="Opererad sigmoideumcancer. Adjuvant?"),
    }
    rows = page(house.coordinator).get(url(meeting), query).context["bench"].candidates.rows
    assert {row.id for row in rows} == {cases[name].pk for name in found}


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_is_searched_for_never_stands_in_an_address(house: House, headers: dict[str, str]) -> None:
    client, meeting = page(house.coordinator), make_meeting(house)
    wanted, _other = make_case(house, name="Göta Sökt"), make_case(house)
    answer = client.post(f"{url(meeting)}find/", {"q": "göta", "phase": "pre_treatment"}, **headers)
    address = answer["HX-Push-Url"] if headers else answer["Location"]
    assert address == f"{url(meeting)}?phase=pre_treatment&searched=1"
    for where in (address, url(meeting)):
        rows = client.get(where).context["bench"].candidates.rows
        assert [row.id for row in rows] == [wanted.pk]
    assert client.post(f"{url(meeting)}find/", {}, **headers).status_code in (200, 302)
    assert len(client.get(url(meeting)).context["bench"].candidates.rows) == 2


@pytest.mark.parametrize(("role", "status"), [("stranger", 404), ("clinician", 403), ("manager", 403)])
def test_only_planners_search(house: House, role: str, status: int) -> None:
    meeting = make_meeting(house)
    assert page(person(house, role)).post(f"{url(meeting)}find/", {"q": "x"}).status_code == status
    assert page(house.coordinator).get(f"{url(meeting)}find/").status_code == 405


def test_sums_of_minutes_and_preparation(house: House) -> None:
    meeting = make_meeting(house)
    items = [place(meeting, ready_case(house), by=house.coordinator) for _ in range(2)]
    bench = page(house.coordinator).get(url(meeting)).context["bench"]
    assert bench.planned == sum(item.minutes for item in items)
    assert bench.prep_planned == sum(p.estimate_minutes for item in items for p in item.preparations.all())
    assert [row.starts_at for row in bench.rows] == [
        meeting.starts_at,
        meeting.starts_at + timedelta(minutes=items[0].minutes),
    ]


def test_a_provisional_place_takes_no_minutes(house: House) -> None:
    meeting = make_meeting(house)
    place(meeting, make_case(house), by=house.coordinator, provisional=True)
    place(meeting, ready_case(house), by=house.coordinator)
    rows = page(house.coordinator).get(url(meeting)).context["bench"].rows
    assert [row.starts_at for row in rows if row.is_firm] == [meeting.starts_at]


def test_htmx_gets_the_part_alone(house: House) -> None:
    meeting = make_meeting(house)
    text = page(house.coordinator).get(url(meeting), **HTMX).content.decode()
    assert text.lstrip().startswith('<div id="workbench"')
    assert "<html" not in text


def test_while_it_runs_planners_see_the_agenda_without_tools(house: House) -> None:
    meeting = live_meeting(house, 1)
    answer = page(house.coordinator).get(url(meeting))
    assert "mdk/agenda.html" in {template.name for template in answer.templates}
    assert "/take-off/" not in answer.content.decode()


def test_an_ordered_answer_shows_when_it_is_expected(house: House) -> None:
    today = timezone.localdate()
    meeting, case = make_meeting(house), make_case(house)
    add_result(case, "radiology", state="ordered", expected_on=today)
    row = page(house.coordinator).get(url(meeting)).context["bench"].candidates.rows[0]
    assert row.expected[0] == today


QUERIES = 14


def test_one_row_and_three_cost_the_same_queries(house: House, django_assert_num_queries: Any) -> None:
    client, meeting = page(house.coordinator), make_meeting(house)
    place(meeting, ready_case(house), by=house.coordinator)
    make_case(house)
    client.get(url(meeting))
    with django_assert_num_queries(QUERIES):
        client.get(url(meeting))
    for _ in range(2):
        place(meeting, ready_case(house), by=house.coordinator)
        make_case(house)
    with django_assert_num_queries(QUERIES):
        client.get(url(meeting))


def test_the_question_is_text_and_never_markup(house: House) -> None:
    meeting = make_meeting(house)
    make_case(house, clinical_question="<script>alert(1)</script>")
    text = page(house.coordinator).get(url(meeting)).content.decode()
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_published_it_still_can_be_planned(house: House) -> None:
    text = page(house.coordinator).get(url(published_meeting(house, 1))).content.decode()
    assert QUESTION[:20] in text
    assert "/publish/" not in text
