"""Charts as SVG, drawn on the server: weeks as columns, capacity as a mark, what is over it hatched.

Widths and heights are attributes, colours classes of `pages/workload.css`; no style and no script. Each chart has a title
and a description, and stands before a table of the same numbers.
"""

from collections.abc import Sequence
from datetime import date
from itertools import count

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mdk.queries.flow import WeekMoves
from mdk.queries.workload import Load, WeekLoad

register = template.Library()

WIDTH = 912
"""What the weeks share in px, where there are few enough of them."""
NARROW, WIDE = 36, 76
"""The least and the most that a week takes."""
STRIP, HEAD, FOOT = 72, 14, 2
"""Height of a strip of weeks, and what of it is kept for the number above and the line below."""
AXIS = 34
HATCH_STEP = 5
MOVES, MOVES_COLUMN = 116, 44


@register.simple_tag
def week_axis(weeks: Sequence[date], today: date) -> SafeString:
    """Return the weeks' numbers and Mondays as columns; the present week is marked. Hidden from screen readers."""
    wide = _column_width(len(weeks))
    columns = [
        (place * wide + wide / 2, monday.isocalendar().week, _is_now(monday, today), date_format(monday, "j b"))
        for place, monday in enumerate(weeks)
    ]
    words = format_html_join(
        "",
        '<text class="chart__week{}" x="{}" y="14">{}</text><text class="chart__day" x="{}" y="28">{}</text>',
        ((" chart__week--now" if now else "", x, number, x, day) for x, number, now, day in columns),
    )
    return format_html(
        '<svg class="chart" width="{0}" height="{1}" viewBox="0 0 {0} {1}" aria-hidden="true">{2}</svg>',
        len(columns) * wide, AXIS, words,
    )  # fmt: skip


@register.simple_tag
def load_strip(load: Load, key: str, most: int, today: date) -> SafeString:
    """Return a reader's or a unit's weeks as columns on a scale that ends at `most` minutes.

    From the ground: what is done, what is left, what is planned elsewhere; a line for the capacity, hatched above it.
    `key` makes the ids of the picture its own in the page.
    """
    title = _("%(name)s, minutes of preparation week by week") % {"name": load.name}
    said = ". ".join(_words(week) for week in load.weeks if week.total or week.capacity)
    wide = _column_width(len(load.weeks))
    body = _joined([_column(week, place * wide, wide, most, today) for place, week in enumerate(load.weeks)])
    return _picture(key, len(load.weeks) * wide, STRIP, title, said or _("Nothing planned."), body)


@register.simple_tag
def moves_chart(weeks: Sequence[WeekMoves], key: str, today: date) -> SafeString:
    """Return each week's rebookings and provisional moves as two columns beside each other."""
    most = max([1, *(week.rebookings for week in weeks), *(week.moves for week in weeks)])
    high = MOVES - AXIS - HEAD
    parts = []
    for place, week in enumerate(weeks):
        x = place * MOVES_COLUMN
        if _is_now(week.monday, today):
            parts.append(_rect("chart__now", x, 0, MOVES_COLUMN, MOVES - AXIS + FOOT))
        for offset, value, css in ((5, week.rebookings, "chart__rebooked"), (23, week.moves, "chart__moved")):
            height = high * value / most
            parts.append(_rect(css, x + offset, MOVES - AXIS - height, 16, height))
            if value:
                parts.append(_text("chart__value", x + offset + 8, MOVES - AXIS - height - 4, value))
        now = " chart__week--now" if _is_now(week.monday, today) else ""
        parts.append(_text(f"chart__week{now}", x + MOVES_COLUMN / 2, MOVES - 14, week.monday.isocalendar().week))
    parts.append(_ground(len(weeks) * MOVES_COLUMN, MOVES - AXIS))
    said = _("%(rebookings)d rebookings of firm places and %(moves)d moves of provisional ones in %(weeks)d weeks.") % {
        "rebookings": sum(week.rebookings for week in weeks),
        "moves": sum(week.moves for week in weeks),
        "weeks": len(weeks),
    }
    title = _("Rebookings and provisional moves week by week")
    return _picture(key, len(weeks) * MOVES_COLUMN, MOVES, title, said, _joined(parts))


@register.simple_tag
def share_bar(part: int, whole: int, width: int = 120) -> SafeString:
    """Return a bar of how much of the whole a part is; the numbers stand beside it in the table."""
    filled = width * part / whole if whole else 0
    return format_html(
        '<svg class="chart" width="{0}" height="10" viewBox="0 0 {0} 10" aria-hidden="true">{1}{2}</svg>',
        width, _rect("chart__track", 0, 1, width, 8), _rect("chart__part", 0, 1, filled, 8),
    )  # fmt: skip


