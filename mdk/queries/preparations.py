"""Preparations as plain rows, with the answers of their discipline and what is new since the last reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actor import Actor
from cases.identity import Identity
from cases.models import Result
from cases.privacy import IdentityGuard
from cases.queries import is_discordant
from cases.readiness.words import requirement_label
from checklists.enums import Discipline
from checklists.registry import spec_of
from events.models import Event
from mdk.enums import NOT_BEGUN, NOT_DONE, PreparationState
from mdk.models import Preparation
from mdk.queries.readings import Change, Reading, answers_by_case, changes_by_id, reading_of


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
    assigned_at: datetime | None = None
    accepted_at: datetime | None = None
    accepted_name: str | None = None
    accepted_email: str | None = None
    return_reason: str = ""
    is_mended: bool = False
    other: Mapping[str, str | None] | None = None
    is_discordant: bool = False
    answers: tuple[AnswerRow, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to prepare it."""
        return self.state in NOT_DONE

    @property
    def discipline_name(self) -> str:
        """The discipline in words."""
        return str(Discipline(self.discipline).label)

    @property
    def is_takeable(self) -> bool:
        """Whether another reader may take it: nobody holds it, or it was only given out, and it is not begun."""
        return self.state in NOT_BEGUN and (self.reader_id is None or self.assigned_at is not None)

    @property
    def beside(self) -> str:
        """What the other discipline has said of the case: accepted, done or sent back; nothing while it is silent."""
        return other_words(self.other)

    @property
    def is_refused_beside(self) -> bool:
        """Whether the other discipline has sent the case back."""
        return bool(self.other and self.other["state"] == PreparationState.RETURNED)

    @property
    def new(self) -> list[str]:
        """What is new since the last reading, in the words of its labels: answers, the question, the level."""
        return [change.label for change in self.changes]

    @property
    def new_since(self) -> int:
        """How many things are new since the last reading; 0 for one that was never begun."""
        return len(self.changes)


SAID = JSONObject(
    discipline="discipline", state="state", reader="reader__name", accepted="accepted_by__name",
    returned="returned_by__name", reason="return_reason",
)  # fmt: skip
MENDED_BY = (
    "result.registered", "result.changed", "result.corrected", "case.edited", "case.referral_added", "case.message",
)  # fmt: skip
"""Events of a case that may have mended what a preparation was sent back for."""

_FIELDS = {
    "meeting_id": F("item__meeting_id"),
    "meeting_name": F("item__meeting__series__name"),
    "starts_at": F("item__meeting__starts_at"),
    "reader_name": F("reader__name"),
    "reader_email": F("reader__email"),
    "accepted_name": F("accepted_by__name"),
    "accepted_email": F("accepted_by__email"),
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
    "is_mended": Exists(
        Event.objects.filter(case_id=OuterRef("item__case_id"), kind__in=MENDED_BY, at__gt=OuterRef("returned_at"))
    ),
    "other": Subquery(
        Preparation.objects.filter(item=OuterRef("item")).exclude(discipline=OuterRef("discipline")).values(said=SAID)[:1]
    ),
    "is_discordant": is_discordant("item__case_id"),
}  # fmt: skip
_NAMES = (
    "id", "item_id", "discipline", "reader_id", "estimate_minutes", "minutes", "state", "due_at", "completed_at",
    "carried_over_from_id", "assigned_at", "accepted_at", "return_reason", "seen",
)  # fmt: skip


def other_words(other: Mapping[str, str | None] | None) -> str:
    """Return in a few words what a discipline has said of a case (as `QueueRow.other`), nothing when nothing."""
    if not other:
        return ""
    discipline = str(Discipline(str(other["discipline"])).label)
    match other["state"]:
        case PreparationState.RETURNED:
            words = _("%(discipline)s: sent back by %(who)s: %(reason)s")
            return words % {"discipline": discipline, "who": other["returned"], "reason": other["reason"]}
        case PreparationState.DONE:
            return _("%(discipline)s: prepared by %(who)s") % {"discipline": discipline, "who": other["reader"]}
    if other["accepted"]:
        return _("%(discipline)s: accepted by %(who)s") % {"discipline": discipline, "who": other["accepted"]}
    return ""


def words_beside(preparation: Preparation) -> str:
    """Return what the other discipline has said of the case; one query."""
    others = Preparation.objects.filter(item=preparation.item_id).exclude(pk=preparation.pk)
    return other_words(others.values_list(SAID, flat=True).first())


def queue_rows(preparations: QuerySet[Preparation], actor: Actor) -> list[QueueRow]:
    """Return the preparations as rows with their answers and what is new: two queries, however many there are."""
    raw = list(preparations.values(*_NAMES, **_FIELDS))
    found = _read([_reading(one) for one in raw])
    guard = IdentityGuard(actor)
    base = reverse("mdk:queue")
    return [_row(one, *found[one["id"]], guard, base) for one in raw]


def row_of(pk: int, actor: Actor) -> QueueRow:
    """Return one preparation, which the caller has access to, as a row."""
    return queue_rows(Preparation.objects.filter(pk=pk), actor)[0]


def answers_for(preparation: Preparation) -> tuple[AnswerRow, ...]:
    """Return the answers of one preparation's discipline, marked where new since its last reading."""
    return _read([reading_of(preparation)])[preparation.pk][0]


def _reading(raw: dict[str, Any]) -> Reading:
    """Return the row as a reading, and take out of it what only that needs."""
    carried_at = raw["carried_at"]
    return Reading(
        id=raw["id"],
        case_id=raw["case_id"],
        definition_id=raw["definition_id"],
        discipline=raw["discipline"],
        level=raw["level"],
        question=raw["question"],
        seen=raw.pop("seen"),
        read_at=raw["completed_at"] or carried_at,
    )


def _row(
    raw: dict[str, Any],
    answers: tuple[AnswerRow, ...],
    changes: tuple[Change, ...],
    guard: IdentityGuard,
    base: str,
) -> QueueRow:
    shown = guard.of_row(
        raw.pop("name"),
        Identity(raw.pop("system"), raw.pop("value")),
        is_protected=raw.pop("is_protected"),
        unit_id=raw.pop("unit_id"),
        people=(raw.pop("clinician_id"), raw.pop("nurse_id")),
    )
    url = f"{base}{raw['id']}/"
    return QueueRow(**raw, patient=shown.name, number=shown.number, url=url, answers=answers, changes=changes)


def _read(readings: Sequence[Reading]) -> dict[int, tuple[tuple[AnswerRow, ...], tuple[Change, ...]]]:
    """Return the answers of each reading's own discipline, oldest first, and what is new; one query for the answers."""
    answers = answers_by_case({one.case_id for one in readings}, {one.discipline for one in readings})
    changes = changes_by_id(readings, answers)
    found = {}
    for one in readings:
        new = {change.answer for change in changes[one.id]}
        rows = [_answer(one, result, is_new=result.pk in new) for result in answers.get(_key(one), ())]
        found[one.id] = (tuple(rows), tuple(changes[one.id]))
    return found


def _key(reading: Reading) -> tuple[int, str]:
    return reading.case_id, reading.discipline


def _answer(reading: Reading, result: Result, *, is_new: bool) -> AnswerRow:
    key = result.requirement
    label = requirement_label(spec_of(reading.definition_id), key) if key else Discipline(reading.discipline).label
    return AnswerRow(str(label), result.performed_on, result.is_external, is_new)
