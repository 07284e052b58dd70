"""The row of the workbench that stands open, with its forms; those that were refused keep what was typed."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import ActorRequest
from accounts.numbers import whole_number
from cases.access import access_case
from cases.privacy import IdentityGuard
from mdk.forms.bench import GradeForm, ItemForm
from mdk.forms.planning import BookForm, ChairForm, FirmForm, LevelForm, ReasonForm, RebookForm
from mdk.models import Meeting
from mdk.queries.agenda import AgendaRow
from mdk.queries.attendance import chairs_for
from mdk.queries.candidates import CandidateRow, findings_in_words
from mdk.queries.workbench import Workbench
from mdk.services.warnings import booking_warnings

Forms = Mapping[str, forms.Form]
ITEM, CASE = ("item", "rebook", "off", "grade"), ("case", "level")
"""Of the address `open=rebook-7`: what opens an item's row or a candidate's, and where the focus goes."""


def opened_row(
    request: ActorRequest, bench: Workbench, key: str, bound: Forms, targets: list[Meeting]
) -> dict[str, Any]:
    """Return what the opened row needs: its key, its row and its forms; no row when nothing is open."""
    kind, _dash, number = key.partition("-")
    found: dict[str, Any] = {"key": key, "at": kind, "id": whole_number(number)}
    if kind == "chair":
        people = chairs_for(bench.meeting, timezone.localdate())
        found["form"] = bound.get("chair") or ChairForm(initial={"chair": bench.meeting.chair_id}, people=people)
    elif kind == "cancel":
        found["form"] = bound.get("cancel") or ReasonForm(auto_id="cancel_%s")
    elif kind in ITEM and (row := bench.row(found["id"])):
        found |= _item_forms(request, row, bound, targets)
    elif kind in CASE and (candidate := bench.candidate(found["id"])):
        found |= _case_forms(request, bench, candidate, bound)
    return found


def _item_forms(request: ActorRequest, row: AgendaRow, bound: Forms, targets: list[Meeting]) -> dict[str, Any]:
    change = {"minutes": row.minutes, "guest": row.guest, "pause": row.break_minutes or None}
    return {
        "row": row,
        "change": bound.get("change") or ItemForm(initial=change, auto_id="change_%s"),
        "grade": bound.get("grade") or GradeForm(initial={"level": row.level}, auto_id="grade_%s"),
        "rebook": bound.get("rebook") or RebookForm(targets=targets, auto_id="rebook_%s"),
        "firm": bound.get("firm") or FirmForm(auto_id="firm_%s"),
        "accept": bound.get("accept")
        or ReasonForm(auto_id="accept_%s", label=_("Reason to take it up though not ready")),
        "off": bound.get("off") or ReasonForm(auto_id="off_%s", label=_("Reason to take it off")),
        "who": (row.patient_name, row.written_number)
        if row.is_open_to(IdentityGuard(request.actor))
        else (_("Protected identity"), ""),
    }


def _case_forms(request: ActorRequest, bench: Workbench, candidate: CandidateRow, bound: Forms) -> dict[str, Any]:
    level = {"case": candidate.id, "level": candidate.level}
    return {
        "case": candidate,
        "findings": findings_in_words(candidate),
        "warnings": booking_warnings(
            bench.meeting, access_case(request.actor, candidate.id), candidate.level, bench.at
        ),
        "book": bound.get("book") or BookForm(initial={"case": candidate.id}, auto_id="book_%s"),
        "level": bound.get("level") or LevelForm(initial=level, auto_id="level_%s"),
    }
