"""One planned case, carried out by the real services at the times when it would have happened."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from accounts.models import User
from cases.enums import ReferralSource, ResultSource, ResultState
from cases.models import Case
from cases.services.clearance import attest_case
from cases.services.editing import set_level
from cases.services.referral import ReferralData, refer_case
from cases.services.results import ResultData, change_result, edition_of, register_result
from checklists.enums import Kind
from checklists.models import Diagnosis
from config.seeding.people import Staff
from config.seeding.plans import AnswerPlan, CasePlan


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return the local time of `day` as an aware datetime."""
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def referred_at(plan: CasePlan, base: date) -> datetime:
    """Return when the referral came: the day after the suspicion."""
    return at(base - timedelta(days=plan.suspected_days_ago - 1), 10)


def carry_out(plan: CasePlan, staff: Staff, diagnoses: dict[str, Diagnosis], base: date) -> tuple[Case, bool]:
    """Refer the case and bring it as far as its answers go; days count back from `base`.

    Returns the case and whether it is new: the reference of the plan is found again in a second run.
    CaseOpenAlready as from the service.
    """
    came = referred_at(plan, base)
    data = referral_of(plan, staff, diagnoses, base)
    case, is_new = refer_case(data, by=staff["koordinator"], now=came, source=ReferralSource.FORM)
    if not is_new:
        return case, False
    if plan.level_reason:
        set_level(case.pk, plan.level, reason=plan.level_reason, by=staff["koordinator"], now=came + timedelta(hours=2))
    for answer in sorted(plan.answers, key=lambda a: -a.days_ago):
        _register(case, answer, plan, base, author_of(answer, staff))
    if plan.is_attested:
        attest_case(case.pk, by=staff["lakare1"], now=attested_at(base))
    case.refresh_from_db()
    return case, True


def _register(case: Case, answer: AnswerPlan, plan: CasePlan, base: date, by: User) -> None:
    """Enter the answer: its order when it was ordered, and then what came."""
    data, ordered, came = result_of(answer, plan, base), ordered_at(answer, plan, base), registered_at(answer, base)
    if ordered is None:
        register_result(case.pk, data, by=by, now=came)
        return
    order = replace(data, state=ResultState.ORDERED, performed_on=None, text="")
    result, _is_new = register_result(case.pk, order, by=by, now=ordered)
    change_result(result.pk, data, seen=edition_of(result), by=by, now=came)


def referral_of(plan: CasePlan, staff: Staff, diagnoses: dict[str, Diagnosis], base: date) -> ReferralData:
    """Return the plan as a checked referral."""
    return ReferralData(
        identity=plan.identity,
        name=plan.name,
        diagnosis=diagnoses[plan.pathway.slug],
        phase=plan.phase,
        clinical_question=plan.question,
        unit=staff.clinics[plan.pathway.unit],
        responsible_clinician=staff["lakare1"],
        suspected_on=base - timedelta(days=plan.suspected_days_ago),
        history=plan.history,
        performance_status=plan.performance_status,
        comorbidity=plan.comorbidity,
        patient_wishes=plan.patient_wishes,
        contact_nurse=staff["kssk1"] if plan.has_contact_nurse else None,
        promised_on=base + timedelta(days=plan.promised_in) if plan.promised_in is not None else None,
        external_reference=plan.reference,
    )


def result_of(answer: AnswerPlan, plan: CasePlan, base: date) -> ResultData:
    """Return one answer of the plan as the results service takes it."""
    return ResultData(
        kind=answer.kind,
        state=answer.state,
        requirement=answer.requirement,
        performed_on=base - timedelta(days=answer.days_ago) if answer.is_answer else None,
        expected_on=base + timedelta(days=answer.expected_in) if answer.expected_in is not None else None,
        text=answer.text,
        accession_number=f"{plan.reference}-{plan.answers.index(answer) + 1}" if answer.kind == Kind.RADIOLOGY else "",
        is_external=answer.is_external,
        source=ResultSource.MANUAL,
    )


def author_of(answer: AnswerPlan, staff: Staff) -> User:
    """Return who enters an answer of this kind."""
    return staff[{"radiology": "radiolog1", "pathology": "patolog1"}.get(answer.kind, "lakare1")]


def registered_at(answer: AnswerPlan, base: date) -> datetime:
    """Return when the answer was entered: in the afternoon of its day."""
    return at(base - timedelta(days=answer.days_ago), 16)


def ordered_at(answer: AnswerPlan, plan: CasePlan, base: date) -> datetime | None:
    """Return when an answer that has come was ordered here: at the referral at the earliest; None for the same day."""
    came = registered_at(answer, base)
    ordered = max(came - timedelta(days=answer.took_days), referred_at(plan, base) + timedelta(hours=3))
    return ordered if answer.is_answer and ordered.date() < came.date() else None


def attested_at(base: date) -> datetime:
    """Return when the clinician attested: the day before `base`, after the last answer."""
    return at(base - timedelta(days=1), 15)
