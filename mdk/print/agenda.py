"""The agenda as PDF: what is on it in words, and how it is laid out (agenda.typ)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import formats, timezone
from django.utils.text import slugify
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from accounts import signs
from accounts.access_log import log_read
from accounts.actor import Actor
from accounts.files import PDF, file_answer
from accounts.models import AccessLog
from accounts.signs import ANSWER_WORDS, KINDS, LEVELS
from checklists.enums import Discipline, Phase
from checklists.parts import pick
from mdk.access import series_units
from mdk.enums import PreparationState
from mdk.models import Meeting
from mdk.print.typesetting import compile_pdf
from mdk.queries.agenda import (
    AgendaPart,
    AgendaRow,
    PreparationRow,
    agenda_of,
    planned_minutes_of,
    sections_of,
    with_chances,
)
from mdk.queries.changes import ChangeLog, change_log


def agenda_pdf(actor: Actor, meeting: Meeting, *, what: str) -> HttpResponse:
    """Return the agenda as a tagged PDF (A-2a) and log the export under `what`.

    The time of printing stands in the file, so no two are alike.
    """
    now = timezone.now()
    rows = with_chances(agenda_of(meeting), meeting, now)
    log = change_log(meeting, rows)
    log_export(actor, meeting, {row.patient_id for row in rows} | log.patients, what)
    data = agenda_data(meeting, rows, log, printed_by=actor.user.name, now=now)
    content = compile_pdf("agenda.typ", data, at=now)
    return file_answer(content, PDF, file_name(meeting, "pdf"), inline=True)


def log_export(actor: Actor, meeting: Meeting, patients: Iterable[int], what: str) -> None:
    """Write down that the actor took these patients out in a file."""
    units = series_units(meeting.series)
    log_read(actor, patients=list(patients), what=what, action=AccessLog.Action.EXPORT, unit_ids=units)


def file_name(meeting: Meeting, ending: str) -> str:
    """Return the name of the file: series and day, no patient data."""
    day = timezone.localtime(meeting.starts_at)
    return f"{slugify(meeting.series.name) or 'mdk'}-{day:%Y-%m-%d}.{ending}"


def agenda_data(
    meeting: Meeting, rows: list[AgendaRow], log: ChangeLog, *, printed_by: str, now: datetime
) -> dict[str, Any]:
    """Return what the template is filled with: words and numbers, protected identities hidden.

    `lines` are the table's, each of one kind: a heading (`part`), a case (`row`) or a break (`pause`).
    """
    planned = planned_minutes_of(rows)
    facts = [
        (_("Chair"), meeting.chair.name if meeting.chair else "–"),
        (_("Cut-off"), _moment(meeting.cutoff_at)),
        (
            pgettext("minutes", "Planned"),
            _("%(planned)d of %(limit)d min") % {"planned": planned, "limit": meeting.capacity_minutes},
        ),
    ]
    if log.versions:
        facts.append((_("Version"), f"{log.number} · {_moment(log.versions[0].published_at)}"))
    firm = sum(row.is_firm for row in rows)
    cases = ngettext("%(n)d case", "%(n)d cases", firm) % {"n": firm}
    return {
        "language": (get_language() or "sv")[:2],
        "title": meeting.series.name,
        "unit": meeting.series.unit.name,
        "when": when_of(meeting),
        "facts": facts,
        "lines": [line for part in sections_of(rows) for line in _lines(part)],
        "changes": _changes(log),
        "total": f"{cases} · " + _("%(n)d min") % {"n": planned},
        "note": _("Contains patient data. Keep it out of sight and destroy it after the conference."),
        "printed": _("Printed %(at)s by %(who)s") % {"at": _moment(now), "who": printed_by},
        "words": {
            "page": _("Page"),
            "empty": _("No case is on the agenda yet."),
            "provisional": _("provisional"),
            "lifted": _("Lifted to discussion"),
            "guest": _("Guest"),
            "discordant": _("The answers are discordant"),
            "columns": [
                _("Time"), _("No."), _("Min"), _("Level"), _("Patient"), _("Clinical question"),
                *(str(word) for _code, word, _letter in KINDS), _("Preparation"),
            ],
        },
    }  # fmt: skip


def when_of(meeting: Meeting) -> str:
    """Return day and hours of the meeting in words."""
    starts, ends = timezone.localtime(meeting.starts_at), timezone.localtime(meeting.ends_at)
    return f"{formats.date_format(starts, 'l j F Y')}, {starts:%H:%M}–{ends:%H:%M}"


def answer_words(row: AgendaRow) -> list[tuple[str, str]]:
    """Return state and word of the four answers, in the strip's order."""
    states = list(row.strip or ()) or ["missing"] * len(KINDS)
    return [(state, str(ANSWER_WORDS[state])) for state in states]


def preparation_words(preparation: PreparationRow) -> str:
    """Return `Radiologi: förberedd (Ek)` or what state it is in."""
    state = PreparationState(preparation.state).label
    reader = f" ({preparation.reader_name})" if preparation.reader_name else ""
    return f"{Discipline(preparation.discipline).label}: {str(state).lower()}{reader}"


def diagnosis_words(row: AgendaRow) -> str:
    """Return diagnosis and phase in the language of the page."""
    return f"{pick(row.diagnosis_name_sv, row.diagnosis_name_en)} · {Phase(row.phase).label}"


def _lines(part: AgendaPart) -> Iterable[dict[str, Any]]:
    """Yield the heading of a part, its cases and the breaks between them."""
    minutes = " · " + _("%(n)d min") % {"n": part.minutes} if part.minutes else ""
    yield {"part": f"{part.title} · {len(part.rows)}{minutes}"}
    for row in part.rows:
        yield {"row": _row(row)}
        if row.break_minutes:
            yield {"pause": _("%(at)s break %(n)d min") % {"at": row.break_clock, "n": row.break_minutes}}


def _changes(log: ChangeLog) -> list[dict[str, Any]]:
    """Return what has changed since the list was published, and from version to version, newest first."""
    blocks = []
    if log.pending:
        blocks.append((_("Changed since version %(n)d") % {"n": log.number}, log.pending))
    for version in log.versions:
        if version.changes:
            head = {"n": version.number, "at": _moment(version.published_at), "who": version.by}
            blocks.append((_("New in version %(n)d, %(at)s, %(who)s") % head, version.changes))
    return [
        {"head": head, "lines": [[change.who or _("Protected identity"), change.sentence] for change in changes]}
        for head, changes in blocks
    ]


def _row(row: AgendaRow) -> dict[str, Any]:
    return {
        "time": row.clock,
        "position": row.position,
        "minutes": row.minutes,
        "level": row.level,
        "level_word": str(LEVELS[row.level][1]),
        "provisional": not row.is_firm,
        "name": row.name or _("Protected identity"),
        "number": row.number,
        "question": row.question,
        "lifted": row.lifted_reason,
        "likely": signs.percent(row.probability) if row.probability is not None and not row.is_firm else "",
        "guest": row.guest,
        "discordant": row.is_discordant,
        "diagnosis": diagnosis_words(row),
        "answers": [{"state": state, "word": word} for state, word in answer_words(row)],
        "preparations": [preparation_words(preparation) for preparation in row.preparations],
    }


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
