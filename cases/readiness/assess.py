"""The pure function from facts to readiness."""

from datetime import date, timedelta

from cases.enums import AnswerState, ClearanceKind, ReadinessState, ResultState
from cases.readiness.facts import KINDS, Answer, Check, Facts, Finding, Readiness
from cases.readiness.rules import RULES
from checklists.enums import Severity
from checklists.spec import Requirement

# From worst to best: what a kind of several requirements is summed up as.
_WORST_FIRST = (
    AnswerState.MISSING,
    AnswerState.STALE,
    AnswerState.ORDERED,
    AnswerState.PRELIMINARY,
    AnswerState.FINAL,
    AnswerState.WAIVED,
    AnswerState.NOT_APPLICABLE,
)
_GRAVEST_FIRST = (Severity.BLOCKER, Severity.NEEDS_APPROVAL, Severity.WARNING)


def assess(facts: Facts) -> Readiness:
    """Return the readiness that `facts` amount to: pure, and the only place where it is decided.

    `changes_on` is the first day on which time alone makes another answer of it (an answer grows too old, or has
    not come when it was expected); None when it never does.
    """
    requirements = facts.spec.requirements_for(facts.phase, facts.level)
    checks = tuple(_check(requirement, facts) for requirement in requirements)
    found = [finding for rule in RULES for finding in rule(facts, checks)]
    findings = tuple(sorted(found, key=lambda f: _GRAVEST_FIRST.index(f.severity)))
    return Readiness(
        state=_state(findings),
        strip=tuple(_sum_up([c for c in checks if c.requirement.kind == kind]) for kind in KINDS),
        checks=checks,
        findings=findings,
        changes_on=min((check.until for check in checks if check.until), default=None),
    )


def _state(findings: tuple[Finding, ...]) -> ReadinessState:
    gravest = findings[0].severity if findings else Severity.WARNING
    if gravest is Severity.BLOCKER:
        return ReadinessState.NOT_READY
    if gravest is Severity.NEEDS_APPROVAL:
        return ReadinessState.NEEDS_APPROVAL
    return ReadinessState.READY


def _sum_up(checks: list[Check]) -> AnswerState:
    """Return the worst state of a kind.

    A condition that nobody has decided may not concern the patient at all: it is worse than what is settled, but says
    less than an answer that is known to be awaited.
    """
    worst = min(checks, key=_rank, default=None)
    return worst.state if worst else AnswerState.NOT_APPLICABLE


def _rank(check: Check) -> float:
    rank = _WORST_FIRST.index(check.state)
    return _WORST_FIRST.index(AnswerState.FINAL) - 0.5 if check.is_open_condition else rank


def _check(requirement: Requirement, facts: Facts) -> Check:
    match facts.clearances.get(requirement.key):
        case ClearanceKind.WAIVED:
            return Check(requirement, AnswerState.WAIVED)
        case ClearanceKind.NOT_APPLICABLE:
            return Check(requirement, AnswerState.NOT_APPLICABLE)
    if requirement.field in facts.fields:
        return Check(requirement, AnswerState.FINAL)
    check = _best_answer(requirement, facts)
    if check.state is AnswerState.MISSING and requirement.conditional and facts.is_attested:
        return Check(requirement, AnswerState.NOT_APPLICABLE)
    return check


def _best_answer(requirement: Requirement, facts: Facts) -> Check:
    """A fresh final answer counts; else what is on its way; else the too old one; else nothing.

    On its way is only what was ordered or done after the too old answer: an order that this answer has met, and a
    preliminary answer that it replaced, bring nothing new.
    """
    answers = [
        answer
        for answer in facts.answers
        if answer.kind == requirement.kind and answer.requirement in ("", requirement.key)
    ]
    finals = [a for a in answers if a.state is ResultState.FINAL and a.performed_on]
    newest = max(finals, key=lambda a: a.performed_on or facts.today, default=None)
    if newest is not None and newest.performed_on is not None:
        allowed = requirement.max_age_days.get(facts.level)
        until = newest.performed_on + timedelta(days=allowed + 1) if allowed is not None else None
        if until is None or facts.today < until:
            return Check(requirement, AnswerState.FINAL, newest, until)
    pending = [answer for answer in answers if _is_after(answer, newest)]
    if preliminary := _latest(pending, ResultState.PRELIMINARY):
        return Check(requirement, AnswerState.PRELIMINARY, preliminary)
    if ordered := _latest(pending, ResultState.ORDERED):
        return _ordered(requirement, ordered, facts.today)
    return Check(requirement, AnswerState.STALE, newest) if newest else Check(requirement, AnswerState.MISSING)


def _ordered(requirement: Requirement, answer: Answer, today: date) -> Check:
    if answer.expected_on is None:
        return Check(requirement, AnswerState.ORDERED, answer)
    if answer.expected_on < today:
        return Check(requirement, AnswerState.ORDERED, answer, is_late=True)
    return Check(requirement, AnswerState.ORDERED, answer, until=answer.expected_on + timedelta(days=1))


def _is_after(answer: Answer, final: Answer | None) -> bool:
    """Whether an answer on its way is of a later examination than `final`; undated, it is taken to be."""
    if final is None or final.performed_on is None:
        return True
    began = answer.performed_on or answer.since or answer.expected_on
    return began is None or began > final.performed_on


def _latest(answers: list[Answer], state: ResultState) -> Answer | None:
    """Return the answer of the latest examination or order; of two of a day, the one that is expected last."""
    found = [answer for answer in answers if answer.state is state]
    return max(found, key=lambda a: (a.performed_on or a.since or date.min, a.expected_on or date.min), default=None)
