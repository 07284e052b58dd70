"""The referral before it is sent: what it brings, what it will lack, and the draft that it is kept in."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessLog, User
from accounts.permissions import Role
from cases.models import Case, ReferralDraft
from tests.cases.conftest import HTMX, Browser, readings
from tests.cases.views.test_refer import form
from tests.domain_factories import House, make_diagnosis, ready_case, synthetic_number
from tests.factories import make_unit, make_user

SCRIPT = {"HTTP_X_AUTOSAVE": "1", "HTTP_ACCEPT": "application/json"}
CT, PAD = "ct_thorax_abdomen", "histopathology"
SECRETS = ("Hemlig sjukdom.", "Hemlig önskan.", "Hemlig historia.")


def rich_case(house: House, **fields: Any) -> Case:
    """Return a case with everything that a new referral could bring along."""
    return ready_case(
        house, comorbidity=SECRETS[0], patient_wishes=SECRETS[1], history=SECRETS[2], performance_status=2, **fields
    )


def look(visitor: Client, typed: dict[str, Any], *, plain: bool = False) -> str:
    """Return what the form is answered while it is typed, on one line."""
    answer = visitor.post("/cases/new/preview/", typed, **({} if plain else HTMX))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def names_of(text: str) -> dict[str, str]:
    """Return what the answer brings, by field."""
    return dict(re.findall(r'<data value="(\w+)">(.*?)</data>', text))


# What is known


@pytest.mark.parametrize("person", ["clinician", "coordinator", "chair"])
def test_a_known_patient_brings_what_is_known(house: House, browser: Browser, person: str) -> None:
    case = rich_case(house)
    text = look(browser(getattr(house, person)), {"personal_identity_number": str(case.patient.identity)})
    brought = names_of(text)
    assert brought == {
        "name": case.patient.name, "comorbidity": SECRETS[0], "patient_wishes": SECRETS[1], "history": SECRETS[2],
        "performance_status": "2", "responsible_clinician": house.clinician.email, "contact_nurse": house.nurse.email,
        "unit": str(house.clinic.pk),
    }  # fmt: skip
    assert f'href="/cases/{case.pk}/"' in text
    assert readings("cases:refer") == [[case.patient_id]]


def test_without_script_the_fields_are_filled_in_and_say_where_from(house: House, browser: Browser) -> None:
    case = rich_case(house)
    typed = {"personal_identity_number": str(case.patient.identity), "comorbidity": "Vad jag skrev."}
    text = look(browser(house.coordinator), typed, plain=True)
    assert f'value="{case.patient.name}"' in text
    assert SECRETS[1] in text
    assert "Vad jag skrev." in text
    assert f">{SECRETS[0]}" not in text
    assert re.search(r'id="id_patient_wishes_helptext">[^<]+\d{4}', text)
    assert 'id="id_comorbidity_helptext"' not in text


def test_it_is_brought_once_so_what_was_emptied_stays_empty(house: House, browser: Browser) -> None:
    case = rich_case(house)
    typed = {"personal_identity_number": str(case.patient.identity), "known": str(case.patient_id)}
    visitor = browser(house.coordinator)
    assert names_of(look(visitor, typed)) == {}
    assert SECRETS[0] not in look(visitor, typed, plain=True)


def test_a_number_that_was_another_patients_takes_that_ones_facts_away(house: House, browser: Browser) -> None:
    wrong, right = rich_case(house), ready_case(house, comorbidity="Astma.", patient_wishes="")
    typed = {
        "known": str(wrong.patient_id), "personal_identity_number": str(right.patient.identity),
        "name": wrong.patient.name, "comorbidity": SECRETS[0], "patient_wishes": SECRETS[1],
        "history": SECRETS[2] + " Ändrad av mig.",
    }  # fmt: skip
    visitor = browser(house.coordinator)
    plain = look(visitor, typed, plain=True)
    assert f'value="{right.patient.name}"' in plain
    assert "Astma." in plain
    assert SECRETS[0] not in plain
    assert SECRETS[1] not in plain
    assert f"{SECRETS[2]} Ändrad av mig." in plain
    part = look(visitor, typed)
    assert names_of(part.partition("data-takes-away")[2].partition("</div>")[0])["name"] == wrong.patient.name
    assert names_of(part.partition("data-brings")[2])["name"] == right.patient.name
    assert readings("cases:refer")[-1] == sorted([wrong.patient_id, right.patient_id])
    unknown = look(visitor, typed | {"personal_identity_number": synthetic_number(19_998)}, plain=True)
    assert wrong.patient.name not in unknown
    stranger = look(browser(house.stranger), typed)
    assert wrong.patient.name not in stranger
    assert right.patient.name not in stranger


def strangers(house: House) -> dict[str, User]:
    """Return people who may refer, and may not see the case."""
    other = make_unit("Annan klinik", parent=house.hospital)
    return {
        "another hospital": house.stranger,
        "another clinic of the hospital": make_user(role=Role.CLINICIAN, unit=other),
    }


@pytest.mark.parametrize("who", ["another hospital", "another clinic of the hospital"])
def test_a_patient_whom_the_person_may_not_see_is_as_unknown_as_any(house: House, browser: Browser, who: str) -> None:
    case = rich_case(house)
    visitor = browser(strangers(house)[who])
    typed = {"diagnosis": "colorectal", "phase": "pre_treatment"}
    hidden = look(visitor, typed | {"personal_identity_number": str(case.patient.identity)})
    unknown = look(visitor, typed | {"personal_identity_number": synthetic_number(19_999)})
    assert hidden == unknown
    for secret in (*SECRETS, case.patient.name, f"/cases/{case.pk}/"):
        assert secret not in hidden
    whole = look(visitor, typed | {"personal_identity_number": str(case.patient.identity)}, plain=True)
    assert not any(secret in whole for secret in (*SECRETS, case.patient.name))
    assert not AccessLog.objects.filter(what="cases:refer").exists()


def test_a_hidden_identity_brings_nothing(house: House, browser: Browser) -> None:
    other = make_unit("Annan klinik", parent=house.hospital)
    outsider = make_user(role=Role.CLINICIAN, unit=other)
    case = rich_case(house, is_protected=True)
    case.units.add(other)
    typed = {"personal_identity_number": str(case.patient.identity)}
    assert names_of(look(browser(outsider), typed)) == {}
    assert names_of(look(browser(house.clinician), typed))["is_protected"] == "on"
    assert len(readings("cases:refer")) == 1


def test_the_open_case_is_shown_instead_of_a_second_one(house: House, browser: Browser) -> None:
    case = rich_case(house)
    number = str(case.patient.identity)
    visitor = browser(house.coordinator)
    same = {"personal_identity_number": number, "diagnosis": "colorectal", "phase": "pre_treatment"}
    panel = look(visitor, same | {"known": str(case.patient_id)}).partition('id="asked"')[0]
    assert f'href="/cases/{case.pk}/"' in panel
    panel = look(visitor, same | {"known": str(case.patient_id), "phase": "recurrence"}).partition('id="asked"')[0]
    assert f'href="/cases/{case.pk}/"' not in panel


def test_fresh_answers_are_offered_and_old_ones_are_not(house: House, browser: Browser) -> None:
    case = rich_case(house)
    old, fresh = case.results.get(requirement=CT), case.results.get(requirement=PAD)
    type(old).objects.filter(pk=old.pk).update(performed_on=timezone.localdate() - timedelta(days=400))
    typed = {
        "personal_identity_number": str(case.patient.identity), "diagnosis": "colorectal", "phase": "recurrence",
    }  # fmt: skip
    visitor = browser(house.clinician)
    text = look(visitor, typed)
    assert f'value="copy:{fresh.pk}"' in text
    assert f'value="copy:{old.pk}"' not in text
    sent = form(house, **typed, **{f"how__{PAD}": f"copy:{fresh.pk}", f"how__{CT}": "ordered"})
    assert visitor.post("/cases/new/", sent).status_code == 302
    new = Case.objects.exclude(pk=case.pk).get()
    assert new.results.get(requirement=PAD).external_id == f"copy:{fresh.pk}:{new.pk}"


def test_nobody_brings_along_an_answer_that_they_may_not_see(house: House, browser: Browser) -> None:
    theirs = rich_case(house).results.get(requirement=CT)
    typed = form(house, **{f"how__{CT}": f"copy:{theirs.pk}"})
    answer = browser(house.clinician).post("/cases/new/", typed)
    assert answer.status_code == 422
    assert f'id="id_how__{CT}_error"' in answer.content.decode()
    assert Case.objects.count() == 1


# What will be missing


def test_the_panel_says_what_will_be_missing(house: House, browser: Browser) -> None:
    make_diagnosis("colorectal")
    visitor = browser(house.clinician)
    typed = {"diagnosis": "colorectal", "phase": "pre_treatment"}
    text = look(visitor, typed)
    assert f'href="#asked-{CT}"' in text
    assert 'href="#id_comorbidity_field"' in text
    assert f'name="how__{CT}"' in text
    before = text.count('class="is-settled"')
    signature = re.search(r'name="questions" value="([^"]+)"', text)
    assert signature
    typed |= {"questions": signature[1], "comorbidity": "Frisk.", f"how__{CT}": "ordered"}
    text = look(visitor, typed)
    assert text.count('class="is-settled"') == before + 1
    assert f'name="how__{CT}"' not in text
    assert 'id="known"' not in text


def test_the_panel_waits_for_a_diagnosis(house: House, browser: Browser) -> None:
    text = look(browser(house.clinician), {})
    assert 'id="missing"' in text
    assert "asked-" not in text


def test_it_asks_once_why_and_keeps_the_answer(house: House, browser: Browser) -> None:
    visitor = browser(house.clinician)
    typed = form(house, incomplete_reason="")
    answer = visitor.post("/cases/new/", typed)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_incomplete_reason"' in text
    assert not Case.objects.exists()
    assert visitor.post("/cases/new/", typed | {"incomplete_reason": "Patienten reser."}).status_code == 302
    case = Case.objects.get()
    assert case.sent_incomplete_reason == "Patienten reser."
    assert "Patienten reser." in browser(house.coordinator).get(f"/cases/{case.pk}/").content.decode()


def test_wrong_dates_are_said_by_their_fields_beside_all_else(house: House, browser: Browser) -> None:
    typed = form(house, name="", **{f"how__{CT}": "answered", f"on__{CT}": "2999-01-01"})
    answer = browser(house.clinician).post("/cases/new/", typed)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_on__{CT}_error"' in text
    assert 'id="id_name_error"' in text
    assert 'value="2999-01-01"' in text


# Drafts


def save(visitor: Client, typed: dict[str, Any]) -> Any:
    """Save the form as the script does."""
    return visitor.post("/cases/new/drafts/", typed, **SCRIPT)


def window(visitor: Client, address: str = "/cases/new/") -> dict[str, str]:
    """Open the form and return the hidden fields that name it."""
    text = visitor.get(address).content.decode()
    return dict(re.findall(r'<input type="hidden"\s+name="(token|tab|version)"\s+value="([^"]*)"', text))


def test_the_form_is_kept_as_it_is_typed_and_gone_on_with(house: House, browser: Browser) -> None:
    make_diagnosis("colorectal")
    visitor = browser(house.clinician)
    opened = window(visitor)
    typed = opened | {"diagnosis": "colorectal", "clinical_question": "Halv frå", f"how__{CT}": "ordered", "evil": "x"}
    answer = save(visitor, typed)
    draft = ReferralDraft.objects.get()
    assert (answer.status_code, answer.json(), answer["X-Version"]) == (200, {"version": 1, "draft": draft.pk}, "1")
    assert "evil" not in draft.content
    answer = save(visitor, typed | {"version": "1", "clinical_question": "Halv fråga?"})
    assert answer.json()["version"] == 2
    assert f'href="/cases/new/?draft={draft.pk}"' in visitor.get("/cases/new/").content.decode()
    again = visitor.get(f"/cases/new/?draft={draft.pk}").content.decode()
    assert "Halv fråga?" in again
    assert re.search(rf'name="how__{CT}".*?<option value="ordered" selected>', again, re.DOTALL)
    assert window(visitor, f"/cases/new/?draft={draft.pk}")["token"] == opened["token"]


def test_a_sent_draft_is_gone_and_a_double_click_makes_one_case(house: House, browser: Browser) -> None:
    visitor = browser(house.clinician)
    typed = form(house) | window(visitor)
    assert save(visitor, typed).status_code == 200
    addresses = {visitor.post("/cases/new/", typed)["Location"] for _click in range(2)}
    assert addresses == {f"/cases/{Case.objects.get().pk}/"}
    assert not ReferralDraft.objects.exists()
    late = save(visitor, typed | {"version": "1"})
    assert (late.status_code, ReferralDraft.objects.count()) == (409, 0)


def test_a_form_that_was_sent_is_not_taken_for_another_patients(house: House, browser: Browser) -> None:
    visitor = browser(house.clinician)
    opened = window(visitor)
    visitor.post("/cases/new/", form(house) | opened)
    other = form(house, personal_identity_number=synthetic_number(501), external_reference="")
    answer = visitor.post("/cases/new/", other | opened)
    assert answer.status_code == 422
    assert f'href="/cases/{Case.objects.get().pk}/"' in answer.content.decode()
    fresh = dict(re.findall(r'name="(token|tab|version)"\s+value="([^"]*)"', answer.content.decode()))
    assert visitor.post("/cases/new/", other | fresh).status_code == 302
    assert Case.objects.count() == 2


def test_two_windows_with_one_draft(house: House, browser: Browser) -> None:
    visitor = browser(house.clinician)
    first = window(visitor)
    pk = save(visitor, first | {"clinical_question": "Ett"}).json()["draft"]
    second = window(visitor, f"/cases/new/?draft={pk}")
    assert save(visitor, second | {"clinical_question": "Två"}).status_code == 200
    answer = save(visitor, first | {"clinical_question": "Tre", "version": "1"})
    assert answer.status_code == 409
    assert answer.json()["detail"]
    assert ReferralDraft.objects.get().content["clinical_question"] == "Två"
    refused = visitor.post("/cases/new/", form(house) | first | {"version": "1"})
    assert (refused.status_code, Case.objects.count()) == (409, 0)
    on_top = dict(re.findall(r'name="(token|tab|version)"\s+value="([^"]*)"', refused.content.decode()))
    assert visitor.post("/cases/new/", form(house) | on_top).status_code == 302


def test_without_script_a_button_keeps_the_draft(house: House, browser: Browser) -> None:
    visitor = browser(house.clinician)
    answer = visitor.post("/cases/new/drafts/", window(visitor) | {"clinical_question": "Halv"})
    assert answer["Location"] == f"/cases/new/?draft={ReferralDraft.objects.get().pk}"


def test_too_much_text_is_refused_in_both_ways(house: House, browser: Browser) -> None:
    visitor = browser(house.clinician)
    typed = window(visitor) | {"history": "x" * 100_001}
    assert save(visitor, typed).json()["errors"][0]["field"] == "history"
    assert visitor.post("/cases/new/drafts/", typed).status_code == 422


@pytest.mark.parametrize("person", ["coordinator", "stranger"])
def test_anothers_draft_is_not_there(house: House, browser: Browser, person: str) -> None:
    pk = save(browser(house.clinician), window(browser(house.clinician)) | {"name": "Hemlig Person"}).json()["draft"]
    other = browser(getattr(house, person))
    assert other.get(f"/cases/new/?draft={pk}").status_code == 404
    assert other.post(f"/cases/new/drafts/{pk}/discard/").status_code == 404
    assert f"draft={pk}" not in other.get("/cases/new/").content.decode()
    assert ReferralDraft.objects.count() == 1


def test_a_draft_is_thrown_away(house: House, browser: Browser) -> None:
    visitor = browser(house.clinician)
    pk = save(visitor, window(visitor) | {"name": "x"}).json()["draft"]
    assert visitor.get(f"/cases/new/drafts/{pk}/discard/").status_code == 405
    assert visitor.post(f"/cases/new/drafts/{pk}/discard/")["Location"] == "/cases/new/"
    assert visitor.get(f"/cases/new/?draft={pk}").status_code == 404
    assert visitor.get("/cases/new/?draft=x").status_code == 404


@pytest.mark.parametrize("person", ["nurse", "radiologist", "manager", "admin"])
@pytest.mark.parametrize("address", ["/cases/new/preview/", "/cases/new/drafts/"])
def test_who_may_not_refer_has_no_form(house: House, browser: Browser, person: str, address: str) -> None:
    visitor = browser(getattr(house, person))
    assert visitor.post(address, {"token": "t", "name": "x"}).status_code == 403
    assert browser(house.clinician).get(address).status_code == 405
    assert not ReferralDraft.objects.exists()


def test_the_list_of_drafts_costs_the_same_at_one_and_three(
    house: House, browser: Browser, django_assert_num_queries: Any
) -> None:
    visitor = browser(house.clinician)
    save(visitor, window(visitor) | {"name": "x"})
    visitor.get("/cases/new/")
    with django_assert_num_queries(8):
        visitor.get("/cases/new/")
    for _more in range(2):
        save(visitor, window(visitor) | {"name": "x"})
    with django_assert_num_queries(8):
        visitor.get("/cases/new/")
