"""What a definition says, as one typed and frozen value.

A definition is data (`checklists/definitions/*.yaml`). `DefinitionSpec` gives that data names and types, and answers
the few pure questions that other apps ask of it. Reading and checking YAML is in `checklists.loader`; nothing here
touches the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checklists.parts import (
    CORE_OUTCOME_KEYS,
    LOCAL,
    AnswerCode,
    AnswerHeadings,
    ChecklistItem,
    Choice,
    Circumstance,
    Indication,
    Labelled,
    LeadTime,
    Level,
    LevelRule,
    LevelSuggestion,
    MeetingScope,
    OutcomeField,
    Requirement,
    SubLeadTime,
    pick,
)

__all__ = [
    "CORE_OUTCOME_KEYS",
    "LOCAL",
    "AnswerCode",
    "AnswerHeadings",
    "ChecklistItem",
    "Choice",
    "Circumstance",
    "DefinitionSpec",
    "Indication",
    "Labelled",
    "LeadTime",
    "Level",
    "LevelRule",
    "LevelSuggestion",
    "MeetingScope",
    "OutcomeField",
    "Requirement",
    "SubLeadTime",
]


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
    mdk_days_source: str
    mdk_days_note_sv: str
    mdk_days_note_en: str
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
        return pick(self.name_sv, self.name_en, lang)

    def notes(self, lang: str | None = None) -> str:
        """Reservations and remarks, in `lang` or the active language."""
        return pick(self.notes_sv, self.notes_en, lang)

    def mdk_days_note(self, lang: str | None = None) -> str:
        """How `mdk_days_from_suspicion` is known, in `lang` or the active language."""
        return pick(self.mdk_days_note_sv, self.mdk_days_note_en, lang)

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

        Before the conference nobody knows which treatment it will be, so the clock warns at the first limit that can
        bind. Only treatment starts are marked; the shorter times of purely palliative or expectant courses are not,
        since they would call every curative case late. None where no such figure was found.
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
