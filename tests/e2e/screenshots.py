"""The pictures of the README: `python -m tests.e2e.screenshots` takes them anew from a demo of its own.

It starts the demo with data of its own in a temporary folder, goes through it as the demo's people do, and stops
it. Some pictures need something done first: the meeting is started and its first recommendation written.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.people import Person

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
CHROMIUM = Path("/usr/bin/chromium")
SERIES = "Kolorektal MDK"
PRESENT = ("Lena Läkare", "Nina Kontakt", "Olof Ordförande", "Pia Patolog", "Rut Radiolog")


@contextmanager
def demo() -> Iterator[str]:
    """Run a demo of its own and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="mdk-pictures-", ignore_cleanup_errors=True) as data:
        run = subprocess.Popen(
            [sys.executable, "-m", "config.demo"], cwd=ROOT, env={**os.environ, "PORT": str(port), "DATA_DIR": data},
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert run.stdout
            ready = next((line for line in run.stdout if line.startswith("ready:")), "")
            if not ready:
                raise SystemExit("The demo did not start.")
            yield ready.removeprefix("ready:").strip()
        finally:
            run.send_signal(signal.SIGINT)
            run.wait(timeout=60)


def take(person: Person, name: str) -> None:
    """Save what stands in the window."""
    assert person.faults == []
    person.page.mouse.move(0, 0)
    person.page.wait_for_timeout(300)
    person.page.screenshot(path=FOLDER / f"{name}.png")


def meeting_of(person: Person) -> str:
    """Open the coming meeting of the series; return its address."""
    person.go("/meetings/")
    person.follow(SERIES, person.page.locator("main"))
    person.page.wait_for_url("**/meetings/*/")
    return person.page.url


def planning(house: str, browser: Browser) -> str:
    """The workbench, a case and a proposed agenda, as the coordinator sees them; returns the meeting's address."""
    person = Person(browser, house)
    person.log_in("koordinator@demo.example")
    address = meeting_of(person)
    take(person, "workbench")
    person.go(address)
    first = person.page.locator("ol.agenda [data-row]").first.locator("[data-open]")
    first.click()
    person.follow("Öppna ärendet")
    person.page.wait_for_url("**/cases/*/")
    take(person, "case")
    person.go(f"{address}propose/")
    person.press("Räkna ut en plan")
    person.page.wait_for_url("**/plans/*/")
    take(person, "proposal")
    person.leave()
    return address


def preparing(house: str, browser: Browser) -> None:
    """The queue with one case open beside it."""
    person = Person(browser, house)
    person.log_in("radiolog1@demo.example")
    person.page.locator("[data-begin]").click()
    person.sees("Påbörjad", within=person.page.locator("#open"))
    person.page.evaluate("scrollTo(0, 0)")
    take(person, "queue")
    person.leave()


def workload(house: str, browser: Browser) -> None:
    """What the readers have to prepare, week by week."""
    person = Person(browser, house)
    person.log_in("chef@demo.example")
    person.go("/workload/")
    take(person, "workload")
    person.leave()


def own_cases(house: str, browser: Browser) -> None:
    """The clinician's own cases."""
    person = Person(browser, house)
    person.log_in("lakare1@demo.example")
    take(person, "mine")
    person.leave()


def meeting_room(house: str, browser: Browser, address: str) -> None:
    """The chair's screen with the first recommendation being written."""
    person = Person(browser, house, width=1920, height=1080)
    person.log_in("ordforande@demo.example")
    person.go(f"{address}live/")
    early = person.page.get_by_label("Starta fast det inte är konferensens dag ännu")
    if early.count():
        early.check()
    person.press("Starta konferensen")
    person.follow("Närvaro")
    for name in PRESENT:
        person.page.get_by_role("row").filter(has_text=name).get_by_label("Närvarande").check()
    person.press("Spara närvaron")
    person.write("Rekommendation", "Aktiv uppföljning med rektoskopi och MR var tredje månad, om patienten så önskar.")
    person.choose("Intention", "Kurativ")
    person.write("Nästa steg", "Besök hos kirurg; ny MR om tre månader")
    person.write("Ansvarig", "Lena Läkare")
    expect(person.page.locator("[data-autosave-status]")).to_contain_text("Sparat")
    take(person, "live")
    person.leave()


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo() as house, sync_playwright() as tool:
        browser = tool.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--lang=sv-SE"],
            env={**os.environ, "LANGUAGE": "sv_SE.UTF-8"},
        )  # fmt: skip
        address = planning(house, browser)
        preparing(house, browser)
        workload(house, browser)
        own_cases(house, browser)
        meeting_room(house, browser, address)
        browser.close()


if __name__ == "__main__":
    main()
