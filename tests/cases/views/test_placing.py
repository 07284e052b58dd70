"""The page "To place": reports of other systems without a place, one click each."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.permissions import Role
from cases.enums import Channel, MessageState, ReportState
from cases.intake.inbox import Incoming, apply_message, receive
from cases.models import Case, InboundMessage, Patient, Report, Result
from tests.cases.conftest import HTMX, Browser, readings
from tests.cases.sent_by_fhir import report as document
from tests.domain_factories import House, make_case, synthetic_number
from tests.factories import make_user

PAGE = "/cases/placing/"
QUERIES = 14


def arrive(house: House, body: dict[str, Any]) -> Report:
    """Let a report come by message, and return it as it is kept."""
    raw, now = json.dumps(body).encode(), timezone.now()
    [pk] = receive([Incoming(Channel.FHIR, raw, "DiagnosticReport", "")], provider=house.hospital, by=None, now=now)
    assert apply_message(pk, now=now)
    return Report.objects.get(message_id=pk)


def vague(case: Case, number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a radiology report of the patient of `case` that does not say which examination it is."""
    kind = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}]}]
    told = {"identifier": [{"value": f"R-{number}"}], "category": kind, "code": {"text": f"Undersökning {number}"}}
    return document(case, **(told | fields))


def unknown(case: Case, number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a report of a patient whom nobody here has referred."""
    subject = {"identifier": {"system": "urn:oid:1.2.752.129.2.1.3.1", "value": synthetic_number(900 + number)}}
    return vague(case, number, subject=subject | {"display": "Okänd Person"}, **fields)


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


@pytest.fixture
def coordinator(house: House, browser: Browser) -> Client:
    return browser(house.coordinator)


class TestShowing:
    def test_what_it_is_whose_and_why_it_waits(self, house: House, coordinator: Client, case: Case) -> None:
        arrive(house, vague(case, conclusion="Ingen spridning i buken."))
        arrive(house, unknown(case, 2))
        answer = coordinator.get(PAGE)
        assert answer.status_code == 200
        page = answer.context["placing"]
        [known], [other] = page.known, page.unknown
        assert (known.shown.name, known.shown.number) == (case.patient.name, str(case.patient.identity))
        assert other.shown.name == "Okänd Person"
        assert known.why
        assert other.why not in ("", known.why)
        text = answer.content.decode()
        for word in ("Undersökning 1", "Ingen spridning i buken.", "Undersökning 2", known.offers[0].label):
            assert word in text
        assert [offer.case for offer in known.offers] == [case.pk] * len(known.offers)
        assert 1 <= len(known.offers) <= 3

    def test_the_reading_is_logged_with_the_patients_shown(self, house: House, coordinator: Client, case: Case) -> None:
        arrive(house, vague(case))
        arrive(house, unknown(case, 2))
        coordinator.get(PAGE)
        assert readings("cases:to_place") == [[case.patient_id]]

    def test_an_empty_page_says_what_will_be_here(self, coordinator: Client) -> None:
        for state in ("", "?state=set_aside", "?state=nonsense", "?page=9", "?open=x"):
            assert b'class="empty"' in coordinator.get(PAGE + state).content

    def test_known_patients_come_first_and_the_newest_of_them(
        self, house: House, coordinator: Client, case: Case, time_machine: Any
    ) -> None:
        begin = timezone.now() - timedelta(hours=5)
        for hour, body in enumerate((vague(case, 1), vague(case, 2), unknown(case, 3))):
            time_machine.move_to(begin + timedelta(hours=hour))
            arrive(house, body | {"issued": (begin - timedelta(days=1)).isoformat(timespec="seconds")})
        page = coordinator.get(PAGE).context["placing"]
        titles = [row.data.title for row in (*page.known, *page.unknown)]
        assert titles == ["Undersökning 2", "Undersökning 1", "Undersökning 3"]

    @pytest.mark.parametrize("rows", [1, 3])
    def test_a_constant_number_of_queries(
        self, house: House, coordinator: Client, case: Case, rows: int, django_assert_num_queries: Any
    ) -> None:
        coordinator.get(PAGE)
        for number in range(rows):
            arrive(house, vague(make_case(house), number))
            arrive(house, unknown(case, 10 + number))
        with django_assert_num_queries(QUERIES):
            coordinator.get(PAGE)

    def test_a_protected_identity_is_hidden_outside_the_treating_unit(
        self, house: House, coordinator: Client, case: Case
    ) -> None:
        Patient.objects.filter(pk=case.patient_id).update(is_protected=True)
        arrive(house, vague(case, subject=document(case)["subject"] | {"display": case.patient.name}))
        text = coordinator.get(PAGE).content.decode()
        assert case.patient.name not in text
        assert case.patient.identity_value not in text
        assert "••••••••-••••" in text


class TestPlacing:
    def test_one_click_places_the_report(self, house: House, coordinator: Client, case: Case) -> None:
        waiting = arrive(house, vague(case))
        offer = coordinator.get(PAGE).context["placing"].known[0].offers[0]
        answer = coordinator.post(f"{PAGE}{waiting.pk}/place/", {"place": offer.value})
        assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
        result = Result.objects.get(case=case)
        assert (result.requirement, result.is_placed_by_hand) == (offer.requirement, True)
        waiting.refresh_from_db()
        assert (waiting.state, waiting.settled_by) == (ReportState.PLACED, house.coordinator)
        assert coordinator.get(PAGE).context["placing"].counts["waiting"] == 0

    def test_htmx_gets_the_part_that_changes(self, house: House, coordinator: Client, case: Case) -> None:
        waiting = arrive(house, vague(case))
        answer = coordinator.post(f"{PAGE}{waiting.pk}/place/", {"place": f"{case.pk}:ct_thorax_abdomen"}, **HTMX)
        assert answer.status_code == 200
        assert answer.content.lstrip().startswith(b'<div id="to-place"')
        assert b'role="status"' in answer.content

    @pytest.mark.parametrize("place", ["", "x", "1", ":a", f"{'9' * 30}:a", "0x1:ct", "²:a"])
    def test_what_no_button_sends(self, house: House, coordinator: Client, case: Case, place: str) -> None:
        waiting = arrive(house, vague(case))
        answer = coordinator.post(f"{PAGE}{waiting.pk}/place/", {"place": place})
        assert answer.status_code in (400, 422)
        assert not Result.objects.exists()

    def test_a_requirement_that_the_case_does_not_have(self, house: House, coordinator: Client, case: Case) -> None:
        waiting = arrive(house, vague(case))
        answer = coordinator.post(f"{PAGE}{waiting.pk}/place/", {"place": f"{case.pk}:nonsense"})
        assert answer.status_code == 422
        assert b'role="alert"' in answer.content
        assert not Result.objects.exists()

    def test_another_has_placed_it_meanwhile(
        self, house: House, coordinator: Client, browser: Browser, case: Case
    ) -> None:
        waiting = arrive(house, vague(case))
        coordinator.post(f"{PAGE}{waiting.pk}/place/", {"place": f"{case.pk}:ct_thorax_abdomen"})
        other = make_user(role=Role.COORDINATOR, unit=house.hospital)
        answer = browser(other).post(f"{PAGE}{waiting.pk}/place/", {"place": f"{case.pk}:mri_pelvis_rectum"})
        assert answer.status_code == 409
        assert house.coordinator.name in answer.content.decode()
        assert Result.objects.get().requirement == "ct_thorax_abdomen"

    def test_a_case_of_a_unit_that_is_not_the_coordinators(self, house: House, coordinator: Client, case: Case) -> None:
        waiting = arrive(house, vague(case))
        assert coordinator.get(PAGE).context["placing"].known[0].offers
        case.units.clear()
        [row] = coordinator.get(PAGE).context["placing"].known
        assert (row.offers, "en annan enhet" in row.why) == ((), True)
        answer = coordinator.post(f"{PAGE}{waiting.pk}/place/", {"place": f"{case.pk}:ct_thorax_abdomen"})
        assert answer.status_code == 404
        assert not Result.objects.exists()


class TestSearching:
    def test_a_case_is_found_by_name_and_the_name_stays_out_of_the_address(
        self, house: House, coordinator: Client, case: Case
    ) -> None:
        waiting = arrive(house, unknown(case))
        answer = coordinator.post(f"{PAGE}{waiting.pk}/search/", {"q": case.patient.name})
        assert answer.status_code == 302
        assert "Patient" not in answer.headers["Location"]
        shown = coordinator.get(answer.headers["Location"])
        [found] = shown.context["found"]
        assert found.url == f"/cases/{case.pk}/"
        assert {offer.requirement for offer in found.offers} >= {"ct_thorax_abdomen", "mri_pelvis_rectum"}
        assert readings("cases:to_place")[-1] == [case.patient_id]
        coordinator.post(f"{PAGE}{waiting.pk}/place/", {"place": found.offers[0].value})
        assert Result.objects.get(case=case).is_placed_by_hand

    def test_nothing_found(self, house: House, coordinator: Client, case: Case) -> None:
        waiting = arrive(house, unknown(case))
        for text in ("Ingen Alls", "", "x" * 500):
            answer = coordinator.post(f"{PAGE}{waiting.pk}/search/", {"q": text}, follow=True)
            assert answer.status_code == 200
            assert answer.context["found"] == []


class TestSettingAside:
    def test_with_a_reason_it_asks_nobody_any_more_and_is_kept(
        self, house: House, coordinator: Client, case: Case
    ) -> None:
        waiting = arrive(house, unknown(case))
        answer = coordinator.post(f"{PAGE}{waiting.pk}/aside/", {"reason": "Patienten hör till Uppsala."})
        assert answer.status_code == 302
        assert coordinator.get(PAGE).context["placing"].counts == {"waiting": 0, "set_aside": 1}
        aside = coordinator.get(f"{PAGE}?state=set_aside").content.decode()
        assert "Patienten hör till Uppsala." in aside
        assert house.coordinator.name in aside

    def test_a_reason_is_asked_for(self, house: House, coordinator: Client, case: Case) -> None:
        waiting = arrive(house, unknown(case))
        assert coordinator.post(f"{PAGE}{waiting.pk}/aside/", {"reason": " "}).status_code == 422
        waiting.refresh_from_db()
        assert waiting.state == ReportState.WAITING

    def test_what_was_set_aside_can_be_placed(self, house: House, coordinator: Client, case: Case) -> None:
        waiting = arrive(house, vague(case))
        coordinator.post(f"{PAGE}{waiting.pk}/aside/", {"reason": "Fel."})
        place = {"place": f"{case.pk}:ct_thorax_abdomen", "state": "set_aside"}
        answer = coordinator.post(f"{PAGE}{waiting.pk}/place/", place)
        assert answer.headers["Location"] == f"{PAGE}?state=set_aside"
        assert Result.objects.get(case=case).requirement == "ct_thorax_abdomen"


class TestFailed:
    def test_a_message_that_failed_shows_its_fault_and_is_tried_again(
        self, house: House, coordinator: Client, case: Case
    ) -> None:
        waiting = arrive(house, vague(case))
        InboundMessage.objects.filter(pk=waiting.message_id).update(
            state=MessageState.FAILED, fault="Det gick inte.", applied_at=None
        )
        assert "Det gick inte." in coordinator.get(PAGE).content.decode()
        answer = coordinator.post(f"{PAGE}messages/{waiting.message_id}/retry/")
        assert answer.status_code == 302
        assert InboundMessage.objects.get().state == MessageState.APPLIED
        assert coordinator.post(f"{PAGE}messages/{waiting.message_id}/retry/").status_code == 409


class TestRights:
    ACTS = ("place", "aside", "search")

    def test_strangers_see_nothing(self, house: House, browser: Browser, case: Case) -> None:
        waiting = arrive(house, vague(case))
        stranger = browser(house.stranger)
        page = stranger.get(PAGE)
        assert page.status_code == 200
        assert case.patient.name not in page.content.decode()
        for act in self.ACTS:
            assert stranger.post(f"{PAGE}{waiting.pk}/{act}/", {"reason": "x"}).status_code == 404
        assert stranger.post(f"{PAGE}messages/{waiting.message_id}/retry/").status_code == 404

    def test_other_roles_have_no_right(self, house: House, browser: Browser, case: Case) -> None:
        waiting = arrive(house, vague(case))
        for name in ("chair", "radiologist", "pathologist", "clinician", "nurse", "manager", "admin"):
            person = browser(getattr(house, name))
            assert person.get(PAGE).status_code == 403, name
            place = {"place": f"{case.pk}:ct_thorax_abdomen", "reason": "x"}
            for act in self.ACTS:
                assert person.post(f"{PAGE}{waiting.pk}/{act}/", place).status_code == 403, name
            assert person.post(f"{PAGE}messages/{waiting.message_id}/retry/").status_code == 403, name
        waiting.refresh_from_db()
        assert waiting.state == ReportState.WAITING

    def test_wrong_methods(self, house: House, coordinator: Client, case: Case) -> None:
        waiting = arrive(house, vague(case))
        assert coordinator.post(PAGE).status_code == 405
        for act in self.ACTS:
            assert coordinator.get(f"{PAGE}{waiting.pk}/{act}/").status_code == 405
