"""Discordant answers and the thread of a case through the API."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from cases.models import Case, Discordance, Message
from cases.services.discordance import mark_discordance
from events.models import Event, Notice
from tests.cases.conftest import Browser, readings
from tests.domain_factories import House, add_result, make_case

SENTENCE = "Bilderna visar T3, preparatet pT1."
REFUSED = [("radiologist", 404), ("manager", 403), ("admin", 403), ("stranger", 404)]


def post(client: Client, address: str, **body: Any) -> Any:
    return client.post(f"/api/v1/cases/{address}/", body, content_type="application/json")


def errors(answer: Any) -> dict[str, str]:
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


def two_answers(case: Case) -> list[int]:
    return [add_result(case, kind).pk for kind in ("radiology", "pathology")]


def mark(house: House, case: Case) -> Discordance:
    return mark_discordance(case.pk, two_answers(case), SENTENCE, by=house.chair, now=timezone.now())[0]


def told(kind: str) -> set[User]:
    return {notice.person for notice in Notice.objects.filter(event__kind=kind).select_related("person")}


# Discordant answers


def test_a_mark_stands_on_the_case_with_who_and_when(house: House, browser: Browser) -> None:
    case = make_case(house)
    answers = two_answers(case)
    visitor = browser(house.nurse)
    made = post(visitor, f"{case.pk}/discordances", results=answers, sentence=f" {SENTENCE} ")
    assert made.status_code == 201, made.json()
    shown = visitor.get(f"/api/v1/cases/{case.pk}/").json()["discordances"]
    assert shown == [made.json()]
    assert shown[0] | {"marked_at": ""} == {
        "id": made.json()["id"], "case": case.pk, "results": answers, "sentence": SENTENCE,
        "marked_by": house.nurse.email, "marked_at": "", "settled_sentence": "", "settled_by": None, "settled_at": None,
    }  # fmt: skip
    assert told("case.discordance_marked") == {house.clinician}
    assert SENTENCE not in str(Event.objects.get(kind="case.discordance_marked").data)
    assert readings("api:cases") == [[case.patient_id]] * 2


def test_the_same_mark_twice_is_one_and_another_persons_is_another(house: House, browser: Browser) -> None:
    case = make_case(house)
    answers = two_answers(case)
    first = post(browser(house.nurse), f"{case.pk}/discordances", results=answers, sentence=SENTENCE)
    again = post(browser(house.nurse), f"{case.pk}/discordances", results=answers[::-1], sentence=SENTENCE)
    assert (again.status_code, again.json()) == (200, first.json())
    other = post(browser(house.chair), f"{case.pk}/discordances", results=answers[:1], sentence=SENTENCE)
    assert other.status_code == 201
    assert Discordance.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"sentence": SENTENCE}, {"results": "required"}),
        ({"results": [], "sentence": ""}, {"results": "required", "sentence": "required"}),
        ({"results": [999_999], "sentence": SENTENCE}, {"results": "unknown"}),
        ({"results": "1", "sentence": SENTENCE}, {"results": "not-ids"}),
        ({"results": [True], "sentence": SENTENCE}, {"results": "not-ids"}),
        ({"results": [{}], "sentence": SENTENCE}, {"results": "not-ids"}),
        ({"results": ["9" * 40], "sentence": SENTENCE}, {"results": "not-ids"}),
        ({"results": [1], "sentence": ["x"]}, {"sentence": "not-text"}),
    ],
)
def test_a_mark_that_is_wrong(house: House, browser: Browser, body: dict[str, Any], expected: dict[str, str]) -> None:
    case = make_case(house)
    answer = post(browser(house.nurse), f"{case.pk}/discordances", **body)
    assert (answer.status_code, errors(answer)) == (400, expected)
    assert not Discordance.objects.exists()


def test_answers_of_another_case_or_called_off_are_not_marked(house: House, browser: Browser) -> None:
    case, other = make_case(house), make_case(house)
    ids = [add_result(other).pk, add_result(case, state="cancelled").pk]
    for pk in ids:
        answer = post(browser(house.nurse), f"{case.pk}/discordances", results=[pk], sentence=SENTENCE)
        assert errors(answer) == {"results": "unknown"}


def test_a_mark_is_too_long_and_a_closed_case_takes_none(house: House, browser: Browser) -> None:
    case = make_case(house)
    answers = two_answers(case)
    visitor = browser(house.nurse)
    answer = post(visitor, f"{case.pk}/discordances", results=answers, sentence="x" * 501)
    assert errors(answer) == {"sentence": "too-long"}
    Case.objects.filter(pk=case.pk).update(status="closed")
    answer = post(visitor, f"{case.pk}/discordances", results=answers, sentence=SENTENCE)
    assert (answer.status_code, answer.json()["type"]) == (409, answer.json()["type"])
    assert not Discordance.objects.exists()


def test_it_is_settled_once_and_by_whom(house: House, browser: Browser) -> None:
    case = make_case(house)
    address = f"{case.pk}/discordances/{mark(house, case).pk}/settle"
    settled = post(browser(house.clinician), address, sentence="Eftergranskat: T1.")
    assert settled.status_code == 200
    assert (settled.json()["settled_by"], settled.json()["settled_sentence"]) == (
        house.clinician.email,
        "Eftergranskat: T1.",
    )
    assert settled.json()["settled_at"]
    assert told("case.discordance_settled") == {house.chair}
    assert post(browser(house.clinician), address, sentence="Igen.").json() == settled.json()
    other = post(browser(house.nurse), address, sentence="Nej.")
    assert other.status_code == 409
    assert house.clinician.name in other.json()["detail"]
    assert Event.objects.filter(kind="case.discordance_settled").count() == 1


def test_settling_needs_a_sentence_and_the_cases_own_mark(house: House, browser: Browser) -> None:
    case, other = make_case(house), make_case(house)
    found = mark(house, case)
    answer = post(browser(house.nurse), f"{case.pk}/discordances/{found.pk}/settle", sentence=" ")
    assert errors(answer) == {"sentence": "required"}
    assert post(browser(house.nurse), f"{other.pk}/discordances/{found.pk}/settle", sentence="x").status_code == 404
    found.refresh_from_db()
    assert found.settled_at is None


# The thread


def test_the_thread_is_read_by_all_and_told_to_the_others(house: House, browser: Browser) -> None:
    case = make_case(house)
    assert browser(house.nurse).get(f"/api/v1/cases/{case.pk}/messages/").json() == []
    first = post(browser(house.nurse), f"{case.pk}/messages", text=" Finns gamla bilder? ")
    assert (first.status_code, first.json()["text"]) == (201, "Finns gamla bilder?")
    assert told("case.message") == {house.clinician}
    second = post(browser(house.clinician), f"{case.pk}/messages", text="Ja, från 2024.")
    assert told("case.message") == {house.clinician, house.nurse}
    assert browser(house.chair).get(f"/api/v1/cases/{case.pk}/messages/").json() == [first.json(), second.json()]
    assert {"Finns", "Ja"}.isdisjoint(str(list(Event.objects.values_list("data", flat=True))).split())


def test_a_second_click_is_one_message(house: House, browser: Browser) -> None:
    case = make_case(house)
    codes = [post(browser(house.nurse), f"{case.pk}/messages", text="Hej").status_code for _ in range(2)]
    assert codes == [201, 200]
    post(browser(house.chair), f"{case.pk}/messages", text="Hej")
    post(browser(house.nurse), f"{case.pk}/messages", text="Hej")
    assert Message.objects.count() == 3


@pytest.mark.parametrize(
    ("text", "code"), [("", "required"), (" \n", "required"), ("x" * 4001, "too-long"), ([], "not-text")]
)
def test_a_message_has_a_text(house: House, browser: Browser, text: Any, code: str) -> None:
    answer = post(browser(house.nurse), f"{make_case(house).pk}/messages", text=text)
    assert (answer.status_code, errors(answer)) == (400, {"text": code})
    assert not Message.objects.exists()


def test_who_no_longer_sees_the_case_is_not_told(house: House, browser: Browser) -> None:
    case = make_case(house)
    post(browser(house.nurse), f"{case.pk}/messages", text="Jag slutar i dag.")
    house.nurse.memberships.update(ends_on=timezone.localdate() - timedelta(days=1))
    post(browser(house.chair), f"{case.pk}/messages", text="Tack!")
    assert told("case.message") == {house.clinician}


# Who may


@pytest.mark.parametrize(("person", "status"), REFUSED)
def test_who_may_not_and_nothing_changes(house: House, browser: Browser, person: str, status: int) -> None:
    case = make_case(house)
    found = mark(house, case)
    before = Event.objects.count()
    visitor = browser(getattr(house, person))
    calls = [
        post(
            visitor, f"{case.pk}/discordances", results=list(found.results.values_list("pk", flat=True)), sentence="x"
        ),
        post(visitor, f"{case.pk}/discordances/{found.pk}/settle", sentence="x"),
        post(visitor, f"{case.pk}/messages", text="x"),
        visitor.get(f"/api/v1/cases/{case.pk}/messages/"),
    ]
    assert [answer.status_code for answer in calls] == [status] * 4
    assert Event.objects.count() == before


@pytest.mark.parametrize("address", ["discordances", "discordances/1/settle"])
def test_marks_are_posted_alone_and_with_a_login(house: House, browser: Browser, client: Client, address: str) -> None:
    case = make_case(house)
    assert browser(house.clinician).get(f"/api/v1/cases/{case.pk}/{address}/").status_code == 405
    assert post(client, f"{case.pk}/{address}").status_code == 401
    assert client.get(f"/api/v1/cases/{case.pk}/messages/").status_code == 401


def test_marks_cost_the_list_one_query(house: House, browser: Browser, django_assert_num_queries: Any) -> None:
    visitor = browser(house.coordinator)
    mark(house, make_case(house))
    visitor.get("/api/v1/cases/")
    with django_assert_num_queries(7):
        visitor.get("/api/v1/cases/")
    for _ in range(2):
        mark(house, make_case(house))
    with django_assert_num_queries(7):
        assert [len(row["discordances"]) for row in visitor.get("/api/v1/cases/").json()["results"]] == [1, 1, 1]


# Answers with headings, study UID and what was made elsewhere


def answer_of(client: Client, case: Case, **fields: Any) -> Any:
    body = {"kind": "radiology", "requirement": "mri_brain", "final": True, "performed_on": str(timezone.localdate())}
    return post(client, f"{case.pk}/results", **(body | fields))


def test_a_structured_answer_from_elsewhere(house: House, browser: Browser) -> None:
    case = make_case(house, diagnosis="brain-spinal-cord")
    made = answer_of(
        browser(house.clinician),
        case,
        structured={"oedema": " Uttalat ", "cyst": "", "necrosis": None},
        study_uid="1.2.752.3",
        is_external=True,
    )
    assert made.status_code == 201, made.json()
    shown = {name: made.json()[name] for name in ("structured", "study_uid", "is_external", "is_corrected")}
    assert shown == {
        "structured": {"oedema": "Uttalat"},
        "study_uid": "1.2.752.3",
        "is_external": True,
        "is_corrected": False,
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"structured": {"odema": "x", "cyst": "Nej"}}, {"structured.odema": "unknown"}),
        ({"structured": {"oedema": "x"}, "requirement": "neuroradiology_reading"}, {"structured.oedema": "unknown"}),
        ({"structured": {"oedema": "x"}, "requirement": ""}, {"structured.oedema": "unknown"}),
        ({"structured": {"oedema": ["x"]}}, {"structured.oedema": "not-text"}),
        ({"structured": {"oedema": True}}, {"structured.oedema": "not-text"}),
        ({"structured": {"oedema": "x" * 2001}}, {"structured.oedema": "too-long"}),
        ({"structured": ["oedema"]}, {"structured": "not-an-object"}),
        ({"structured": "oedema"}, {"structured": "not-an-object"}),
        ({"study_uid": "1.2.x"}, {"study_uid": "form"}),
        ({"study_uid": "1." * 40}, {"study_uid": "too-long"}),
        ({"study_uid": {}}, {"study_uid": "not-text"}),
    ],
)
def test_what_is_wrong_with_it_is_named(
    house: House, browser: Browser, fields: dict[str, Any], expected: dict[str, str]
) -> None:
    case = make_case(house, diagnosis="brain-spinal-cord")
    answer = answer_of(browser(house.clinician), case, **fields)
    assert answer.status_code == 400
    assert errors(answer) == expected
    assert not case.results.exists()
