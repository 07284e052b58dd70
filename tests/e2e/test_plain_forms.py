"""The same work without script: every step is a plain form."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from config.seeding.people import Staff
from mdk.models import AgendaItem, Meeting
from tests.domain_factories import House, make_meeting, ready_case, synthetic_number
from tests.e2e.conftest import ComeIn, house_of
from tests.e2e.people import Person

pytestmark = pytest.mark.browser

QUESTION = "Rektalcancer 12 cm. Direkt operation?"
RECOMMENDATION = "Främre resektion."


@pytest.fixture
def house(staff: Staff) -> House:
    return house_of(staff)


def test_from_referral_to_signature_by_plain_forms(come_in: ComeIn, house: House) -> None:
    meeting = make_meeting(house)
    first, second = ready_case(house), ready_case(house)
    refers(come_in("lakare1", script=False))

    coordinator = come_in("koordinator", script=False)
    coordinator.go(f"/meetings/{meeting.pk}/")
    for case in (first, second):
        coordinator.press("Lägg till", coordinator.page.locator(f"#case-{case.pk}"))
        coordinator.sees("Ärendet står på dagordningen.")
    coordinator.press("Flytta upp", coordinator.page.locator("ol.agenda [data-row]").nth(1))
    coordinator.sees("Ärendet är flyttat.")
    coordinator.press("Publicera")
    coordinator.sees("Dagordningen är publicerad.")
    assert list(AgendaItem.objects.order_by("position").values_list("case", flat=True)) == [second.pk, first.pk]

    prepares(come_in("radiolog1", script=False))
    runs(come_in("ordforande", script=False), meeting)
    meeting.refresh_from_db()
    assert meeting.status == "signed"


def refers(clinician: Person) -> None:
    """Refer a patient; what is wrong stands by its field and what was written stays."""
    clinician.go("/cases/new/")
    clinician.write("Patientens namn", "Åsa Öberg")
    clinician.write("Frågeställning", QUESTION)
    clinician.press("Registrera remissen")
    clinician.sees("Fyll i fältet.")
    expect(clinician.field("Patientens namn")).to_have_value("Åsa Öberg")
    clinician.write("Personnummer", synthetic_number(4711))
    clinician.choose("Diagnos", "Tjock- och ändtarmscancer")
    clinician.choose("Remitterande enhet", "Kirurgkliniken Demosjukhuset")
    clinician.choose("Ansvarig läkare", "Lena Läkare")
    clinician.write("Välgrundad misstanke", str(timezone.localdate() - timedelta(days=3)))
    clinician.page.locator("button[formaction='/cases/new/preview/']").last.click()
    asked = clinician.page.locator("[name=how__ct_thorax_abdomen]")
    asked.select_option("ordered")
    clinician.press("Registrera remissen")
    clinician.page.locator("#id_incomplete_reason").fill("Biopsin tas i morgon.")
    clinician.page.locator("[data-send]").click()
    clinician.sees("Remissen är registrerad.", QUESTION, "Saknas", "Biopsin tas i morgon.")
    clinician.look()


def prepares(radiologist: Person) -> None:
    """Open a case that publishing gave out, and be done."""
    radiologist.go("/queue/")
    radiologist.page.locator(".queue__row").first.get_by_role("link").first.click()
    radiologist.press("Börja")
    radiologist.sees("Påbörjad")
    radiologist.write("Fynd att demonstrera", "cT2N0.")
    radiologist.write("Använda minuter", "7")
    radiologist.press("Klar")
    radiologist.sees("Klart: fynden är redo att visas.")


def runs(chair: Person, meeting: Meeting) -> None:
    """Start, write and go on, defer, close, sign."""
    chair.go(f"/meetings/{meeting.pk}/live/")
    chair.field("Starta fast det inte är konferensens dag ännu").check()
    chair.press("Starta konferensen")
    chair.sees("1 av 2")
    chair.write("Rekommendation", RECOMMENDATION)
    chair.press("Nästa")
    chair.sees("2 av 2")
    chair.press("Tillbaka")
    expect(chair.field("Rekommendation")).to_have_value(RECOMMENDATION)
    chair.press("Nästa")
    chair.sees("2 av 2")
    chair.unfold("Skjut upp")
    chair.press("Skjut upp ärendet")
    chair.sees("Välj varför ärendet skjuts upp.")
    chair.choose("Skäl", "Patienten är sjuk", chair.page.locator("details[open]"))
    chair.press("Skjut upp ärendet")
    chair.sees("Uppskjuten", "Sista ärendet")
    chair.unfold("Avsluta konferensen")
    chair.press("Avsluta konferensen", chair.page.locator(".menu__panel").filter(visible=True))
    chair.head("Mötesprotokoll")
    chair.press("Signera")
    chair.sees("signerat av Olof Ordförande", RECOMMENDATION, "Patienten är sjuk")
    chair.look()
