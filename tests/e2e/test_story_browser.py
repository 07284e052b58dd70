"""One conference in the browser: sixty referrals from a file, one agenda, one meeting, one signed protocol.

Each person is logged in as themselves in a browser of their own. Every page that they come to is looked at: nothing
in the console (a breach of the content security policy would stand there), nothing that axe complains of.
"""

from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from pypdf import PdfReader

from tests.e2e.conftest import ComeIn
from tests.e2e.people import Person
from tests.e2e.sample import case_of, first_working_day, sample_of_today

pytestmark = pytest.mark.browser

WEEKDAYS = ("Måndag", "Tisdag", "Onsdag", "Torsdag", "Fredag")
READY = "S1-0025"
ALSO_READY = "S1-0040"
TO_ATTEST = "S1-0001"
UNREADY = "S1-0029"
ORDER = (TO_ATTEST, READY, "S1-0017", ALSO_READY, UNREADY)
RECOMMENDATION = "Kort strålbehandling följd av kirurgi inom tio dagar."
SECOND = "Operation med främre resektion."


def test_from_sixty_referrals_to_a_signed_protocol(come_in: ComeIn, tmp_path: Path) -> None:
    coordinator = come_in("koordinator")
    imports_the_file(coordinator, tmp_path)
    clinician = come_in("lakare1")
    mends_what_is_missing(clinician)
    makes_a_series(coordinator)
    makes_the_agenda(coordinator)
    meeting = coordinator.page.url.split("?")[0].rstrip("/").rsplit("/", 1)[-1]

    prepares(come_in("radiolog1"))
    sends_back(come_in("patolog1"))
    finds_the_notice(clinician)

    chair, follower = come_in("ordforande", width=1920, height=1080), come_in("kssk1")
    starts(chair)
    follower.go(f"/meetings/{meeting}/follow/")
    runs_through(chair, follower)
    closes_and_signs(chair)
    reads_what_was_recommended(clinician)


def imports_the_file(coordinator: Person, folder: Path) -> None:
    """The empty house first; then the file is checked, registered, and the ready cases are told from the others."""
    coordinator.head("Konferenser")
    coordinator.sees("Ingen konferens de kommande veckorna.")
    coordinator.look()
    coordinator.follow("Ärenden")
    coordinator.sees("Inga öppna ärenden")
    coordinator.look()
    coordinator.follow("Läs in fil")
    coordinator.look()
    coordinator.page.get_by_label("Fil").set_input_files(sample_of_today(folder))
    coordinator.press("Kontrollera filen")
    coordinator.sees("Vad filen kommer att göra", "60 rader")
    coordinator.press("Registrera de rader som går")
    coordinator.sees("Vad filen gjorde", "60 registrerade")
    coordinator.look()
    coordinator.follow("Ärenden")
    coordinator.sees("1–50 av 60")
    coordinator.look(dark=True)
    coordinator.choose("Beredskap", "Redo")
    coordinator.sees("1–11 av 11")
    rows = coordinator.page.get_by_role("table").locator("tbody tr")
    expect(rows.filter(has_text="Redo")).to_have_count(11)


def mends_what_is_missing(clinician: Person) -> None:
    """The clinician sees what is missing, first their own; one case gets their word, the other its answer too."""
    clinician.head("Mina ärenden")
    clinician.look(dark=True)
    case = case_of(TO_ATTEST)
    own = clinician.page.locator(".lacking__case", has=clinician.page.locator(f"a[href='/cases/{case.pk}/']"))
    clinician.sees("Ansvarig läkare har ännu inte intygat att inget saknas.", within=own)
    own.locator(f"a[href^='/cases/{case.pk}/']").first.click()
    clinician.sees(case.clinical_question, "Saknas")
    clinician.look(dark=True)
    clinician.press("Intyga: inget saknas")
    clinician.sees("Du har intygat att inget saknas.", "Inget saknas.")
    clinician.look()
    registers_an_answer(clinician, "S1-0017")


def registers_an_answer(clinician: Person, reference: str) -> None:
    """The link in Saknas leads to the field that mends it."""
    case = case_of(reference)
    clinician.go(f"/cases/{case.pk}/")
    missing = clinician.page.locator(".case-missing")
    missing.get_by_role("link", name="Registrera svar").click()
    opened = clinician.page.locator("form.inplace")
    clinician.write("Utfört", str(case.suspected_on), opened)
    opened.get_by_label("Svar", exact=True).fill("Adenocarcinom, pMMR.")
    clinician.look()
    clinician.press("Registrera svaret", opened)
    clinician.sees("Svaret är registrerat.", "Adenocarcinom, pMMR.")
    clinician.press("Intyga: inget saknas")
    clinician.sees("Inget saknas.")


