"""Preparations as plain rows, with the answers of their discipline and what is new since the last reading."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, QuerySet
from django.urls import reverse

from accounts.actor import Actor
from cases.identity import Identity
from cases.models import Result
from cases.privacy import IdentityGuard
from cases.queries import is_discordant
from cases.readiness.words import requirement_label
from checklists.enums import Discipline
from checklists.registry import spec_of, specs_of
from mdk.enums import PreparationState
from mdk.models import Preparation

TO_DO = (PreparationState.WAITING, PreparationState.TODO, PreparationState.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer of the discipline: what and when, whether made elsewhere, and whether new since the last reading."""

    label: str
    performed_on: date | None
    is_external: bool
    is_new: bool


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One preparation as the queue shows it; `patient` and `number` are masked where the reader may not see them."""

    id: int
    item_id: int
    case_id: int
    meeting_id: int
    meeting_name: str
    starts_at: datetime
    due_at: datetime
    discipline: str
    reader_id: int | None
    reader_name: str | None
    reader_email: str | None
    estimate_minutes: int
    minutes: int | None
    state: str
    completed_at: datetime | None
    carried_over_from_id: int | None
    carried_at: datetime | None
    level: str
    question: str
    strip: Sequence[str]
    marks: Sequence[str]
    definition_id: int
    patient_id: int
    patient: str
    number: str
    url: str
    is_discordant: bool = False
    answers: tuple[AnswerRow, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to prepare it."""
        return self.state in TO_DO

    @property
    def new(self) -> list[str]:
        """The labels of the answers that came or changed since the reading that is carried over."""
        return [answer.label for answer in self.answers if answer.is_new]

    @property
    def new_since(self) -> int:
        """How many answers are new since the reading that is carried over; 0 for a first reading."""
        return len(self.new)


_FIELDS = {
    "meeting_id": F("item__meeting_id"),
    "meeting_name": F("item__meeting__series__name"),
    "starts_at": F("item__meeting__starts_at"),
    "reader_name": F("reader__name"),
    "reader_email": F("reader__email"),
    "carried_at": F("carried_over_from__completed_at"),
    "level": F("item__level"),
    "case_id": F("item__case_id"),
    "question": F("item__case__clinical_question"),
    "strip": F("item__case__readiness__strip"),
    "marks": F("item__case__readiness__marks"),
    "definition_id": F("item__case__definition_id"),
    "patient_id": F("item__case__patient_id"),
    "name": F("item__case__patient__name"),
    "system": F("item__case__patient__identity_system"),
    "value": F("item__case__patient__identity_value"),
    "is_protected": F("item__case__patient__is_protected"),
    "unit_id": F("item__case__unit_id"),
    "clinician_id": F("item__case__responsible_clinician_id"),
    "nurse_id": F("item__case__contact_nurse_id"),
    "is_discordant": is_discordant("item__case_id"),
}
_NAMES = (
    "id", "item_id", "discipline", "reader_id", "estimate_minutes", "minutes", "state", "due_at", "completed_at",
    "carried_over_from_id",
)  # fmt: skip


def queue_rows(preparations: QuerySet[Preparation], actor: Actor) -> list[QueueRow]:
    """Return the preparations as rows with the answers of their discipline: two queries, however many there are."""
    raw = list(preparations.values(*_NAMES, **_FIELDS))
    answers = _answers_of(raw)
    guard = IdentityGuard(actor)
    base = reverse("mdk:queue")
    return [_row(one, answers[one["id"]], guard, base) for one in raw]


def row_of(pk: int, actor: Actor) -> QueueRow:
    """Return one preparation, which the caller has access to, as a row."""
    return queue_rows(Preparation.objects.filter(pk=pk), actor)[0]


def answers_for(preparation: Preparation) -> tuple[AnswerRow, ...]:
    """Return the answers of one preparation's discipline, marked where new since the reading carried over."""
    earlier = preparation.carried_over_from
    case = preparation.item.case
    raw = {
        "id": preparation.pk,
        "case_id": case.pk,
        "definition_id": case.definition_id,
        "discipline": preparation.discipline,
        "carried_at": earlier.completed_at if earlier else None,
    }
    return _answers_of([raw])[preparation.pk]


def _row(raw: dict[str, Any], answers: tuple[AnswerRow, ...], guard: IdentityGuard, base: str) -> QueueRow:
    shown = guard.of_row(
        raw.pop("name"),
        Identity(raw.pop("system"), raw.pop("value")),
        is_protected=raw.pop("is_protected"),
        unit_id=raw.pop("unit_id"),
        people=(raw.pop("clinician_id"), raw.pop("nurse_id")),
    )
    return QueueRow(**raw, patient=shown.name, number=shown.number, url=f"{base}{raw['id']}/", answers=answers)


def _answers_of(raw: Sequence[dict[str, Any]]) -> dict[int, tuple[AnswerRow, ...]]:
    """Return the answers of each preparation's own discipline, oldest first; one query for the answers."""
    specs_of({row["definition_id"] for row in raw})
    by_case: dict[tuple[int, str], list[tuple[str, date | None, bool, datetime]]] = defaultdict(list)
    results = Result.objects.filter(
        case_id__in={row["case_id"] for row in raw}, kind__in={row["discipline"] for row in raw}
    ).exclude(state="cancelled")
    for case_id, kind, key, day, external, changed in results.order_by("performed_on", "pk").values_list(
        "case_id", "kind", "requirement", "performed_on", "is_external", "updated_at"
    ):
        by_case[case_id, kind].append((key, day, external, changed))
    return {
        row["id"]: tuple(
            AnswerRow(
                label=requirement_label(spec_of(row["definition_id"]), key)
                if key
                else str(Discipline(row["discipline"]).label),
                performed_on=day,
                is_external=external,
                is_new=bool(row["carried_at"] and changed > row["carried_at"]),
            )
            for key, day, external, changed in by_case[row["case_id"], row["discipline"]]
        )
        for row in raw
    }
