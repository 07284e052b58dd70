"""The protocol as page and as PDF, before and after the signature."""

from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import AccessLog
from mdk.models import Meeting
from mdk.services import live
from mdk.services.outcome import Participant, add_addendum, record_attendance, sign_meeting
from tests.domain_factories import House, give_outcome, live_meeting, make_house
from tests.factories import login

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    """Return a closed meeting: one case with a recommendation, one deferred, one moved on."""
    meeting = live_meeting(house, 3)
    now = timezone.now()
    first, second, _third = meeting.items.order_by("position")
    give_outcome(
        first, by=house.chair, ctnm="cT3N1M0", next_step="Remiss onkolog", responsible="Dr Holm", study="ALASCCA",
        deviation_reason="Njursvikt", is_discordant=True, checklist={"heredity": True, "operation": "TME"},
    )  # fmt: skip
    live.defer_and_go_on(second.pk, reason="pathology_missing", note="PAD dröjer", by=house.chair, now=now)
    record_attendance(
        meeting.pk, [Participant("radiologist", house.radiologist, is_remote=True)], by=house.chair, now=now
    )
    return live.close_meeting(meeting.pk, by=house.chair, now=now)


def signed(meeting: Meeting, house: House) -> Meeting:
    return sign_meeting(meeting.pk, by=house.chair, now=timezone.now())


def text_of(answer: Any) -> str:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)


def pdf(client: Client, meeting: Meeting) -> Any:
    return client.get(f"/meetings/{meeting.pk}/protocol.pdf")


def test_the_page_says_how_each_case_ended(client: Client, house: House, meeting: Meeting) -> None:
    page = login(client, house.nurse).get(f"/meetings/{meeting.pk}/protocol/")
    done, *others = page.context["protocol"].entries
    assert done.outcome.recommendation in page.content.decode()
    assert sum(bool(entry.deferred) for entry in others) == 1
    assert sum(bool(entry.moved) for entry in others) == 1
    assert page.context["protocol"].missing
    assert "/sign/" not in page.content.decode()
    log = AccessLog.objects.get(what="mdk:protocol")
    assert len(log.patient_ids) == 3


def test_its_chair_finds_the_button(client: Client, house: House, meeting: Meeting) -> None:
    login(client, house.chair)
    assert f"/meetings/{meeting.pk}/sign/" in client.get(f"/meetings/{meeting.pk}/protocol/").content.decode()
    signed(meeting, house)
    page = client.get(f"/meetings/{meeting.pk}/protocol/").content.decode()
    assert f"/meetings/{meeting.pk}/sign/" not in page
    assert "/addendum/" in page


@pytest.mark.parametrize("address", ["protocol/", "protocol.pdf"])
def test_who_may_read_it(client: Client, house: House, meeting: Meeting, address: str) -> None:
    url = f"/meetings/{meeting.pk}/{address}"
    assert login(client, house.stranger).get(url).status_code == 404
    for person in (house.manager, house.admin):
        assert login(client, person).get(url).status_code == 403
    for person in (house.coordinator, house.clinician, house.nurse, house.radiologist, house.chair):
        assert login(client, person).get(url).status_code == 200
    assert client.post(url).status_code == 405


def test_the_file_holds_what_was_said(client: Client, house: House, meeting: Meeting) -> None:
    text = text_of(pdf(login(client, house.chair), signed(meeting, house)))
    entry = client.get(f"/meetings/{meeting.pk}/protocol/").context["protocol"].entries[0]
    for part in (
        entry.shown.name, entry.shown.number, "cT3N1M0", "Remiss onkolog", "Dr Holm", "ALASCCA", "Njursvikt", "TME",
        house.radiologist.name, house.chair.name, "PAD dröjer",
    ):  # fmt: skip
        assert part in text, part
    assert entry.outcome.recommendation.split(",")[0] in text.replace("\n", " ")
    log = AccessLog.objects.get(what="mdk:protocol_pdf")
    assert (log.action, len(log.patient_ids)) == ("export", 3)


def test_nobody_on_the_way_keeps_a_copy_of_the_file(client: Client, house: House, meeting: Meeting) -> None:
    login(client, house.chair)
    for address in (f"/meetings/{meeting.pk}/protocol.pdf", f"/api/v1/meetings/{meeting.pk}/protocol.pdf"):
        assert "no-store" in client.get(address).headers["Cache-Control"]


def test_until_it_is_signed_it_says_so(client: Client, house: House, meeting: Meeting) -> None:
    login(client, house.chair)
    assert "EJ SIGNERAT" in text_of(pdf(client, meeting))
    assert "EJ SIGNERAT" not in text_of(pdf(client, signed(meeting, house)))


def test_a_signed_protocol_is_the_same_bytes_every_time(client: Client, house: House, meeting: Meeting) -> None:
    login(client, house.chair)
    signed(meeting, house)
    assert pdf(client, meeting).content == pdf(client, meeting).content
    assert PdfReader(BytesIO(pdf(client, meeting).content)).trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_an_addendum_comes_into_the_protocol(client: Client, house: House, meeting: Meeting) -> None:
    signed(meeting, house)
    item = meeting.items.get(status="done")
    login(client, house.chair)
    page = client.post(f"/items/{item.pk}/addendum/", {"text": " "})
    assert page.status_code == 422
    answer = client.post(f"/items/{item.pk}/addendum/", {"text": "KRAS-svar: vildtyp."})
    assert answer.headers["Location"] == f"/meetings/{meeting.pk}/protocol/"
    assert "KRAS-svar: vildtyp." in client.get(f"/meetings/{meeting.pk}/protocol/").content.decode()
    assert "KRAS-svar: vildtyp." in text_of(pdf(client, meeting))


def test_before_the_signature_there_is_nothing_to_add_to(client: Client, house: House, meeting: Meeting) -> None:
    item = meeting.items.get(status="done")
    page = login(client, house.chair).post(f"/items/{item.pk}/addendum/", {"text": "För tidigt."})
    assert page.status_code == 409
    assert "För tidigt." in page.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_three_cases_cost_what_one_does(
    client: Client, house: House, count: int, django_assert_num_queries: object
) -> None:
    meeting = live_meeting(house, count)
    for item in meeting.items.all():
        give_outcome(item, by=house.chair)
    live.close_meeting(meeting.pk, by=house.chair, now=timezone.now())
    sign_meeting(meeting.pk, by=house.chair, now=timezone.now())
    for item in meeting.items.all():
        add_addendum(item.pk, "Tillägg.", by=house.chair, now=timezone.now())
    login(client, house.nurse).get(f"/meetings/{meeting.pk}/protocol/")
    with django_assert_num_queries(10):  # type: ignore[operator]
        client.get(f"/meetings/{meeting.pk}/protocol/")
