"""HL7 v2 over HTTP: who may send, what the answer is, and that the message is stored and takes effect."""

from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from accounts.services import create_token
from cases import api_hl7v2
from cases.enums import MessageState, ReportState
from cases.intake.er7 import LIMIT
from cases.models import InboundMessage, Report
from tests.cases.intake.hl7_messages import NUMBER, OBR, changed, header, message, oru
from tests.domain_factories import House, make_house
from tests.factories import login

pytestmark = pytest.mark.django_db
ER7 = "x-application/hl7-v2+er7"


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def sender(house: House) -> Client:
    client = Client()
    login(client, house.radiologist)
    return client


def post(client: Client, raw: bytes, content_type: str = ER7, **headers: Any) -> Any:
    return client.post("/hl7v2/", raw, content_type=content_type, **headers)


def outcome(answer: Any) -> tuple[int, str]:
    assert answer["Content-Type"].startswith(ER7)
    return answer.status_code, answer.content.decode("latin-1").split("\rMSA|")[1].split("|")[0]


def test_a_report_is_stored_and_waits_to_be_placed(sender: Client, house: House) -> None:
    assert outcome(post(sender, oru())) == (200, "AA")
    row = InboundMessage.objects.get()
    assert bytes(row.raw) == oru()
    assert (row.provider, row.received_by, row.state) == (house.hospital, house.radiologist, MessageState.APPLIED)
    report = Report.objects.get()
    assert (report.state, report.identity_value, report.provider) == (ReportState.WAITING, NUMBER, house.hospital)


def test_the_same_message_twice_is_accepted_twice_and_stored_once(sender: Client) -> None:
    assert [outcome(post(sender, oru())) for _time in range(2)] == [(200, "AA")] * 2
    assert InboundMessage.objects.count() == Report.objects.count() == 1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (oru(request=changed(OBR, 25, "?")), "AE"),
        (message(head=header(9, "ORM^O01")).encode(), "AR"),
        (b"FHS|^~\\&|A\r" + oru(), "AR"),
        (oru() + oru(), "AR"),
    ],
)
def test_what_is_refused_is_kept_with_its_fault(sender: Client, raw: bytes, expected: str) -> None:
    answer = post(sender, raw)
    assert outcome(answer) == (200, expected)
    assert b"\rERR|" in answer.content
    row = InboundMessage.objects.get()
    assert (bytes(row.raw), row.state) == (raw, MessageState.REFUSED)
    assert row.fault.startswith(expected)
    assert not Report.objects.exists()


@pytest.mark.parametrize("raw", [b"", b"no message", b"\x0b\xff\x00", b"MSH", b"{}"])
def test_what_is_no_message_at_all_is_answered_and_not_kept(sender: Client, raw: bytes) -> None:
    assert outcome(post(sender, raw)) == (200, "AR")
    assert not InboundMessage.objects.exists()


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/plain; charset=utf-8", "application/hl7-v2", "application/octet-stream",
                     "application/x-www-form-urlencoded", ""]
)  # fmt: skip
def test_senders_call_it_many_things(sender: Client, content_type: str) -> None:
    assert outcome(post(sender, oru(), content_type)) == (200, "AA")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/fhir+json", "text/xml", "multipart/form-data; boundary=a"]
)
def test_what_can_be_no_message_is_rejected(sender: Client, content_type: str) -> None:
    assert outcome(post(sender, oru(), content_type)) == (415, "AR")
    assert not InboundMessage.objects.exists()


def test_an_answer_is_given_whatever_the_sender_says_it_takes(sender: Client) -> None:
    for accept in (ER7, "text/html", "image/png"):
        assert outcome(post(sender, oru(), headers={"Accept": accept})) == (200, "AA")


def test_the_answer_is_in_the_sender_s_letters(sender: Client) -> None:
    for encoding, name in (("latin-1", "iso-8859-1"), ("utf-8", "utf-8")):
        answer = post(sender, message(head=header(6, "Åmål")).encode(encoding))
        assert answer["Content-Type"] == f"{ER7}; charset={name}"
        assert "|Åmål|" in answer.content.decode(encoding)


def test_too_large_a_body_is_rejected_and_not_stored(sender: Client) -> None:
    answer = post(sender, oru() + b"a" * LIMIT)
    assert outcome(answer) == (413, "AR")
    assert not InboundMessage.objects.exists()


def test_a_message_that_could_not_be_stored_is_never_accepted(sender: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: Any, **_named: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(api_hl7v2, "receive", fails)
    assert outcome(post(sender, oru())) == (503, "AE")


def test_a_message_whose_effect_fails_is_accepted_and_waits(sender: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: Any, **_named: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("cases.intake.inbox.take_report", fails)
    assert outcome(post(sender, oru())) == (200, "AA")
    row = InboundMessage.objects.get()
    assert (row.state, row.attempts) == (MessageState.WAITING, 1)


def test_a_token_opens_the_door_too(house: House) -> None:
    token = create_token(user=house.admin, now=timezone.now())
    answer = post(Client(), oru(), headers={"Authorization": f"Bearer {token}"})
    assert outcome(answer) == (200, "AA")


def test_who_may_not_send_changes_nothing(house: House) -> None:
    assert post(Client(), oru()).status_code == 401
    assert post(Client(), oru(), headers={"Authorization": "Bearer wrong"}).status_code == 401
    for user in (house.nurse, house.manager):
        client = Client()
        login(client, user)
        answer = post(client, oru())
        assert answer.status_code == 403
        assert answer["Content-Type"] == "application/problem+json"
    assert not InboundMessage.objects.exists()


def test_each_sends_for_the_own_hospital(house: House) -> None:
    client = Client()
    login(client, house.stranger)
    assert outcome(post(client, oru())) == (200, "AA")
    assert InboundMessage.objects.get().provider == house.elsewhere


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_nothing_but_post(sender: Client, method: str) -> None:
    assert getattr(sender, method)("/hl7v2/").status_code == 405


def test_the_answer_speaks_the_sender_s_language(sender: Client) -> None:
    answer = post(sender, b"x", headers={"Accept-Language": "en"})
    assert b"This is not an HL7 message" in answer.content
