"""Cases that wait for a meeting of a series, most urgent first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import (
    Case as Choose,
)
from django.db.models import (
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import JSONObject, Least
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from cases.enums import CaseStatus
from cases.forecast import CaseForecast, Subject, forecasts
from cases.forecast.words import expected_in_words
from cases.identity import initials_of
from cases.models import Case
from cases.queries import case_list, is_discordant
from cases.readiness.words import finding_message, requirement_label
from checklists.models import Definition
from checklists.registry import specs_of
from checklists.spec import DefinitionSpec
from mdk.access import series_units
from mdk.enums import OPEN_ITEMS
from mdk.models import AgendaItem, Meeting
from mdk.planning.urgency import WITHOUT_CLOCK_DAYS

SHOWN = 60
"""The most urgent that a page shows at first; "show more" shows `AT_MOST`, filters and search reach the others."""
AT_MOST = 500


@dataclass(frozen=True, slots=True)
class LikelyPlace:
    """A provisional place that a candidate has on another meeting: when, how likely (0-1), and whether the system gave it."""

    meeting: int
    starts_at: datetime
    probability: float | None
    is_by_system: bool


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One waiting case as the workbench shows it.

    `triage` is what was decided about it, with a note.
    `missing` is what stops it, `expects` what comes last and when; `probability` (0-1) that the case is ready in time
    for this meeting.
    """

    id: int
    patient_id: int
    initials: str
    is_protected: bool
    level: str
    phase: str
    question: str
    readiness_state: str
    strip: Sequence[str]
    marks: Sequence[str]
    expected: tuple[date | None, ...]
    missing: str
    expects: str
    probability: float
    suspected_on: date
    days: int
    allowed: int | None
    promised_on: date | None
    promised_day: int | None
    definition_id: int
    findings: Sequence[Mapping[str, Any]]
    triage: str
    triage_note: str
    is_discordant: bool
    place: LikelyPlace | None


@dataclass(frozen=True, slots=True)
class Candidates:
    """The most urgent candidates that fit the filters, and how many there are in all."""

    rows: tuple[CandidateRow, ...]
    total: int

    @property
    def unseen(self) -> int:
        """How many of those that fit are not shown."""
        return self.total - len(self.rows)


_NAMES = (
    "id",
    "patient_id",
    "unit_id",
    "level",
    "phase",
    "clinical_question",
    "readiness",
    "readiness_state",
    "triage",
    "triage_note",
    "suspected_on",
    "promised_on",
    "definition_id",
)
_FIELDS = {
    "patient_name": F("patient__name"),
    "identity_value": F("patient__identity_value"),
    "is_protected": F("patient__is_protected"),
    "provider": F("patient__provider_id"),
    "is_discordant": is_discordant(),
    "total": Window(Count("pk")),
    "place": Subquery(
        AgendaItem.objects.filter(case_id=OuterRef("pk"), status__in=OPEN_ITEMS)
        .order_by()
        .values(
            place=JSONObject(meeting="meeting_id", at="meeting__starts_at", probability="probability", by="added_by_id")
        )[:1]
    ),
}


def candidates(
    actor: Actor,
    meeting: Meeting,
    now: datetime,
    *,
    readiness: str = "",
    phase: str = "",
    level: str = "",
    text: str = "",
    limit: int = SHOWN,
) -> Candidates:
    """Return the referred cases of the series' diagnoses that are not on this agenda, the `limit` most urgent first.

    Urgency is the day of the pathway's limit or the promised date, whichever comes first. One with a provisional place
    on another meeting is among them and says so. Four queries, and one for definitions that this process has not met.
    """
    cases = _waiting(actor, meeting, readiness, level, text)
    if phase:
        cases = cases.filter(phase=phase)
    specs = _specs(meeting)
    by_urgency = cases.order_by(_limit(specs), "suspected_on", "pk")
    found = list(by_urgency.values(*_NAMES, **_FIELDS)[: min(limit, AT_MOST)])
    coming = forecasts([_subject(row) for row in found], now=now)
    rows = tuple(_row(row, specs[row["definition_id"]], coming[row["id"]], meeting, now) for row in found)
    return Candidates(rows, found[0]["total"] if found else 0)


