"""A person at a screen: what they see, click and write, in the words that stand on the page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

PASSWORD = "demo"
SAID_NO = ("status of 409", "status of 422")
"""What the console tells of an answer that is a refusal: the page shows it, and nothing is wrong."""
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""When two frames have been drawn, new colours stand, and a new page takes the first key."""
RUNS_OUT = """() => {
  const wide = innerWidth;
  if (document.scrollingElement.scrollWidth <= wide) return [];
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > wide + 1)
    .slice(0, 4).map((element) => `${element.tagName}.${element.className} ${Math.round(element.getBoundingClientRect().right)}`);
}"""
"""The elements that make a page wider than its window."""


class Person:
    """One person in a browser of their own; every fault that the browser tells of is kept until they look."""

    def __init__(
        self, browser: Browser, house: str, *, script: bool = True, width: int = 1280, height: int = 900
    ) -> None:
        self.house, self.script = house, script
        self.context = browser.new_context(
            base_url=house,
            java_script_enabled=script,
            viewport={"width": width, "height": height},
            locale="sv-SE",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(8000)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.forgiven: tuple[str, ...] = SAID_NO
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(words in message.text for words in self.forgiven):
            self.faults.append(f"{self.page.url}: {message.text}")

    def leave(self) -> None:
        """Close the browser window."""
        self.context.close()

    def log_in(self, email: str) -> None:
        """Come in by the login form."""
        self.go("/login/")
        self.page.get_by_label("E-post").fill(email)
        self.page.get_by_label("Lösenord").fill(PASSWORD)
        self.press("Logga in")
        assert "/login/" not in self.page.url, f"{email} was not let in"

    def go(self, path: str, status: int = 200) -> None:
        """Go to an address of the house; the answer has this status."""
        self.forgiven = (*SAID_NO, f"status of {status}")
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        if self.script:
            self.page.evaluate(TWO_FRAMES)

    def press(self, name: str, within: Locator | None = None) -> None:
        """Press the button with this name."""
        (within or self.page).get_by_role("button", name=name).first.click()

    def follow(self, name: str, within: Locator | None = None) -> None:
        """Follow the link with this name."""
        (within or self.page).get_by_role("link", name=name).first.click()

    def unfold(self, name: str) -> None:
        """Open what is folded behind this word."""
        self.page.locator("summary", has_text=name).first.click()

    def field(self, label: str, within: Locator | None = None) -> Locator:
        """Return the field with this label."""
        return (within or self.page).get_by_label(label).first

    def write(self, label: str, text: str, within: Locator | None = None) -> None:
        """Write in the field with this label."""
        self.field(label, within).fill(text)

    def choose(self, label: str, option: str, within: Locator | None = None) -> None:
        """Choose the option with these words."""
        self.field(label, within).select_option(label=option)

    def sees(self, *texts: str, within: Locator | None = None) -> None:
        """Wait until each of these texts is seen."""
        for text in texts:
            expect((within or self.page).get_by_text(text).filter(visible=True).first).to_be_visible()

    def head(self, text: str) -> None:
        """Wait until the page is headed by this text."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(text)

    def look(self, *, dark: bool = False) -> None:
        """Look at the page: no fault in the console, Swedish, one heading, and nothing that axe complains of."""
        assert self.faults == []
        if not self.script:
            return
        expect(self.page.locator("html")).to_have_attribute("lang", "sv")
        expect(self.page.get_by_role("heading", level=1)).to_have_count(1)
        self._by_axe("light")
        if dark:
            with self.in_the_dark():
                self._by_axe("dark")

    @contextmanager
    def in_the_dark(self) -> Iterator[None]:
        """Show the page in dark colours for a while."""
        self.page.emulate_media(color_scheme="dark")
        self.page.evaluate(TWO_FRAMES)
        yield
        self.page.emulate_media(color_scheme="light")

    def _by_axe(self, scheme: str) -> None:
        found: dict[str, Any] = Axe().run(self.page).response
        wrong = [
            f"{violation['id']}: {violation['help']}\n      "
            + "\n      ".join(node["html"][:160] + " | " + _why(node) for node in violation["nodes"][:4])
            for violation in found["violations"]
        ]
        assert not wrong, f"axe, {scheme}, {self.page.url}:\n  " + "\n  ".join(wrong)

    def runs_out(self) -> list[str]:
        """Say whether the page runs out to the right: nothing, or the page and the elements that do."""
        found: list[str] = self.page.evaluate(RUNS_OUT)
        return [f"{self.page.url} runs out: {found}"] if found else []


def _why(node: dict[str, Any]) -> str:
    checks = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
    return "; ".join(checks)[:200]
