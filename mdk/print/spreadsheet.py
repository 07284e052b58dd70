"""The agenda as a spreadsheet."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.files import XLSX, file_answer
from accounts.signs import KINDS, LEVELS, READINESS
from cases.intake.cells import xlsx_bytes
from mdk.enums import AgendaSection, ItemStatus
from mdk.models import Meeting
from mdk.print.agenda import answer_words, diagnosis_words, file_name, log_export, preparation_words
from mdk.queries.agenda import AgendaRow, agenda_of


def agenda_xlsx(actor: Actor, meeting: Meeting, *, what: str) -> HttpResponse:
    """Return the agenda as XLSX, one row a case, and log the export under `what`.

    Every text is stored as text, so that nothing a referral says can run as a formula.
    """
    rows = agenda_of(meeting)
    log_export(actor, meeting, [row.patient_id for row in rows], what)
    content = xlsx_bytes(_("Agenda"), _header(), [_cells(row) for row in rows])
    return file_answer(content, XLSX, file_name(meeting, "xlsx"))


def _header() -> list[str]:
    return [
        _("Time"), _("No."), _("Min"), _("Level"), _("Status"), _("Patient"), _("Personal identity number"),
        _("Clinical question"), _("Diagnosis and phase"), *(str(word) for _code, word, _letter in KINDS),
        _("Readiness"), _("Discordant answers"), _("Preparation"), _("Well-founded suspicion"), _("Promised date"),
        _("Part"), _("Guest"), _("Break after, minutes"),
    ]  # fmt: skip


def _cells(row: AgendaRow) -> list[object]:
    return [
        row.clock,
        row.position,
        row.minutes,
        str(LEVELS[row.level][1]),
        str(ItemStatus(row.status).label),
        row.name or _("Protected identity"),
        row.number,
        row.question,
        diagnosis_words(row),
        *(word for _state, word in answer_words(row)),
        str(READINESS[row.readiness_state][2]),
        _("Yes") if row.is_discordant else "",
        "; ".join(preparation_words(preparation) for preparation in row.preparations),
        row.suspected_on,
        row.promised_on,
        str(AgendaSection(row.section).label),
        row.guest,
        row.break_minutes or "",
    ]
