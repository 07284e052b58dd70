"""Between the database and the pure function: gathers the facts of a case and stores the summary."""

from collections.abc import Iterable
from datetime import date, datetime

from django.utils import timezone

from cases.enums import ClearanceKind, ResultState
from cases.models import Case, Clearance, Result
from cases.readiness.assess import assess
from cases.readiness.facts import Answer, Facts, Readiness
from checklists.registry import spec_of

_FIELDS = ("clinical_question", "comorbidity", "patient_wishes")


def facts_of(case: Case, today: date, level: str = "") -> Facts:
    """Return the facts of `case` on the day `today`, at its own level or another; two queries, none when prefetched."""
    fields = {name for name in _FIELDS if getattr(case, name).strip()}
    if case.performance_status is not None:
        fields.add("performance_status")
    if case.contact_nurse_id is not None:
        fields.add("contact_nurse")
    return Facts(
        spec=spec_of(case.definition_id),
        phase=case.phase,
        level=level or case.level,
        today=today,
        answers=tuple(answer_of(result) for result in case.results.all()),
        clearances=_clearances(case.clearances.all()),
        fields=frozenset(fields),
        is_attested=case.attested_at is not None,
    )


def readiness_of(case: Case, today: date, level: str = "") -> Readiness:
    """Return the readiness of `case` on the day `today`, computed; for its own level, or for another one."""
    return assess(facts_of(case, today, level))


def store_readiness(case: Case, now: datetime) -> Readiness:
    """Compute and save the summary of `case`, which the caller has locked; call it in the same transaction."""
    readiness = readiness_of(case, timezone.localdate(now))
    case.readiness_state = readiness.state
    case.readiness = readiness.summary()
    case.readiness_changes_on = readiness.changes_on
    case.save(update_fields=["readiness_state", "readiness", "readiness_changes_on"])
    return readiness


def answer_of(result: Result) -> Answer:
    """Return what readiness looks at in an answer."""
    return Answer(
        kind=result.kind,
        requirement=result.requirement,
        state=ResultState(result.state),
        performed_on=result.performed_on,
        expected_on=result.expected_on,
        since=result.preliminary_on if result.state == ResultState.PRELIMINARY else result.ordered_on,
        source=result.source,
        is_external=result.is_external,
    )


def _clearances(rows: Iterable[Clearance]) -> dict[str, ClearanceKind]:
    return {row.requirement: ClearanceKind(row.kind) for row in rows if row.revoked_at is None}
