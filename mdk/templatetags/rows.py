"""The rows of agenda and candidates: forty of them on a page, so each is filled into one form at once.

Only the cells that change from row to row are here; heads, forms and opened rows are templates. Every text goes
through `format_html`.
"""

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localdate
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import bars, signs
from accounts.templatetags.ui import discordant_sign
from cases.enums import TriageAnswer
from cases.lists import HELD_BACK
from checklists.parts import pick
from mdk.enums import LateState
from mdk.queries.agenda import AgendaRow
from mdk.queries.candidates import CandidateRow
from mdk.templatetags.planning import preparation_marks, step_buttons

register = template.Library()

_NOTHING = (None,) * len(signs.KINDS)
_MISSING = ("missing",) * len(signs.KINDS)

_PICK = '<label class="pick" data-grip><input type="checkbox" form="bulk" name="{}" value="{}" id="{}" aria-label="{} {}"></label>'
_PLANNED = (
    '{pick}<time class="agenda__time">{clock}</time><span class="agenda__position">{position}</span>{level}'
    '<input class="input agenda__minutes" form="plan" type="number" min="0" max="60" name="minutes-{id}"'
    ' id="minutes-{id}" value="{minutes}" aria-label="{minutes_at} {position}">'
    '<span class="agenda__who">{who}</span>'
    "{asked}{strip}{state}{tools}"
)
_ASKED = '<a class="question-link clip" data-open id="open-item-{}" href="{}item-{}" title="{}">{}</a>'
_UNREADY = '<span class="agenda__unready">{}{}</span>'
_LATE = '<span class="agenda__unready"><b class="agenda__late tone--approval" title="{}">{}</b>{}</span>'
_GUEST = '<span class="agenda__unready">{}<span class="agenda__guest" title="{}">{}</span></span>'
_READ = (
    '<time class="agenda__time">{clock}</time><span class="agenda__position">{position}</span>{level}{minutes}'
    '<span class="agenda__who">{who}</span>'
    "{question}{strip}{preparation}{status}"
)
_QUESTION = '<a class="question-link clip" data-open href="{}" title="{}">{}</a>'
_MARKED = '<span class="is-discordant">{}{}</span>'
_CANDIDATE = (
    '{pick}<a class="candidate__question question-link clip" data-open id="open-case-{id}" href="{link}case-{id}"'
    ' title="{question}">{question}</a><span class="candidate__who">{who}</span>'
    '<span class="candidate__facts">{clock}<span class="candidate__promised{past}">{promised}</span>'
    '{level}{strip}<span class="candidate__missing" title="{hint}">{missing}</span>'
    "{chance}</span>"
    '<button type="submit" class="btn btn--small candidate__add" form="book" name="case" value="{id}"'
    ' data-row-key="a">{add}</button>'
)


_CHANCE = '<span class="candidate__chance" title="{}">{}</span>'
_HELD_BACK = '<b title="{}">{}</b> · {}'


@register.simple_tag
def planned_row(row: AgendaRow, link: str, query: str) -> SafeString:
    """Show the cells of an item in the workbench's agenda, tools included."""
    language = get_language() or ""
    return format_html(
        _PLANNED,
        pick=format_html(_PICK, "items", row.id, f"pick-item-{row.id}", _("Select place"), row.position),
        id=row.id,
        clock=row.clock if row.is_firm else "–",
        position=row.position,
        level=signs.level_badge(language, row.level, True),
        minutes=row.minutes,
        minutes_at=_("Minutes, place"),
        who=_("Protected identity") if row.is_protected else row.initials,
        asked=_asked(language, row, link),
        strip=_strip(language, row),
        state=preparation_marks(row.preparations) if row.is_firm else _likely(row),
        tools=step_buttons(row.id, query),
    )


