"""What a definition says, as typed and frozen values.

A definition is data (`checklists/definitions/*.yaml`). These classes give that data names and types, and the few pure questions that
other apps ask of it. Reading and checking YAML is in `checklists.loader`; nothing here touches the database.

`source` is either the text or address that states the fact, or `LOCAL` where no national programme states it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language

LOCAL = "local"
"""The mark of everything that a hospital has chosen itself."""

CORE_OUTCOME_KEYS = frozenset(
    {"recommendation", "intent", "ctnm", "ptnm", "study", "next_step", "responsible", "due_on", "deviation_reason"}
)
"""Outcome fields that every meeting documents; any other is the diagnosis' own."""


@dataclass(frozen=True)
class Labelled:
    """Something with a stable key and a name in both languages."""

    key: str
    label_sv: str
    label_en: str

    def label(self, lang: str | None = None) -> str:
        """The name in `lang` ("sv" or "en"); the active language when none is given."""
        return _pick(self.label_sv, self.label_en, lang)

    def __str__(self) -> str:
        return self.label()


@dataclass(frozen=True)
class Choice(Labelled):
    """One allowed answer; `key` is what is stored."""


@dataclass(frozen=True)
class Requirement(Labelled):
    """An answer that must (or should) be there before the case is discussed."""

    kind: str
    phases: frozenset[str]
    levels: frozenset[str]
    severity: str
    """`blocker` or `warning`."""
    conditional: bool
    """True when it concerns only some patients; a case that it does not concern is marked not applicable by a person."""
    max_age_days: Mapping[str, int | None]
    """Per level: how old an answer may be on the day of the meeting; None or absent = any age."""
    field: str
    """A field of the case that answers it (`CaseField`), or ""."""
    source: str
    phases_source: str

    @property
    def is_local(self) -> bool:
        """Whether no programme states it."""
        return self.source == LOCAL

    @property
    def is_blocking(self) -> bool:
        """Whether a case without it is not ready."""
        return self.severity == "blocker"


@dataclass(frozen=True)
class Level:
    """How a case is taken up: minutes, who prepares, which checklist."""

    code: str
    minutes: int
    prep_minutes: Mapping[str, int]
    """Minutes of preparation per discipline that prepares at this level."""
    checklist: str
    needs_attestation: bool
    needs_reason: bool
    source: str
    """Where the rules of the level come from."""
    minutes_source: str

    @property
    def disciplines(self) -> frozenset[str]:
        """The disciplines that prepare."""
        return frozenset(self.prep_minutes)


@dataclass(frozen=True)
class Circumstance(Labelled):
    """A stated fact about a case that level rules may ask for, with its possible answers."""

    choices: tuple[Choice, ...]
    source: str


@dataclass(frozen=True)
class LevelRule:
    """Suggests `level` in `phases` when every circumstance in `when` has one of the named answers."""

    level: str
    phases: frozenset[str]
    when: Mapping[str, frozenset[str]]
    reason_sv: str
    reason_en: str
    source: str

    def fits(self, phase: str, facts: Mapping[str, Any]) -> bool:
        """Whether the rule fires. An unknown circumstance never fires a rule."""
        return phase in self.phases and all(str(facts.get(name, "")) in answers for name, answers in self.when.items())


@dataclass(frozen=True)
class LevelSuggestion:
    """A level proposed by rule; a person sets the level."""

    level: str
    reason_sv: str
    reason_en: str
    source: str

    def reason(self, lang: str | None = None) -> str:
        """Why, in `lang` or the active language."""
        return _pick(self.reason_sv, self.reason_en, lang)


@dataclass(frozen=True)
class ChecklistItem(Labelled):
    """A question that the chair goes through."""

    kind: str
    choices: tuple[Choice, ...]
    required: bool
    source: str


@dataclass(frozen=True)
class OutcomeField(Labelled):
    """A field of the outcome form."""

    kind: str
    choices: tuple[Choice, ...]
    required: bool
    source: str

    @property
    def is_core(self) -> bool:
        """Whether every diagnosis has it; otherwise it is this diagnosis' own."""
        return self.key in CORE_OUTCOME_KEYS


@dataclass(frozen=True)
class LeadTime:
    """Days from `counted_from` to the first treatment of one kind."""

    treatment: str
    label_sv: str
    label_en: str
    days: int
    basis: str
    counted_from: str
    """`suspicion` (well-founded suspicion) or `referral` (its arrival)."""
    clock: bool
    """Whether it may serve as the limit of the pathway clock."""
    source: str

    def label(self, lang: str | None = None) -> str:
        """The treatment in `lang` or the active language."""
        return _pick(self.label_sv, self.label_en, lang)


@dataclass(frozen=True)
class SubLeadTime:
    """Days between two steps of the work-up. An assumption of the pathway, not reported nationally."""

    start: str
    end: str
    label_sv: str
    label_en: str
    days: int
    days_max: int | None
    source: str

    def label(self, lang: str | None = None) -> str:
        """From what to what, in `lang` or the active language."""
        return _pick(self.label_sv, self.label_en, lang)


@dataclass(frozen=True)
class AnswerHeadings(Labelled):
    """The standard headings of a structured answer to one examination, in order."""

    headings: tuple[Choice, ...]
    source: str


