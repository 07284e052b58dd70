"""A definition is changed in the browser: copied, changed, compared, published; a case is moved to it by a person."""

import pytest
from playwright.sync_api import Locator, expect

from accounts.models import User
from cases.models import Case
from checklists.models import Diagnosis
from checklists.registry import spec_of
from config.seeding.people import Staff
from tests.domain_factories import add_result, make_case
from tests.e2e.conftest import ComeIn, house_of
from tests.e2e.people import Person

pytestmark = pytest.mark.browser

BASE = "/diagnoses/colorectal"


def opened(person: Person, entry: str) -> Locator:
    """Open the entry in place and return its form."""
    row = person.page.locator(f"#entry-{entry}")
    row.locator("a").first.click()
    expect(row.locator("form.inplace")).to_be_visible()
    return row.locator("form.inplace")


def save(form: Locator) -> None:
    form.locator("button.btn--primary").click()


def state(person: Person) -> Locator:
    return person.page.locator("#draft-state [role=status]")


def test_from_a_copy_to_a_moved_case(come_in: ComeIn, staff: Staff) -> None:
    house = house_of(staff)
    case = make_case(house)
    add_result(case, "radiology", requirement="ct_thorax_abdomen", text="Tumör i sigmoideum.")
    admin = come_in("admin")
    begins_a_draft(admin)
    changes_the_minutes(admin)
    adds_a_requirement(admin)
    adds_a_lead_time_with_its_source(admin)
    sees_what_differs_and_publishes(admin)

    current = Diagnosis.objects.get(slug="colorectal").current
    assert current is not None
    spec = spec_of(current.pk)
    assert (current.version, spec.level("full").minutes) == ("1.2.1", 8)
    assert spec.lead_times[-1].source == "Regionens beslut 2026-11-01"
    assert make_case(house).definition_id == current.pk, "a new referral begins with it"
    case.refresh_from_db()
    assert case.definition_id != current.pk, "an open case stays on its own"
    moves_the_case(come_in("koordinator"), case, house.clinician)


def begins_a_draft(admin: Person) -> None:
    """From the page of the diagnosis to its versions, and a copy of the one in force."""
    admin.go(f"{BASE}/")
    admin.page.locator(f"a[href='{BASE}/versions/']").click()
    admin.look(dark=True)
    admin.page.locator("form[action$='/start/'] button").click()
    admin.page.wait_for_url("**/draft/")
    admin.look(dark=True)


def changes_the_minutes(admin: Person) -> None:
    """A fault stands by its field, in place; what is mended is saved, and the row says so."""
    form = opened(admin, "levels-full")
    admin.look()
    form.locator("[name=minutes]").fill("")
    save(form)
    expect(admin.page.locator("#levels-full-minutes_error")).to_be_visible()
    admin.look()
    form.locator("[name=minutes]").fill("8")
    save(form)
    row = admin.page.locator("#entry-levels-full")
    expect(row.locator(".entry__saved")).to_be_visible()
    expect(row.locator("form.inplace")).to_have_count(0)
    expect(row.locator("a").first).to_be_focused()
    expect(state(admin)).to_contain_text("1")


def adds_a_requirement(admin: Person) -> None:
    """Two entries stand open at once: saving the second keeps what was typed in the first."""
    other = opened(admin, "quorum-follow_up")
    other.locator("[name=source]").fill("Lokal rutin")
    form = opened(admin, "requirements-new")
    form.locator("[name=label_sv]").fill("CEA")
    form.locator("[name=label_en]").fill("CEA")
    form.locator("[name=kind]").select_option("lab")
    form.locator("[name=codes]").fill("1.2.752.30.1 | NPU19719")
    admin.look(dark=True)
    save(form)
    expect(admin.page.locator("#entry-requirements-cea .change__way")).to_be_visible()
    expect(other.locator("[name=source]")).to_have_value("Lokal rutin")
    save(other)
    expect(admin.page.locator("#entry-quorum-follow_up .entry__saved")).to_be_visible()
    expect(state(admin)).to_contain_text("3")


