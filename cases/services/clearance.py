"""What a person takes upon themselves: to waive a requirement, to say that it does not apply, to attest."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, NotAllowed, sentence_errors
from accounts.models import User
from cases.enums import ClearanceKind
from cases.models import Case, Clearance
from cases.readiness.store import store_readiness
from cases.transitions import lock_case, lock_open_case, refuse_if_over
from checklists.registry import spec_of
from events.record import record


@transaction.atomic
def clear_requirement(
    case_id: int, requirement: str, *, kind: ClearanceKind, reason: str, by: User, now: datetime
) -> Clearance:
    """Set a requirement of the case aside, waived or not applicable, with a reason. Who may: `waive`.

    A repeated call by the same person with the same kind gives the clearance in force; another kind or person
    replaces it, and the old one is kept as revoked. Leaves `case.requirement_cleared`.
    """
    case = lock_open_case(case_id)
    _check(case, requirement, reason)
    in_force = Clearance.objects.filter(case=case, requirement=requirement, revoked_at__isnull=True).first()
    if in_force:
        if (in_force.kind, in_force.granted_by_id, in_force.reason) == (kind, by.pk, reason.strip()):
            return in_force
        _revoke(in_force, by, now)
    clearance = Clearance.objects.create(
        case=case, requirement=requirement, kind=kind, reason=reason.strip(), granted_by=by, granted_at=now
    )
    store_readiness(case, now)
    record(
        "case.requirement_cleared", by=by, now=now, subject=case, case=case.pk, unit=case.unit_id,
        data={"requirement": requirement, "kind": kind}, to=[case.responsible_clinician],
    )  # fmt: skip
    return clearance


@transaction.atomic
def revoke_clearance(case_id: int, requirement: str, *, by: User, now: datetime) -> Case:
    """Take back what sets `requirement` aside; a second call changes nothing. Leaves `case.clearance_revoked`."""
    case = lock_open_case(case_id)
    in_force = Clearance.objects.filter(case=case, requirement=requirement, revoked_at__isnull=True).first()
    if in_force:
        _revoke(in_force, by, now)
        store_readiness(case, now)
        record("case.clearance_revoked", by=by, now=now, subject=case, case=case.pk, unit=case.unit_id,
               data={"requirement": requirement})  # fmt: skip
    return case


@transaction.atomic
def attest_case(case_id: int, *, by: User, now: datetime) -> Case:
    """Record the responsible clinician's word that nothing is missing; conditions still open count as not met.

    NotAllowed for anybody else, naming who may. A second time changes nothing. Leaves `case.attested`.
    """
    case = lock_case(case_id)
    if case.responsible_clinician_id != by.pk:
        raise NotAllowed(
            _("Only the responsible clinician, %(name)s, can attest this case.")
            % {"name": case.responsible_clinician.name},
            code="not-responsible",
        )
    refuse_if_over(case)
    if case.attested_at is None:
        case.attested_by, case.attested_at = by, now
        case.save(update_fields=["attested_by", "attested_at"])
        store_readiness(case, now)
        record("case.attested", by=by, now=now, subject=case, case=case.pk, unit=case.unit_id)
    return case


def _revoke(clearance: Clearance, by: User, now: datetime) -> None:
    clearance.revoked_by, clearance.revoked_at = by, now
    clearance.save(update_fields=["revoked_by", "revoked_at"])


def _check(case: Case, requirement: str, reason: str) -> None:
    known = [r.key for r in spec_of(case.definition_id).requirements_for(case.phase, case.level)]
    errors = []
    if requirement not in known:
        errors.append(
            FieldError(
                "requirement",
                "unknown",
                _("The case has no such requirement. Choose one of: %(known)s.") % {"known": ", ".join(known)},
            )
        )
    errors += sentence_errors("reason", reason, 500)
    if errors:
        raise Invalid(errors)