def makes_a_series(coordinator: Person) -> None:
    """A weekly series with its people; its meetings come of it."""
    coordinator.unfold("Mer")
    coordinator.follow("Konferensserier")
    coordinator.sees("Inga serier än.")
    coordinator.look()
    coordinator.follow("Ny serie")
    coordinator.look()
    coordinator.press("Skapa serien och dess konferenser")
    coordinator.sees("Ge serien ett namn.", "Välj minst en diagnos.")
    coordinator.look()
    day = first_working_day()
    coordinator.write("Namn", "Kolorektal MDK")
    coordinator.choose("Enhet", "Demosjukhuset")
    for tick in ("Tjock- och ändtarmscancer", WEEKDAYS[day.weekday()], "Radiologkliniken", "Patologkliniken",
                 "Rut Radiolog", "Pia Patolog"):  # fmt: skip
        coordinator.field(tick).check()
    coordinator.write("Från", str(day))
    coordinator.write("Börjar", "08:15")
    coordinator.choose("Ordförande", "Olof Ordförande")
    coordinator.press("Skapa serien och dess konferenser")
    coordinator.sees("Kolorektal MDK")
    coordinator.look()


def row(person: Person, place: str, reference: str) -> Locator:
    """Return the row of a case among the candidates or on the agenda."""
    question = case_of(reference)
    if place == "candidate":
        return person.page.locator(f"#case-{question.pk}")
    return person.page.locator(f"#item-{question.agenda_items.get().pk}")


def makes_the_agenda(coordinator: Person) -> None:
    """Ready cases go in; an unready one is refused with a sentence and goes in with a reason; then the order."""
    coordinator.follow("Konferenser")
    coordinator.look()
    coordinator.follow("Kolorektal MDK", coordinator.page.locator("main"))
    coordinator.sees("Kandidater", "Dagordningen är tom.")
    coordinator.look()
    for reference in (READY, TO_ATTEST, "S1-0017", ALSO_READY):
        coordinator.press("Lägg till", row(coordinator, "candidate", reference))
        expect(coordinator.page.get_by_text("Ärendet står på dagordningen.")).to_be_visible()
        expect(row(coordinator, "candidate", reference)).to_have_count(0)
    coordinator.press("Lägg till", row(coordinator, "candidate", UNREADY))
    refused = row(coordinator, "candidate", UNREADY).get_by_role("alert")
    expect(refused).to_contain_text("redo")
    coordinator.look()
    coordinator.write("Skäl att boka ändå", "Svaret är muntligt lovat till konferensen.")
    coordinator.press("Boka ändå")
    coordinator.sees("1 ej redo")
    rows = coordinator.page.locator("ol.agenda [data-row]")
    expect(rows).to_have_count(5)
    for place, reference in enumerate(ORDER, start=1):
        moves_up(coordinator, reference, place)
    coordinator.look(dark=True)
    coordinator.press("Publicera")
    coordinator.sees("Dagordningen är publicerad.")
    coordinator.look()


def moves_up(coordinator: Person, reference: str, place: int) -> None:
    """Move a case up until it stands at the place, from where the rules of the series have put it."""
    moved = row(coordinator, "item", reference)
    position = moved.locator(".agenda__position")
    for above in range(int(position.inner_text()) - 1, place - 1, -1):
        coordinator.press("Flytta upp", moved)
        expect(position).to_have_text(str(above))


def prepares(radiologist: Person) -> None:
    """The radiologist opens a case that publishing gave out, writes what to demonstrate, and is done."""
    radiologist.head("Förbereda")
    radiologist.look(dark=True)
    question = case_of(TO_ATTEST).clinical_question
    radiologist.page.locator(".queue__row", has_text=question).first.get_by_role("link").click()
    opened = radiologist.page.locator("#open")
    radiologist.press("Börja", opened)
    radiologist.sees("Påbörjad", within=opened)
    radiologist.look()
    radiologist.write("Fynd att demonstrera", "cT3bN1, MRF+, EMVI-.", opened)
    radiologist.write("Använda minuter", "9", opened)
    opened.get_by_role("button", name="Klar c").click()
    radiologist.sees("Klart: fynden är redo att visas.", within=opened)
    radiologist.look()


def sends_back(pathologist: Person) -> None:
    """The pathologist cannot prepare what is not there, and says so."""
    pathologist.look()
    question = case_of("S1-0017").clinical_question
    pathologist.page.locator(".queue__row", has_text=question).first.get_by_role("link").click()
    opened = pathologist.page.locator("#open")
    pathologist.unfold("Skicka tillbaka")
    pathologist.press("Skicka tillbaka", opened)
    pathologist.sees("Skriv vad som saknas", within=opened)
    pathologist.write("Vad som saknas", "Preparatet finns inte hos oss.", opened)
    pathologist.press("Skicka tillbaka", opened)
    pathologist.sees("Tillbakaskickat. Ansvarig läkare har fått besked.", within=opened)
    pathologist.look()


def finds_the_notice(clinician: Person) -> None:
    """The reason has reached the responsible clinician."""
    clinician.go("/cases/mine/")
    clinician.follow("Aviseringar")
    clinician.look()
    clinician.press("Förberedelsen", clinician.page.locator("main"))
    clinician.sees("Preparatet finns inte hos oss.")
    clinician.look()


