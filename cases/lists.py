"""Rows of cases for lists: plain values read in one query, so that fifty rows cost what fifty rows must."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from accounts.actor import Actor
from cases.enums import TriageAnswer
from cases.identity import Identity
from cases.models import Case
from cases.panels import NextMeeting, is_promise_at_risk, panel
from cases.privacy import IdentityGuard, Shown
from cases.queries import case_list, is_discordant, sorted_cases
from checklists.queries import published_diagnoses
from checklists.registry import specs_of

HELD_BACK = (TriageAnswer.NOT_READY, TriageAnswer.NATIONAL)
"""Answers of triage that a row of a list says in words; the others are its level."""

_COLUMNS = (
    "pk",
    "patient_id",
    "patient__name",
    "patient__identity_system",
    "patient__identity_value",
    "patient__is_protected",
    "definition_id",
    "phase",
    "clinical_question",
    "unit_id",
    "responsible_clinician_id",
    "contact_nurse_id",
    "suspected_on",
    "promised_on",
    "status",
    "level",
    "readiness_state",
    "readiness__strip",
    "readiness__expected",
    "readiness__marks",
    "triage",
    "triage_note",
    "sent_incomplete_reason",
)
_PROMISED = _COLUMNS.index("promised_on")


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list was asked for, as it stands in the address."""

    diagnosis: str = ""
    readiness: str = ""
    status: str = "open"
    level: str = ""
    triage: str = ""
    q: str = ""
    sort: str = "suspected"

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """Return the filter of an address; names that no list knows are passed over."""
        given = {name: str(query[name]).strip()[:80] for name in cls.__slots__ if query.get(name)}
        return cls(**given)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the open cases in their usual order was asked for."""
        return self != CaseFilter(sort=self.sort)

    def cases(self, actor: Actor) -> QuerySet[Case]:
        """Return the visible cases that fit, in the order asked for."""
        found = case_list(
            actor,
            diagnosis=self.diagnosis,
            readiness=self.readiness,
            status="" if self.status == "all" else self.status,
            level=self.level,
            triage=self.triage,
            text=self.q,
        )
        return sorted_cases(found, self.sort)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One row of a list. Days are counted from the well-founded suspicion; `allowed` is the lead time's.

    `triage` is in words, and only where the case is held back for something or for another conference.
    """

    pk: int
    url: str
    patient: int
    shown: Shown
    question: str
    diagnosis: str
    phase: str
    level: str
    status: str
    triage: str
    triage_note: str
    sent_incomplete: str
    readiness: str
    strip: tuple[str, ...]
    expected: tuple[date | None, ...]
    marks: tuple[str, ...]
    days: int
    allowed: int | None
    promised_on: date | None
    promised_day: int | None
    is_discordant: bool
    next_meeting: NextMeeting | None = field(default=None)
    promise_at_risk: bool = False


def case_rows(actor: Actor, cases: Any, today: date) -> list[CaseRow]:
    """Return the rows of `cases` (a queryset, already cut to a page) as `actor` may see them.

    One query for the rows, one for the coming meetings, one for promised dates where there are any, and one for
    definitions that this process has not met.
    """
    marked = cases.select_related(None).annotate(discordant=is_discordant())
    values = list(marked.values_list(*_COLUMNS, "discordant"))
    meetings: Mapping[int, NextMeeting] = panel("next_meeting", [row[0] for row in values])
    promised = {row[0]: row[_PROMISED] for row in values if row[_PROMISED]}
    warned: Mapping[int, str] = panel("promises", list(promised))
    at_risk = {pk for pk, on in promised.items() if is_promise_at_risk(on, meetings.get(pk), warned.get(pk, ""))}
    return list(_rows(IdentityGuard(actor), values, meetings, at_risk, today))


def _rows(
    guard: IdentityGuard,
    values: Sequence[tuple[Any, ...]],
    meetings: Mapping[int, NextMeeting],
    at_risk: Container[int],
    today: date,
) -> Iterable[CaseRow]:
    specs = specs_of(row[6] for row in values)
    below = reverse("cases:list")
    for (
        pk, patient, name, system, number, is_protected, definition, phase, question, unit, clinician, nurse,
        suspected_on, promised_on, status, level, readiness, strip, expected, marks, triage, triage_note,
        sent_incomplete, discordant,
    ) in values:  # fmt: skip
        spec = specs[definition]
        yield CaseRow(
            pk=pk,
            url=f"{below}{pk}/",
            patient=patient,
            shown=guard.of_row(
                name, Identity(system, number), is_protected=is_protected, unit_id=unit, people=(clinician, nurse)
            ),
            question=question,
            diagnosis=spec.label(),
            phase=phase,
            level=level,
            status=status,
            readiness=readiness,
            strip=tuple(strip),
            expected=tuple(date.fromisoformat(day) if day else None for day in expected or ()),
            marks=tuple(marks or ()),
            triage=str(TriageAnswer(triage).label) if triage in HELD_BACK else "",
            triage_note=triage_note,
            sent_incomplete=sent_incomplete,
            days=(today - suspected_on).days,
            allowed=spec.lead_time_days,
            promised_on=promised_on,
            promised_day=(promised_on - suspected_on).days if promised_on else None,
            is_discordant=discordant,
            next_meeting=meetings.get(pk),
            promise_at_risk=pk in at_risk,
        )


def diagnosis_choices() -> list[tuple[str, str]]:
    """Return slug and name, in the active language, of the diagnoses that cases can have; one query."""
    return [(row.slug, row.label()) for row in published_diagnoses()]
