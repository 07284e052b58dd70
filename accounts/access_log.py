"""The one way in which a reading of a patient is logged, and how the log is read."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AccessLog
from accounts.permissions import Permission

CaseLookup = Callable[[int], int | None]
PatientLookup = Callable[[int], Iterable[int]]
_case_lookup: list[CaseLookup] = []
_patient_lookup: list[PatientLookup] = []


def log_read(
    actor: Actor,
    *,
    patients: Iterable[int],
    what: str,
    action: str = AccessLog.Action.VIEW,
    reason: str = "",
    now: datetime | None = None,
    unit_ids: Iterable[int] | None = None,
    permission: Permission = Permission.VIEW_CASE,
    always: bool = False,
) -> None:
    """Write one row: `actor` read these patients (ids) at `what`, a URL name such as `cases:case`.

    Call it in every view, API answer and file that shows a patient, after access was given and before the
    answer leaves. The row carries the unit and role of the membership that gives `permission` in one of
    `unit_ids` (anywhere, when not given): the active one when it does. Nothing is written when no patient
    was shown, unless `always`.
    """
    ids = sorted(set(patients))
    if not ids and not always:
        return
    basis = actor.basis(permission, unit_ids) or actor.active
    AccessLog.objects.create(
        at=now or timezone.now(),
        user=actor.user,
        unit=basis.unit if basis else None,
        role=basis.role if basis else "",
        action=action,
        what=what,
        patient_ids=ids,
        reason=reason[:200],
    )


def register_case_lookup(lookup: CaseLookup) -> None:
    """Let a floor above say which patient a case is about (None for no such case), for the search in the log."""
    _case_lookup[:] = [lookup]


def patient_of_case(case_id: int) -> int | None:
    """Return the patient of a case, as far as the floor above knows it."""
    return next((lookup(case_id) for lookup in _case_lookup), None)


def register_patient_lookup(lookup: PatientLookup) -> None:
    """Let a floor above say under which ids a patient has been known (a merge of numbers), the present one included."""
    _patient_lookup[:] = [lookup]


def known_as(patient_id: int) -> frozenset[int]:
    """Return every id under which the log may name the patient: readings before a merge name the old one."""
    return frozenset({patient_id, *(other for lookup in _patient_lookup for other in lookup(patient_id))})
