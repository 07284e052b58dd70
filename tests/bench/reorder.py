"""One reorder by key in a Chromium, from keydown to the painted row, beside a bare htmx swap of the same part.

The bare swap is the same markup from a view that reads a file, put in by htmx as a whole: what any page of this size
costs that asks the server before it shows the change. Both are measured in the page by its own clock, in turn.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db.models import Count
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from accounts.models import User
from mdk.models import Meeting
from tests.bench import pages
from tests.bench.measurement import line
from tests.bench.start import ROOT, _free_port
from tests.bench.urls import PART

CHROMIUM = Path("/usr/bin/chromium")
ROUNDS = 30

# Each key has two moments: the row painted in its new place, and the server's answer painted in it. A frame is painted
# when a message that was sent from its animation frame arrives.
WATCH = """() => {
  const painted = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => then(performance.now());
    channel.port2.postMessage(0);
  });
  window.measured = { };
  addEventListener("keydown", () => {
    const began = performance.now();
    window.measured = {};
    const moved = new MutationObserver(() => { moved.disconnect(); painted((at) => { window.measured.painted = at - began; }); });
    moved.observe(document.getElementById("agenda") || document.body, { childList: true });
    const seen = document.getElementById("workbench").dataset.seen;
    const answered = new MutationObserver(() => {
      if (document.getElementById("workbench").dataset.seen === seen) return;
      answered.disconnect();
      painted((at) => { window.measured.answered = at - began; });
    });
    answered.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-seen"] });
  }, true);
}"""
MEASURED = "() => [window.measured.painted, window.measured.answered].filter(Boolean)"
BARE = """() => new Promise((done) => {
  const began = performance.now();
  document.addEventListener("htmx:afterSwap", () => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now() - began);
    channel.port2.postMessage(0);
  }), { once: true });
  htmx.ajax("GET", "/bare-part/", { target: "#workbench", swap: "outerHTML" });
})"""


def measure() -> Iterator[dict[str, object]]:
    """Yield the median milliseconds of thirty reorders to the painted row, and to the row that the server confirmed."""
    if not CHROMIUM.exists():
        return
    meeting, user = _meeting()
    client = pages.client_of(user)
    part = client.get(f"/meetings/{meeting.pk}/", headers={"hx-request": "true"}).content
    with tempfile.NamedTemporaryFile(suffix=".html") as file, sync_playwright() as tool:
        file.write(part)
        file.flush()
        with _server(file.name) as house:
            browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
            bare = _bare(_page(browser, house, client, meeting))
            painted, answered = _reorders(_page(browser, house, client, meeting))
            browser.close()
    items = meeting.items.filter(position__isnull=False).count()
    yield line("reorder by key to the painted row, beside a bare swap", painted, "ms", bare, items)
    yield line("reorder by key to the server's answer painted, beside a bare swap", answered, "ms", bare, items)


def _meeting() -> tuple[Meeting, User]:
    """Return a meeting of forty cases and who plans it; made as for the pages where there is none."""
    full = Meeting.objects.annotate(n=Count("items")).filter(n=pages.AGENDA).order_by("starts_at")
    if not full.exists():
        pages.prepare()
    return full[0], User.objects.get(email="koordinator@demo.example")


@contextmanager
def _server(part: str) -> Iterator[str]:
    """Serve the house as the demo does, on a port of its own, until the block ends."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port), "--log-level", "error"]
    running = subprocess.Popen(command, cwd=ROOT, env=os.environ | {PART: part})
    house = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{house}/healthz", timeout=0.1)
                break
            except OSError:
                if running.poll() is not None:
                    raise SystemExit("The server ended before it answered.") from None
                time.sleep(0.1)
        yield house
    finally:
        running.terminate()
        running.wait(20)


def _page(browser: object, house: str, client: Client, meeting: Meeting) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="sv-SE")  # type: ignore[attr-defined]
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": house}])
    page: Page = context.new_page()
    page.goto(f"{house}/meetings/{meeting.pk}/")
    page.wait_for_load_state("networkidle")
    return page


def _bare(page: Page) -> float:
    return statistics.median([float(page.evaluate(BARE)) for _ in range(ROUNDS + 3)][3:])


def _reorders(page: Page) -> tuple[float, float]:
    page.evaluate(WATCH)
    page.locator("#agenda > [data-row]").nth(5).locator("[data-open]").focus()
    taken = []
    for number in range(ROUNDS + 3):
        page.keyboard.press("J" if number % 2 else "K")
        # The page forbids `eval`, by which a browser waits for a condition: it is asked again instead.
        while len(measured := page.evaluate(MEASURED)) < 2:
            page.wait_for_timeout(10)
        taken.append(measured)
    painted, answered = zip(*taken[3:], strict=True)
    return statistics.median(painted), statistics.median(answered)
