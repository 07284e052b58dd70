"""The signs of the house as markup: shapes that keep their meaning without colour, with their words.

Pure functions from codes and numbers to a SafeString, built once for each distinct state and language: a list of
two hundred rows asks for the same few signs. Widths stand in SVG attributes, since the content security policy
forbids inline style. Every dynamic text goes through `format_html`.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Final

from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

KINDS = (
    ("radiology", gettext_lazy("Radiology"), "R"),
    ("pathology", gettext_lazy("Pathology"), "P"),
    ("lab", gettext_lazy("Laboratory"), "L"),
    ("clinical", gettext_lazy("Clinical"), "K"),
)
"""The four places of the readiness strip, in the order that never changes: code, word, letter."""

LETTERS = {code: letter for code, _word, letter in KINDS}

NO_MARKS = ("",) * len(KINDS)

ANSWER_WORDS = {
    "missing": gettext_lazy("missing"),
    "ordered": gettext_lazy("ordered"),
    "preliminary": gettext_lazy("preliminary answer"),
    "stale": gettext_lazy("too old"),
    "final": gettext_lazy("final answer"),
    "not_applicable": gettext_lazy("not applicable"),
    "waived": gettext_lazy("waived"),
}

_RING = '<circle cx="7" cy="7" r="5.25" fill="none" stroke="currentColor" stroke-width="1.5"/>'
_DISC = '<circle cx="7" cy="7" r="6" fill="currentColor"/>'
SHAPES = {
    # the seven states of an answer
    "final": _DISC,
    "preliminary": _RING + '<path d="M7 1a6 6 0 0 0 0 12z" fill="currentColor"/>',
    "ordered": _RING,
    "missing": '<path d="M1.25 4.25v-3h3m5.5 0h3v3m0 5.5v3h-3m-5.5 0h-3v-3" fill="none" stroke="currentColor" stroke-width="1.5"/>',
    "stale": '<path fill-rule="evenodd" d="M7 1a6 6 0 1 0 0 12A6 6 0 0 0 7 1zm-.8 2h1.5v3.6l2.5 1.5-.8 1.3-3.2-2z" fill="currentColor"/>',
    "not_applicable": '<path d="M2.9 11.1 11.1 2.9M7 1.75a5.25 5.25 0 1 0 0 10.5 5.25 5.25 0 0 0 0-10.5z" fill="none" '
    'stroke="currentColor" stroke-width="1.25"/>',
    "waived": '<path d="M1.9 8.1 8.1 1.9m-5.3 9.3 8.4-8.4m-5.3 9.3 6.2-6.2M7 1.75a5.25 5.25 0 1 0 0 10.5 '
    '5.25 5.25 0 0 0 0-10.5z" fill="none" stroke="currentColor" stroke-width="1.1"/>',
    # stages, moves and severities
    "dashed": '<circle cx="7" cy="7" r="5.25" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.2 1.92"/>',
    "live": _RING + '<circle cx="7" cy="7" r="2.75" fill="currentColor"/>',
    "check": '<path d="M1.5 7.5 5.25 11.25 12.5 3" fill="none" stroke="currentColor" stroke-width="2.25"/>',
    "cross": '<path d="M2.5 2.5l9 9m0-9-9 9" fill="none" stroke="currentColor" stroke-width="2.25"/>',
    "dash": '<path d="M2 7h10" fill="none" stroke="currentColor" stroke-width="2"/>',
    "onward": '<path d="M1 7h10.5M7.5 2.5 12 7l-4.5 4.5" fill="none" stroke="currentColor" stroke-width="1.75"/>',
    "back": '<path d="M13 7H2.5m4-4.5L2 7l4.5 4.5" fill="none" stroke="currentColor" stroke-width="1.75"/>',
    "block": '<path d="M4.2 0.5h5.6l3.7 3.7v5.6l-3.7 3.7H4.2L.5 9.8V4.2z" fill="currentColor"/>',
    "diamond": '<path fill-rule="evenodd" d="M7 0l7 7-7 7-7-7zM6.1 3.4h1.8v4.3H6.1zm0 5.4h1.8v1.8H6.1z" fill="currentColor"/>',
    "triangle": '<path d="M7 1.75 13 12.25H1z" fill="none" stroke="currentColor" stroke-width="1.5"/>',
    "full": '<path d="M1 1h12v12H1z" fill="currentColor"/>',
    "focused": '<path d="M1.75 1.75h10.5v10.5H1.75z" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M1 1h6v12H1z" fill="currentColor"/>',
    "protocol": '<path d="M1.75 1.75h10.5v10.5H1.75z" fill="none" stroke="currentColor" stroke-width="1.5"/>',
    "unset": '<path d="M1.75 1.75h10.5v10.5H1.75z" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2 1.5"/>',
}

READINESS = {
    "ready": ("ready", "check", gettext_lazy("Ready")),
    "needs_approval": ("approval", "diamond", gettext_lazy("Needs approval")),
    "not_ready": ("blocker", "cross", gettext_lazy("Not ready")),
}
SEVERITIES = {
    "blocker": ("blocker", "block", gettext_lazy("Blocks")),
    "needs_approval": ("approval", "diamond", gettext_lazy("Needs approval")),
    "warning": ("info", "triangle", gettext_lazy("Warning")),
}
LEVELS = {
    "full": ("full", gettext_lazy("Full"), gettext_lazy("Full discussion")),
    "focused": ("focused", gettext_lazy("Focused"), gettext_lazy("Focused question")),
    "protocol": ("protocol", gettext_lazy("Protocol"), gettext_lazy("Standard of care, listed")),
    "": ("unset", gettext_lazy("No level"), gettext_lazy("No level has been set yet")),
}
STATUSES = {
    "case": {
        "draft": ("off", "dashed", gettext_lazy("Draft")),
        "referred": ("info", "ordered", gettext_lazy("Referred")),
        "scheduled": ("info", "preliminary", gettext_lazy("Scheduled")),
        "discussed": ("ink", "final", gettext_lazy("Discussed")),
        "closed": ("off", "check", gettext_lazy("Closed")),
        "withdrawn": ("off", "dash", gettext_lazy("Withdrawn")),
    },
    "meeting": {
        "planned": ("off", "ordered", gettext_lazy("Planned")),
        "published": ("info", "preliminary", gettext_lazy("Published")),
        "live": ("ready", "live", gettext_lazy("Under way")),
        "closed": ("ink", "final", gettext_lazy("Closed")),
        "signed": ("ready", "check", gettext_lazy("Signed")),
        "cancelled": ("blocker", "cross", gettext_lazy("Cancelled")),
    },
    "item": {
        "provisional": ("off", "dashed", gettext_lazy("Provisional")),
        "planned": ("ink", "ordered", gettext_lazy("Planned")),
        "discussing": ("ready", "live", gettext_lazy("Under discussion")),
        "done": ("ready", "check", gettext_lazy("Done")),
        "deferred": ("approval", "onward", gettext_lazy("Deferred")),
        "rebooked": ("approval", "onward", gettext_lazy("Rebooked")),
        "removed": ("off", "dash", gettext_lazy("Taken off")),
    },
    "preparation": {
        "waiting": ("off", "dashed", gettext_lazy("Waiting")),
        "todo": ("info", "ordered", gettext_lazy("To prepare")),
        "in_progress": ("info", "preliminary", gettext_lazy("In progress")),
        "done": ("ready", "check", gettext_lazy("Prepared")),
        "returned": ("blocker", "back", gettext_lazy("Sent back")),
    },
}


_FLAG = mark_safe('<i class="sign__flag" aria-hidden="true">⚑</i>')  # an examination made elsewhere


class UnknownSign(ValueError):
    """A code that the house has no sign for: a fault of the page, never of the person."""

    def __init__(self, family: str, code: object) -> None:
        super().__init__(f"No sign for {family} {code!r}.")


def shape(name: str) -> SafeString:
    """Return the bare shape as an SVG hidden from screen readers; the word stands beside it."""
    return mark_safe(f'<svg viewBox="0 0 14 14" aria-hidden="true">{SHAPES[name]}</svg>')  # noqa: S308 - constants


@lru_cache(maxsize=4096)
def readiness_strip(
    language: str,
    states: tuple[str, ...],
    expected: tuple[date | None, ...],
    words: bool,
    marks: tuple[str, ...] = NO_MARKS,
) -> SafeString:
    """Return the strip of four answers in the fixed order; `expected` dates stand beneath what is ordered.

    `marks` says of each sign whether the answer is `late`, was made `elsewhere`, or both in one text. With `words`
    each sign carries its sentence in view, as on the case page.
    """
    if len(states) != len(KINDS):
        raise UnknownSign("strip", states)
    signs = []
    dated = False
    for (_code, kind, letter), state, day, mark in zip(KINDS, states, expected, marks, strict=True):
        if state not in ANSWER_WORDS:
            raise UnknownSign("answer", state)
        sentence = f"{kind}: {ANSWER_WORDS[state]}"
        short = f"{day.day}/{day.month}" if day and state == "ordered" else ""
        is_late = state == "ordered" and "late" in mark
        if is_late and not short:
            sentence = _("%(answer)s, not come on its day") % {"answer": sentence}
        elif is_late:
            sentence = _("%(answer)s, expected %(day)s, not come") % {"answer": sentence, "day": short}
        elif short:
            sentence = _("%(answer)s, expected %(day)s") % {"answer": sentence, "day": short}
        if "elsewhere" in mark:
            sentence = _("%(answer)s; made elsewhere") % {"answer": sentence}
        below = format_html("<small>{}{}</small>", short, "!" if is_late else "") if short and not words else ""
        dated = dated or bool(below)
        seen = format_html('<span class="sign__word" aria-hidden="true">{}</span>', sentence) if words else below
        css = f"{state} sign--late" if is_late else state
        flag = _FLAG if "elsewhere" in mark else ""
        signs.append((css, sentence, sentence, letter, shape(state), flag, seen))
    return format_html(
        '<span class="strip{}">{}</span>',
        " strip--words" if words else " strip--dated" if dated else "",
        format_html_join(
            "", '<span class="sign sign--{}" role="img" aria-label="{}" title="{}"><b>{}</b>{}{}{}</span>', signs
        ),
    )


@lru_cache(maxsize=256)
def toned(language: str, css: str, tone: str, shape_name: str, word: str) -> SafeString:
    """Return shape and word in a status tone, inside a span of the class `css`."""
    return format_html(
        '<span class="{} tone--{}">{}<span class="word">{}</span></span>', css, tone, shape(shape_name), word
    )


def readiness_state(language: str, code: str) -> SafeString:
    """Return the case's readiness: ready, needs approval or not ready."""
    if code not in READINESS:
        raise UnknownSign("readiness", code)
    tone, name, word = READINESS[code]
    return toned(language, "state", tone, name, str(word))


