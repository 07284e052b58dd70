"""Sending a referral with what is known of its answers, so that the case is truthful from its first minute."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import formats, timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused, sentence_errors
from accounts.models import User
from cases.enums import ClearanceKind, ReferralSource, ResultState, Stated
from cases.models import Case, IdempotencyKey, Result
from cases.persons import Number
from cases.services.clearance import clear_requirement
from cases.services.drafts import AlreadySent, Seen, consume_draft, hold_form, sending_key, sent_as
from cases.services.identities import person_of
from cases.services.referral import ReferenceTaken, ReferralData, add_referral, refer_case
from cases.services.results import ResultData, register_result
from checklists.enums import Severity
from checklists.spec import Requirement
from events.record import record

HOW, ON, EXPECTED, REASON = "how__", "on__", "expected__", "reason__"
"""What the form's fields about a requirement begin with; the requirement's key follows."""
COPY = "copy:"
UNORDERED = ("answer-missing", "answer-stale", "field-missing")
"""Findings of something that nobody has even ordered."""
LACKING = ("missing", "stale")
REASON_LENGTH = 500


class Incomplete(Refused):
    """Something that blocks is missing and not even ordered: the referral is sent when the sender says why."""

    code = "incomplete"


@dataclass(frozen=True, slots=True)
class Statement:
    """What the sender says about one requirement: answered, ordered, does not apply, or an earlier answer counts."""

    requirement: str
    kind: str
    how: Stated
    on: date | None = None
    expected_on: date | None = None
    reason: str = ""
    copied: Result | None = None

    def as_result(self, case_id: int = 0) -> ResultData | None:
        """Return the answer that it amounts to in the case; None for a requirement that does not apply."""
        if self.copied is not None:
            return _copy_of(self.copied, self.requirement, case_id)
        if self.how == Stated.ORDERED:
            return ResultData(
                kind=self.kind, requirement=self.requirement, state=ResultState.ORDERED,
                ordered_on=self.on, expected_on=self.expected_on,
            )  # fmt: skip
        if self.how == Stated.ANSWERED:
            return ResultData(
                kind=self.kind, requirement=self.requirement, state=ResultState.FINAL, performed_on=self.on
            )
        return None


def read_statements(
    raw: Mapping[str, Any], requirements: Iterable[Requirement], *, today: date, earlier: Iterable[Result] = ()
) -> tuple[tuple[Statement, ...], list[FieldError]]:
    """Return what `raw` says of the requirements, and every wrong field; a statement with a wrong field is left out.

    Fields: `how__<key>` (a code of `Stated`, or `copy:<id>` of one of the `earlier` answers), `on__<key>` (the day
    of the answer, or of the order: today when empty), `expected__<key>`, `reason__<key>`.
    """
    known = {f"{COPY}{result.pk}": result for result in earlier}
    found, errors = [], []
    for requirement in requirements:
        statement, wrong = _read(raw, requirement, today, known)
        errors += wrong
        if statement and not wrong:
            found.append(statement)
    return tuple(found), errors


@transaction.atomic
def send_referral(
    data: ReferralData,
    *,
    statements: Sequence[Statement] = (),
    incomplete_reason: str = "",
    asks_why: bool = True,
    seen: Seen | None = None,
    idempotency_key: str = "",
    by: User,
    now: datetime,
    source: ReferralSource = ReferralSource.FORM,
) -> tuple[Case, bool]:
    """Register a referral together with what is said of its answers; return the case and whether it is new.

    Incomplete, with nothing written, when something that blocks is missing and not even ordered and no reason is
    given; with `asks_why` off (a program) it passes. `seen` names the form: sent twice it makes one case, and its
    draft is gone with the first (Stale when another window has changed it). AlreadySent when the form was sent with
    another content; ReferenceTaken when its reference is that of a case which another form made: nothing of the form
    would be kept. Further refusals as of `refer_case`, `register_result` and `clear_requirement`, whose events it
    leaves; `case.sent_incomplete` beside.
    """
    if errors := sentence_errors("incomplete_reason", incomplete_reason, REASON_LENGTH, is_required=False):
        raise Invalid(errors)
    key = sending_key(seen.token) if seen else idempotency_key
    case, is_new = refer_case(data, by=by, now=now, source=source, idempotency_key=key)
    if not is_new:
        if seen and sent_as(seen.token, by=by) is None:
            raise ReferenceTaken(
                _(
                    "A referral with this reference is registered already. Give this one a reference of its own, or none."
                ),
                field="external_reference",
            )
        if seen and not _is_same(case, data):
            raise AlreadySent(
                _(
                    "This form has been sent already, as another referral. Register it once more to send this as a new one."
                ),
                extra={"case": case.pk},
            )
        return case, False
    for statement in statements:
        take_statement(case.pk, statement, by=by, now=now)
    _explain(case, incomplete_reason.strip(), asks_why=asks_why, by=by, now=now)
    if seen:
        consume_draft(seen, by=by)
    return case, True


@transaction.atomic
def add_to_case(
    case_id: int, data: ReferralData, *, statements: Sequence[Statement] = (), seen: Seen, by: User, now: datetime
) -> Case:
    """Add the referral of a form to the open case `case_id`, with what it says of answers that the case lacks.

    Sent twice it is added once, and the draft is gone. Refusals and events as of `add_referral`.
    """
    hold_form(by)
    if sent_as(seen.token, by=by) == case_id:
        return Case.objects.get(pk=case_id)
    case = add_referral(case_id, data, by=by, now=now, source=ReferralSource.FORM)
    lacking = {c["requirement"] for c in case.readiness["checks"] if c["state"] in LACKING}
    for statement in statements:
        if statement.requirement in lacking:
            take_statement(case.pk, statement, by=by, now=now)
    IdempotencyKey.objects.create(user=by, key=sending_key(seen.token), case=case, created_at=now)
    consume_draft(seen, by=by)
    return case


def take_statement(case_id: int, statement: Statement, *, by: User, now: datetime) -> Result | None:
    """Let the statement hold for the open case: as an answer, which is returned, or as a requirement set aside."""
    result = statement.as_result(case_id)
    if result is not None:
        return register_result(case_id, result, by=by, now=now)[0]
    clear_requirement(
        case_id, statement.requirement, kind=ClearanceKind.NOT_APPLICABLE, reason=statement.reason, by=by, now=now
    )
    return None


def unordered(findings: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the findings (as stored) that block and that nobody has even ordered."""
    return [f for f in findings if f["severity"] == Severity.BLOCKER and f["code"] in UNORDERED]


