"""Open cases and the versions of their definition: who follows an older one, what a move would do, and the move.

A case keeps the version that it began with until a person moves it. Once its conference has begun to write an
outcome it is moved no more: what was asked then is what the protocol is signed on.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Prefetch, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.errors import Refused
from accounts.models import User
from accounts.permissions import Permission
from cases.enums import AnswerState, CaseStatus, ReadinessState
from cases.models import Case, Clearance, Result
from cases.persons import Number
from cases.readiness.assess import assess
from cases.readiness.facts import Facts
from cases.readiness.store import facts_of, store_readiness
from cases.services.identities import hold_numbers
from cases.services.placing import place_waiting
from cases.transitions import CaseMoveRefused, lock_open_case
from checklists.models import Diagnosis
from checklists.registry import spec_of, specs_of
from checklists.spec import DefinitionSpec, Requirement
from checklists.usage import Effect
from events.record import record

MOVABLE = (CaseStatus.DRAFT, CaseStatus.REFERRED, CaseStatus.SCHEDULED)
"""Before their conference."""
LOOKED_AT = 1000
"""So many open cases are computed for the preview of a draft; of more, the oldest."""
_UNSETTLED = (AnswerState.MISSING, AnswerState.STALE)


@dataclass(frozen=True, slots=True)
class MovePreview:
    """What moving a case would do: requirements gained and lost, and its readiness before and after."""

    case: Case
    version: str
    newer: str
    gained: tuple[Requirement, ...]
    lacking: tuple[Requirement, ...]
    """Those gained that nothing answers yet."""
    lost: tuple[Requirement, ...]
    before: ReadinessState
    after: ReadinessState
    takes_back: bool
    """Whether the attestation is taken back, since more is asked for than was attested."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What moving several cases did: how many moved, and why some did not."""

    count: int
    refused: tuple[tuple[int, str], ...]


def cases_on_older(actor: Actor, diagnosis: str = "") -> QuerySet[Case]:
    """Return the cases before their conference that follow another version than the one in force.

    Those that the actor may edit, of all diagnoses or the one with this slug, by diagnosis and longest since suspicion.
    """
    units = actor.units_for(Permission.EDIT_CASE)
    taking_part = Case.units.through.objects.filter(case_id=OuterRef("pk"), unit_id__in=units)
    found = (
        Case.objects.filter(Exists(taking_part), status__in=MOVABLE)
        .exclude(definition_id=F("diagnosis__current_id"))
        .select_related("patient", "diagnosis", "unit")
        .prefetch_related(*_answers())
    )
    if diagnosis:
        found = found.filter(diagnosis__slug=diagnosis)
    return found.order_by("diagnosis__sort_key", "suspected_on", "pk")


def diagnoses_with_older(actor: Actor) -> list[tuple[Diagnosis, int]]:
    """Return the diagnoses of `cases_on_older`, with the number of cases of each."""
    counted = cases_on_older(actor).order_by().values("diagnosis").annotate(number=Count("pk"))
    numbers = {row["diagnosis"]: row["number"] for row in counted}
    return [(row, numbers[row.pk]) for row in Diagnosis.objects.filter(pk__in=numbers)]


def move_previews(cases: Iterable[Case], today: date) -> list[MovePreview]:
    """Return what moving each case to the version in force would do; one query for versions not met before."""
    rows = list(cases)
    specs = specs_of({pk for row in rows for pk in (row.definition_id, row.diagnosis.current_id) if pk is not None})
    return [
        preview_move(row, specs[row.diagnosis.current_id], today)
        for row in rows
        if row.diagnosis.current_id is not None
    ]


def preview_move(case: Case, spec: DefinitionSpec, today: date) -> MovePreview:
    """Return what moving `case` to `spec` would do on the day `today`; no query when answers are prefetched."""
    facts = facts_of(case, today)
    moved = _moved(facts, spec)
    gained, lost = _gained(facts, spec), _lost(facts, spec)
    after = assess(moved)
    open_keys = {check.requirement.key for check in after.checks if check.state in _UNSETTLED}
    return MovePreview(
        case=case,
        version=facts.spec.version,
        newer=spec.version,
        gained=gained,
        lacking=tuple(item for item in gained if item.key in open_keys),
        lost=lost,
        before=assess(facts).state,
        after=after.state,
        takes_back=facts.is_attested and not moved.is_attested,
    )


