"""Triage: coordinator and clinician say of each referral how it is taken up, or why not yet."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused, sentence_errors
from accounts.models import User
from cases.enums import CaseStatus, TriageAnswer
from cases.models import Case
from cases.readiness.store import store_readiness
from cases.services.editing import set_level, stale_case
from cases.services.retriage import LEVEL_OF
from cases.transitions import CaseMoveRefused, lock_open_case
from checklists.registry import spec_of
from checklists.spec import DefinitionSpec
from events.record import record

BEFORE_CONFERENCE = (CaseStatus.DRAFT, CaseStatus.REFERRED, CaseStatus.SCHEDULED)


class TriagedAlready(Refused):
    """Somebody else has triaged the case since it was shown; the message says who, when and what."""

    code = "triaged-already"


@dataclass(frozen=True, slots=True)
class Before:
    """What a decision changes in a case, as it stood before: enough to undo it, and nothing but it."""

    triage: str
    triage_note: str
    triaged_by_id: int | None
    triaged_at: datetime | None
    level: str
    level_reason: str
    level_set_by_id: int | None
    level_set_at: datetime | None
    attested_by_id: int | None
    attested_at: datetime | None

    @classmethod
    def of(cls, case: Case) -> "Before":
        """Return the present fields of `case`."""
        return cls(**{field.name: getattr(case, field.name) for field in fields(cls)})

    def packed(self) -> dict[str, object]:
        """Return it as JSON types, for the session of the person who decided."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }

    @classmethod
    def unpacked(cls, packed: dict[str, object]) -> "Before":
        """Return what `packed` gave."""
        return cls(
            **{
                name: parse_datetime(str(value)) if name.endswith("_at") and value else value
                for name, value in packed.items()
            }  # type: ignore[arg-type]
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """The case after the decision, and what it was before; not new when the person had said the very same."""

    case: Case
    before: Before
    is_new: bool = True


@transaction.atomic
def triage_case(
    case_id: int, answer: str, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Decided:
    """Decide how the case is taken up (`TriageAnswer`). Who may: `set_level`.

    Discuss, focused and protocol set that level, with a reason when it differs from the suggested one; a reason that
    was given for the very level stands. Not ready yet says in `reason` what is awaited: the responsible clinician is
    told, once, and the case stays among the candidates. National says where; without a reason, what the definition
    says of it. No answer stops a booking. Invalid names the wrong field. TriagedAlready when another person has
    triaged the case since the caller saw `version` (or at all, when no version is given), Stale when anybody has
    changed it since; the same answer by the same person again is a success. Leaves `case.triaged`.
    """
    case = lock_open_case(case_id)
    if case.status not in BEFORE_CONFERENCE:
        raise CaseMoveRefused(
            _("The case is %(status)s, so there is nothing left to triage.")
            % {"status": case.get_status_display().lower()},
            extra={"case_status": case.status},
        )
    answer, note = _checked(case, answer, reason)
    before = Before.of(case)
    if (case.triage, case.triage_note, case.triaged_by_id) == (answer, note, by.pk):
        return Decided(case, before, is_new=False)
    _refuse_unseen(case, version, by)
    if answer in LEVEL_OF:
        case = set_level(case_id, LEVEL_OF[answer], reason=note, by=by, now=now)
    case.triage, case.triage_note, case.triaged_by, case.triaged_at = answer, note, by, now
    _save(case, by=by, now=now)
    is_held_back = answer == TriageAnswer.NOT_READY and before.triage != answer
    record(
        "case.triaged", by=by, now=now, subject=case, case=case.pk, unit=case.unit_id, data={"answer": answer},
        to=[case.responsible_clinician] if is_held_back else [],
    )  # fmt: skip
    return Decided(case, before)


@transaction.atomic
def undo_triage(case_id: int, before: Before, *, version: int, by: User, now: datetime) -> Case:
    """Put the case back to where it stood before a decision of the same person. Who may: `set_level`.

    Stale when anybody has changed the case since the decision left it at `version`. An attestation that has been given
    since, which is no change of the case, stands. Leaves `case.triage_undone`.
    """
    case = lock_open_case(case_id)
    if case.version != version or case.triaged_by_id != by.pk:
        raise stale_case(case)
    attested = (case.attested_by_id, case.attested_at)
    for field in fields(Before):
        setattr(case, field.name, getattr(before, field.name))
    if attested != (None, None):
        case.attested_by_id, case.attested_at = attested
    _save(case, by=by, now=now)
    store_readiness(case, now)
    record("case.triage_undone", by=by, now=now, subject=case, case=case.pk, unit=case.unit_id)
    return case


def national_note(spec: DefinitionSpec) -> str:
    """Return what the definition says of the national conference that takes its cases, or takes them on; "" if nothing."""
    scope = spec.meeting_scope
    return scope.note() if "national" in (scope.usual, scope.onward) else ""


def _checked(case: Case, answer: str, reason: str) -> tuple[TriageAnswer, str]:
    """Return the answer and the note that it leaves; Invalid for an unknown one, or a reason that lacks."""
    if answer not in TriageAnswer.values:
        known = ", ".join(TriageAnswer.values)
        raise Invalid([FieldError("answer", "unknown", _("Use one of: %(known)s.") % {"known": known})])
    found, note = TriageAnswer(answer), reason.strip()
    if errors := sentence_errors("reason", note, 500, is_required=False):
        raise Invalid(errors)
    if found in LEVEL_OF:
        # What was said for this very level stands; whether one is needed is the level's own rule.
        return found, note or (case.level_reason if case.level == LEVEL_OF[found] else "")
    if found is TriageAnswer.NATIONAL:
        note = note or national_note(spec_of(case.definition_id))[:500]
    if not note:
        said = _("Say which conference.") if found is TriageAnswer.NATIONAL else _("Say what is awaited.")
        raise Invalid([FieldError("reason", "required", said)])
    return found, note


def _refuse_unseen(case: Case, version: int | None, by: User) -> None:
    if case.version == version:
        return
    if case.triaged_by and case.triaged_by_id != by.pk:
        at = timezone.localtime(case.triaged_at).strftime("%Y-%m-%d %H:%M") if case.triaged_at else ""
        raise TriagedAlready(
            _("%(who)s triaged the case %(at)s: %(answer)s.")
            % {"who": case.triaged_by.name, "at": at, "answer": case.get_triage_display().lower()},
            field="version",
            extra={"triaged_by": case.triaged_by.name, "triage": case.triage, "version": case.version},
        )
    if version is not None:
        raise stale_case(case)


def _save(case: Case, *, by: User, now: datetime) -> None:
    case.updated_at, case.updated_by, case.version = now, by, case.version + 1
    case.save()
