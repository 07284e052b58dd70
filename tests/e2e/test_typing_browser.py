"""Typing once: a referral half written, gone on with, sent truthfully; and what is owed, mended without leaving the page."""

import pytest
from playwright.sync_api import expect

from cases.models import Case, ReferralDraft
from config.seeding.people import Staff
from tests.domain_factories import House, make_case, ready_case, synthetic_number
from tests.e2e.conftest import ComeIn, house_of
from tests.e2e.people import Person

pytestmark = pytest.mark.browser

QUESTION = "Lokalrecidiv efter främre resektion. Operation?"
CT, MR, PAD = "ct_thorax_abdomen", "mri_pelvis_rectum", "histopathology"


@pytest.fixture
def house(staff: Staff) -> House:
    return house_of(staff)


def is_saved(clinician: Person) -> None:
    """Wait until what is typed is kept."""
    expect(clinician.page.locator(".savestate.is-saved")).to_be_visible()


def test_a_referral_is_half_written_gone_on_with_and_sent_with_a_reason(come_in: ComeIn, house: House) -> None:
    earlier = ready_case(house, history="Opererad 2021.", comorbidity="Hypertoni.")
    clinician = come_in("lakare1")
    page = clinician.page
    clinician.go("/cases/new/")
    clinician.look()
    brings_what_is_known(clinician, earlier)
    page.locator("#id_diagnosis").select_option("colorectal")
    expect(page.locator(f"#missing a[href='#asked-{CT}']")).to_be_visible()
    page.locator("#id_phase").select_option("recurrence")
    clinician.write("Frågeställning", QUESTION)
    loses_the_network(clinician)

    page.reload()
    expect(clinician.field("Frågeställning")).to_have_value(QUESTION)
    clinician.go("/cases/new/")
    clinician.look()
    page.locator(".refer-drafts [data-open]").click()
    expect(clinician.field("Frågeställning")).to_have_value(QUESTION)
    expect(page.locator("#id_comorbidity")).to_have_value("Egen text.")

    says_what_is_ordered(clinician)
    clinician.write("Välgrundad misstanke", str(earlier.suspected_on))
    clinician.press("Registrera remissen")
    page.locator("#id_incomplete_reason").fill("Patienten tas emot i morgon.")
    clinician.look(dark=True)
    page.locator("[data-send]").click()
    page.wait_for_url("**/cases/*/")
    clinician.sees(QUESTION, "Patienten tas emot i morgon.")
    case = Case.objects.get(clinical_question=QUESTION)
    assert case.sent_incomplete_reason == "Patienten tas emot i morgon."
    assert (case.results.get().requirement, case.clearances.get().requirement) == (CT, MR)
    assert not ReferralDraft.objects.exists()


def brings_what_is_known(clinician: Person, earlier: Case) -> None:
    """What is empty is filled in from the earlier case; what was typed stands."""
    page = clinician.page
    page.locator("#id_comorbidity").fill("Egen text.")
    page.locator("#id_personal_identity_number").fill(str(earlier.patient.identity))
    page.keyboard.press("Tab")
    expect(page.locator("#id_name")).to_have_value(earlier.patient.name)
    expect(page.locator("#id_name")).to_be_focused()
    expect(page.locator("#id_history")).to_have_value("Opererad 2021.")
    expect(page.locator("#id_history_field [data-brought]")).to_be_visible()
    expect(page.locator("#id_comorbidity")).to_have_value("Egen text.")
    expect(page.locator("#id_comorbidity_field [data-brought]")).to_have_count(0)
    page.locator("#id_personal_identity_number").fill(synthetic_number(4712))
    page.keyboard.press("Tab")
    expect(page.locator("#id_name")).to_have_value("")
    expect(page.locator("#id_history")).to_have_value("")
    expect(page.locator("#id_comorbidity")).to_have_value("Egen text.")
    page.locator("#id_personal_identity_number").fill(str(earlier.patient.identity))
    page.keyboard.press("Tab")
    expect(page.locator("#id_history")).to_have_value("Opererad 2021.")
    page.locator("#id_history").press_sequentially(" Recidiv?")
    expect(page.locator("#id_history_field [data-brought]")).to_have_count(0)


def loses_the_network(clinician: Person) -> None:
    """What is typed without a network stays, is not sent away, and is kept when the network is back."""
    page = clinician.page
    is_saved(clinician)
    clinician.forgiven = (*clinician.forgiven, "ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
    clinician.context.set_offline(True)
    page.locator("#id_patient_wishes").fill("Vill opereras snart.")
    expect(page.locator(".savestate.is-retrying")).to_be_visible()
    page.locator("[data-send]").click()
    expect(page.locator("#trouble")).to_have_class("trouble note note--blocker")
    expect(page.locator("#id_patient_wishes")).to_have_value("Vill opereras snart.")
    clinician.context.set_offline(False)
    is_saved(clinician)
    assert ReferralDraft.objects.get().content["patient_wishes"] == "Vill opereras snart."


def says_what_is_ordered(clinician: Person) -> None:
    """One answer is ordered, one does not apply, one is missing: the panel follows."""
    page = clinician.page
    lines = page.locator("#missing li:not(.is-settled)")
    before = lines.count()
    page.locator(f"[name=how__{CT}]").select_option("ordered")
    expect(page.locator(f"#missing li:has(a[href='#asked-{CT}'])")).to_contain_text("beställ")
    expect(page.locator(f"[name=expected__{CT}]")).to_be_visible()
    expect(page.locator(f"[name=reason__{CT}]")).to_be_hidden()
    page.locator(f"[name=how__{MR}]").select_option("not_applicable")
    page.locator(f"[name=reason__{MR}]").fill("Koloncancer.")
    expect(lines).to_have_count(before - 1)


def test_three_things_are_mended_from_the_list(come_in: ComeIn, house: House) -> None:
    case = make_case(house, comorbidity="", performance_status=None)
    clinician = come_in("lakare1")
    page = clinician.page
    clinician.go("/cases/mine/")
    row = page.locator(f"#own-{case.pk}")
    clinician.look(dark=True)
    page.keyboard.press("j")
    expect(row.locator("[data-open]")).to_be_focused()

    comorbidity = row.locator(".owed__tool:has(input[name=key][value=comorbidity])")
    comorbidity.locator("[name=value]").fill("Diabetes.")
    comorbidity.locator("[name=value]").press("Enter")
    expect(row.locator(".owed__done")).to_be_focused()
    expect(comorbidity).to_have_count(0)

    status = row.locator(".owed__tool:has(input[name=key][value=performance_status])")
    status.locator("select").select_option("1")
    status.get_by_role("button").click()
    expect(status).to_have_count(0)

    row.locator(f"[name=how__{CT}]").select_option("ordered")
    tool = row.locator(f".owed__tool:has([name=how__{CT}])")
    tool.get_by_role("button").click()
    expect(tool).to_have_count(0)
    clinician.look()
    row.locator(".owed__done button").click()
    expect(tool).to_have_count(1)
    assert page.url.endswith("/cases/mine/")
    case.refresh_from_db()
    assert (case.comorbidity, case.performance_status, case.results.get().state) == ("Diabetes.", 1, "cancelled")
    assert PAD in {check["requirement"] for check in case.readiness["checks"]}
