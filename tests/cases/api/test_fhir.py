"""The door for FHIR: every message is answered with an OperationOutcome, stored first, and applied once."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from fhir.resources.R4B.operationoutcome import OperationOutcome

from accounts.services import create_token
from cases.enums import MessageState, ReportState, ResultState
from cases.identity import PERSONAL_NUMBER
from cases.models import Case, InboundMessage, Report, Result
from cases.services.placing import set_aside
from tests.cases.conftest import Browser
from tests.cases.intake.test_fhir_samples import FILES, STATES, TAKEN, with_status
from tests.cases.sent_by_fhir import answer_of, later, order, report
from tests.domain_factories import House, make_case
from tests.factories import login

TYPE = "application/fhir+json"
SENDERS = ("coordinator", "chair", "radiologist", "pathologist", "clinician", "admin")


@pytest.fixture
def sender(house: House, browser: Browser) -> Client:
    return browser(house.radiologist)


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


def post(client: Client, body: Any, path: str = "/fhir/", content_type: str = TYPE, **headers: str) -> Any:
    """Post a resource (or bytes as they are) and hold the answer to the specification."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client.post(path, raw, content_type=content_type, headers=headers)
    assert answer.headers["Content-Type"].startswith(TYPE)
    OperationOutcome.model_validate(answer.json())
    return answer


def issues(answer: Any) -> list[tuple[str, str, str]]:
    """Return severity, code and path of each issue."""
    return [
        (issue["severity"], issue["code"], "".join(issue.get("expression", []))) for issue in answer.json()["issue"]
    ]


class TestTaking:
    def test_a_report_finds_its_place(self, sender: Client, case: Case) -> None:
        answer = post(sender, report(case))
        assert (answer.status_code, issues(answer)) == (201, [("information", "informational", "")])
        result = Result.objects.get(case=case)
        assert (result.requirement, result.state, result.text) == (
            "ct_thorax_abdomen", ResultState.FINAL, "Ingen spridning.",
        )  # fmt: skip
        assert result.source == "fhir"
        message = InboundMessage.objects.get()
        assert (message.state, message.kind, message.control_id) == (MessageState.APPLIED, "DiagnosticReport", "DT-1")
        assert json.loads(bytes(message.raw))["conclusion"] == "Ingen spridning."

    def test_the_same_again_changes_nothing(self, sender: Client, case: Case) -> None:
        body = report(case)
        post(sender, body)
        before = (Result.objects.get().updated_at, case.results.count())
        answer = post(sender, body)
        assert answer.status_code == 200
        assert (Result.objects.get().updated_at, case.results.count()) == before
        assert InboundMessage.objects.count() == 1

    @pytest.mark.parametrize("status", STATES)
    def test_each_status_reaches_the_case(self, sender: Client, case: Case, status: str) -> None:
        assert post(sender, report(case, status=status)).status_code in (200, 201)
        state, _rank, is_corrected = STATES[status]
        found = Result.objects.filter(case=case)
        if state == ResultState.CANCELLED:
            assert not found.exclude(state=ResultState.CANCELLED).exists()
        else:
            assert [(one.state, one.is_corrected) for one in found] == [(state, is_corrected)]

    def test_preliminary_final_corrected_and_taken_back_are_one_answer(self, sender: Client, case: Case) -> None:
        seen = []
        for day, status in enumerate(("preliminary", "final", "amended", "entered-in-error")):
            post(sender, report(case, status=status, issued=later(day / 10), conclusion=f"Version {day}"))
            result = Result.objects.get(case=case)
            seen.append((result.state, result.is_corrected, result.text))
        assert [state for state, _corrected, _text in seen] == ["preliminary", "final", "final", "cancelled"]
        assert seen[2][1:] == (True, "Version 2")

    def test_an_older_version_says_nothing_new(self, sender: Client, case: Case) -> None:
        post(sender, report(case, issued=later(0.5), conclusion="ny"))
        answer = post(sender, report(case, status="preliminary", issued=later(0), conclusion="gammal"))
        assert answer.status_code == 200
        assert (Result.objects.get().text, Result.objects.get().state) == ("ny", ResultState.FINAL)

    def test_a_report_for_nobody_known_waits(self, sender: Client, case: Case) -> None:
        body = report(case, subject={"identifier": {"system": f"urn:oid:{PERSONAL_NUMBER}", "value": "191212121212"}})
        assert post(sender, body).status_code == 200
        assert Report.objects.get().state == ReportState.WAITING
        assert not Result.objects.exists()

    def test_a_clients_own_address_and_plain_json(self, sender: Client, case: Case) -> None:
        assert post(sender, report(case), path="/fhir/DiagnosticReport").status_code == 201
        assert post(sender, report(case, status="amended"), content_type="application/json").status_code == 201

    def test_a_program_with_a_token(self, house: House, case: Case, client: Client) -> None:
        token = create_token(user=house.coordinator, now=timezone.now())
        assert post(client, report(case), Authorization=f"Bearer {token}").status_code == 201