@register.simple_tag
def read_row(row: AgendaRow, case_link: str) -> SafeString:
    """Show the cells of an item that members read; without `case_link` neither patient nor question."""
    language = get_language() or ""
    if case_link:
        who = _("Protected identity") if row.is_protected else row.initials
        question = format_html(_QUESTION, case_link.replace("/0/", f"/{row.case_id}/"), row.question, row.question)
        if row.is_discordant:
            question = format_html(_MARKED, discordant_sign(), question)
    else:
        who = ""
        name = pick(row.diagnosis_name_sv, row.diagnosis_name_en, language)
        question = format_html('<span class="clip">{}</span>', name)
    return format_html(
        _READ,
        clock=row.clock,
        position=row.position,
        level=signs.level_badge(language, row.level, True),
        minutes=signs.minutes(language, row.minutes, None),
        who=who,
        question=question,
        strip=_strip(language, row),
        preparation=preparation_marks(row.preparations) if row.is_firm else _expected(row),
        status=signs.status_badge(language, "item", row.status),
    )


@register.simple_tag
def candidate_row(case: CandidateRow, link: str) -> SafeString:
    """Show the cells of a candidate, its button included."""
    language = get_language() or ""
    if case.readiness_state == "ready" and not case.missing:
        missing, chance = signs.readiness_state(language, "ready"), SafeString()
    else:
        missing = format_html("{}", case.expects or case.missing)
        chance = format_html(_CHANCE, _("Ready in time"), signs.percent(case.probability))
    hint = case.expects or case.missing
    if case.place:
        likely = signs.likely(case.place.starts_at, case.place.probability)
        missing, chance = format_html('<span class="candidate__likely">{}</span>', likely), SafeString()
        hint = f"{likely}. {hint}" if hint else likely
    if case.triage in HELD_BACK:
        missing = format_html(_HELD_BACK, case.triage_note, TriageAnswer(case.triage).label, missing)
    if case.is_discordant:
        missing = format_html("{} {}", discordant_sign(), missing)
    return format_html(
        _CANDIDATE,
        pick=format_html(_PICK, "cases", case.id, f"pick-case-{case.id}", _("Select"), case.initials or case.id),
        id=case.id,
        link=link,
        question=case.question,
        who=_("Protected identity") if case.is_protected else case.initials,
        clock=bars.pathway_clock(language, case.days, case.allowed, case.promised_day, False),
        level=signs.level_badge(language, case.level, True),
        strip=_strip(language, case),
        missing=missing,
        hint=hint,
        promised=date_format(case.promised_on, "j b") if case.promised_on else "",
        past=" is-past" if case.promised_on and case.promised_on < localdate() else "",
        chance=chance,
        add=_("Add"),
    )


def _asked(language: str, row: AgendaRow, link: str) -> SafeString:
    """Show the question; before it what a firm place still lacks, which its four answers alone may not tell."""
    asked = format_html(_ASKED, row.id, link, row.id, row.question, row.question)
    if row.is_discordant:
        asked = format_html(_MARKED, discordant_sign(), asked)
    if row.late == LateState.ASKED:
        asked = format_html(_LATE, _("waits for the chair's yes"), _("late?"), asked)
    elif row.is_late:
        asked = format_html(_LATE, _("Added after the cut-off"), _("late"), asked)
    if row.guest:
        asked = format_html(_GUEST, asked, row.guest, row.guest)
    if row.readiness_state == "ready" or not row.is_firm:
        return asked
    return format_html(_UNREADY, signs.readiness_state(language, row.readiness_state), asked)


def _strip(language: str, row: AgendaRow | CandidateRow) -> SafeString:
    strip = tuple(row.strip) or _MISSING
    return signs.readiness_strip(language, strip, _NOTHING, False, tuple(row.marks or signs.NO_MARKS))


def _expected(row: AgendaRow) -> SafeString:
    """Say when the case is expected to be discussed, as everywhere: the place is provisional."""
    said = signs.likely(row.starts_at, row.probability, is_ready=row.readiness_state == "ready")
    return format_html('<span class="small">{}</span>', said)


def _likely(row: AgendaRow) -> SafeString:
    """Say that the place is provisional, and how likely the case is ready in time; of a ready one, that it is."""
    if row.readiness_state == "ready":
        return signs.readiness_state(get_language() or "", "ready")
    is_likely = row.probability is None or row.probability >= signs.EVEN
    word = _("likely") if is_likely else _("provisional")
    return format_html(
        '<span class="small">{} <span class="nowrap">{}</span></span>', word, signs.percent(row.probability)
    )
