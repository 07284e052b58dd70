"""The texts: found in code and templates, checked for what is missing, compiled without gettext's programs."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config import translations

PY = """
from django.utils.translation import gettext as _, ngettext, pgettext
A = _("One text with %(name)s.")
def f(n):
    return ngettext("%(n)d case", "%(n)d cases", n), pgettext("verb", "book"), _(A)
"""
HTML = """{% load i18n %}{% translate "From a template" %}
{% blocktranslate count n=rows %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a small source tree that stands for the house."""
    (tmp_path / "cases").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "cases" / "code.py").write_text(PY, encoding="utf-8")
    (tmp_path / "templates" / "page.html").write_text(HTML, encoding="utf-8")
    monkeypatch.setattr(translations, "BASE_DIR", tmp_path)
    return tmp_path


def translate(**strings: str | tuple[str, str]) -> None:
    """Write the Swedish file with these translations, by the first word of the text."""
    catalog = translations.merged("sv", translations.texts())
    for message in catalog:
        first = message.id[0] if isinstance(message.id, tuple) else message.id
        for start, string in strings.items():
            if first and first.startswith(start):
                message.string = string
    translations.write("sv", catalog)


WHOLE: dict[str, str | tuple[str, str]] = {
    "One": "En text med %(name)s.",
    "%(n)d": ("%(n)d fall", "%(n)d fall"),
    "book": "boka",
    "From": "Från en mall",
    "%(counter)": ("%(counter)s rad", "%(counter)s rader"),
}


def faults() -> list[str]:
    return translations.faults("sv", translations.texts(), complete=True)


def test_texts_are_found_in_code_and_templates(tree: Path) -> None:
    found = {(text.context, text.forms) for text in translations.texts()}
    assert found == {
        (None, ("One text with %(name)s.",)),
        (None, ("%(n)d case", "%(n)d cases")),
        ("verb", ("book",)),
        (None, ("From a template",)),
        (None, ("%(n)s row", "%(n)s rows")),
    }


def test_a_whole_file_has_no_faults(tree: Path) -> None:
    translate(**WHOLE | {"%(n)s": ("%(n)s rad", "%(n)s rader")})
    assert faults() == []


def test_what_is_missing_is_named_with_its_place(tree: Path) -> None:
    translate(**{key: value for key, value in WHOLE.items() if key != "From"} | {"%(n)s": ("%(n)s rad", "%(n)s rader")})
    assert faults() == ["sv: missing: 'From a template' (templates/page.html)"]


def test_half_a_plural_is_missing(tree: Path) -> None:
    translate(**WHOLE | {"%(n)s": ("%(n)s rad", "")})
    assert [fault for fault in faults() if "row" in fault] == ["sv: missing: '%(n)s row' (templates/page.html)"]


def test_another_placeholder_is_a_fault(tree: Path) -> None:
    translate(**WHOLE | {"One": "En text med %(namn)s.", "%(n)s": ("%(n)s rad", "%(n)s rader")})
    assert len(faults()) == 1
    assert "other placeholders" in faults()[0]


def test_what_the_code_no_longer_says_is_obsolete(tree: Path) -> None:
    translate(**WHOLE | {"%(n)s": ("%(n)s rad", "%(n)s rader")})
    (tree / "templates" / "page.html").unlink()
    assert {fault.split(":")[1].strip() for fault in faults()} == {"obsolete"}


def test_the_command_reports_and_fails(tree: Path) -> None:
    with pytest.raises(CommandError, match="faults in the translations"):
        call_command("messages", "--check")


def test_updating_twice_changes_nothing(tree: Path) -> None:
    call_command("messages")
    first = translations.po_path("sv").read_bytes()
    call_command("messages")
    assert translations.po_path("sv").read_bytes() == first


def test_only_what_is_newer_is_compiled(tree: Path) -> None:
    translate(**WHOLE)
    assert translations.compile_all() == 1
    assert translations.compile_all() == 0
    assert translations.po_path("sv").with_suffix(".mo").stat().st_size > 100
