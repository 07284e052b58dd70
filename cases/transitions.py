"""The moves of a case: one table, one writer of its status."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import User
from accounts.permissions import Permission
from cases.enums import CaseStatus
from cases.models import Case
from events.record import record


class CaseMoveRefused(Refused):
    """The case does not stand where this move starts."""

    code = "case-status"


@dataclass(frozen=True, slots=True)
class Move:
    """From which statuses to which, who may ask for it, and which event it leaves."""

    sources: tuple[CaseStatus, ...]
    target: CaseStatus
    permission: Permission | None
    event: str


_S = CaseStatus
MOVES: dict[str, Move] = {
    "refer": Move((_S.DRAFT,), _S.REFERRED, Permission.REFER_CASE, "case.referred"),
    "schedule": Move((_S.REFERRED,), _S.SCHEDULED, None, "case.scheduled"),
    "unschedule": Move((_S.SCHEDULED,), _S.REFERRED, None, "case.unscheduled"),
    "discuss": Move((_S.SCHEDULED,), _S.DISCUSSED, None, "case.discussed"),
    "close": Move((_S.DISCUSSED,), _S.CLOSED, None, "case.closed"),
    "withdraw": Move((_S.DRAFT, _S.REFERRED, _S.SCHEDULED), _S.WITHDRAWN, Permission.EDIT_CASE, "case.withdrawn"),
}


def lock_case(pk: int) -> Case:
    """Return the case `pk`, its row locked until the transaction ends. Lock order: meeting, item, case."""
    return Case.objects.select_for_update(of=("self",)).get(pk=pk)


def lock_open_case(pk: int) -> Case:
    """Return the case, locked; CaseMoveRefused when it is over: what the protocol was signed on stays."""
    case = lock_case(pk)
    refuse_if_over(case)
    return case


def refuse_if_over(case: Case) -> None:
    """CaseMoveRefused for a case that is closed or withdrawn."""
    if not case.is_open:
        raise CaseMoveRefused(_("The case is not open any more."), extra={"case_status": case.status})


@transaction.atomic
def move_case(
    case_id: int,
    action: str,
    *,
    by: User | None,
    now: datetime,
    meeting: int | None = None,
    change: Callable[[Case], None] | None = None,
    to: Iterable[User] = (),
    data: dict[str, Any] | None = None,
) -> Case:
    """Make the move `action`: lock, check, save, record; the only writer of a case's status.

    A move to where the case already stands is a success and changes nothing. CaseMoveRefused names the
    present status otherwise. `change` may set further fields in the same save.
    """
    move = MOVES[action]
    case = lock_case(case_id)
    if case.status == move.target:
        return case
    if case.status not in move.sources:
        raise CaseMoveRefused(
            _("The case is %(status)s, so this cannot be done with it.")
            % {"status": case.get_status_display().lower()},
            extra={"case": case.pk, "case_status": case.status},
        )
    case.status = move.target
    case.status_changed_at = case.updated_at = now
    case.updated_by = by
    case.version += 1
    if change:
        change(case)
    case.save()
    record(move.event, by=by, now=now, subject=case, case=case.pk, meeting=meeting, unit=case.unit_id, to=to, data=data)
    return case