@register.simple_tag
def chart_key(name: str) -> SafeString:
    """Return the sign of the legend for `done`, `left`, `elsewhere`, `over`, `capacity`, `rebooked` or `moved`."""
    if name == "capacity":
        body = _line("chart__capacity", 0, 7, 16)
    elif name == "over":
        body = _joined([_rect("chart__left", 0.5, 1.5, 15, 11), _over(0.5, 1.5, 15, 11)])
    else:
        body = _rect(f"chart__{name}", 0.5, 1.5, 15, 11)
    return format_html(
        '<svg class="chart" width="16" height="14" viewBox="0 0 16 14" aria-hidden="true">{}</svg>', body
    )


def _column_width(weeks: int) -> int:
    return min(WIDE, max(NARROW, WIDTH // max(weeks, 1)))


def _column(week: WeekLoad, x: float, wide: int, most: int, today: date) -> SafeString:
    ground = STRIP - FOOT
    scale = (STRIP - HEAD - FOOT) / max(most, 1)
    left, width = x + wide * 0.2, wide * 0.6
    done = min(week.done, week.planned)
    parts = [_rect("chart__now", x, 0, wide, STRIP)] if _is_now(week.monday, today) else []
    parts.append(format_html("<title>{}</title>", _words(week)))
    if week.capacity:
        parts.append(_rect("chart__track", left, ground - week.capacity * scale, width, week.capacity * scale))
    reached = 0
    for css, minutes in (("done", done), ("left", week.planned - done), ("elsewhere", week.elsewhere)):
        parts.append(_rect(f"chart__{css}", left, ground - (reached + minutes) * scale, width, minutes * scale))
        reached += minutes
    top = ground - week.total * scale
    if week.capacity is not None:
        mark = ground - week.capacity * scale
        if week.over:
            parts.append(_over(left, top, width, week.over * scale))
        parts.append(_line("chart__capacity", left - 4, mark, left + width + 4))
        if mark - 2 < top < mark + HEAD + 2:
            top = mark  # the number would lie on the line
    if week.total:
        css = "chart__value chart__value--over" if week.over else "chart__value"
        parts.append(_text(css, x + wide / 2, top - 4, week.total))
    parts.append(_line("chart__ground", x, ground + 0.5, x + wide))
    return format_html("<g>{}</g>", _joined(parts))


def _words(week: WeekLoad) -> str:
    """Return the week in words, as the description and the tooltip give it."""
    words = {
        "week": week.monday.isocalendar().week, "planned": week.total, "capacity": week.capacity, "done": week.done,
        "over": week.over,
    }  # fmt: skip
    if week.capacity is None:
        return _("Week %(week)d: %(planned)d min planned, %(done)d done") % words
    if week.over:
        return _("Week %(week)d: %(planned)d of %(capacity)d min planned, %(over)d over, %(done)d done") % words
    return _("Week %(week)d: %(planned)d of %(capacity)d min planned, %(done)d done") % words


def _picture(key: str, width: int, height: int, title: str, said: str, body: SafeString) -> SafeString:
    return format_html(
        '<svg class="chart" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-labelledby="{k}-title {k}-said">'
        '<title id="{k}-title">{title}</title><desc id="{k}-said">{said}</desc>{body}</svg>',
        w=width, h=height, k=key, title=title, said=said, body=body,
    )  # fmt: skip


def _is_now(monday: date, today: date) -> bool:
    return 0 <= (today - monday).days < 7


def _joined(parts: Sequence[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _rect(css: str, x: float, y: float, width: float, height: float) -> SafeString:
    if width <= 0 or height <= 0:
        return SafeString()
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        css,
        f"{x:g}",
        f"{y:.1f}",
        f"{width:g}",
        f"{height:.1f}",
    )


def _line(css: str, x0: float, y: float, x1: float) -> SafeString:
    return format_html('<path class="{}" d="M{} {}H{}"/>', css, f"{x0:g}", f"{y:.1f}", f"{x1:g}")


def _ground(width: int, y: float) -> SafeString:
    return _line("chart__ground", 0, y + 0.5, width)


def _text(css: str, x: float, y: float, value: int) -> SafeString:
    return format_html('<text class="{}" x="{}" y="{}">{}</text>', css, f"{x:g}", f"{y:.1f}", value)


def _over(x: float, y: float, width: float, height: float) -> SafeString:
    """Return slanting lines in a box, without a pattern (ids must stay unique in a page), and its edge."""
    lines = []
    for step in count(1):
        run = step * HATCH_STEP
        if run >= width + height:
            break
        x0, y0 = (x, y + run) if run <= height else (x + run - height, y + height)
        x1, y1 = (x + run, y) if run <= width else (x + width, y + run - width)
        lines.append(f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}")
    box = f"M{x:g} {y:.1f}h{width:g}v{height:.1f}h{-width:g}z"
    return format_html('<path class="chart__over" d="{}"/><path class="chart__hatch" d="{}"/>', box, "".join(lines))
