"""Translations without gettext's programs: texts are found, merged, checked and compiled with Babel."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import templatize

BASE_DIR = Path(__file__).resolve().parents[1]
LOCALES = ("sv", "en")
SOURCE_FOLDERS = ("accounts", "events", "checklists", "cases", "mdk", "config", "templates")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[#0\- +]*[\d.]*[a-zA-Z]|%[sdr]|\{\w*[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Text:
    """A text as the code has it: one form or two, a context, and where."""

    forms: tuple[str, ...]
    context: str | None
    place: str

    @property
    def key(self) -> str | tuple[str, str]:
        """The form in which Babel wants it."""
        return self.forms[0] if len(self.forms) == 1 else (self.forms[0], self.forms[1])


def po_path(locale: str) -> Path:
    """Return the file of a language."""
    return BASE_DIR / "locale" / locale / "LC_MESSAGES" / "django.po"


def _sources() -> Iterator[Path]:
    """Yield the files that may hold texts, in a fixed order."""
    for folder in SOURCE_FOLDERS:
        for path in sorted((BASE_DIR / folder).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts:
                yield path


def _code_of(path: Path) -> bytes:
    """Return the Python to search: a template is turned into gettext calls first, as Django does."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return source.encode()
    # The template's own indentation would be read as Python's.
    return "\n".join(line.lstrip() for line in templatize(source, origin=str(path)).splitlines()).encode()


def texts() -> list[Text]:
    """Return every text of code and templates, each once, sorted."""
    found: dict[tuple[str | None, tuple[str, ...]], Text] = {}
    for path in _sources():
        place = path.relative_to(BASE_DIR).as_posix()
        for _line, function, messages, _comments in extract_python(
            BytesIO(_code_of(path)), KEYWORDS, [], {"encoding": "utf-8"}
        ):
            text = _text(function, messages, place)
            if text:
                found.setdefault((text.context, text.forms), text)
    return [found[key] for key in sorted(found, key=lambda k: (k[1], k[0] or ""))]


def _text(call: object, messages: object, place: str) -> Text | None:
    """Return the text of one call; None when its arguments are no plain texts."""
    function = str(call or "").removesuffix("_lazy")
    arguments = list(messages) if isinstance(messages, (tuple, list)) else [messages]
    has_context = function.startswith(("pgettext", "npgettext"))
    context = str(arguments.pop(0)) if has_context else None
    wanted = 2 if function in {"ngettext", "npgettext"} else 1
    forms = tuple(form for form in arguments[:wanted] if isinstance(form, str) and form)
    return Text(forms, context, place) if len(forms) == wanted else None


def read(locale: str) -> Catalog:
    """Return the translations of a language; an empty catalogue when there is no file yet."""
    try:
        with po_path(locale).open("rb") as file:
            return read_po(file, locale=locale, domain="django")
    except FileNotFoundError:
        return Catalog(locale=locale, domain="django", project="MDK", fuzzy=False)


def merged(locale: str, found: list[Text]) -> Catalog:
    """Return the catalogue of `locale` with exactly the texts of `found`; known translations are kept."""
    old = read(locale)
    new = Catalog(locale=locale, domain="django", project="MDK", version="1", fuzzy=False, charset="utf-8")
    for text in found:
        known = old.get(text.key[0] if isinstance(text.key, tuple) else text.key, text.context)
        string = known.string if known and isinstance(known.id, tuple) == isinstance(text.key, tuple) else ""
        flags = sorted(known.flags - {"python-format", "python-brace-format"}) if known else []
        new.add(text.key, string or None, context=text.context, locations=[(text.place, 0)], flags=flags)
    return new


def write(locale: str, catalog: Catalog) -> None:
    """Write the file of a language: sorted, without dates and line numbers, so that it changes with its texts alone."""
    out = BytesIO()
    write_po(out, catalog, sort_output=True, include_lineno=False, omit_header=True, width=110)
    header = (
        'msgid ""\nmsgstr ""\n"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n"Language: {locale}\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    )
    path = po_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header.encode() + out.getvalue().lstrip())


def _strings(message: Message) -> list[str]:
    """Return the translation's forms; an empty list when one is missing."""
    strings = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return [string for string in strings if string] if all(strings) else []


def _placeholders(text: str) -> list[str]:
    return sorted(set(PLACEHOLDER.findall(text)))


def faults(locale: str, found: list[Text], *, complete: bool) -> list[str]:
    """Return what is wrong with a language's file: missing, obsolete, fuzzy, other placeholders than the text."""
    catalog = read(locale)
    wrong: list[str] = []
    wanted = {(text.forms[0], text.context): text for text in found}
    for (first, context), text in wanted.items():
        message = catalog.get(first, context)
        forms = _strings(message) if message else []
        if message is None or (complete and len(forms) != len(text.forms)):
            wrong.append(f"{locale}: missing: {first!r} ({text.place})")
            continue
        if message.fuzzy:
            wrong.append(f"{locale}: fuzzy: {first!r}")
        for number, string in enumerate(forms):
            allowed = [_placeholders(form) for form in text.forms]
            if _placeholders(string) not in (allowed if len(forms) > 1 else allowed[:1]):
                wrong.append(f"{locale}: other placeholders than the text: {first!r} -> {string!r} (form {number})")
    for message in catalog:
        first = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
        if first and (first, message.context) not in wanted:
            wrong.append(f"{locale}: obsolete: {first!r}")
    wrong += [f"{locale}: obsolete (commented out): {key!r}" for key in catalog.obsolete]
    return wrong


def compile_all() -> int:
    """Compile what is newer than its .mo file; returns how many. Safe when several processes do it at once."""
    done = 0
    for locale in LOCALES:
        source = po_path(locale)
        target = source.with_suffix(".mo")
        if not source.exists() or (target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns):
            continue
        temporary = target.with_suffix(f".{os.getpid()}.new")
        with temporary.open("wb") as file:
            write_mo(file, read(locale))
        temporary.replace(target)
        done += 1
    return done
