"""The house's own scripts in a browser: keys, autosave and clocks, on a page of their own without a server."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, Request, Route, expect

pytestmark = pytest.mark.browser

ORIGIN = "http://house.test"
SCRIPTS = ("ui", "keys", "autosave", "clock")
PAGE = """<!doctype html><html lang="sv"><head><title>t</title>{scripts}</head><body>
<a href="/elsewhere" data-key="n">Nästa <kbd>n</kbd></a>
<button type="button" data-key="g m" id="chord">Möten</button>
<input type="search" name="q" aria-label="Sök">
<ul data-list><li><a href="#one">Ett</a></li><li><a href="#two">Två</a></li><li><a href="#three">Tre</a></li></ul>
<form id="outcome" data-autosave method="post" action="/save">
  <input type="hidden" name="csrfmiddlewaretoken" value="token"><input type="hidden" name="version" value="7">
  <div class="field"><label for="text">Text</label><textarea id="text" name="recommendation"></textarea></div>
  {savestate}
</form>
<span class="timer" data-clock="since" data-since="2026-11-26T08:40:00+01:00" data-now="2026-11-26T08:44:12+01:00" data-budget="240"></span>
{dialog}</body></html>"""
Answer = Callable[[Route], None]


class House:
    """A page of the house with an answer to saves that each test chooses."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.saves: list[Request] = []
        self.answer: Answer = lambda route: route.fulfill(status=204, headers={"X-Version": "8"})
        scripts = "".join(f'<script src="/static/js/{name}.js" defer></script>' for name in SCRIPTS)
        self.html = PAGE.format(
            scripts=scripts,
            savestate=render_to_string("components/savestate.html"),
            dialog=render_to_string("components/keys_dialog.html"),
        )
        page.route(f"{ORIGIN}/**", self.serve)
        page.goto(f"{ORIGIN}/")

    def serve(self, route: Route) -> None:
        """Answer every request of the page from here."""
        path = route.request.url.removeprefix(ORIGIN)
        if path.startswith("/static/"):
            route.fulfill(path=Path(settings.BASE_DIR) / path.lstrip("/"), content_type="text/javascript")
        elif path == "/save":
            self.saves.append(route.request)
            self.answer(route)
        else:
            route.fulfill(body=self.html, content_type="text/html; charset=utf-8")

    def type(self, text: str) -> None:
        """Write in the form's field."""
        self.page.get_by_label("Text").press_sequentially(text)

    @property
    def state(self) -> str:
        """The words of the save state's template for `name`, as a selector of what is shown."""
        return "[data-autosave-status]"

    def says(self, name: str) -> None:
        """Wait until the save state shows its sentence `name`."""
        words = self.page.locator(self.state).get_attribute(f"data-{name}") or ""
        expect(self.page.locator(self.state)).to_contain_text(words.split("{", maxsplit=1)[0].strip(), timeout=8000)

    def focused(self) -> str:
        """Return the text or name of what has focus."""
        return str(self.page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))


@pytest.fixture
def house(browser: Browser) -> Iterator[House]:
    """Open the page in a context of its own."""
    context = browser.new_context()
    yield House(context.new_page())
    context.close()


def refuse(status: int, body: dict[str, object]) -> Answer:
    """Return an answer that says no."""
    return lambda route: route.fulfill(status=status, body=json.dumps(body), content_type="application/json")


def test_typing_is_saved_and_the_new_version_taken_back(house: House) -> None:
    house.type("Operation")
    house.says("saved")
    assert len(house.saves) == 1
    assert house.saves[0].headers["x-csrftoken"] == "token"
    assert house.page.locator("[name=version]").input_value() == "8"


def test_a_lost_network_loses_nothing(house: House) -> None:
    house.answer = lambda route: route.abort()
    house.type("Operation")
    house.says("retrying")
    house.answer = lambda route: route.fulfill(status=200, body='{"version": 9}', content_type="application/json")
    house.says("saved")
    assert len(house.saves) >= 2
    assert "Operation" in (house.saves[-1].post_data or "")
    assert house.page.locator("[name=version]").input_value() == "9"


def test_who_changed_it_is_named_and_nothing_more_is_sent(house: House) -> None:
    house.answer = refuse(409, {"detail": "Karin Ek ändrade 08:40."})
    house.type("A")
    expect(house.page.locator(house.state)).to_have_text("Karin Ek ändrade 08:40.")
    house.type("B")
    house.page.wait_for_timeout(1500)
    assert len(house.saves) == 1
    assert house.page.get_by_label("Text").input_value() == "AB"


def test_an_error_stands_by_its_field_and_goes_when_mended(house: House) -> None:
    house.answer = refuse(422, {"errors": [{"field": "recommendation", "message": "Skriv mer."}]})
    house.type("A")
    expect(house.page.locator(".field .field__error")).to_have_text("Skriv mer.")
    assert house.page.get_by_label("Text").get_attribute("aria-invalid") == "true"
    house.answer = lambda route: route.fulfill(status=204)
    house.type("B")
    house.says("saved")
    expect(house.page.locator(".field__error")).to_have_count(0)


def test_an_ended_session_keeps_the_text(house: House) -> None:
    house.answer = lambda route: route.fulfill(status=302, headers={"Location": "/login/"})
    house.type("A")
    house.says("expired")
    assert house.page.get_by_label("Text").input_value() == "A"


def test_moving_on_saves_first(house: House) -> None:
    house.type("Operation")
    house.page.get_by_role("link", name="Nästa").click()
    house.page.wait_for_url(f"{ORIGIN}/elsewhere")
    assert len(house.saves) == 1


def test_keys_do_nothing_while_typing_and_escape_leaves(house: House) -> None:
    house.type("n?")
    assert house.page.url == f"{ORIGIN}/"
    house.page.keyboard.press("Escape")
    house.says("saved")
    house.page.keyboard.press("n")
    house.page.wait_for_url(f"{ORIGIN}/elsewhere")


def test_rows_search_and_chords(house: House) -> None:
    house.page.keyboard.press("j")
    assert house.focused() == "Ett"
    house.page.keyboard.press("j")
    house.page.keyboard.press("j")
    house.page.keyboard.press("j")
    assert house.focused() == "Tre"
    house.page.keyboard.press("k")
    assert house.focused() == "Två"
    house.page.keyboard.press("Enter")
    house.page.wait_for_url(f"{ORIGIN}/#two")
    house.page.keyboard.press("g")
    house.page.keyboard.press("m")
    assert house.focused() == "Möten"
    house.page.keyboard.press("/")
    assert house.focused() == "q"


def test_the_help_lists_the_keys_of_the_page_and_can_switch_them_off(house: House) -> None:
    house.page.keyboard.press("?")
    dialog = house.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_text("Nästa", exact=True)).to_be_visible()
    dialog.get_by_role("checkbox").uncheck()
    house.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    house.page.keyboard.press("n")
    assert house.page.url == f"{ORIGIN}/"


def test_the_place_is_kept_on_return(house: House) -> None:
    house.page.evaluate("document.querySelectorAll('[data-list] a')[2].href = '/elsewhere'")
    house.page.get_by_role("link", name="Tre").click()
    house.page.wait_for_url(f"{ORIGIN}/elsewhere")
    house.page.go_back()
    house.page.wait_for_url(f"{ORIGIN}/")
    house.page.wait_for_function("document.activeElement.textContent === 'Tre'")


def test_the_case_clock_goes_by_the_servers_time(house: House) -> None:
    timer = house.page.locator(".timer")
    expect(timer).to_have_text("04:13 / 04:00", timeout=3000)
    assert "is-over" in (timer.get_attribute("class") or "")
