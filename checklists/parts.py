"""The parts of a definition, as typed and frozen values (`checklists.spec` puts them together).

`source` is either the text or address that states the fact, or `LOCAL` where no national programme states it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

LOCAL = "local"
"""The mark of everything that a hospital has chosen itself."""

CORE_OUTCOME_KEYS = frozenset(
    {"recommendation", "intent", "ctnm", "ptnm", "study", "next_step", "responsible", "due_on", "deviation_reason"}
)
"""Outcome fields that every meeting documents; any other is the diagnosis' own."""


def pick(swedish: str, english: str, lang: str | None = None) -> str:
    """The text in `lang` ("sv" or "en"); in the active language when none is given."""
    code = lang or get_language() or "sv"
    return english if code.startswith("en") else swedish


@dataclass(frozen=True)
class Labelled:
    """Something with a stable key and a name in both languages."""

    key: str
    label_sv: str
    label_en: str

    def label(self, lang: str | None = None) -> str:
        """The name in `lang` ("sv" or "en"); the active language when none is given."""
        return pick(self.label_sv, self.label_en, lang)

    def __str__(self) -> str:
        return self.label()


@dataclass(frozen=True)
class Choice(Labelled):
    """One allowed answer; `key` is what is stored."""


@dataclass(frozen=True)
class AnswerCode:
    """A code under which other systems report an answer: the name or OID of its code system, and the code."""

    system: str
    code: str


@dataclass(frozen=True)
class Requirement(Labelled):
    """An answer that must (or should) be there before the case is discussed."""

    kind: str
    phases: frozenset[str]
    levels: frozenset[str]
    severity: str
    """`blocker` or `warning`."""
    conditional: bool
    """True when it concerns only some patients; where it does not, a person marks it not applicable."""
    max_age_days: Mapping[str, int | None]
    """Per level: how old an answer may be on the day of the meeting; None or absent = any age."""
    field: str
    """A field of the case that answers it (`CaseField`), or ""."""
    source: str
    phases_source: str
    codes: tuple[AnswerCode, ...] = ()
    """Codes of reports that answer it; where it has some, a coded report must carry one of them."""
    modalities: frozenset[str] = frozenset()
    """DICOM modalities (`Modality`) of the examination; empty where any, or none, will do."""

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

    def reason(self, lang: str | None = None) -> str:
        """Why, in `lang` or the active language."""
        return pick(self.reason_sv, self.reason_en, lang)


@dataclass(frozen=True)
class LevelSuggestion:
    """A level proposed by rule; a person sets the level."""

    level: str
    reason_sv: str
    reason_en: str
    source: str

    def reason(self, lang: str | None = None) -> str:
        """Why, in `lang` or the active language."""
        return pick(self.reason_sv, self.reason_en, lang)

    @property
    def is_local(self) -> bool:
        """Whether no programme states it."""
        return self.source == LOCAL

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of the pages that state it; none for a local rule."""
        return tuple(text for text in self.source.split(" ; ") if text.startswith("https://"))


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
        return pick(self.label_sv, self.label_en, lang)


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
        return pick(self.label_sv, self.label_en, lang)


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
        return pick(self.label_sv, self.label_en, lang)


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
        return pick(self.note_sv, self.note_en, lang)
