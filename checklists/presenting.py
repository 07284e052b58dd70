"""A definition as its page shows it: labels in the reader's language, sources as numbered notes."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from checklists.described import ages
from checklists.enums import (
    Basis,
    Discipline,
    Group,
    Kind,
    LevelCode,
    MeetingScope,
    Phase,
    Severity,
    Speciality,
    Treatment,
)
from checklists.spec import LOCAL, ChecklistItem, DefinitionSpec, Level, OutcomeField, Requirement


@dataclass
class Notes:
    """Collects the sources of a page and numbers them in the order of their first mention."""

    texts: list[str] = field(default_factory=list)

    def cite(self, source: str) -> "Cite":
        """The mark of one fact: the numbers of its sources, or `local`."""
        if source in ("", LOCAL):
            return Cite(source == LOCAL, ())
        numbers = []
        for text in source.split(" ; "):
            if text not in self.texts:
                self.texts.append(text)
            numbers.append(self.texts.index(text) + 1)
        return Cite(False, tuple(numbers))

    def rows(self) -> list[dict[str, str | int]]:
        """Number, text and, for an address, its link."""
        return [{"number": n, "text": text, "url": _url(text)} for n, text in enumerate(self.texts, 1)]


@dataclass(frozen=True)
class Cite:
    """Where a fact comes from."""

    is_local: bool
    numbers: tuple[int, ...]


def outline(spec: DefinitionSpec) -> dict[str, object]:
    """One row of the list of diagnoses."""
    clock = spec.clock
    return {
        "slug": spec.slug,
        "name": spec.label(),
        "icd10": ", ".join(spec.icd10),
        "days": clock.days if clock else None,
        "treatment": clock.label() if clock else "",
        "lead_times_version": spec.lead_times_version,
        "mdk_days": spec.mdk_days_from_suspicion,
        "requirements": len(spec.requirements),
        "local": sum(item.is_local for item in spec.requirements),
        "version": spec.version,
    }


def page_of(spec: DefinitionSpec) -> dict[str, object]:
    """Everything on the page of one diagnosis."""
    notes = Notes()
    page: dict[str, object] = {
        "slug": spec.slug,
        "name": spec.label(),
        "version": spec.version,
        "group": Group(spec.group).label,
        "icd10": ", ".join(spec.icd10),
        "icd10_cite": notes.cite(spec.icd10_source),
        "notes": spec.notes(),
        "clock": spec.clock,
        "clock_label": spec.clock.label() if spec.clock else "",
        "lead_times_version": spec.lead_times_version,
        "lead_times": [
            {
                "label": row.label(),
                "treatment": Treatment(row.treatment).label,
                "days": row.days,
                "from_referral": row.counted_from == "referral",
                "basis": Basis(row.basis).label,
                "clock": row.clock,
                "cite": notes.cite(row.source),
            }
            for row in spec.lead_times
        ],
        "sub_lead_times": [
            {"label": row.label(), "days": row.days, "days_max": row.days_max, "cite": notes.cite(row.source)}
            for row in spec.sub_lead_times
        ],
        "mdk_days": spec.mdk_days_from_suspicion,
        "mdk_days_derived": spec.mdk_days_basis == "derived",
        "mdk_days_cite": notes.cite(spec.mdk_days_source),
        "mdk_days_note": spec.mdk_days_note(),
        "phases": [phase.label for phase in Phase],
        "requirements": [_requirement(item, notes) for kind in Kind for item in spec.requirements if item.kind == kind],
        "levels": [_level(item, notes) for item in spec.levels],
        "defaults": [{"phase": phase.label, "level": LevelCode(spec.default_levels[phase]).label} for phase in Phase],
        "rules": [
            {
                "level": LevelCode(rule.level).label,
                "phases": _listed(phase.label for phase in Phase if phase in rule.phases),
                "reason": rule.reason(),
                "cite": notes.cite(rule.source),
            }
            for rule in spec.level_rules
        ],
        "quorum": [
            {
                "phase": phase.label,
                "roles": _listed(Speciality(role).label for role in spec.quorum_for(phase)),
                "cite": notes.cite(spec.quorum_source[phase]),
            }
            for phase in Phase
        ],
        "optional_roles": _listed(Speciality(role).label for role in spec.optional_roles),
        "checklists": [
            {"level": level.label, "questions": [_question(item, notes) for item in spec.checklist_for(level)]}
            for level in LevelCode
        ],
        "outcome_fields": [_question(item, notes) for item in spec.outcome_fields],
        "headings": [
            {
                "label": item.label(),
                "headings": [heading.label() for heading in item.headings],
                "cite": notes.cite(item.source),
            }
            for item in spec.answer_headings
        ],
        "indications": [{"label": item.label(), "cite": notes.cite(item.source)} for item in spec.indications],
        "scope": {
            "usual": MeetingScope(spec.meeting_scope.usual).label if spec.meeting_scope.usual else "",
            "onward": MeetingScope(spec.meeting_scope.onward).label if spec.meeting_scope.onward else "",
            "note": spec.meeting_scope.note(),
            "cite": notes.cite(spec.meeting_scope.source),
        },
        "may_follow": spec.meeting_may_follow_treatment,
    }
    page["sources"] = notes.rows()
    return page


def _requirement(item: Requirement, notes: Notes) -> dict[str, object]:
    return {
        "kind": Kind(item.kind).label,
        "label": item.label(),
        "conditional": item.conditional,
        "severity": item.severity,
        "severity_label": Severity(item.severity).label,
        "phases": [{"label": phase.label, "applies": phase in item.phases} for phase in Phase],
        "levels": _("all") if len(item.levels) == len(LevelCode) else _listed(_levels(item)),
        "age": ages(item),
        "cite": notes.cite(item.source),
    }


def _levels(item: Requirement) -> list[object]:
    return [level.label for level in LevelCode if level in item.levels]


def _level(item: Level, notes: Notes) -> dict[str, object]:
    prep = [(Discipline(name).label, minutes) for name, minutes in item.prep_minutes.items()]
    return {
        "label": LevelCode(item.code).label,
        "minutes": item.minutes,
        "prep": _listed(f"{label} {minutes} min" for label, minutes in prep),
        "needs_reason": item.needs_reason,
        "needs_attestation": item.needs_attestation,
        "cite": notes.cite(item.source),
        "minutes_cite": notes.cite(item.minutes_source),
    }


def _question(item: ChecklistItem | OutcomeField, notes: Notes) -> dict[str, object]:
    return {
        "label": item.label(),
        "choices": _listed(choice.label() for choice in item.choices),
        "required": item.required,
        "cite": notes.cite(item.source),
    }


def _listed(parts: Iterable[object]) -> str:
    return ", ".join(str(part) for part in parts)


def _url(text: str) -> str:
    """The address in a source, without a remark after it."""
    return text.partition(" (")[0] if text.startswith("https://") else ""
