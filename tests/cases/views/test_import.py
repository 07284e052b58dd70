"""The import of a file by a coordinator."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cases.models import Case
from tests.cases.intake.conftest import DATA, Demo, demo, today  # noqa: F401
from tests.factories import login

GOOD, BAD = (DATA / name for name in ("referrals.csv", "referrals-bad.csv"))


def upload(content: bytes, name: str = "remisser.csv") -> dict[str, SimpleUploadedFile]:
    """Return the form with a file."""
    return {"file": SimpleUploadedFile(name, content)}


def test_first_what_it_will_do_then_doing_it(client: Client, demo: Demo) -> None:  # noqa: F811
    login(client, demo.coordinator)
    assert client.get("/cases/import/").status_code == 200
    answer = client.post("/cases/import/", upload(BAD.read_bytes()))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert not Case.objects.exists()
    for words in ("B-4", "Diagnos", "Fotsvamp"):
        assert words in text
    token = answer.context["token"]
    answer = client.post("/cases/import/", {"confirm": token})
    case = Case.objects.get()
    assert case.external_reference == "B-8"
    assert f'href="/cases/{case.pk}/"' in answer.content.decode()
    assert client.post("/cases/import/", {"confirm": token}).status_code == 422


def test_one_persons_checked_file_is_not_anothers(client: Client, demo: Demo) -> None:  # noqa: F811
    token = login(client, demo.coordinator).post("/cases/import/", upload(GOOD.read_bytes())).context["token"]
    other = login(Client(), demo.stranger)
    assert other.post("/cases/import/", {"confirm": token}).status_code == 422
    assert not Case.objects.exists()


def test_a_stranger_brings_nothing_into_these_units(client: Client, demo: Demo) -> None:  # noqa: F811
    login(client, demo.stranger)
    token = client.post("/cases/import/", upload(GOOD.read_bytes())).context["token"]
    client.post("/cases/import/", {"confirm": token})
    assert not Case.objects.exists()


def test_only_those_who_plan(client: Client, demo: Demo) -> None:  # noqa: F811
    for person in (demo.clinician, demo.manager):
        visitor = login(Client(), person)
        assert visitor.get("/cases/import/").status_code == 403
        assert visitor.post("/cases/import/", upload(GOOD.read_bytes())).status_code == 403
    assert not Case.objects.exists()


def test_other_methods_are_refused(client: Client, demo: Demo) -> None:  # noqa: F811
    assert login(client, demo.coordinator).put("/cases/import/").status_code == 405


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0gammal", b"Namn;Diagnos\r\nA;B\r\n", b"PK\x03\x04trasig"])
def test_a_file_that_cannot_be_read_is_said(client: Client, demo: Demo, content: bytes) -> None:  # noqa: F811
    answer = login(client, demo.coordinator).post("/cases/import/", upload(content))
    assert answer.status_code == 422
    assert "token" not in answer.context or not answer.context["token"]


def test_no_file_is_said_by_the_field(client: Client, demo: Demo) -> None:  # noqa: F811
    answer = login(client, demo.coordinator).post("/cases/import/", {})
    assert answer.status_code == 422
    assert 'id="id_file_error"' in answer.content.decode()