def adds_a_lead_time_with_its_source(admin: Person) -> None:
    form = opened(admin, "lead_times-new")
    form.locator("[name=label_sv]").fill("Kirurgi, regionens mål")
    form.locator("[name=label_en]").fill("Surgery, the region's goal")
    form.locator("[name=days]").fill("35")
    form.locator("[name=source]").fill("")
    save(form)
    expect(admin.page.locator("#lead_times-new-source_error")).to_be_visible()
    form.locator("[name=source]").fill("Regionens beslut 2026-11-01")
    save(form)
    expect(admin.page.locator("#entry-lead_times-11 .change__way")).to_be_visible()
    expect(state(admin)).to_contain_text("4")


def sees_what_differs_and_publishes(admin: Person) -> None:
    """Old and new in words, and how many open cases there are and would lack an answer."""
    admin.page.locator(f"a[href='{BASE}/draft/difference/']").click()
    admin.page.wait_for_url("**/difference/")
    levels = admin.page.locator("section", has=admin.page.locator("#changed-levels"))
    expect(levels.locator("del")).to_have_text(["6 min"])
    expect(levels.locator("ins")).to_have_text(["8 min"])
    cases = admin.page.locator("section", has=admin.page.locator("#effect-head"))
    expect(cases).to_contain_text("1")
    expect(cases.locator(".figures dd")).to_have_text(["1", "1", "0", "0"])
    expect(cases).to_contain_text("CEA")
    expect(cases).to_contain_text("Före behandling 1")
    admin.look(dark=True)
    admin.page.locator("form[action$='/publish/'] button").click()
    admin.page.wait_for_url("**/versions/")
    admin.sees("1.2.1")
    admin.look(dark=True)
    admin.page.locator("tbody a").first.click()
    expect(admin.page.locator("form[action$='/start/'] button")).to_be_visible()
    expect(admin.page.locator("#changed-lead_times")).to_be_visible()
    admin.look(dark=True)


def moves_the_case(coordinator: Person, case: Case, clinician: User) -> None:
    """The page of the case says that there is a newer version; what the move does stands there before it is made."""
    coordinator.go(f"/cases/{case.pk}/")
    coordinator.page.locator("a[href^='/cases/definitions/']").click()
    row = coordinator.page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("1.2 → 1.2.1")
    expect(row).to_contain_text("CEA")
    coordinator.look(dark=True)
    coordinator.page.locator("main button.btn--primary").click()
    expect(coordinator.page.locator("main [role=alert]")).to_be_visible()
    coordinator.page.locator(f"#move-{case.pk}").check()
    coordinator.page.locator("main button.btn--primary").click()
    expect(row).to_have_count(0)
    coordinator.look(dark=True)
    coordinator.go(f"/cases/{case.pk}/")
    coordinator.sees("Tumör i sigmoideum.", "CEA")
    case.refresh_from_db()
    assert case.definition_id == case.diagnosis.current_id
    assert case.responsible_clinician == clinician


def test_without_script(come_in: ComeIn) -> None:
    """The same page by plain forms: open, a fault, mend, take away, throw away."""
    admin = come_in("admin", script=False)
    admin.go(f"{BASE}/versions/")
    admin.page.locator("form[action$='/start/'] button").click()
    form = opened(admin, "levels-full")
    form.locator("[name=minutes]").fill("-1")
    save(form)
    expect(admin.page.locator("#levels-full-minutes_error")).to_be_visible()
    form = admin.page.locator("#entry-levels-full form.inplace")
    form.locator("[name=minutes]").fill("9")
    save(form)
    expect(admin.page.locator("#entry-levels-full .change__way")).to_be_visible()
    form = opened(admin, "requirements-follow_up_imaging")
    form.locator("button[name=remove]").click()
    expect(admin.page.locator("#entry-requirements-follow_up_imaging")).to_have_count(0)
    admin.page.locator("button[form=discard]").click()
    admin.page.wait_for_url("**/versions/")
    expect(admin.page.locator("form[action$='/start/'] button")).to_be_visible()