class TestOrders:
    """An order and its report, by one number, are one answer on the case, in whatever order they come."""

    @pytest.mark.parametrize("arrival", ["order first", "report first", "order again"])
    def test_order_and_report(self, sender: Client, case: Case, arrival: str) -> None:
        first, answer = order(case), answer_of(case)
        bodies = {
            "order first": [first, answer],
            "report first": [answer, first],
            "order again": [first, answer, order(case, priority="urgent")],
        }[arrival]
        for body in bodies:
            assert post(sender, body).status_code in (200, 201)
        [result] = Result.objects.filter(case=case)
        assert (result.state, result.text) == (ResultState.FINAL, "Ingen spridning.")
        assert not Report.objects.filter(state=ReportState.WAITING).exists()

    def test_an_order_that_was_changed_after_its_report_was_issued(self, sender: Client, case: Case) -> None:
        post(sender, order(case, meta={"lastUpdated": later(0.9)}))
        assert post(sender, answer_of(case)).status_code == 201
        assert Result.objects.get(case=case).state == ResultState.FINAL

    def test_the_order_tells_where_a_report_that_says_little_belongs(self, sender: Client, case: Case) -> None:
        bare = answer_of(case, category=[], code={"text": "Svar"}, subject=None)
        for bodies in ([order(case), bare], [bare, order(case)]):
            Report.objects.all().delete()
            Result.objects.all().delete()
            for number, body in enumerate(bodies):
                post(sender, body | {"language": f"x-{number}-{bodies[0]['resourceType']}"})
            result = Result.objects.get(case=case)
            assert (result.state, result.requirement) == (ResultState.FINAL, "ct_thorax_abdomen")
            assert result.ordered_on == timezone.localdate() - timedelta(days=9)

    def test_the_same_number_of_another_patient_is_chance(self, house: House, sender: Client, case: Case) -> None:
        other = make_case(house)
        for body in (order(other), answer_of(case)):
            post(sender, body)
        assert Result.objects.get(case=other).state == "ordered"
        assert Result.objects.get(case=case).state == "final"

    def test_an_order_of_another_examination_under_the_number_stays(self, sender: Client, case: Case) -> None:
        def coded(code: str) -> dict[str, Any]:
            return {"coding": [{"system": "urn:oid:1.2.3", "code": code}]}

        post(sender, order(case, code=coded("A")))
        post(sender, answer_of(case, code=coded("B")))
        assert sorted(Result.objects.filter(case=case).values_list("state", flat=True)) == ["final", "ordered"]

    def test_a_report_that_tells_its_order_only_later(self, sender: Client, case: Case) -> None:
        for body in (
            report(case, status="preliminary", issued=later(0)),
            order(case),
            answer_of(case, issued=later(0.1)),
        ):
            post(sender, body)
        assert [one.state for one in Result.objects.filter(case=case)] == ["final"]
        assert sorted(Report.objects.values_list("state", flat=True)) == ["answered", "placed"]

    def test_an_order_that_was_set_aside_hides_no_report(self, house: House, sender: Client, case: Case) -> None:
        wanted = {"subject": {"identifier": {"system": f"urn:oid:{PERSONAL_NUMBER}", "value": "191212121212"}}}
        post(sender, order(case, **wanted))
        set_aside(Report.objects.get().pk, reason="Okänd.", by=house.coordinator, now=timezone.now())
        post(sender, answer_of(case, **wanted))
        assert sorted(Report.objects.values_list("state", flat=True)) == ["set_aside", "waiting"]

    def test_an_order_is_awaited_with_its_day(self, sender: Client, case: Case) -> None:
        assert post(sender, order(case)).status_code == 201
        result = Result.objects.get(case=case)
        assert (result.state, result.expected_on) == ("ordered", timezone.localdate() + timedelta(days=3))
        assert result.ordered_on == timezone.localdate() - timedelta(days=9)

    def test_two_reports_on_one_order_are_both_kept(self, sender: Client, case: Case) -> None:
        second = [{"system": "urn:oid:1.2.752.24.4.1", "value": "DT-2"}]
        for body in (order(case), answer_of(case), answer_of(case, identifier=second, conclusion="Tillägg")):
            post(sender, body)
        assert sorted(Result.objects.filter(case=case).values_list("text", flat=True)) == [
            "Ingen spridning.",
            "Tillägg",
        ]


