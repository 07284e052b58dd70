"""The rules of readiness: each a pure function from facts and checks to findings.

A new rule is one function in `RULES`. No rule judges what an answer says: only whether it is there, final
and fresh, and whether somebody has taken the responsibility that the level asks for (DESIGN.md, 11).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from accounts.permissions import Role
from cases.enums import AnswerState
from cases.readiness.facts import Check, Facts, Finding
from checklists.enums import Kind, Severity

Rule = Callable[[Facts, tuple[Check, ...]], Iterable[Finding]]

_CODES: Final = {
    AnswerState.MISSING: "answer-missing",
    AnswerState.ORDERED: "answer-ordered",
    AnswerState.PRELIMINARY: "answer-preliminary",
    AnswerState.STALE: "answer-stale",
}
_READERS: Final = {Kind.RADIOLOGY: Role.RADIOLOGIST, Kind.PATHOLOGY: Role.PATHOLOGIST}


def answers_are_final_and_fresh(facts: Facts, checks: tuple[Check, ...]) -> Iterator[Finding]:
    """Every requirement has a final, fresh answer; what is on its way, late or not, belongs to the discipline."""
    for check in checks:
        requirement = check.requirement
        if check.state not in _CODES or requirement.field or check.is_open_condition:
            continue
        on_its_way = check.state in (AnswerState.ORDERED, AnswerState.PRELIMINARY)
        reader = _READERS.get(Kind(requirement.kind), Role.CLINICIAN)
        yield Finding(
            code="answer-late" if check.is_late else _CODES[check.state],
            severity=Severity(requirement.severity),
            owner=reader if on_its_way else Role.CLINICIAN,
            requirement=requirement.key,
            kind=requirement.kind,
            anchor=f"requirement-{requirement.key}",
            expected_on=check.answer.expected_on if check.answer else None,
        )


def conditions_are_settled(facts: Facts, checks: tuple[Check, ...]) -> Iterator[Finding]:
    """A requirement that holds for some patients only is answered, or said not to apply to this one."""
    for check in checks:
        if check.is_open_condition:
            yield Finding(
                code="condition-open",
                severity=Severity.WARNING if check.requirement.severity == "warning" else Severity.NEEDS_APPROVAL,
                owner=Role.CLINICIAN,
                requirement=check.requirement.key,
                kind=check.requirement.kind,
                anchor=f"requirement-{check.requirement.key}",
            )


def referral_is_complete(facts: Facts, checks: tuple[Check, ...]) -> Iterator[Finding]:
    """The fields of the referral that the definition asks for are filled in."""
    for check in checks:
        requirement = check.requirement
        if requirement.field and check.state is AnswerState.MISSING:
            yield Finding(
                code="field-missing",
                severity=Severity(requirement.severity),
                owner=Role.COORDINATOR if requirement.field == "contact_nurse" else Role.CLINICIAN,
                requirement=requirement.key,
                kind=requirement.kind,
                anchor=f"id_{requirement.field}",
            )


def full_discussion_is_attested(facts: Facts, checks: tuple[Check, ...]) -> Iterator[Finding]:
    """A level that needs it has the responsible clinician's word that nothing is missing."""
    level = facts.spec.level(facts.level)
    if level.needs_attestation and not facts.is_attested:
        yield Finding(
            code="attestation-missing", severity=Severity.NEEDS_APPROVAL, owner=Role.CLINICIAN, anchor="attest"
        )


RULES: Final[tuple[Rule, ...]] = (
    answers_are_final_and_fresh,
    conditions_are_settled,
    referral_is_complete,
    full_discussion_is_attested,
)