def _specs(meeting: Meeting) -> dict[int, DefinitionSpec]:
    """Return every version of the definitions of the series' diagnoses, by id."""
    diagnoses = meeting.series.diagnoses.order_by().values("pk")
    return specs_of(Definition.objects.filter(diagnosis__in=diagnoses).order_by().values_list("pk", flat=True))


def _limit(specs: Mapping[int, DefinitionSpec]) -> Least:
    """Return the day on which a case must have been taken up, as an expression to sort by."""
    days = [When(definition_id=pk, then=Value(_allowed(spec))) for pk, spec in specs.items()]
    allowed = Choose(*days, default=Value(WITHOUT_CLOCK_DAYS), output_field=IntegerField())
    limit = ExpressionWrapper(F("suspected_on") + allowed, output_field=DateField())
    return Least(limit, F("promised_on"))


def _allowed(spec: DefinitionSpec) -> int:
    return WITHOUT_CLOCK_DAYS if spec.lead_time_days is None else spec.lead_time_days


def _waiting(actor: Actor, meeting: Meeting, readiness: str, level: str, text: str) -> QuerySet[Case]:
    takes_part = Case.units.through.objects.filter(case_id=OuterRef("pk"), unit_id__in=series_units(meeting.series))
    here = AgendaItem.objects.filter(case_id=OuterRef("pk"), meeting=meeting.pk, status__in=OPEN_ITEMS)
    found = case_list(actor, status=CaseStatus.REFERRED, readiness=readiness, level=level, text=text)
    waiting = found.select_related(None).filter(Exists(takes_part), ~Exists(here))
    return waiting.filter(diagnosis__in=meeting.series.diagnoses.order_by().values("pk"))


def _subject(row: Mapping[str, Any]) -> Subject:
    return Subject(
        row["id"], row["provider"], row["unit_id"], row["definition_id"], row["level"], row["readiness"]
    )  # fmt: skip


def _row(
    row: Mapping[str, Any], spec: DefinitionSpec, forecast: CaseForecast, meeting: Meeting, now: datetime
) -> CandidateRow:
    readiness = row["readiness"]
    findings = readiness.get("findings", ())
    first = next((finding for finding in findings if finding["severity"] != "warning"), None)
    return CandidateRow(
        id=row["id"],
        patient_id=row["patient_id"],
        initials="" if row["is_protected"] else initials_of(row["patient_name"], row["identity_value"]),
        is_protected=row["is_protected"],
        level=row["level"],
        phase=row["phase"],
        question=row["clinical_question"],
        readiness_state=row["readiness_state"],
        strip=readiness.get("strip", ()),
        marks=readiness.get("marks", ()),
        expected=tuple(_day(day) for day in readiness.get("expected", ())),
        missing=_missing(spec, first["requirement"]) if first else "",
        expects=expected_in_words(forecast, spec),
        probability=forecast.for_meeting(meeting.starts_at, meeting.cutoff_at, now),
        suspected_on=row["suspected_on"],
        days=(timezone.localdate(now) - row["suspected_on"]).days,
        allowed=spec.lead_time_days,
        promised_on=row["promised_on"],
        promised_day=(row["promised_on"] - row["suspected_on"]).days if row["promised_on"] else None,
        definition_id=row["definition_id"],
        findings=findings,
        triage=row["triage"],
        triage_note=row["triage_note"],
        is_discordant=row["is_discordant"],
        place=_place(row["place"]),
    )


def _place(found: Mapping[str, Any] | None) -> LikelyPlace | None:
    """Return the place of the row that the database made of it."""
    if found is None:
        return None
    at = datetime.fromisoformat(found["at"])
    return LikelyPlace(found["meeting"], at, found["probability"], is_by_system=found["by"] is None)


def findings_in_words(candidate: CandidateRow) -> list[dict[str, str]]:
    """Return the candidate's findings as severity and sentence."""
    spec = specs_of([candidate.definition_id])[candidate.definition_id]
    return [{"severity": f["severity"], "message": finding_message(f, spec)} for f in candidate.findings]


def _missing(spec: DefinitionSpec, requirement: str) -> str:
    """Return what is lacking in a word or two; a finding without a requirement is the attestation."""
    return requirement_label(spec, requirement) if requirement else _("Not attested")


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
