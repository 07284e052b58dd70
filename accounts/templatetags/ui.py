"""The shared signs as template tags: `{% load ui %}`. The pictures themselves are made in `accounts.signs` and `accounts.bars`."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide

from accounts import bars, signs

register = template.Library()

NOTHING = (None,) * len(signs.KINDS)
EMPTY_STRIP = ("missing",) * len(signs.KINDS)
MINUTE = 60


def _language() -> str:
    return get_language() or ""


def _four(values: Mapping[str, object] | Sequence[object]) -> tuple[object, ...]:
    """Return the four values in the strip's order, whether they come by name or already in order."""
    if isinstance(values, Mapping):
        return tuple(values.get(code) for code, _word, _letter in signs.KINDS)
    return tuple(values)


@register.simple_tag
def readiness_strip(
    strip: Mapping[str, str] | Sequence[str] | None,
    expected: Mapping[str, date] | Sequence[date | None] | None = None,
    words: bool = False,
    marks: Sequence[str] | None = None,
) -> SafeString:
    """Show the four answers of a case: `{% readiness_strip case.strip expected=case.expected words=True %}`.

    `strip` is a mapping by kind or the four states in order (radiology, pathology, lab, clinical); a kind without
    a state counts as missing. `expected` gives dates of ordered answers in the same way; `marks` (in order) what is
    `late` or was made `elsewhere`.
    """
    states = tuple(str(state or "missing") for state in _four(strip)) if strip else EMPTY_STRIP
    days: tuple[object, ...] = _four(expected) if expected else NOTHING
    return signs.readiness_strip(_language(), states, days, words, tuple(marks) if marks else signs.NO_MARKS)


@register.simple_tag
def readiness_state(state: str) -> SafeString:
    """Show `ready`, `needs_approval` or `not_ready` as shape and word."""
    return signs.readiness_state(_language(), str(state))


@register.simple_tag
def severity_mark(severity: str) -> SafeString:
    """Show a finding's severity: `blocker`, `needs_approval` or `warning`."""
    return signs.severity_mark(_language(), str(severity))


@register.simple_tag
def level_badge(level: str | None, short: bool = False) -> SafeString:
    """Show a level, `full`, `focused` or `protocol`; `short=True` shows the shape alone, with the word for screen readers."""
    return signs.level_badge(_language(), str(level or ""), short)


@register.simple_tag
def status_badge(kind: str, value: str) -> SafeString:
    """Show a status: kind `case`, `meeting`, `item` or `preparation`."""
    return signs.status_badge(_language(), kind, str(value))


@register.simple_tag
def pathway_clock(
    days: int | None, allowed: int | None = None, promised_day: int | None = None, long: bool = False
) -> SafeString:
    """Show days since the well-founded suspicion against the lead time; nothing where no suspicion is dated."""
    if days is None:
        return SafeString()
    return bars.pathway_clock(_language(), days, allowed, promised_day, long)


@register.simple_tag
def capacity_bar(
    planned: int, limit: int, label: str = "", width: int = bars.CAPACITY_WIDTH, short: bool = False
) -> SafeString:
    """Show planned minutes against a limit: a mark at the limit, hatched above it; `short=True` writes `96/120`."""
    return bars.capacity_bar(_language(), planned, limit, str(label), width, short)


@register.simple_tag
def minutes(planned: int, used: int | None = None) -> SafeString:
    """Show `12 min` planned, or `12 · 9 min` planned and used."""
    return signs.minutes(_language(), planned, used)


@register.simple_tag
def answer_sign(state: str) -> SafeString:
    """Show one answer's state as shape and word, as in the head of a pane."""
    if state not in signs.ANSWER_WORDS:
        raise signs.UnknownSign("answer", state)
    tone = {"final": "ready", "preliminary": "approval", "stale": "approval", "ordered": "info", "missing": "blocker"}
    return signs.toned(_language(), "badge", tone.get(state, "off"), state, str(signs.ANSWER_WORDS[state]))


@register.simple_tag
def case_timer(since: datetime | None, budget: int | None = None, now: datetime | None = None) -> SafeString:
    """Show time spent on a case since `since`, of `budget` seconds (`04:12 / 06:00`); clock.js keeps it running."""
    if since is None:
        return SafeString()
    now = now or timezone.now()
    spent = max(int((now - since).total_seconds()), 0)
    text = clock_text(spent) if budget is None else f"{clock_text(spent)} / {clock_text(budget)}"
    return format_html(
        '<span class="timer{}" role="timer" data-clock="since" data-since="{}" data-now="{}" data-budget="{}">{}</span>',
        " is-over" if budget is not None and spent > budget else "",
        since.isoformat(),
        now.isoformat(),
        "" if budget is None else budget,
        text,
    )


def clock_text(seconds: int) -> str:
    """Return seconds as `MM:SS`, with hours in front when there are any."""
    minute, second = divmod(seconds, MINUTE)
    hour, rest = divmod(minute, MINUTE)
    return f"{hour}:{rest:02d}:{second:02d}" if hour else f"{minute:02d}:{second:02d}"


@register.filter
def percent(share: float | None) -> str:
    """Show a probability (0-1) as whole per cent; nothing for None."""
    return signs.percent(share)


@register.simple_tag
def likely(starts_at: datetime, probability: float | None, is_ready: bool = False) -> str:
    """Show when a case with a provisional date is expected to be discussed: `likely Thu 3 Dec, 84%`."""
    return signs.likely(starts_at, probability, is_ready=is_ready)


@register.simple_tag
def moved(moves: int, rebookings: int) -> SafeString:
    """Show how often a provisional date has moved and how often the case was rebooked, beside one another; nothing for neither."""
    parts = []
    if moves:
        parts.append(ngettext("date moved %(n)d time", "date moved %(n)d times", moves) % {"n": moves})
    if rebookings:
        parts.append(ngettext("rebooked %(n)d time", "rebooked %(n)d times", rebookings) % {"n": rebookings})
    return format_html('<small class="muted">{}</small>', " · ".join(parts)) if parts else SafeString()


@register.simple_tag
def promise_sign(promised_on: date | None = None) -> SafeString:
    """Show that a promised date is in danger, with the date where it is given."""
    day = formats.date_format(promised_on, "j b") if promised_on else ""
    words = _("promised date %(day)s in danger") % {"day": day} if day else _("promised date in danger")
    return format_html('<span class="state tone--blocker">{} {}</span>', icon("triangle-alert"), words)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Show a Lucide icon as inline SVG in the size of the text; hidden from screen readers unless it has a label."""
    return _icon(name, str(label))


@lru_cache(maxsize=256)
def _icon(name: str, label: str) -> SafeString:
    picture = lucide(name, size=None, **{"class": "icon", "aria-hidden": "true", "focusable": "false"})
    if not label:
        return mark_safe(picture)  # noqa: S308 - the package's own drawing
    return format_html('<span role="img" aria-label="{}" title="{}">{}</span>', label, label, mark_safe(picture))  # noqa: S308


@register.simple_tag
def discordant_sign() -> SafeString:
    """Show in a list that answers of the case are marked as discordant and nobody has settled it."""
    return format_html('<span class="discordant-sign">{}</span>', icon("unlink", _("Discordant answers")))


@register.simple_tag
def required_word() -> str:
    """Return the word that marks a field that must be filled in."""
    return _("required")