class TestRefusing:
    def test_every_fault_is_named_and_nothing_is_applied(self, sender: Client, case: Case) -> None:
        wrong = report(case, status="klar", identifier=[{"value": "DT-2"}], issued="i går")
        body = {"resourceType": "Bundle", "entry": [{"resource": report(case)}, {"resource": wrong}]}
        answer = post(sender, body)
        assert answer.status_code == 422
        assert issues(answer) == [
            ("error", "code-invalid", "Bundle.entry[1].resource.status"),
            ("error", "value", "Bundle.entry[1].resource.issued"),
        ]
        assert not Result.objects.exists()
        assert not Report.objects.exists()
        kept = InboundMessage.objects.get()
        assert (kept.state, kept.kind) == (MessageState.REFUSED, "Bundle")
        assert "Bundle.entry[1].resource.status" in kept.fault

    def test_what_was_refused_and_is_right_now_takes_effect(
        self, house: House, sender: Client, case: Case, time_machine: Any
    ) -> None:
        body = report(case, issued=later(2), effectiveDateTime=str(timezone.localdate()))
        assert issues(post(sender, body)) == [("error", "value", "DiagnosticReport.issued")]
        assert InboundMessage.objects.get().state == MessageState.REFUSED
        time_machine.move_to(timezone.now() + timedelta(days=3))
        assert post(login(Client(), house.radiologist), body).status_code == 201

    @pytest.mark.parametrize(
        ("raw", "content_type", "status", "code"),
        [
            (b"{", TYPE, 400, "structure"),
            (b"", TYPE, 400, "structure"),
            ('{"resourceType":"DiagnosticReport","x":"å"}'.encode("latin-1"), TYPE, 400, "structure"),
            (b"{}", TYPE, 400, "required"),
            (b'{"resourceType":"Patient"}', TYPE, 422, "not-supported"),
            (b"<DiagnosticReport/>", "application/fhir+xml", 415, "not-supported"),
            (b"{}", "text/plain", 415, "not-supported"),
            (b"{}", f"{TYPE}; charset=iso-8859-1", 415, "not-supported"),
            (b"a=b", "application/x-www-form-urlencoded", 415, "not-supported"),
            (b" " * (5 * 2**20 + 1), TYPE, 413, "too-long"),
        ],
    )
    def test_what_is_no_report_is_not_kept(
        self, sender: Client, raw: bytes, content_type: str, status: int, code: str
    ) -> None:
        answer = post(sender, raw, content_type=content_type)
        assert (answer.status_code, [issue[1] for issue in issues(answer)]) == (status, [code])
        assert not InboundMessage.objects.exists()

    def test_utf8_may_be_said(self, sender: Client, case: Case) -> None:
        assert post(sender, report(case), content_type=f"{TYPE}; charset=UTF-8; fhirVersion=4.0").status_code == 201

    @pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
    def test_other_methods(self, sender: Client, method: str) -> None:
        answer = getattr(sender, method)("/fhir/")
        assert answer.status_code == 405
        OperationOutcome.model_validate(answer.json())

    def test_the_texts_are_in_the_language_that_was_asked_for(self, sender: Client) -> None:
        texts = {
            language: post(sender, b"{}", **{"Accept-Language": language}).json()["issue"][0]["details"]["text"]
            for language in ("en", "sv")
        }
        assert texts["en"] == "Say which resource it is: resourceType."


class TestRights:
    def test_a_visitor(self, client: Client, db: None) -> None:
        answer = post(client, b"{}")
        assert (answer.status_code, issues(answer)) == (401, [("error", "login", "")])
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_who_may_send(self, house: House, browser: Browser, case: Case) -> None:
        for number, name in enumerate(("nurse", "manager", *SENDERS)):
            body = report(case, identifier=[{"value": f"R{number}"}])
            answer = post(browser(getattr(house, name)), body)
            assert (answer.status_code == 403) == (name not in SENDERS), name
            if answer.status_code == 403:
                assert issues(answer) == [("error", "forbidden", "")]
                assert not InboundMessage.objects.exists()

    def test_a_report_stays_with_the_provider_of_its_sender(self, house: House, browser: Browser, case: Case) -> None:
        assert post(browser(house.stranger), report(case)).status_code == 200
        assert Report.objects.get().provider == house.elsewhere
        assert not Result.objects.exists()


def test_a_message_that_could_not_be_stored_is_to_be_sent_again(
    sender: Client, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: Any, **_named: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr("cases.api_fhir.receive", fails)
    for body in (report(case), report(case, status="?")):
        answer = post(sender, body)
        assert (answer.status_code, issues(answer)) == (503, [("error", "transient", "")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_example_is_answered(sender: Client, path: Path) -> None:
    answer = post(sender, path.read_bytes())
    if path.stem in TAKEN:
        assert answer.status_code == 200
        [kept] = Report.objects.all()
        assert (kept.state, kept.result, kept.patient) == (ReportState.WAITING, None, None)
        changed = json.dumps(with_status(json.loads(path.read_text()), "entered-in-error")).encode()
        assert post(sender, changed).status_code == 200
    else:
        assert (answer.status_code, issues(answer)) == (422, [("error", "not-supported", "resourceType")])
        assert not InboundMessage.objects.exists()
