"""Answers of radiology, pathology, laboratory and clinic: stored once, changed in place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, NotAllowed, Refused, Stale
from accounts.models import User
from cases.enums import ResultSource, ResultState
from cases.models import Case, Report, Result
from cases.readiness.store import store_readiness
from cases.transitions import lock_case, lock_open_case
from checklists.enums import Kind
from checklists.registry import spec_of
from checklists.spec import DefinitionSpec
from events.record import record


class ResultElsewhere(Refused):
    """The external id belongs to a result of another case."""

    code = "result-elsewhere"


class ResultFromMessage(Refused):
    """The answer came by a message of another system, and only that system changes it."""

    code = "result-from-message"


@dataclass(frozen=True, slots=True)
class ResultData:
    """One answer as it came. An empty `requirement` answers every requirement of its kind.

    `state` is ordered, preliminary, final or cancelled; a preliminary or final one has `performed_on`.
    """

    kind: str
    state: ResultState
    requirement: str = ""
    performed_on: date | None = None
    expected_on: date | None = None
    text: str = ""
    structured: Mapping[str, str] = field(default_factory=dict)
    accession_number: str = ""
    study_uid: str = ""
    is_external: bool = False
    is_corrected: bool = False
    ordered_on: date | None = None
    stamp: str = ""
    source: ResultSource = ResultSource.MANUAL
    external_id: str = ""


_CONTENT = (
    "kind",
    "requirement",
    "state",
    "performed_on",
    "expected_on",
    "text",
    "structured",
    "accession_number",
    "study_uid",
    "is_external",
    "is_corrected",
)


@transaction.atomic
def register_result(case_id: int, data: ResultData, *, by: User | None, now: datetime) -> tuple[Result, bool]:
    """Store an answer of the case and return it and whether it is new; readiness is brought up to date.

    The same source and external id again changes the stored answer and never adds one (ResultElsewhere when
    it belongs to another case, ResultFromMessage when it is another system's). Invalid names the wrong fields.
    Leaves `result.registered` or `result.changed`.
    """
    _hold_examination(case_id, data.accession_number)
    case = lock_case(case_id)
    result = _stored(data)
    _check(case, data, timezone.localdate(now), result)
    is_new = result is None
    if result is None:
        result = Result(case=case, source=data.source, external_id=data.external_id, created_at=now, created_by=by)
    elif result.case_id != case.pk:
        raise _elsewhere(data)
    elif Report.objects.filter(result=result).exists():
        message = _("The answer came by a message of another system. A correction comes from there too.")
        raise ResultFromMessage(message, field="external_id")
    try:
        with transaction.atomic():
            stored = write_result(case, result, data, is_new=is_new, by=by, now=now)
    except IntegrityError as error:
        # Somebody gave the same id to an answer of another case while this call held only its own case.
        if "result_external_id_once" in str(error):
            raise _elsewhere(data) from error
        raise
    _place_its_reports(case, stored, now)
    return stored, is_new


@transaction.atomic
def change_result(result_id: int, data: ResultData, *, seen: str, by: User, now: datetime) -> Result:
    """Correct an answer; the case's readiness follows. Leaves `result.changed`.

    Stale unless `seen` is the answer's present edition (`edition_of`): another person, or a message that came while the
    form stood open, is never overwritten unseen.
    """
    result = Result.objects.get(pk=result_id)
    _hold_examination(result.case_id, data.accession_number)
    case = lock_case(result.case_id)
    result = Result.objects.select_for_update().get(pk=result_id)
    if seen != edition_of(result):
        raise _stale(result)
    _check(case, data, timezone.localdate(now), result)
    stored = write_result(case, result, data, is_new=False, by=by, now=now)
    _place_its_reports(case, stored, now)
    return stored


@transaction.atomic
def call_off_result(case_id: int, result_id: int, *, by: User, now: datetime) -> Result:
    """Call off an answer that `by` entered by hand in an open case: it stays in the case, and answers nothing.

    NotAllowed for what came otherwise, from another person, or stands in another case. Leaves `result.changed`.
    """
    own = Result.objects.filter(case_id=case_id, created_by=by, source=ResultSource.MANUAL)
    result = own.filter(pk=result_id).first()
    if result is None:
        raise NotAllowed(_("Only what you have entered yourself can be taken back here."))
    _hold_examination(case_id, result.accession_number)
    case = lock_open_case(case_id)
    result = Result.objects.select_for_update().get(pk=result_id)
    content = {name: getattr(result, name) for name in _CONTENT} | {"state": ResultState.CANCELLED}
    stored = write_result(case, result, ResultData(**content), is_new=False, by=by, now=now)
    _place_its_reports(case, stored, now)
    return stored


def edition_of(result: Result) -> str:
    """Return which edition of the answer this is, for a form to carry: another one after every change."""
    return result.updated_at.astimezone(UTC).isoformat()


def _stale(result: Result) -> Stale:
    at = timezone.localtime(result.updated_at).strftime("%Y-%m-%d %H:%M")
    return Stale(
        _("The answer was changed %(at)s. Look at it as it is now, and make your change again.") % {"at": at},
        extra={"seen": edition_of(result)},
    )


def _hold_examination(case_id: int, accession_number: str) -> None:
    """Hold the accession number before any row, so that the report of the examination cannot slip by meanwhile."""
    from cases.services.placing import hold_examination

    if accession_number:
        hold_examination(case_id, accession_number)


def _place_its_reports(case: Case, result: Result, now: datetime) -> None:
    """Let a report that has waited for this order find its place."""
    from cases.services.placing import place_waiting_for

    if result.accession_number and place_waiting_for(case.patient.provider_id, result.accession_number, now=now):
        result.refresh_from_db()


def _elsewhere(data: ResultData) -> ResultElsewhere:
    message = _("The external id %(id)s belongs to an answer of another case.") % {"id": data.external_id}
    return ResultElsewhere(message, field="external_id")


def _stored(data: ResultData) -> Result | None:
    if not data.external_id:
        return None
    return Result.objects.select_for_update().filter(source=data.source, external_id=data.external_id).first()


def write_result(
    case: Case, result: Result, data: ResultData, *, is_new: bool, by: User | None, now: datetime
) -> Result:
    """Write the answer of a case that the caller has locked; the same answer again writes nothing and leaves no event.

    An older version of a report, by its stamp, changes nothing either.
    """
    is_same = all(getattr(result, name) == getattr(data, name) for name in _CONTENT)
    if not is_new and (is_same or (data.stamp and data.stamp < result.stamp)):
        return result
    for name in _CONTENT:
        setattr(result, name, getattr(data, name))
    result.stamp, result.updated_at = data.stamp or result.stamp, now
    note_days(result, data, timezone.localdate(now))
    result.save()
    readiness = store_readiness(case, now)
    record(
        "result.registered" if is_new else "result.changed",
        by=by, now=now, subject=result, case=case.pk, unit=case.unit_id, system=data.source,
        data={"kind": data.kind, "state": data.state, "readiness": readiness.state},
    )  # fmt: skip
    return result


def note_days(result: Result, data: ResultData, today: date) -> None:
    """Note when the answer was ordered, preliminary and final: the first day of each, and none that is taken back."""
    is_waiting = data.state in (ResultState.ORDERED, ResultState.PRELIMINARY)
    result.ordered_on = data.ordered_on or result.ordered_on or (today if data.state == ResultState.ORDERED else None)
    if data.state == ResultState.PRELIMINARY:
        result.preliminary_on = result.preliminary_on or today
    if data.state == ResultState.FINAL:
        result.final_on = result.final_on or today
    elif is_waiting:
        result.final_on = None


def _check(case: Case, data: ResultData, today: date, stored: Result | None) -> None:
    """Refuse what the case does not ask for; a stored answer keeps its requirement though it is asked for no more."""
    errors = []
    if data.kind not in Kind.values:
        known = ", ".join(Kind.values)
        errors.append(FieldError("kind", "unknown", _("Use one of: %(known)s.") % {"known": known}))
    spec = spec_of(case.definition_id)
    known_keys = {r.key for r in spec.requirements if r.kind == data.kind}
    if stored is not None and stored.case_id == case.pk and stored.kind == data.kind:
        known_keys |= {stored.requirement} - {""}
    if data.requirement and data.requirement not in known_keys:
        errors.append(
            FieldError(
                "requirement",
                "unknown",
                _("The definition has no such requirement of this kind. Leave it empty, or choose one of: %(known)s.")
                % {"known": ", ".join(sorted(known_keys)) or "–"},
            )
        )
    errors += _unknown_headings(spec, data)
    is_answer = data.state in (ResultState.PRELIMINARY, ResultState.FINAL)
    if is_answer and data.performed_on is None:
        errors.append(FieldError("performed_on", "required", _("An answer needs the day of the examination.")))
    if data.performed_on and data.performed_on > today:
        errors.append(
            FieldError(
                "performed_on", "in-the-future", _("The date is in the future. Give the day on which it happened.")
            )
        )
    if errors:
        raise Invalid(errors)


def _unknown_headings(spec: DefinitionSpec, data: ResultData) -> list[FieldError]:
    """Return an error for each heading that the examination (the requirement of the same key) does not have."""
    examination = spec.headings_for(data.requirement)
    known = [heading.key for heading in examination.headings] if examination else []
    message = _("The examination has no such heading. Use: %(known)s.") % {"known": ", ".join(known) or "–"}
    return [FieldError(f"structured.{key}", "unknown", message) for key in data.structured if key not in known]
