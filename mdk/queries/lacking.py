"""Whose answer was missing when a case was rebooked, and whether that could be foreseen."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone

from cases.models import Case
from events.models import Event
from mdk.enums import MISSING_KIND, RebookingReason
from mdk.models import AgendaItem

ATTESTATION = "attestation-missing"


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a case lacks: the requirement (none for the attestation), its kind, and the role that owns it."""

    requirement: str
    kind: str
    owner: str


NOTHING = Lacking("", "", "")


def lacking(case: Case, reason: RebookingReason) -> Lacking | None:
    """Return what the stored findings say is missing of the kind that the reason names, the gravest first.

    None for a reason that names no kind, and where nothing of the kind is missing.
    """
    kind = MISSING_KIND.get(reason)
    if kind is None:
        return None
    return next((one for one in all_lacking(case) if one.kind == kind), None)


def all_lacking(case: Case) -> list[Lacking]:
    """Return all that more than warns in the stored findings, the gravest first. The attestation counts as clinical."""
    return [
        Lacking(one["requirement"], "clinical" if one["code"] == ATTESTATION else one["kind"], one["owner"])
        for one in case.readiness.get("findings", [])
        if one["severity"] != "warning"
    ]


def reason_for(case: Case) -> RebookingReason:
    """Return the coded reason for a case that is not ready: the kind of the gravest of what it lacks."""
    reasons = {kind: reason for reason, kind in MISSING_KIND.items()}
    return next((reasons[one.kind] for one in all_lacking(case)), RebookingReason.CLINICAL_MISSING)


def was_foreseeable(item: AgendaItem, missing: Lacking) -> bool:
    """Whether the rebooking of a firm place could be foreseen: the missing answer was not there when it was made firm.

    The rule: no answer to the requirement was final by that day, and it was not set aside either. An answer that was
    final then, and has since been taken back or grown too old, could not be foreseen; neither could what no requirement
    names (a patient who falls ill, a new question, an attestation that is asked for anew).
    """
    if not missing.requirement:
        return False
    moment = firm_since(item)
    return not (_was_final(item, missing, timezone.localdate(moment)) or _was_set_aside(item, missing, moment))


def firm_since(item: AgendaItem) -> datetime:
    """Return when the place was made firm: at the booking, or when it was confirmed after that."""
    made = Event.objects.filter(kind="item.firmed", subject_type="agendaitem", subject_id=item.pk)
    return made.order_by("-at").values_list("at", flat=True).first() or item.added_at


def _was_final(item: AgendaItem, missing: Lacking, on: date) -> bool:
    answers = item.case.results.filter(kind=missing.kind, requirement__in=["", missing.requirement])
    return answers.filter(final_on__lte=on).exists()


def _was_set_aside(item: AgendaItem, missing: Lacking, moment: datetime) -> bool:
    rows = item.case.clearances.filter(requirement=missing.requirement, granted_at__lte=moment)
    return rows.filter(Q(revoked_at__isnull=True) | Q(revoked_at__gt=moment)).exists()
