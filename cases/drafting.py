"""A referral on its way: what the typed form amounts to before it is sent, and what is offered beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from accounts.actor import Actor
from accounts.errors import FieldError
from cases.enums import AnswerState, ClearanceKind, ResultState, Stated
from cases.known import Known
from cases.models import Result
from cases.queries import own_drafts
from cases.readiness.assess import assess
from cases.readiness.facts import Answer, Check, Facts, Readiness
from cases.services.results import ResultData
from cases.services.sending import Statement, read_statements, unordered
from checklists.enums import Phase, Severity
from checklists.spec import DefinitionSpec, LevelSuggestion, Requirement

Typed = Mapping[str, str]
CIRCUMSTANCE = "circumstance_"
FIELDS = ("clinical_question", "comorbidity", "patient_wishes", "performance_status", "contact_nurse")
"""The fields of a referral that may answer a requirement by themselves (`CaseField`)."""
SETTLED = (AnswerState.FINAL, AnswerState.WAIVED, AnswerState.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Asked:
    """One requirement that the form asks about; `earlier` are the fresh answers that may be brought along."""

    requirement: Requirement
    earlier: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement in the panel: how it stands by what is typed, how much its lack stops, and where it is mended."""

    key: str
    label: str
    state: str
    severity: str
    anchor: str
    is_settled: bool
    is_field: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the typed form amounts to: the level, what is asked, and the readiness that the case will start with."""

    spec: DefinitionSpec
    phase: str
    suggestion: LevelSuggestion
    asked: tuple[Asked, ...]
    readiness: Readiness

    @property
    def signature(self) -> str:
        """A word that changes when other questions are to be asked."""
        earlier = ",".join(str(result.pk) for one in self.asked for result in one.earlier)
        return f"{self.spec.slug}/{self.spec.version}/{self.phase}/{self.suggestion.level}/{earlier}"

    @property
    def lines(self) -> tuple[Line, ...]:
        """The requirements, what blocks first and what is settled last."""
        gravity = {finding.requirement: str(finding.severity) for finding in self.readiness.findings}
        lines = [_line(check, gravity.get(check.requirement.key, "")) for check in self.readiness.checks]
        order = {Severity.BLOCKER: 0, Severity.NEEDS_APPROVAL: 1, Severity.WARNING: 2}
        return tuple(sorted(lines, key=lambda line: order.get(line.severity, 3)))  # type: ignore[call-overload]

    @property
    def lacking(self) -> int:
        """How many requirements are not settled."""
        return sum(not line.is_settled for line in self.lines)

    @property
    def is_attested_later(self) -> bool:
        """Whether the level needs the responsible clinician's word once the case is there."""
        return any(finding.code == "attestation-missing" for finding in self.readiness.findings)

    @property
    def unordered(self) -> int:
        """How many things block that nobody has even ordered: sent so, the form asks why."""
        return len(unordered(self.readiness.summary()["findings"]))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft that can be gone on with."""

    pk: int
    diagnosis: str
    question: str
    started_at: datetime
    saved_at: datetime


def drafts_of(actor: Actor, names: Mapping[str, str]) -> list[DraftRow]:
    """Return the actor's own drafts, the latest first; `names` are those of the diagnoses by slug. One query.

    No name and no number: a draft is told by its diagnosis, its question and its hour.
    """
    return [
        DraftRow(
            pk=draft.pk,
            diagnosis=names.get(draft.content.get("diagnosis", ""), ""),
            question=draft.content.get("clinical_question", ""),
            started_at=draft.created_at,
            saved_at=draft.updated_at,
        )
        for draft in own_drafts(actor)
    ]


def sheet_of(typed: Typed, spec: DefinitionSpec | None, known: Known | None, today: date) -> Sheet | None:
    """Return what the form amounts to; None until a diagnosis is chosen. Pure: what was read is handed in.

    What is typed wrongly counts as not typed: it is refused when the referral is sent.
    """
    if spec is None:
        return None
    phase = typed.get("phase", "")
    if phase not in Phase.values:
        phase = Phase.PRE_TREATMENT
    suggestion = spec.suggest_level(phase, circumstances_of(typed))
    asked = _asked(spec, phase, suggestion.level, known, today)
    statements, _errors = statements_of(typed, asked, today)
    facts = typed_facts(typed, spec, phase, suggestion.level, statements, today)
    return Sheet(spec, phase, suggestion, asked, assess(facts))


def statements_of(typed: Typed, asked: Iterable[Asked], today: date) -> tuple[tuple[Statement, ...], list[FieldError]]:
    """Return what the form says of the requirements that it asks about, and every wrong field."""
    asked = tuple(asked)
    earlier = [result for one in asked for result in one.earlier]
    statements, errors = read_statements(typed, (one.requirement for one in asked), today=today, earlier=earlier)
    return statements, errors


def circumstances_of(typed: Typed) -> dict[str, str]:
    """Return the circumstances that are stated."""
    return {
        name.removeprefix(CIRCUMSTANCE): text for name, text in typed.items() if name.startswith(CIRCUMSTANCE) and text
    }


def typed_facts(
    typed: Typed, spec: DefinitionSpec, phase: str, level: str, statements: Iterable[Statement], today: date
) -> Facts:
    """Return the facts as the case will have them when the form is sent as it stands."""
    statements = tuple(statements)
    answers = [(statement, statement.as_result()) for statement in statements]
    return Facts(
        spec=spec,
        phase=phase,
        level=level,
        today=today,
        answers=tuple(_answer(data) for _statement, data in answers if data is not None),
        clearances={
            statement.requirement: ClearanceKind.NOT_APPLICABLE
            for statement in statements
            if statement.how == Stated.NOT_APPLICABLE
        },
        fields=frozenset(name for name in FIELDS if typed.get(name, "").strip()),
    )


def _asked(spec: DefinitionSpec, phase: str, level: str, known: Known | None, today: date) -> tuple[Asked, ...]:
    """A requirement that a field of the form answers needs no question of its own."""
    return tuple(
        Asked(requirement, known.answers_for(requirement, level, today) if known else ())
        for requirement in spec.requirements_for(phase, level)
        if not requirement.field
    )


def _answer(data: ResultData) -> Answer:
    """The answer as `cases.readiness.store` will read it from the row."""
    return Answer(
        kind=data.kind,
        requirement=data.requirement,
        state=ResultState(data.state),
        performed_on=data.performed_on,
        expected_on=data.expected_on,
        since=data.ordered_on,
        source=data.source,
        is_external=data.is_external,
    )


def _line(check: Check, severity: str) -> Line:
    requirement = check.requirement
    return Line(
        key=requirement.key,
        label=requirement.label(),
        state=str(check.state),
        severity=severity,
        anchor=f"id_{requirement.field}_field" if requirement.field else f"asked-{requirement.key}",
        is_settled=check.state in SETTLED,
        is_field=bool(requirement.field),
    )