@dataclass(frozen=True)
class Indication:
    """A reason for which the programme takes a case to the conference."""

    label_sv: str
    label_en: str
    source: str

    def label(self, lang: str | None = None) -> str:
        """The reason in `lang` or the active language."""
        return _pick(self.label_sv, self.label_en, lang)


@dataclass(frozen=True)
class MeetingScope:
    """Which conference takes the case, and which one it may go on to."""

    usual: str
    """`unit`, `local`, `regional`, `national`, or "" where no source says."""
    onward: str
    """The wider conference that some cases go on to, or ""."""
    note_sv: str
    note_en: str
    source: str

    def note(self, lang: str | None = None) -> str:
        """Which cases, in `lang` or the active language."""
        return _pick(self.note_sv, self.note_en, lang)


@dataclass(frozen=True)
class DefinitionSpec:
    """Everything that one published version says about one diagnosis."""

    slug: str
    name_sv: str
    name_en: str
    version: str
    icd10: tuple[str, ...]
    icd10_source: str
    group: str
    patients_2023: int | None
    lead_times: tuple[LeadTime, ...]
    lead_times_version: str
    """The date of the pathway version that the figures are from; "" where none was found."""
    sub_lead_times: tuple[SubLeadTime, ...]
    mdk_days_from_suspicion: int | None
    mdk_days_basis: str
    """`quoted`, `derived`, or ""."""
    mdk_days_note: str
    requirements: tuple[Requirement, ...]
    circumstances: tuple[Circumstance, ...]
    levels: tuple[Level, ...]
    level_rules: tuple[LevelRule, ...]
    default_levels: Mapping[str, str]
    checklists: Mapping[str, tuple[ChecklistItem, ...]]
    outcome_fields: tuple[OutcomeField, ...]
    quorum: Mapping[str, tuple[str, ...]]
    quorum_source: Mapping[str, str]
    optional_roles: tuple[str, ...]
    indications: tuple[Indication, ...]
    answer_headings: tuple[AnswerHeadings, ...]
    meeting_scope: MeetingScope
    meeting_may_follow_treatment: bool
    notes_sv: str
    notes_en: str
    sources: Mapping[str, str] = field(default_factory=dict)

    def label(self, lang: str | None = None) -> str:
        """The diagnosis in `lang` ("sv" or "en"); the active language when none is given."""
        return _pick(self.name_sv, self.name_en, lang)

    def notes(self, lang: str | None = None) -> str:
        """Reservations and remarks, in `lang` or the active language."""
        return _pick(self.notes_sv, self.notes_en, lang)

    def requirements_for(self, phase: str, level: str) -> tuple[Requirement, ...]:
        """What must be there for a case in `phase` at `level`, in the order of the definition.

        A case without a level yet (level "") gets the requirements of the default level of its phase.
        """
        wanted = level or self.default_levels[phase]
        return tuple(item for item in self.requirements if phase in item.phases and wanted in item.levels)

    def requirement(self, key: str) -> Requirement:
        """The requirement with this key; KeyError when the definition has none."""
        try:
            return next(item for item in self.requirements if item.key == key)
        except StopIteration:
            raise KeyError(key) from None

    def level(self, code: str) -> Level:
        """The level with this code; KeyError when the definition has none."""
        try:
            return next(item for item in self.levels if item.code == code)
        except StopIteration:
            raise KeyError(code) from None

    def checklist_for(self, level: str) -> tuple[ChecklistItem, ...]:
        """The checklist that is gone through at `level`."""
        return self.checklists[self.level(level).checklist]

    def quorum_for(self, phase: str) -> tuple[str, ...]:
        """The specialities (`Speciality`) that must be represented when a case in `phase` is discussed."""
        return self.quorum.get(phase, ())

    def headings_for(self, examination: str) -> AnswerHeadings | None:
        """The standard answer headings of an examination, or None."""
        return next((item for item in self.answer_headings if item.key == examination), None)

    @property
    def extra_outcome_fields(self) -> tuple[OutcomeField, ...]:
        """The diagnosis' own outcome fields, beside the common core."""
        return tuple(item for item in self.outcome_fields if not item.is_core)

    @property
    def clock(self) -> LeadTime | None:
        """The lead time behind the pathway clock: the shortest of those marked `clock` in the definition.

        Before the conference nobody knows which treatment it will be, so the clock warns at the first limit that can bind. Only
        treatment starts are marked; the shorter times of purely palliative or expectant courses are not, since they would call every
        curative case late. None where no such figure was found.
        """
        return min((row for row in self.lead_times if row.clock), key=lambda row: row.days, default=None)

    @property
    def lead_time_days(self) -> int | None:
        """Days allowed on the pathway clock (see `clock`); None where not found."""
        return self.clock.days if self.clock else None

    def suggest_level(self, phase: str, facts: Mapping[str, Any] | None = None) -> LevelSuggestion:
        """The first rule that fits, else the default of the phase. `facts` maps circumstance keys to answer keys."""
        for rule in self.level_rules:
            if rule.fits(phase, facts or {}):
                return LevelSuggestion(rule.level, rule.reason_sv, rule.reason_en, rule.source)
        return LevelSuggestion(self.default_levels[phase], "Förval för fasen.", "The default of the phase.", LOCAL)


def _pick(swedish: str, english: str, lang: str | None) -> str:
    code = lang or get_language() or "sv"
    return english if code.startswith("en") else swedish
