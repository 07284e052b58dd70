"""The protocol as a PDF for the record: the words of a `Protocol`, set by Typst."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from accounts.access_log import log_read
from accounts.actor import Actor
from accounts.files import PDF, file_answer
from accounts.models import AccessLog
from checklists.enums import LevelCode, Phase
from mdk.models import Meeting
from mdk.print.typesetting import compile_pdf
from mdk.queries.protocol import Entry, Protocol, protocol_of


def protocol_file(actor: Actor, meeting: Meeting, *, what: str, inline: bool = False) -> HttpResponse:
    """Return the protocol as it stands now, and log the export under `what`."""
    protocol = protocol_of(meeting)
    log_read(actor, patients=protocol.patients, what=what, action=AccessLog.Action.EXPORT)
    return file_answer(protocol_pdf(protocol, timezone.now()), PDF, protocol_name(meeting), inline=inline)


def protocol_pdf(protocol: Protocol, now: datetime) -> bytes:
    """Return the protocol as PDF/A. A signed one has the time of its signature as its date: always the same bytes.

    One that is not signed says so on every page and carries `now`. Protected identities are masked in the
    protocol already.
    """
    signed_at = protocol.meeting.signed_at
    latest = max((addendum.added_at for entry in protocol.entries for addendum in entry.addenda), default=signed_at)
    return compile_pdf("protocol.typ", protocol_words(protocol), at=latest or now)


def protocol_name(meeting: Meeting) -> str:
    """Return the name of the file: date and id, nothing of a patient."""
    return f"protokoll-{timezone.localtime(meeting.starts_at):%Y-%m-%d}-{meeting.pk}.pdf"


def protocol_words(protocol: Protocol) -> dict[str, Any]:
    """Return all text of the protocol in the active language, as the template reads it."""
    meeting = protocol.meeting
    signer, signed_at = meeting.signed_by, meeting.signed_at
    chair = meeting.chair.name if meeting.chair else ""
    return {
        "language": (translation.get_language() or "sv")[:2],
        "title": _("Meeting protocol"),
        "author": chair,
        "series": meeting.series.name,
        "day": formats.date_format(timezone.localtime(meeting.starts_at), "DATE_FORMAT"),
        "state": _("Signed") if protocol.is_signed else _("NOT SIGNED"),
        "signed": protocol.is_signed,
        "signature": {"who": signer.name, "at": _moment(signed_at)} if signer and signed_at else None,
        "footer": _("The conference recommends; the decision is taken with the patient."),
        "facts": _facts(protocol, chair),
        "attendance": [(name, what, _("remote") if remote else "") for name, what, remote in protocol.lines],
        "quorum": _("met") if protocol.quorum.met else _("not met; missing: %(who)s") % {"who": ", ".join(protocol.missing)},
        "cases": [_case(entry) for entry in protocol.entries],
        "words": _words(),
    }  # fmt: skip


def _words() -> dict[str, Any]:
    return {
        "page": _("Page"),
        "unsigned": _("NOT SIGNED"),
        "unsigned_note": _("A draft. It is valid as a protocol when the chair has signed it."),
        "attendance": _("Attendance"),
        "attendance_head": [_("Name"), _("Function"), ""],
        "nobody": _("No attendance was noted."),
        "quorum": _("Quorum"),
        "cases": _("Cases"),
        "recommendation": _("Recommendation"),
        "checklist": _("Checklist"),
        "addendum": _("Addendum"),
        "signed_line": _("Signed by"),
    }


def _facts(protocol: Protocol, chair: str) -> list[tuple[str, str]]:
    meeting = protocol.meeting
    rows = [
        (_("Conference"), f"{meeting.series.name}, {meeting.series.unit.name}"),
        (_("Day"), formats.date_format(timezone.localtime(meeting.starts_at), "DATE_FORMAT")),
        (_("Began"), _clock(meeting.started_at)),
        (_("Ended"), _clock(meeting.closed_at)),
        (_("Chair"), chair),
        (_("Cases"), str(len(protocol.entries))),
    ]
    return [row for row in rows if row[1]]


def _case(entry: Entry) -> dict[str, Any]:
    item, case = entry.item, entry.item.case
    line = [case.diagnosis.label(), str(Phase(case.phase).label),
            str(LevelCode(item.level).label)]  # fmt: skip
    if entry.minutes_used:
        line.append(_("%(planned)d min planned, %(used)d used") % {"planned": item.minutes, "used": entry.minutes_used})
    return {
        "number": entry.number,
        "patient": f"{entry.shown.name}, {entry.shown.number}",
        "line": " · ".join(line),
        "question": case.clinical_question,
        "ended": _ended(entry),
        "recommendation": entry.outcome.recommendation if entry.outcome else "",
        "facts": _case_facts(entry),
        "checklist": entry.ticked,
        "addenda": [
            {"who": f"{addendum.added_by.name}, {_moment(addendum.added_at)}", "text": addendum.text}
            for addendum in entry.addenda
        ],
    }


def _ended(entry: Entry) -> str:
    if entry.deferred:
        note = f" – {entry.item.defer_note}" if entry.item.defer_note else ""
        return _("Deferred without a recommendation: %(reason)s") % {"reason": entry.deferred} + note
    if entry.moved:
        return _("Not discussed: %(reason)s") % {"reason": entry.moved}
    return ""


def _case_facts(entry: Entry) -> list[tuple[str, str]]:
    return [(_("Responsible clinician"), entry.item.case.responsible_clinician.name), *entry.facts]


def _moment(at: datetime | None) -> str:
    return formats.date_format(timezone.localtime(at), "Y-m-d H:i") if at else ""


def _clock(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%H:%M}" if at else ""
