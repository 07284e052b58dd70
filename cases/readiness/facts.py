"""What readiness is computed from and what comes out of it: plain values, no database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from cases.enums import AnswerState, ClearanceKind, ReadinessState, ResultState
from checklists.enums import Kind, Severity
from checklists.spec import DefinitionSpec, Requirement

KINDS = (Kind.RADIOLOGY, Kind.PATHOLOGY, Kind.LAB, Kind.CLINICAL)
LATE, ELSEWHERE = "late", "elsewhere"


@dataclass(frozen=True, slots=True)
class Answer:
    """One result of the case; an empty `requirement` answers every requirement of its kind."""

    kind: str
    requirement: str
    state: ResultState
    performed_on: date | None = None
    expected_on: date | None = None
    since: date | None = None
    """The day of the order, or of the preliminary answer: from it the forecast counts the days to the final one."""
    source: str = ""
    is_external: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All that readiness may look at: a rule asks only whether an answer is there, final and fresh.

    `fields` holds which fields of the referral are filled in (performance_status, comorbidity,
    patient_wishes, contact_nurse); `clearances` maps requirement keys to how they were set aside.
    """

    spec: DefinitionSpec
    phase: str
    level: str
    today: date
    answers: tuple[Answer, ...] = ()
    clearances: Mapping[str, ClearanceKind] = field(default_factory=dict)
    fields: frozenset[str] = frozenset()
    is_attested: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """How one requirement stands.

    `until` is the first day on which time alone makes something else of it: a fresh final answer is too old, or an
    ordered one has not come on the day on which it was expected (`is_late`).
    """

    requirement: Requirement
    state: AnswerState
    answer: Answer | None = None
    until: date | None = None
    is_late: bool = False

    @property
    def is_open_condition(self) -> bool:
        """Whether it holds for some patients only, and nobody has said whether for this one."""
        return self.requirement.conditional and self.state == AnswerState.MISSING

    @property
    def expected_on(self) -> date | None:
        """The day on which an ordered answer is expected."""
        return self.answer.expected_on if self.answer and self.state == AnswerState.ORDERED else None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is lacking: stable code, how much it stops, who mends it and where on the case page."""

    code: str
    severity: Severity
    owner: str
    requirement: str = ""
    kind: str = ""
    anchor: str = ""
    expected_on: date | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """The whole answer. `strip` has one state a kind, in the order radiology, pathology, lab, clinical."""

    state: ReadinessState
    strip: tuple[AnswerState, ...]
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    changes_on: date | None

    @property
    def expected(self) -> tuple[date | None, ...]:
        """One date a kind, in the order of the strip: the last day on which an ordered answer is expected."""
        return tuple(max((c.expected_on for c in self._of(kind) if c.expected_on), default=None) for kind in KINDS)

    @property
    def marks(self) -> tuple[str, ...]:
        """What the sign of each kind says besides its state: `late`, `elsewhere`, both, or nothing.

        Late is a kind of which no dated answer is expected any more, elsewhere one with an examination made elsewhere.
        """
        return tuple(" ".join(self._marks_of(kind)) for kind in KINDS)

    def _marks_of(self, kind: str) -> Iterator[str]:
        dated = [check for check in self._of(kind) if check.expected_on]
        if dated and all(check.is_late for check in dated):
            yield LATE
        if any(check.answer and check.answer.is_external for check in self._of(kind)):
            yield ELSEWHERE

    def _of(self, kind: str) -> Iterator[Check]:
        return (check for check in self.checks if check.requirement.kind == kind)

    def summary(self) -> dict[str, object]:
        """Return what is stored on the case: JSON types only, in a fixed order."""
        return {
            "strip": [state.value for state in self.strip],
            "expected": [_iso(day) for day in self.expected],
            "marks": list(self.marks),
            "checks": [
                {
                    "requirement": c.requirement.key,
                    "kind": c.requirement.kind,
                    "state": c.state.value,
                    "performed_on": _iso(c.answer.performed_on if c.answer else None),
                    "expected_on": _iso(c.answer.expected_on if c.answer else None),
                    "since": _iso(c.answer.since if c.answer else None),
                    "source": c.answer.source if c.answer else "",
                    "elsewhere": bool(c.answer and c.answer.is_external),
                    "late": c.is_late,
                }
                for c in self.checks
            ],
            "findings": list(self._findings()),
        }

    def _findings(self) -> Iterator[dict[str, object]]:
        for finding in self.findings:
            yield {
                "code": finding.code,
                "severity": finding.severity.value,
                "owner": finding.owner,
                "requirement": finding.requirement,
                "kind": finding.kind,
                "anchor": finding.anchor,
                "expected_on": _iso(finding.expected_on),
            }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
