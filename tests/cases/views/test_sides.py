"""The answers side by side on the page of a case, marked as discordant and settled."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cases.enums import ResultState
from cases.models import Case, Discordance, Result
from cases.services.discordance import mark_discordance, settle_discordance
from cases.services.results import ResultData, edition_of, register_result
from events.models import Event
from tests.cases.conftest import HTMX, Browser, readings
from tests.domain_factories import House, add_result, make_case

CT = "ct_thorax_abdomen"
SENTENCE = "Bilderna visar T3, preparatet pT1."
REFUSED = [("radiologist", 404), ("manager", 403), ("admin", 403), ("stranger", 404)]


def page(browser: Browser, house: House, case: Case, query: str = "", **headers: str) -> str:
    text: str = browser(house.nurse).get(f"/cases/{case.pk}/{query}", **headers).content.decode()
    return text


def two_answers(case: Case) -> tuple[Result, Result]:
    return add_result(case, requirement=CT, days_ago=9, text="T3."), add_result(
        case, "pathology", days_ago=4, text="pT1."
    )


def mark(house: House, case: Case) -> Discordance:
    chosen = [result.pk for result in two_answers(case)]
    return mark_discordance(case.pk, chosen, SENTENCE, by=house.chair, now=timezone.now())[0]


def form(case: Case, *, sentence: str = SENTENCE) -> dict[str, Any]:
    return {"results": [str(result.pk) for result in two_answers(case)], "sentence": sentence}


# The axis


def test_the_answers_stand_in_the_order_of_their_days(house: House, browser: Browser) -> None:
    case = make_case(house)
    add_result(case, "lab", days_ago=1, text="CEA: 4,1 µg/L (<5,0)")
    two_answers(case)
    in_two_days = timezone.localdate() + timedelta(days=2)
    add_result(case, "pathology", state=ResultState.ORDERED, expected_on=in_two_days)
    add_result(case, "radiology", state=ResultState.ORDERED)
    text = page(browser, house, case)
    axis = text[text.index('class="axis"') :]
    places = [axis.index(words) for words in ("T3.", "pT1.", "CEA", "axis__today", f'datetime="{in_two_days}"')]
    assert places == sorted(places)
    assert axis.count('<tr class="axis__day axis__day--ahead">') == 2
    assert text.count("T3.") == text.count("CEA") == 1


def test_each_answer_says_how_it_came_and_how_far(house: House, browser: Browser) -> None:
    case = make_case(house)
    add_result(
        case,
        state=ResultState.PRELIMINARY,
        is_external=True,
        is_corrected=True,
        accession_number="DR-7",
        source="fhir",
        external_id="x",
    )
    add_result(case, "lab", state=ResultState.CANCELLED, text="Avbeställt")
    text = page(browser, house, case)
    axis = text[text.index('class="axis"') :]
    for words in ("preliminärsvar", "utförd på annat håll", "DR-7", "FHIR", "answer--off"):
        assert words in axis, words


def test_measured_values_stand_in_columns_and_running_text_stays_text(house: House, browser: Browser) -> None:
    case = make_case(house)
    add_result(case, "lab", text="CEA: 4,1 µg/L (<5,0)\nKrea: 118 µmol/L (60-105) H\n\nNa: 140")
    text = page(browser, house, case)
    for cell in (
        '<th scope="row">Krea</th>',
        '<td class="num">118</td>',
        "<td>µmol/L</td>",
        ">60-105</td>",
        "<strong>H</strong>",
    ):
        assert cell in text
    other = make_case(house)
    add_result(other, "lab", text="CEA: 4,1\nHemolyserat prov, tag om.")
    text = page(browser, house, other)
    assert 'class="values"' not in text
    assert "Hemolyserat prov" in text


def test_a_structured_answer_shows_its_headings_in_order(house: House, browser: Browser) -> None:
    case = make_case(house, diagnosis="brain-spinal-cord")
    add_result(case, requirement="mri_brain", structured={"oedema": "Uttalat", "location": "Temporalt"})
    text = page(browser, house, case)
    assert text.index("läge") < text.index("Temporalt") < text.index("ödem") < text.index("Uttalat")


# Structured entry


def test_the_form_offers_the_headings_of_the_examination(house: House, browser: Browser) -> None:
    case = make_case(house, diagnosis="brain-spinal-cord")
    visitor = browser(house.clinician)
    offered = visitor.get(f"/cases/{case.pk}/?open=result:mri_brain", **HTMX).content.decode()
    assert offered.count('name="structured.') == 17
    plain = visitor.get(f"/cases/{case.pk}/?open=result:neuroradiology_reading", **HTMX).content.decode()
    assert 'name="structured.' not in plain
    today = timezone.localdate().isoformat()
    entered = {"kind": "radiology", "requirement": "mri_brain", "state": "final", "performed_on": today,
               "structured.oedema": " Uttalat ", "structured.cyst": ""}  # fmt: skip
    assert visitor.post(f"/cases/{case.pk}/results/", entered).status_code == 302
    result = case.results.get()
    assert result.structured == {"oedema": "Uttalat"}
    shown = visitor.get(f"/cases/{case.pk}/?open=correct:{result.pk}", **HTMX).content.decode()
    assert 'value="Uttalat"' in shown
    corrected = entered | {"structured.oedema": "", "structured.cyst": "Nej", "seen": edition_of(result)}
    assert visitor.post(f"/cases/{case.pk}/results/{result.pk}/", corrected).status_code == 302
    result.refresh_from_db()
    assert result.structured == {"cyst": "Nej"}


def test_a_heading_too_long_comes_back_by_its_field(house: House, browser: Browser) -> None:
    case = make_case(house, diagnosis="brain-spinal-cord")
    entered = {"kind": "radiology", "requirement": "mri_brain", "state": "final",
               "performed_on": timezone.localdate().isoformat(), "structured.oedema": "x" * 2001}  # fmt: skip
    answer = browser(house.clinician).post(f"/cases/{case.pk}/results/", entered)
    assert answer.status_code == 422
    assert "mri_brain_structured.oedema_field" in answer.content.decode()
    assert not case.results.exists()


def test_a_correction_by_hand_keeps_what_the_form_does_not_ask_for(house: House, browser: Browser) -> None:
    case = make_case(house)
    data = ResultData(
        kind="radiology", requirement=CT, state=ResultState.FINAL, performed_on=timezone.localdate(), study_uid="1.2.3",
        is_corrected=True,
    )  # fmt: skip
    result, _new = register_result(case.pk, data, by=house.clinician, now=timezone.now())
    entered = {"kind": "radiology", "requirement": CT, "state": "final", "text": "Rättat",
               "performed_on": timezone.localdate().isoformat(), "seen": edition_of(result)}  # fmt: skip
    assert browser(house.clinician).post(f"/cases/{case.pk}/results/{result.pk}/", entered).status_code == 302
    result.refresh_from_db()
    assert (result.text, result.study_uid, result.is_corrected) == ("Rättat", "1.2.3", True)


# Marks


def test_a_mark_stands_between_the_answers_and_in_the_list(house: House, browser: Browser) -> None:
    case = make_case(house)
    visitor = browser(house.nurse)
    assert "discordant-sign" not in visitor.get("/cases/").content.decode()
    answer = visitor.post(f"/cases/{case.pk}/discordances/", form(case))
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/{case.pk}/#sides")
    text = page(browser, house, case)
    assert SENTENCE in text
    assert text.count("answer--discordant") == 2
    head, axis = text.split('id="sides"')
    assert SENTENCE in head
    assert axis.index("pT1.") < axis.index(SENTENCE)
    assert "discordant-sign" in visitor.get("/cases/").content.decode()


def test_a_settled_mark_is_shown_as_such_and_leaves_the_list(house: House, browser: Browser) -> None:
    case = make_case(house)
    found = mark(house, case)
    visitor = browser(house.nurse)
    opened = visitor.get(f"/cases/{case.pk}/?open=settle:{found.pk}", **HTMX).content.decode()
    assert f'action="/cases/{case.pk}/discordances/{found.pk}/settle/"' in opened
    answer = visitor.post(f"/cases/{case.pk}/discordances/{found.pk}/settle/", {"sentence": "Eftergranskat: T1."})
    assert answer["Location"] == f"/cases/{case.pk}/#mark-{found.pk}"
    text = page(browser, house, case)
    assert "Eftergranskat: T1." in text
    assert "discordant--settled" in text
    assert "answer--discordant" not in text
    assert "discordant-sign" not in visitor.get("/cases/").content.decode()


def test_htmx_gets_the_part_that_changes(house: House, browser: Browser) -> None:
    case = make_case(house)
    answer = browser(house.nurse).post(f"/cases/{case.pk}/discordances/", form(case), **HTMX)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert SENTENCE in text
    assert "<html" not in text
    assert readings("cases:case") == [[case.patient_id]]


def test_the_form_opens_with_the_answers_that_can_be_marked(house: House, browser: Browser) -> None:
    case = make_case(house)
    first, _second = two_answers(case)
    called_off = add_result(case, state=ResultState.CANCELLED)
    text = page(browser, house, case, f"?open=discordant:{first.pk}", **HTMX)
    assert re.search(rf'value="{first.pk}"[^>]*checked', text)
    assert text.count('name="results"') == 2
    assert f'name="results" value="{called_off.pk}"' not in text


@pytest.mark.parametrize(
    "change", [{"results": []}, {"sentence": ""}, {"results": ["999999"]}, {"sentence": "x" * 501}]
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_wrong_form_comes_back(
    house: House, browser: Browser, change: dict[str, Any], headers: dict[str, str]
) -> None:
    case = make_case(house)
    answer = browser(house.nurse).post(f"/cases/{case.pk}/discordances/", form(case) | change, **headers)
    assert answer.status_code == 422
    assert 'class="form inplace"' in answer.content.decode()
    assert not Discordance.objects.exists()


def test_what_another_settled_is_told(house: House, browser: Browser) -> None:
    case = make_case(house)
    found = mark(house, case)
    settle_discordance(case.pk, found.pk, "Klart.", by=house.chair, now=timezone.now())
    answer = browser(house.nurse).post(f"/cases/{case.pk}/discordances/{found.pk}/settle/", {"sentence": "Jag med."})
    assert answer.status_code == 409
    assert house.chair.name in answer.content.decode()


@pytest.mark.parametrize(("person", "status"), REFUSED)
def test_who_may_not(house: House, browser: Browser, person: str, status: int) -> None:
    case = make_case(house)
    found, before = mark(house, case), Event.objects.count()
    visitor = browser(getattr(house, person))
    for address, body in (
        ("discordances/", {"results": list(found.results.values_list("pk", flat=True)), "sentence": "Nej."}),
        (f"discordances/{found.pk}/settle/", {"sentence": "Nej."}),
    ):
        assert visitor.post(f"/cases/{case.pk}/{address}", body).status_code == status
    assert Event.objects.count() == before


def test_addresses_that_are_not_there_and_other_methods(house: House, browser: Browser) -> None:
    case, other = make_case(house), make_case(house)
    found = mark(house, case)
    visitor = browser(house.nurse)
    assert visitor.post(f"/cases/{other.pk}/discordances/{found.pk}/settle/", {"sentence": "x"}).status_code == 404
    assert visitor.get(f"/cases/{case.pk}/discordances/").status_code == 405
    assert visitor.get(f"/cases/{case.pk}/discordances/{found.pk}/settle/").status_code == 405


def test_a_closed_case_offers_no_mark(house: House, browser: Browser) -> None:
    case = make_case(house)
    two_answers(case)
    assert "?open=discordant" in page(browser, house, case)
    Case.objects.filter(pk=case.pk).update(status="closed")
    assert "?open=discordant" not in page(browser, house, case)


def test_marks_and_messages_cost_the_page_nothing_more(
    house: House, browser: Browser, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    case = make_case(house)
    visitor = browser(house.nurse)
    mark(house, case)
    visitor.get(f"/cases/{case.pk}/")
    with django_assert_max_num_queries(40) as counted:
        visitor.get(f"/cases/{case.pk}/")
    for _ in range(2):
        mark(house, case)
    with django_assert_num_queries(len(counted)):
        visitor.get(f"/cases/{case.pk}/")
