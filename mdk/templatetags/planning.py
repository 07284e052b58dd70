"""Signs of the agenda and the workbench, built once for each distinct state and language."""

from collections.abc import Sequence
from functools import lru_cache

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import signs
from checklists.enums import Discipline
from mdk.forms.series import INTERVALS, WEEKDAYS
from mdk.models import Series
from mdk.queries.agenda import PreparationRow

register = template.Library()

_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_EVERY = {str(number): words for number, words in INTERVALS}


@register.simple_tag
def preparation_marks(preparations: Sequence[PreparationRow]) -> SafeString:
    """Show each discipline's preparation as its letter and the shape of its state, with words for the tooltip."""
    states = tuple((row.discipline, row.state, row.reader_name or "") for row in preparations)
    return _marks(get_language() or "", states)


@register.simple_tag
def step_buttons(item_id: int, query: str) -> SafeString:
    """Show the two buttons that move an item up and down; they send the form `plan` to the item's own address."""
    return format_html(_steps(get_language() or ""), item_id, query)


@lru_cache
def _steps(language: str) -> str:
    address = reverse("mdk:move", args=[0]).replace("0", "{0}")
    button = (
        '<button type="submit" class="step" form="plan" formaction="{address}?{{1}}" name="steps" value="{steps}"'
        ' data-row-key="{key}" id="{way}-{{0}}" aria-label="{words}">{sign}</button>'
    )
    both = (("-1", "K", "up", _("Move up"), "▴"), ("1", "J", "down", _("Move down"), "▾"))
    buttons = "".join(
        button.format(address=address, steps=steps, key=key, way=way, words=words, sign=sign)
        for steps, key, way, words, sign in both
    )
    return f'<span class="agenda__tools">{buttons}</span>'


@register.filter
def recurrence(series: Series) -> str:
    """Say when a series meets, `Monday, Thursday 08:15 every other week`; any other rule is shown as it stands."""
    parts = dict(part.split("=", 1) for part in series.rrule.split(";") if "=" in part)
    days = parts.get("BYDAY", "").split(",") if parts.get("BYDAY") else [_CODES[series.starts_on.weekday()]]
    known = dict(WEEKDAYS)
    interval = parts.get("INTERVAL", "1")
    if parts.get("FREQ") != "WEEKLY" or not set(days) <= known.keys() or interval not in _EVERY:
        return f"{series.rrule}, {series.starts_time:%H:%M}"
    return f"{', '.join(str(known[day]).lower() for day in days)} {series.starts_time:%H:%M}, {_EVERY[interval]}"


@lru_cache(maxsize=4096)
def _marks(language: str, states: tuple[tuple[str, str, str], ...]) -> SafeString:
    marks = []
    for discipline, state, reader in states:
        tone, shape, word = signs.STATUSES["preparation"][state]
        words = f"{Discipline(discipline).label}: {str(word).lower()}"
        if reader:
            words = _("%(state)s, %(reader)s") % {"state": words, "reader": reader}
        marks.append((tone, words, words, signs.LETTERS[discipline], signs.shape(shape)))
    body = format_html_join(
        "", '<span class="prep__mark tone--{}" role="img" aria-label="{}" title="{}"><b>{}</b>{}</span>', marks
    )
    return format_html('<span class="prep">{}</span>', body)