@transaction.atomic
def move_to_definition(case_id: int, *, by: User, now: datetime) -> Case:
    """Let a case before its conference follow the version that is in force now. Who may: `edit_case`.

    Every answer, clearance and circumstance stays, and so does the level; the suggested level is made anew. The
    attestation is taken back when something is asked for that was not, and the responsible clinician is told so.
    Waiting reports may find their place. A case that follows it already is left as it is. Leaves
    `case.definition_moved`. CaseMoveRefused once the case has been discussed.
    """
    patient = Case.objects.select_related("patient").get(pk=case_id).patient
    hold_numbers(patient.provider_id, [Number(patient.identity_system, patient.identity_value)])
    case = lock_open_case(case_id)
    if case.status not in MOVABLE:
        raise CaseMoveRefused(_("The case has been discussed: it stays on its version."), extra={"case": case.pk})
    newer = case.diagnosis.current_id
    if newer is None or newer == case.definition_id:
        return case
    older, spec = spec_of(case.definition_id), spec_of(newer)
    facts = facts_of(case, timezone.localdate(now))
    takes_back = facts.is_attested and not _moved(facts, spec).is_attested
    case.definition_id = newer
    case.level_suggested = spec.suggest_level(case.phase, case.circumstances).level
    if takes_back:
        case.attested_by = case.attested_at = None
    case.updated_at, case.updated_by, case.version = now, by, case.version + 1
    case.save()
    store_readiness(case, now)
    record(
        "case.definition_moved", by=by, now=now, subject=case, case=case.pk, unit=case.unit_id,
        data={"from": older.version, "to": spec.version, "attestation_taken_back": takes_back},
        to=[case.responsible_clinician] if takes_back else [],
    )  # fmt: skip
    place_waiting(case.patient, now=now)
    return case


def move_cases(case_ids: Collection[int], *, by: User, now: datetime) -> Moved:
    """Move several cases, each in a transaction of its own: one that is refused holds up no other."""
    moved, refused = 0, []
    for pk in sorted(case_ids):
        try:
            move_to_definition(pk, by=by, now=now)
            moved += 1
        except Refused as refusal:
            refused.append((pk, refusal.message))
    return Moved(moved, tuple(refused))


class CaseUsage:
    """What the pages of definitions are told of open cases (`checklists.usage`)."""

    def open_cases(self, diagnosis_id: int) -> Mapping[int, Mapping[str, int]]:
        """Return the number of cases before their conference, by definition and phase; one query."""
        rows = Case.objects.filter(diagnosis_id=diagnosis_id, status__in=MOVABLE).order_by()
        found: dict[int, dict[str, int]] = {}
        for definition, phase, number in rows.values_list("definition_id", "phase").annotate(number=Count("pk")):
            found.setdefault(definition, {})[phase] = number
        return found

    def effect(self, diagnosis_id: int, spec: DefinitionSpec) -> Effect:
        """Return what moving the open cases to `spec` would do, computed for at most `LOOKED_AT` of them."""
        rows = Case.objects.filter(diagnosis_id=diagnosis_id, status__in=MOVABLE)
        total = rows.count()
        cases = rows.order_by("suspected_on", "pk").prefetch_related(*_answers())[:LOOKED_AT]
        today = timezone.localdate()
        previews = [preview_move(case, spec, today) for case in cases]
        ready = ReadinessState.READY
        return Effect(
            total=total,
            counted=len(previews),
            asked_more=sum(bool(row.gained) for row in previews),
            lacking=sum(bool(row.lacking) for row in previews),
            falling=sum(row.before == ready and row.after != ready for row in previews),
            rising=sum(row.before != ready and row.after == ready for row in previews),
            lacking_by=Counter(item.key for row in previews for item in row.lacking),
        )

    def address(self) -> str:
        """Return the address of the page on which cases are moved."""
        return reverse("cases:definitions")


USAGE = CaseUsage()


def _moved(facts: Facts, spec: DefinitionSpec) -> Facts:
    """The facts of the case, were it moved: who attested has not attested what was not asked for then."""
    return replace(facts, spec=spec, is_attested=facts.is_attested and not _gained(facts, spec))


def _gained(facts: Facts, spec: DefinitionSpec) -> tuple[Requirement, ...]:
    known = {item.key for item in facts.spec.requirements_for(facts.phase, facts.level)}
    return tuple(item for item in spec.requirements_for(facts.phase, facts.level) if item.key not in known)


def _lost(facts: Facts, spec: DefinitionSpec) -> tuple[Requirement, ...]:
    kept = {item.key for item in spec.requirements_for(facts.phase, facts.level)}
    return tuple(item for item in facts.spec.requirements_for(facts.phase, facts.level) if item.key not in kept)


def _answers() -> "tuple[Prefetch[str], ...]":
    """What readiness looks at, without the long texts."""
    return (
        Prefetch("results", Result.objects.defer("text", "structured")),
        Prefetch("clearances", Clearance.objects.filter(revoked_at=None)),
    )