def severity_mark(language: str, code: str) -> SafeString:
    """Return a finding's severity: blocks, needs approval or warning."""
    if code not in SEVERITIES:
        raise UnknownSign("severity", code)
    tone, name, word = SEVERITIES[code]
    return toned(language, "severity", tone, name, str(word))


def status_badge(language: str, kind: str, code: str) -> SafeString:
    """Return the status of a case, meeting, item or preparation."""
    if code not in STATUSES.get(kind, {}):
        raise UnknownSign(f"{kind} status", code)
    tone, name, word = STATUSES[kind][code]
    return toned(language, "badge", tone, name, str(word))


@lru_cache(maxsize=64)
def level_badge(language: str, code: str, short: bool) -> SafeString:
    """Return a level with its word; `short` keeps the word for screen readers and the tooltip."""
    if code not in LEVELS:
        raise UnknownSign("level", code)
    name, word, sentence = LEVELS[code]
    if short:
        return format_html(
            '<span class="level" role="img" aria-label="{}" title="{}">{}</span>', sentence, sentence, shape(name)
        )
    return format_html('<span class="level" title="{}">{}{}</span>', sentence, shape(name), word)


@lru_cache(maxsize=4096)
def minutes(language: str, planned: int, used: int | None) -> SafeString:
    """Return `12 min` for what is planned, `12 · 9 min` for planned and used."""
    if used is None:
        return format_html('<span class="minutes">{}</span>', _("%(n)d min") % {"n": planned})
    sentence = _("%(planned)d minutes planned, %(used)d used") % {"planned": planned, "used": used}
    return format_html(
        '<span class="minutes{}" role="img" aria-label="{}" title="{}">{} <span class="minutes__used">· {}</span></span>',
        " minutes--over" if used > planned else "",
        sentence,
        sentence,
        planned,
        _("%(n)d min") % {"n": used},
    )


