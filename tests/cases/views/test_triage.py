"""Triage: the next case at once, reasons where they are needed, a second person told of the first."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.permissions import Role
from cases.models import Case, Patient
from cases.services.triage import triage_case
from tests.cases.conftest import HTMX, Browser, readings
from tests.domain_factories import House, add_result, make_case, make_meeting, place, ready_case
from tests.factories import make_user

URL = "/cases/triage/"
NOW = timezone.now()


@pytest.fixture
def cases(house: House) -> list[Case]:
    """Return three cases that wait, the longest since suspicion first."""
    today = timezone.localdate()
    return [
        make_case(house, clinical_question=f"Fråga {n}?", suspected_on=today - timedelta(days=30 - n)) for n in range(3)
    ]


def decide(client: Client, case: Case, answer: str, reason: str = "", *, query: str = "", htmx: bool = True) -> object:
    """Return the answer to a decision."""
    data = {"answer": answer, "reason": reason, "version": case.version}
    return client.post(f"{URL}{case.pk}/{query}", data, **(HTMX if htmx else {}))  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["coordinator", "chair", "clinician"])
def test_who_sets_levels_triages(house: House, cases: list[Case], browser: Browser, role: str) -> None:
    client = browser(getattr(house, role))
    page = client.get(URL)
    assert page.status_code == 200
    assert ("Fråga 0?" in page.text, "Fråga 1?" in page.text) == (True, False)
    answer = decide(client, cases[0], "discuss")
    assert (answer.status_code, "Fråga 1?" in answer.text) == (200, True)
    cases[0].refresh_from_db()
    assert (cases[0].triage, cases[0].triaged_by) == ("discuss", getattr(house, role))


@pytest.mark.parametrize("role", ["radiologist", "pathologist", "nurse", "manager", "admin"])
def test_others_may_not_and_nothing_changes(house: House, cases: list[Case], browser: Browser, role: str) -> None:
    client = browser(getattr(house, role))
    assert client.get(URL).status_code == 403
    assert decide(client, cases[0], "discuss").status_code in (403, 404)
    assert client.post(f"{URL}undo/").status_code == 403
    assert not Case.objects.exclude(triage="").exists()


def test_a_stranger_sees_no_case_and_decides_none(house: House, cases: list[Case], browser: Browser) -> None:
    client = browser(house.stranger)
    assert "Fråga" not in client.get(URL).text
    assert client.get(f"{URL}?case={cases[0].pk}").status_code == 404
    assert decide(client, cases[0], "discuss").status_code == 404
    assert not Case.objects.exclude(triage="").exists()


def test_methods(house: House, cases: list[Case], browser: Browser) -> None:
    client = browser(house.coordinator)
    assert client.post(URL).status_code == 405
    assert client.get(f"{URL}{cases[0].pk}/").status_code == 405
    assert client.get(f"{URL}undo/").status_code == 405


def test_only_referred_cases_that_nobody_has_triaged_come(house: House, browser: Browser) -> None:
    case = ready_case(house, clinical_question="Bokad?")
    place(make_meeting(house), case, by=house.coordinator)
    assert "Bokad?" not in browser(house.coordinator).get(URL).text
    triaged = make_case(house, clinical_question="Bedömd?")
    triage_case(triaged.pk, "not_ready", reason="PAD.", by=house.chair, now=NOW)
    page = browser(house.coordinator).get(URL)
    assert "Bedömd?" not in page.text
    assert "Inget att" in page.text or "Nothing to triage" in page.text


def test_every_case_that_is_shown_is_logged(house: House, cases: list[Case], browser: Browser) -> None:
    client = browser(house.coordinator)
    client.get(URL)
    decide(client, cases[0], "discuss")
    decide(client, cases[1], "skip")
    assert readings("cases:triage") == [[cases[0].patient_id], [cases[1].patient_id], [cases[2].patient_id]]


def test_a_reason_that_lacks_is_asked_for_with_the_answer_kept(
    house: House, cases: list[Case], browser: Browser
) -> None:
    client = browser(house.coordinator)
    for htmx in (True, False):
        answer = decide(client, cases[0], "protocol", htmx=htmx)
        assert answer.status_code == 422
        assert 'name="answer" value="protocol" hidden' in answer.text.replace("\n", " ")
        assert 'aria-invalid="true"' in answer.text
        assert "Fråga 0?" in answer.text
    assert decide(client, cases[0], "").status_code == 422
    assert decide(client, cases[0], "protocol", "Standard.").status_code == 200
    cases[0].refresh_from_db()
    assert (cases[0].triage, cases[0].level, cases[0].level_reason) == ("protocol", "protocol", "Standard.")


def test_the_buttons_say_which_of_them_take_a_reason(house: House, browser: Browser) -> None:
    make_case(house)
    page = browser(house.coordinator).get(URL)
    asks = {choice.answer: bool(choice.asks) for choice in page.context["page"].choices}
    assert asks == {"discuss": False, "focused": True, "protocol": True, "not_ready": True, "national": True}
    assert page.text.count("data-asks") == 4
    vulva = make_case(house, diagnosis="vulva")
    page = browser(house.coordinator).get(f"{URL}?case={vulva.pk}")
    assert {choice.answer for choice in page.context["page"].choices if not choice.asks} == {"discuss", "national"}


def test_a_finding_leads_on_where_the_reader_may_mend_it(house: House, browser: Browser) -> None:
    case = make_case(house)
    attest = f'href="/cases/{case.pk}/#attest"'
    assert attest in browser(house.clinician).get(URL).text
    assert attest not in browser(house.coordinator).get(URL).text


def test_the_suggestion_stands_with_its_reason_and_source(house: House, browser: Browser) -> None:
    case = make_case(house, diagnosis="melanoma", circumstances={"stage": "stage_2", "special_reason": "none"})
    assert case.level == "protocol"
    for url in (f"{URL}?case={case.pk}", f"/cases/{case.pk}/"):
        page = browser(house.coordinator).get(url).text
        assert "Stadium I–II diskuteras vanligen inte." in page
        assert 'href="https://kunskapsbanken.cancercentrum.se/diagnoser/melanom/' in page
    local = make_case(house)
    assert "Förval för fasen." in browser(house.coordinator).get(f"{URL}?case={local.pk}").text


def test_without_script_the_next_case_comes_by_a_redirect(house: House, cases: list[Case], browser: Browser) -> None:
    client = browser(house.coordinator)
    answer = decide(client, cases[0], "discuss", query="?diagnosis=colorectal", htmx=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{URL}?diagnosis=colorectal")
    page = client.get(answer.headers["Location"])
    assert "Fråga 1?" in page.text
    assert cases[0].patient.name in page.text
    undone = client.post(f"{URL}undo/?diagnosis=colorectal")
    assert undone.headers["Location"] == f"{URL}?diagnosis=colorectal&case={cases[0].pk}"


def test_skipped_cases_come_last_and_again(house: House, cases: list[Case], browser: Browser) -> None:
    client = browser(house.coordinator)
    assert "Fråga 1?" in decide(client, cases[0], "skip").text
    assert "Fråga 2?" in decide(client, cases[1], "skip").text
    assert "Fråga 0?" in decide(client, cases[2], "discuss").text
    assert "Fråga 1?" in decide(client, cases[0], "discuss").text
    last = decide(client, cases[1], "discuss")
    assert last.context["run"].done == 3
    assert last.context["page"] is None


def test_the_only_case_can_be_skipped_and_stays(house: House, browser: Browser) -> None:
    case = make_case(house, clinical_question="Ensam?")
    assert "Ensam?" in decide(browser(house.coordinator), case, "skip").text


def test_decisions_are_undone_one_after_the_other(house: House, cases: list[Case], browser: Browser) -> None:
    client = browser(house.coordinator)
    decide(client, cases[0], "focused", "En fråga.")
    decide(client, cases[1], "not_ready", "PAD.")
    for case in (cases[1], cases[0]):
        answer = client.post(f"{URL}undo/", **HTMX)  # type: ignore[arg-type]
        assert case.clinical_question in answer.text
        case.refresh_from_db()
        assert (case.triage, case.level) == ("", "full")
    assert client.post(f"{URL}undo/", **HTMX).context["run"].done == 0  # type: ignore[arg-type]


def test_what_was_changed_since_is_not_undone(house: House, cases: list[Case], browser: Browser) -> None:
    client = browser(house.coordinator)
    decide(client, cases[0], "discuss")
    cases[0].refresh_from_db()
    triage_case(cases[0].pk, "not_ready", reason="PAD.", by=house.chair, now=NOW, version=cases[0].version)
    answer = client.post(f"{URL}undo/", **HTMX)  # type: ignore[arg-type]
    assert (answer.status_code, "Olof Ordförande" in answer.text) == (409, True)
    cases[0].refresh_from_db()
    assert cases[0].triage == "not_ready"


def test_what_cannot_be_undone_does_not_stand_in_the_way_of_what_can(
    house: House, cases: list[Case], browser: Browser
) -> None:
    client = browser(house.coordinator)
    decide(client, cases[0], "discuss")
    decide(client, cases[1], "discuss")
    cases[1].refresh_from_db()
    triage_case(cases[1].pk, "not_ready", reason="PAD.", by=house.chair, now=NOW, version=cases[1].version)
    assert client.post(f"{URL}undo/", **HTMX).status_code == 409  # type: ignore[arg-type]
    answer = client.post(f"{URL}undo/", **HTMX)  # type: ignore[arg-type]
    assert (answer.status_code, "Fråga 0?" in answer.text) == (200, True)
    assert answer.context["run"].done == 1


def test_a_second_click_is_no_second_decision(house: House, cases: list[Case], browser: Browser) -> None:
    client = browser(house.coordinator)
    decide(client, cases[0], "discuss")
    assert decide(client, cases[0], "discuss").context["run"].done == 1
    client.post(f"{URL}undo/", **HTMX)  # type: ignore[arg-type]
    cases[0].refresh_from_db()
    assert cases[0].triage == ""


def test_two_people_with_the_same_case(house: House, cases: list[Case], browser: Browser) -> None:
    first, second = browser(house.coordinator), browser(house.chair)
    first.get(URL)
    second.get(URL)
    decide(first, cases[0], "discuss")
    answer = decide(second, cases[0], "not_ready", "PAD.")
    assert answer.status_code == 409
    assert "Karin Koordinator" in answer.text
    assert "Fråga 1?" in answer.text
    cases[0].refresh_from_db()
    assert cases[0].triage == "discuss"


def test_how_far_one_has_come(house: House, cases: list[Case], browser: Browser) -> None:
    client = browser(house.coordinator)
    with time_machine.travel(NOW, tick=False) as clock:
        page = client.get(URL)
        assert (page.context["number"], page.context["total"]) == (1, 3)
        clock.shift(70)
        page = decide(client, cases[0], "discuss")
        assert (page.context["number"], page.context["total"]) == (2, 3)
        assert "01:10" in page.text
        clock.shift(3600)
        page = client.get(URL)
        assert (page.context["number"], page.context["total"], "00:00" in page.text) == (1, 2, True)


def test_filters_narrow_and_begin_a_new_sitting(house: House, cases: list[Case], browser: Browser) -> None:
    other = make_user(role=Role.CLINICIAN, unit=house.hospital, name="Annan Läkare")
    lung = make_case(house, diagnosis="lung", responsible_clinician=other, clinical_question="Lunga?")
    client = browser(house.coordinator)
    decide(client, cases[0], "discuss")
    for query in ("diagnosis=lung", f"clinician={other.pk}"):
        page = client.get(f"{URL}?{query}")
        assert (page.context["total"], page.context["case"]) == (1, lung)
    assert client.get(f"{URL}?unit={house.clinic.pk}").context["total"] == 3
    assert client.get(f"{URL}?unit={house.radiology.pk}").context["total"] == 0
    assert client.get(f"{URL}?unit=x&clinician={'9' * 19}&case=y").context["total"] == 3


def test_a_protected_identity_is_hidden_outside_the_treating_unit(house: House, browser: Browser) -> None:
    case = make_case(house)
    Patient.objects.filter(pk=case.patient_id).update(is_protected=True)
    case.units.add(house.elsewhere)
    page = browser(house.stranger).get(URL)
    assert page.context["case"] == case
    assert case.patient.name not in page.text
    assert case.patient.name in browser(house.clinician).get(URL).text


@pytest.mark.parametrize("count", [1, 3])
def test_a_decision_costs_the_same_with_one_waiting_and_three(
    house: House, browser: Browser, count: int, django_assert_num_queries: object
) -> None:
    waiting = [make_case(house) for _ in range(count + 1)]
    add_result(waiting[1], "radiology", is_external=True)
    client = browser(house.coordinator)
    client.get(URL)
    with django_assert_num_queries(30):  # type: ignore[operator]
        decide(client, waiting[0], "discuss")