def _explain(case: Case, reason: str, *, asks_why: bool, by: User, now: datetime) -> None:
    case.refresh_from_db()
    if not unordered(case.readiness["findings"]):
        return
    if reason:
        case.sent_incomplete_reason = reason
        case.save(update_fields=["sent_incomplete_reason"])
        record("case.sent_incomplete", by=by, now=now, subject=case, case=case.pk, unit=case.unit_id,
               to=[case.responsible_clinician])  # fmt: skip
    elif asks_why:
        raise Incomplete(
            _("Something is missing that nobody has ordered. Say why the referral is sent anyway, or mend it first."),
            field="incomplete_reason",
        )


def _is_same(case: Case, data: ReferralData) -> bool:
    """Whether the case came of this very content; its patient may have got another number since, by a merge."""
    number, now = Number(data.identity.system, data.identity.value), case.patient.identity
    person = person_of(case.patient.provider_id, [number])
    is_patient = person.root(number) == person.root(Number(now.system, now.value))
    first = case.referrals.order_by("pk").first()
    said = first.content.get("clinical_question") if first else ""
    return is_patient and (case.diagnosis_id, said) == (data.diagnosis.pk, data.clinical_question)


def _copy_of(original: Result, requirement: str, case_id: int) -> ResultData:
    """Return the answer as it is carried to another case: what it said and when it was made, and whence it came.

    The external id says of which answer it is a copy, and for which case. The accession number stays with the original, so that a
    message about it never finds two answers.
    """
    day = formats.date_format(timezone.localdate(original.case.created_at), "j b Y")
    mark = _("Copied from the case of %(day)s.") % {"day": day}
    return ResultData(
        kind=original.kind,
        requirement=requirement,
        state=ResultState.FINAL,
        performed_on=original.performed_on,
        text=f"{mark}\n\n{original.text}".strip(),
        structured=dict(original.structured),
        study_uid=original.study_uid,
        is_external=original.is_external,
        is_corrected=original.is_corrected,
        external_id=f"{COPY}{original.pk}:{case_id}",
    )


def _read(
    raw: Mapping[str, Any], requirement: Requirement, today: date, known: Mapping[str, Result]
) -> tuple[Statement | None, list[FieldError]]:
    key = requirement.key
    how, reason = (str(raw.get(f"{name}{key}") or "").strip() for name in (HOW, REASON))
    if not how:
        return None, []
    if how in known:
        return Statement(key, requirement.kind, Stated.ANSWERED, copied=known[how]), []
    if how not in Stated.values:
        return None, [FieldError(f"{HOW}{key}", "unknown", _("That answer is not to be had any more. Choose anew."))]
    if how == Stated.NOT_APPLICABLE:
        return Statement(key, requirement.kind, Stated.NOT_APPLICABLE, reason=reason), sentence_errors(
            f"{REASON}{key}", reason, REASON_LENGTH
        )
    errors: list[FieldError] = []
    on = _past(raw, f"{ON}{key}", today, errors)
    if how == Stated.ANSWERED:
        if on is None and not errors:
            errors.append(FieldError(f"{ON}{key}", "required", _("An answer needs the day of the examination.")))
        return Statement(key, requirement.kind, Stated.ANSWERED, on=on), errors
    expected = _day(raw, f"{EXPECTED}{key}", errors)
    if on and expected and expected < on:
        errors.append(FieldError(f"{EXPECTED}{key}", "before-order", _("The day lies before the order.")))
    return Statement(key, requirement.kind, Stated.ORDERED, on=on or today, expected_on=expected), errors


def _past(raw: Mapping[str, Any], name: str, today: date, errors: list[FieldError]) -> date | None:
    day = _day(raw, name, errors)
    if day and day > today:
        message = _("The date is in the future. Give the day on which it happened.")
        errors.append(FieldError(name, "in-the-future", message))
    return day


def _day(raw: Mapping[str, Any], name: str, errors: list[FieldError]) -> date | None:
    text = str(raw.get(name) or "").strip()
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        message = _("“%(text)s” is not a date. Write YYYY-MM-DD.") % {"text": text[:40]}
        errors.append(FieldError(name, "not-a-date", message))
    return day
