"""Bars as SVG: the pathway clock and the capacity of a meeting or a reader. Widths are attributes, never style."""

from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.signs import days_in_words

CLOCK_WIDTH, CLOCK_HEIGHT = 72, 12
CAPACITY_WIDTH, CAPACITY_HEIGHT = 160, 14
HATCH_STEP = 4


def _rect(css: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{css}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>' if width > 0 else ""


def _svg(width: int, height: int, parts: list[str]) -> SafeString:
    body = "".join(parts)
    return mark_safe(  # noqa: S308 - numbers and constants of ours only
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" aria-hidden="true">{body}</svg>'
    )


def _hatch(x0: float, x1: float, y: float, height: float) -> str:
    """Return slanting lines that fill the box from x0 to x1, without a pattern (ids must stay unique in a page)."""
    lines = []
    x = x0
    while x < x1:
        run = min(height, x1 - x)
        lines.append(f"M{x:.1f} {y + height:g}l{run:.1f} {-run:.1f}")
        x += HATCH_STEP
    return f'<path class="bar__hatch" d="{"".join(lines)}"/>' if lines else ""


@lru_cache(maxsize=8192)
def pathway_clock(language: str, days: int, allowed: int | None, promised_day: int | None, long: bool) -> SafeString:
    """Return the clock of a case: days since the well-founded suspicion against the days of the lead time.

    Red past the limit; a notch above the bar for the day (counted from the suspicion) that was promised the patient.
    `long` says it in words (`18 of 39 days`); the short form is for lists (`18/39`). Days before the suspicion
    (a date in the future) count as none.
    """
    days = max(days, 0)
    sentence = days_in_words(days, allowed)
    over = allowed is not None and days > allowed
    late = days - (allowed or 0)
    if over:
        past = ngettext("%(days)d day past the limit", "%(days)d days past the limit", late) % {"days": late}
        sentence = f"{sentence}, {past}"
    if promised_day is not None:
        promise = _("answer promised on day %(day)d") % {"day": promised_day}
        sentence = f"{sentence}, {promise}"
    short = str(days) if allowed is None else f"{days}/{allowed}"
    picture = SafeString() if allowed is None else _clock_picture(days, allowed, promised_day)
    return format_html(
        '<span class="clock{}{}" role="img" aria-label="{}" title="{}"><span class="clock__text">{}</span>{}</span>',
        " clock--long" if long else "",
        " clock--over" if over else "",
        sentence,
        sentence,
        days_in_words(days, allowed) if long else short,
        picture,
    )


def _clock_picture(days: int, allowed: int, promised_day: int | None) -> SafeString:
    """Draw the bar: the scale ends at the limit, or at the day reached when that is later."""
    end = max(allowed, days, 1)
    scale = CLOCK_WIDTH / end
    limit = allowed * scale
    parts = [
        _rect("bar__track", 0, 4, CLOCK_WIDTH, 5),
        _rect("bar__fill", 0, 4, min(days, allowed) * scale, 5),
        _rect("bar__over", limit, 4, (days - allowed) * scale, 5),
    ]
    if days > allowed:
        parts.append(_rect("bar__limit", max(limit - 0.75, 0), 4, 1.5, 8))
    if promised_day is not None:
        x = min(max(promised_day, 0), end) * scale
        x = min(max(x, 3.5), CLOCK_WIDTH - 3.5)
        parts.append(f'<path class="bar__notch" d="M{x - 3.5:.1f} 0h7l-3.5 4z"/>')
    return _svg(CLOCK_WIDTH, CLOCK_HEIGHT, parts)


@lru_cache(maxsize=2048)
def capacity_bar(language: str, planned: int, limit: int, label: str, width: int, short: bool) -> SafeString:
    """Return planned minutes against a limit: filled to the limit's mark, hatched beyond it; `short` writes `96/120`."""
    planned, limit = max(planned, 0), max(limit, 0)
    text = _("%(planned)d of %(limit)d min") % {"planned": planned, "limit": limit}
    sentence = f"{label}: {text}" if label else text
    if planned > limit:
        over = _("%(n)d minutes over") % {"n": planned - limit}
        sentence = f"{sentence}, {over}"
    head = format_html('<span class="bar__label">{}</span>', label) if label else ""
    return format_html(
        '<span class="bar{}" role="img" aria-label="{}" title="{}">{}<span class="bar__text">{}</span>{}</span>',
        " bar--over" if planned > limit else "",
        sentence,
        sentence,
        head,
        f"{planned}/{limit}" if short else text,
        _capacity_picture(planned, limit, width),
    )


def _capacity_picture(planned: int, limit: int, width: int) -> SafeString:
    """Draw the bar with room for a tenth over the limit, so that the limit's mark always stands inside it."""
    end = max(limit * 1.1, planned, 1)
    scale = width / end
    mark, reach = limit * scale, planned * scale
    parts = [_rect("bar__track", 0, 3, mark, 8), _rect("bar__fill", 0, 3, min(mark, reach), 8)]
    if planned > limit:
        parts.append(_hatch(mark, reach - 0.5, 3.5, 7))
        parts.append(f'<path class="bar__edge" d="M{mark:.1f} 3.5H{reach - 0.5:.1f}v7H{mark:.1f}"/>')
    parts.append(_rect("bar__limit", min(max(mark - 1, 0), width - 2), 0, 2, CAPACITY_HEIGHT))
    return _svg(width, CAPACITY_HEIGHT, parts)