def days_in_words(days: int, allowed: int | None) -> str:
    """Return `18 of 39 days`, or `18 days` where no lead time is set; days since the well-founded suspicion."""
    if allowed is None:
        return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
    return ngettext("%(days)d of %(allowed)d day", "%(days)d of %(allowed)d days", allowed) % {
        "days": days,
        "allowed": allowed,
    }


EVEN: Final = 0.5
"""From this chance on (0-1) a provisional date is called likely."""


def likely(starts_at: datetime, probability: float | None, *, is_ready: bool = False) -> str:
    """Return when a case with a provisional date is expected to be discussed, `likely Thu 3 Dec, 84%`.

    One that is ready is said to be so, since a person may make it firm; without a forecast the day alone stands.
    What is less than even is not called likely.
    """
    day = formats.date_format(timezone.localtime(starts_at), "D j b")
    if is_ready:
        return _("likely %(day)s; ready, can be firm") % {"day": day}
    if probability is None:
        return _("likely %(day)s") % {"day": day}
    if probability < EVEN:
        return _("provisionally %(day)s, %(chance)s") % {"day": day, "chance": percent(probability)}
    return _("likely %(day)s, %(chance)s") % {"day": day, "chance": percent(probability)}


def percent(share: float | None) -> str:
    """Return a probability (0-1) as people say it, whole and never surer than it is; empty for None."""
    if share is None:
        return ""
    whole = round(share * 100)
    if share < 1 and whole == 100:
        return _(">99%")
    if share > 0 and whole == 0:
        return _("<1%")
    return _("%(whole)d%%") % {"whole": whole}