def starts(chair: Person) -> None:
    """Before its day the meeting starts only when that is confirmed."""
    chair.head("Konferenser")
    chair.look()
    chair.follow("Kolorektal MDK", chair.page.locator("main"))
    chair.sees("Publicerad")
    chair.look()
    chair.follow("Till konferensen")
    chair.look()
    chair.press("Starta konferensen")
    chair.sees("inte konferensens dag")
    chair.look()
    chair.field("Starta fast det inte är konferensens dag ännu").check()
    chair.press("Starta konferensen")
    on_screen(chair, TO_ATTEST)
    chair.sees("ej beslutsmässigt", "cT3bN1, MRF+, EMVI-.", "1 av 5")
    chair.look(dark=True)


def on_screen(person: Person, reference: str) -> None:
    """Wait until the case of this row of the file stands on the screen."""
    expect(person.page.locator("#question")).to_have_text(case_of(reference).clinical_question, timeout=2000)


def notes_who_is_there(chair: Person) -> None:
    """Five functions make the quorum; the one who is missing is named."""
    chair.follow("Närvaro")
    chair.look()
    for name in ("Lena Läkare", "Nina Kontakt", "Olof Ordförande", "Pia Patolog", "Rut Radiolog"):
        line = chair.page.get_by_role("row").filter(has_text=name)
        line.get_by_label("Närvarande").check()
    chair.press("Spara närvaron")
    expect(chair.page.locator(".screen__top")).not_to_contain_text("ej beslutsmässigt")
    chair.sees("beslutsmässigt")


def runs_through(chair: Person, follower: Person) -> None:
    """Next keeps what is typed; a case is parked and comes last; one is deferred; those who follow see it all."""
    on_screen(follower, TO_ATTEST)
    follower.look(dark=True)
    notes_who_is_there(chair)
    chair.press("Nästa")
    chair.sees("rekommendation", within=chair.page.get_by_role("alert"))
    on_screen(chair, TO_ATTEST)
    written = chair.field("Rekommendation")
    written.press_sequentially(RECOMMENDATION[:21])
    expect(chair.page.locator("[data-autosave-status]")).to_contain_text("Sparat")
    chair.choose("Intention", "Kurativ")
    chair.write("Nästa steg", "Besked till patienten")
    chair.look()
    written.press_sequentially(RECOMMENDATION[21:])
    chair.press("Nästa")
    on_screen(chair, READY)
    on_screen(follower, READY)
    chair.press("Tillbaka")
    on_screen(chair, TO_ATTEST)
    expect(chair.field("Rekommendation")).to_have_value(RECOMMENDATION)
    on_screen(follower, TO_ATTEST)
    follower.sees(RECOMMENDATION)
    chair.press("Nästa")
    on_screen(chair, READY)
    chair.press("Parkera")
    on_screen(chair, "S1-0017")
    chair.unfold("Skjut upp")
    chair.look()
    chair.choose("Skäl", "En ny frågeställning uppstod", chair.page.locator(".menu__panel").filter(visible=True))
    chair.press("Skjut upp ärendet")
    on_screen(chair, ALSO_READY)
    on_screen(follower, ALSO_READY)
    for reference, onward in ((ALSO_READY, UNREADY), (UNREADY, READY)):
        on_screen(chair, reference)
        chair.write("Rekommendation", f"{SECOND} ({reference})")
        chair.press("Nästa")
        on_screen(chair, onward)
    chair.sees("Sista ärendet")
    chair.write("Rekommendation", f"{SECOND} (sist)")
    chair.look()


def closes_and_signs(chair: Person) -> None:
    """The protocol is read through and signed; the file holds what was recommended."""
    chair.unfold("Avsluta konferensen")
    chair.sees("Alla andra ärenden har en rekommendation eller är uppskjutna.")
    chair.press("Avsluta konferensen", chair.page.locator(".menu__panel").filter(visible=True))
    chair.head("Mötesprotokoll")
    chair.sees(RECOMMENDATION, f"{SECOND} (sist)", "Uppskjutet utan rekommendation")
    chair.look(dark=True)
    chair.press("Signera")
    chair.sees("signerat av Olof Ordförande")
    chair.look()
    file = chair.context.request.get(chair.page.get_by_role("link", name="PDF").get_attribute("href") or "")
    assert file.headers["content-type"] == "application/pdf"
    text = " ".join("".join(page.extract_text() for page in PdfReader(BytesIO(file.body())).pages).split())
    assert RECOMMENDATION in text
    assert "Olof Ordförande" in text


def reads_what_was_recommended(clinician: Person) -> None:
    """What was signed has come home to the responsible clinician."""
    clinician.go("/cases/mine/")
    clinician.sees(RECOMMENDATION)
    clinician.look()
    clinician.page.get_by_role("link", name=RECOMMENDATION).click()
    clinician.sees("Konferensens rekommendation", "Besked till patienten", "Signerad")
    clinician.look()
