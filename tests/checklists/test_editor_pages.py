"""The editor in the browser: who may, what it shows, what it refuses and where."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.permissions import Role
from checklists.models import Definition, DefinitionDraft, Diagnosis
from checklists.publishing import publish_draft, set_entry, start_draft
from checklists.registry import spec_of
from checklists.services import load_definitions
from events.models import Event
from tests.checklists.conftest import Folder
from tests.factories import login, make_user

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}
DRAFT = "/diagnoses/penis/draft/"
OTHERS = [role for role in Role if role != Role.ADMIN]


@pytest.fixture
def diagnosis(folder: Folder) -> Diagnosis:
    load_definitions(now=timezone.now(), folder=folder.path)
    return Diagnosis.objects.get()


@pytest.fixture
def ada(diagnosis: Diagnosis) -> User:
    return make_user(role=Role.ADMIN, name="Ada Admin")


@pytest.fixture
def admin(client: Client, ada: User) -> Client:
    return login(client, ada)


@pytest.fixture
def draft(diagnosis: Diagnosis, ada: User) -> DefinitionDraft:
    assert diagnosis.current_id is not None
    return start_draft(diagnosis.current_id, by=ada, now=timezone.now())


def level(**values: Any) -> dict[str, Any]:
    return {
        "part": "levels", "place": "full", "edition": 1, "minutes": 8, "prep_radiology": 9, "prep_pathology": 10,
        "minutes_source": "lokalt", "needs_reason": "on", "needs_attestation": "on",
    } | values  # fmt: skip


def requirement(**values: Any) -> dict[str, Any]:
    return {
        "part": "requirements", "place": "new", "edition": 1, "label_sv": "DT thorax", "label_en": "CT thorax",
        "kind": "radiology", "severity": "blocker", "phases": ["pre_treatment"], "levels": ["full", "focused"],
        "max_age_full": 60, "modalities": ["CT"], "codes": "1.2.3 | 82101\nLokal 7", "source": "Lokal rutin 2026",
        "phases_source": "local",
    } | values  # fmt: skip


def writes(diagnosis: Diagnosis) -> dict[str, Callable[[Client], Any]]:
    """Every address that changes something."""
    version = diagnosis.current_id
    return {
        "start": lambda client: client.post(f"/diagnoses/penis/versions/{version}/start/"),
        "choose": lambda client: client.post(f"/diagnoses/penis/versions/{version}/choose/"),
        "save": lambda client: client.post(DRAFT, level()),
        "publish": lambda client: client.post(f"{DRAFT}publish/", {"edition": 1}),
        "discard": lambda client: client.post(f"{DRAFT}discard/", {"edition": 1}),
    }


def reads(diagnosis: Diagnosis) -> list[str]:
    version = diagnosis.current_id
    return ["/diagnoses/penis/versions/", f"/diagnoses/penis/versions/{version}/", DRAFT, f"{DRAFT}difference/"]


@pytest.mark.parametrize("role", OTHERS)
def test_others_may_neither_look_nor_change(
    client: Client, role: Role, diagnosis: Diagnosis, draft: DefinitionDraft
) -> None:
    login(client, make_user(role=role))
    before = list(DefinitionDraft.objects.values())
    for path in reads(diagnosis):
        assert client.get(path).status_code == 403, path
    for name, write in writes(diagnosis).items():
        assert write(client).status_code == 403, name
    assert list(DefinitionDraft.objects.values()) == before
    assert Definition.objects.count() == 1
    assert b"/versions/" not in client.get("/diagnoses/penis/").content


@pytest.mark.usefixtures("draft")
def test_what_there_is_not(admin: Client, diagnosis: Diagnosis) -> None:
    for path in ("/diagnoses/blindtarm/versions/", "/diagnoses/blindtarm/draft/", "/diagnoses/penis/versions/0/"):
        assert admin.get(path).status_code == 404
    for place in ("levels:huge", "wishes:1", "lead_times:99", "levels:new", "requirements:gone"):
        assert admin.get(f"{DRAFT}?open={place}").status_code == 404, place
    assert admin.post(DRAFT, level(place="huge")).status_code == 404
    assert admin.post(DRAFT, {"part": "levels", "place": "full", "edition": 1, "remove": 1}).status_code == 404


@pytest.mark.usefixtures("draft")
def test_wrong_methods(admin: Client, diagnosis: Diagnosis) -> None:
    version = diagnosis.current_id
    for path in (f"/diagnoses/penis/versions/{version}/start/", f"{DRAFT}publish/", f"{DRAFT}discard/"):
        assert admin.get(path).status_code == 405
    for path in reads(diagnosis):
        assert admin.delete(path).status_code == 405


def test_without_a_draft(admin: Client) -> None:
    for path in (DRAFT, f"{DRAFT}difference/"):
        assert admin.get(path).status_code == 409
    assert admin.post(DRAFT, level()).status_code == 409
    assert admin.post(f"{DRAFT}publish/", {"edition": 1}).status_code == 409


def test_the_way_from_the_diagnosis_to_a_published_version(admin: Client, diagnosis: Diagnosis) -> None:
    assert b'href="/diagnoses/penis/versions/"' in admin.get("/diagnoses/penis/").content
    began = admin.post(f"/diagnoses/penis/versions/{diagnosis.current_id}/start/", follow=True)
    assert began.redirect_chain == [(DRAFT, 302)]
    answer = admin.post(DRAFT, level())
    assert (answer.status_code, answer["Location"]) == (302, f"{DRAFT}#entry-levels-full")
    answer = admin.post(DRAFT, requirement(edition=2))
    assert answer["Location"] == f"{DRAFT}#entry-requirements-ct_thorax"
    page = admin.get(f"{DRAFT}difference/").content.decode()
    assert "DT thorax" in page
    assert "<del>6 min</del>" in page
    assert "<ins>8 min</ins>" in page
    done = admin.post(f"{DRAFT}publish/", {"edition": 3}, follow=True)
    assert done.redirect_chain == [("/diagnoses/penis/versions/", 302)]
    assert "1.1.1" in done.content.decode()
    current = Diagnosis.objects.get().current
    assert current is not None
    spec = spec_of(current.pk)
    found = spec.requirement("ct_thorax")
    assert [(one.system, one.code) for one in found.codes] == [("1.2.3", "82101"), ("Lokal", "7")]
    assert (found.source, found.max_age_days["full"], found.max_age_days["protocol"]) == ("Lokal rutin 2026", 60, None)
    assert spec.level("full").minutes == 8
    assert Event.objects.filter(kind="definition.published").count() == 1
    body = admin.get("/api/v1/diagnoses/penis/").json()
    assert (body["version"], body["levels"][0]["minutes"]) == ("1.1.1", 8)


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        (level(minutes=""), "levels-full-minutes", "Fyll i fältet."),
        (level(minutes=-1), "levels-full-minutes", "0"),
        (level(minutes_source=""), "levels-full-minutes_source", "Fyll i fältet."),
        (requirement(label_sv=""), "requirements-new-label_sv", "Fyll i fältet."),
        (requirement(phases=[]), "requirements-new-phases", ""),
        (requirement(max_age_full="x"), "requirements-new-max_age_full", ""),
        (requirement(codes="82101"), "requirements-new-codes", "1.2.752.30.1 | 82101"),
        (requirement(field="comorbidity"), "requirements-new-field", ""),
    ],
)
@pytest.mark.usefixtures("draft")
def test_faults_stand_by_the_field(admin: Client, typed: dict[str, Any], field: str, sentence: str) -> None:
    for how in ({}, HTMX):
        answer = admin.post(DRAFT, typed, **how)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert f'href="#{field}_field"' in page
        assert f'id="{field}_error"' in page
        assert sentence in page
    assert DefinitionDraft.objects.get().edition == 1


def test_somebody_changed_it_meanwhile(admin: Client, draft: DefinitionDraft) -> None:
    bo = make_user(role=Role.ADMIN, name="Bo Admin")
    set_entry(
        draft.diagnosis_id, "lead_times_version", "all", {"version": "2026"}, edition=1, by=bo, now=timezone.now()
    )
    answer = admin.post(DRAFT, level(minutes=11))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Bo Admin" in page
    assert 'value="11"' in page, "nothing typed is lost"
    assert admin.post(DRAFT, level(minutes=11, edition=2)).status_code == 302, "saved once more it stands"
    for path in ("publish/", "discard/"):
        refused = admin.post(DRAFT + path, {"edition": 1})
        assert refused.status_code == 409
        assert "Ada Admin" in refused.content.decode()
    assert DefinitionDraft.objects.get().edition == 3


@pytest.mark.usefixtures("draft")
def test_htmx_gets_the_page_with_the_row_closed_and_the_new_edition(admin: Client) -> None:
    opened = admin.get(f"{DRAFT}?open=levels:full", **HTMX).content.decode()
    assert 'hx-include="#edition"' in opened
    answer = admin.post(DRAFT, level(edition=0, seen=1), **HTMX)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="seen" value="2"' in " ".join(page.split())
    assert "entry__saved" in page


def test_an_entry_that_stands_open_is_not_saved_over_anothers_change(admin: Client, draft: DefinitionDraft) -> None:
    bo = make_user(role=Role.ADMIN, name="Bo Admin")
    entry = {"minutes": 20, "prep_minutes": {}, "minutes_source": "local"}
    set_entry(draft.diagnosis_id, "levels", "full", entry, edition=1, by=bo, now=timezone.now())
    other = {"part": "lead_times_version", "place": "all", "version": "2027"}
    refused = admin.post(DRAFT, other | {"edition": 1, "seen": 1}, **HTMX)
    assert (refused.status_code, refused.context["seen"]) == (409, 1)
    saved = admin.post(DRAFT, other | {"edition": 2, "seen": 1}, **HTMX)
    assert (saved.status_code, saved.context["seen"]) == (200, 1)
    assert admin.post(DRAFT, level(minutes=11, seen=saved.context["seen"]), **HTMX).status_code == 409
    closed = admin.get(DRAFT).text.split('class="entry__name')[1].partition(">")[0]
    assert "hx-get" in closed
    assert "hx-select-oob" not in closed, "opening one entry says nothing of the others"
    draft.refresh_from_db()
    assert next(one["minutes"] for one in draft.content["levels"] if one["code"] == "full") == 20


@pytest.mark.usefixtures("draft")
def test_an_entry_is_taken_away(admin: Client) -> None:
    typed = {"part": "requirements", "place": "current_imaging", "edition": 1, "remove": 1}
    assert admin.post(DRAFT, typed)["Location"] == f"{DRAFT}#part-requirements"
    assert "Aktuell radiologi tillgänglig" in admin.get(DRAFT).content.decode(), "named as taken away"
    assert admin.post(DRAFT, typed | {"edition": 2}).status_code == 404
    assert admin.post(DRAFT, typed | {"place": "current_pathology"}).status_code == 409


@pytest.mark.usefixtures("draft")
def test_every_entry_opens_and_saves_as_it_is_without_a_change(admin: Client) -> None:
    from checklists.draft_page import form_at
    from checklists.entries import parts_of, places_of

    found = DefinitionDraft.objects.select_related("diagnosis").get()
    opened = 0
    for part in parts_of(found.content):
        for place in places_of(found.content, part):
            assert admin.get(f"{DRAFT}?open={part}:{place}").status_code == 200
            form = form_at(found, part, place)
            typed = {bound.name: value for bound in form if (value := bound.value()) not in (None, False)}
            answer = admin.post(
                DRAFT, typed | {"part": part, "place": place, "edition": DefinitionDraft.objects.get().edition}
            )
            assert answer.status_code == 302, (part, place, answer.content.decode())
            opened += 1
    assert opened > 20
    assert admin.get(f"{DRAFT}difference/").content.decode().count('class="change"') == 0


@pytest.mark.parametrize("versions", [1, 3])
def test_same_number_of_queries_for_one_version_and_three(
    admin: Client, diagnosis: Diagnosis, ada: User, versions: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    for minutes in range(7, 6 + versions):
        current = Diagnosis.objects.get().current_id
        assert current is not None
        start_draft(current, by=ada, now=now)
        entry = {"minutes": minutes, "prep_minutes": {}, "minutes_source": "local"}
        set_entry(diagnosis.pk, "levels", "full", entry, edition=1, by=ada, now=now)
        publish_draft(diagnosis.pk, edition=2, by=ada, now=now)
    admin.get("/diagnoses/penis/versions/")
    with django_assert_num_queries(8):  # session, user, memberships; diagnosis, open cases, draft, newest, versions
        assert admin.get("/diagnoses/penis/versions/").content.count(b'<th scope="row">') == versions


def test_a_newer_shipped_version_is_told_and_chosen(
    admin: Client, ada: User, diagnosis: Diagnosis, folder: Folder
) -> None:
    now = timezone.now()
    assert diagnosis.current_id is not None
    start_draft(diagnosis.current_id, by=ada, now=now)
    set_entry(diagnosis.pk, "lead_times_version", "all", {"version": "2026"}, edition=1, by=ada, now=now)
    own = publish_draft(diagnosis.pk, edition=2, by=ada, now=now)
    folder.edit(lambda data: data.update(version=data["version"] + 1))
    folder.lock()
    load_definitions(now=now, folder=folder.path)
    shipped = Definition.objects.get(version="1.2")
    page = admin.get("/diagnoses/penis/versions/").content.decode()
    assert f'href="/diagnoses/penis/versions/{shipped.pk}/"' in page
    assert "note--approval" in page
    assert f"/versions/{shipped.pk}/choose/" in admin.get(f"/diagnoses/penis/versions/{shipped.pk}/").content.decode()
    assert admin.post(f"/diagnoses/penis/versions/{own.based_on_id}/choose/").status_code == 409
    assert admin.post(f"/diagnoses/penis/versions/{shipped.pk}/choose/").status_code == 302
    assert Diagnosis.objects.get().current == shipped
    assert "note--approval" not in admin.get("/diagnoses/penis/versions/").content.decode()


def test_thrown_away(admin: Client, draft: DefinitionDraft) -> None:
    assert admin.post(f"{DRAFT}discard/", {"edition": 1}).status_code == 302
    assert not DefinitionDraft.objects.exists()
