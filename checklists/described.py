"""Every entry of a definition as a label and its facts in words: what the editor lists and the difference compares."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from checklists.enums import (
    Basis,
    CaseField,
    Discipline,
    Group,
    ItemKind,
    Kind,
    LevelCode,
    MeetingScope,
    Modality,
    Phase,
    Severity,
    Speciality,
    Treatment,
)
from checklists.spec import LOCAL, ChecklistItem, DefinitionSpec, LeadTime, Level, LevelRule, OutcomeField, Requirement


class Named(Protocol):
    """Something with a name in both languages."""

    @property
    def label_sv(self) -> str:
        """The name in Swedish."""

    @property
    def label_en(self) -> str:
        """The name in English."""


@dataclass(frozen=True, slots=True)
class Described:
    """One entry: its name, where it stands (see `checklists.entries`), and its facts by their names."""

    label: str
    place: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DescribedPart:
    """One part of a definition: its code, its title and its entries by a key that two versions share."""

    code: str
    title: str
    entries: Mapping[str, Described]


def describe(spec: DefinitionSpec) -> tuple[DescribedPart, ...]:
    """Return everything that the definition says, by part, in the order of the page and the reader's language."""
    return tuple(_parts(spec))


def _parts(spec: DefinitionSpec) -> Iterator[DescribedPart]:
    yield _part("requirements", _("Requirements"), ((r.key, r.label(), _requirement(r)) for r in spec.requirements))
    yield _part("levels", _("Levels"), ((x.code, str(LevelCode(x.code).label), _level(x)) for x in spec.levels))
    defaults = {str(phase.label): str(LevelCode(spec.default_levels[phase]).label) for phase in Phase}
    yield _part("default_levels", _("Suggested level of each phase"), [("all", _("When no rule fits"), defaults)])
    yield _numbered(
        "level_rules",
        _("Rules that suggest a level"),
        ((f"{rule.level}|{rule.reason_sv}", rule.reason(), _rule(rule, spec)) for rule in spec.level_rules),
    )
    for name in dict.fromkeys((*(level.checklist for level in spec.levels), *spec.checklists)):
        items = spec.checklists[name]
        yield _part(
            f"checklist-{name}", _checklist_title(spec, name), ((i.key, i.label(), _question(i)) for i in items)
        )
    quorum = ((phase.value, str(phase.label), _quorum(spec, phase)) for phase in Phase)
    yield _part("quorum", _("Who must be there"), quorum)
    version = {_("Date of the version"): spec.lead_times_version}
    yield _part("lead_times_version", _("Where the lead times are from"), [("all", _("The pathway"), version)])
    yield _numbered(
        "lead_times",
        _("Lead times"),
        ((f"{row.treatment}|{row.label_sv}", row.label(), _lead_time(row)) for row in spec.lead_times),
    )
    yield from _rest(spec)


def _rest(spec: DefinitionSpec) -> Iterator[DescribedPart]:
    """The parts that only a file changes."""
    yield _part(
        "outcome_fields", _("What is documented"), ((i.key, i.label(), _question(i)) for i in spec.outcome_fields)
    )
    yield _part(
        "circumstances",
        _("Stated circumstances"),
        (
            (c.key, c.label(), {**_names(c), _("Choices"): _choices(c.choices), **_source(c.source)})
            for c in spec.circumstances
        ),
    )
    yield _numbered(
        "sub_lead_times",
        _("Parts of the way"),
        (
            (
                f"{x.start}-{x.end}|{x.label_sv}",
                x.label(),
                {**_names(x), _("Days"): _span(x.days, x.days_max), **_source(x.source)},
            )
            for x in spec.sub_lead_times
        ),
    )
    yield _part(
        "answer_headings",
        _("Answer headings"),
        (
            (h.key, h.label(), {**_names(h), _("Headings"): _choices(h.headings), **_source(h.source)})
            for h in spec.answer_headings
        ),
    )
    yield _part(
        "indications",
        _("Reasons to take the case up"),
        ((x.label_sv, x.label(), {**_names(x), **_source(x.source)}) for x in spec.indications),
    )
    yield _part("general", _("The diagnosis"), [("all", spec.label(), dict(_general(spec)))])


def _general(spec: DefinitionSpec) -> Iterator[tuple[str, str]]:
    """What is said of the diagnosis as a whole."""
    scope = spec.meeting_scope
    yield _("Name in Swedish"), spec.name_sv
    yield _("Name in English"), spec.name_en
    yield _("Group"), str(Group(spec.group).label)
    yield "ICD-10", ", ".join(spec.icd10)
    yield _("Source of ICD-10"), _cited(spec.icd10_source)
    yield _("Patients in 2023"), "" if spec.patients_2023 is None else str(spec.patients_2023)
    days = spec.mdk_days_from_suspicion
    yield _("Conference, days from suspicion"), "" if days is None else str(days)
    yield _("How that is known"), _both(spec.mdk_days_note_sv, spec.mdk_days_note_en)
    yield _("quoted"), _yes(spec.mdk_days_basis == "quoted")
    yield _("Source of the days"), _cited(spec.mdk_days_source)
    yield _("Conference"), str(MeetingScope(scope.usual).label) if scope.usual else ""
    yield _("May go on to"), str(MeetingScope(scope.onward).label) if scope.onward else ""
    yield _("Which cases"), _both(scope.note_sv, scope.note_en)
    yield _("Source of the conference"), _cited(scope.source)
    yield _("Treatment may begin before the conference"), _yes(spec.meeting_may_follow_treatment)
    yield _("When needed"), _listed(Speciality(role).label for role in spec.optional_roles)
    yield _("Remarks"), _both(spec.notes_sv, spec.notes_en)


def _part(code: str, title: str, rows: Iterable[tuple[str, str, Mapping[str, str]]]) -> DescribedPart:
    return DescribedPart(code, title, {key: Described(label, key, facts) for key, label, facts in rows})


def _numbered(code: str, title: str, rows: Iterable[tuple[str, str, Mapping[str, str]]]) -> DescribedPart:
    """A part whose entries have no key: known by what they are about, placed by their number."""
    met: Counter[str] = Counter()
    entries = {}
    for number, (stem, label, facts) in enumerate(rows):
        met[stem] += 1
        entries[stem if met[stem] == 1 else f"{stem}|{met[stem]}"] = Described(label, str(number), facts)
    return DescribedPart(code, title, entries)


def _requirement(item: Requirement) -> dict[str, str]:
    return {
        _("Name in Swedish"): item.label_sv,
        _("Name in English"): item.label_en,
        _("Kind"): str(Kind(item.kind).label),
        _("Severity"): str(Severity(item.severity).label),
        _("Concerns only some patients"): _yes(item.conditional),
        _("Phases"): _listed(phase.label for phase in Phase if phase in item.phases),
        _("Levels"): _("all levels")
        if len(item.levels) == len(LevelCode)
        else _listed(level.label for level in LevelCode if level in item.levels),
        _("Oldest answer"): ages(item),
        _("Answered by"): str(CaseField(item.field).label) if item.field else "",
        _("Modalities"): _listed(code.label for code in Modality if code in item.modalities),
        _("Codes"): ", ".join(f"{one.system} | {one.code}" for one in item.codes),
        **_source(item.source),
        _("Source of the phases"): _cited(item.phases_source),
    }


def _level(item: Level) -> dict[str, str]:
    prep = {Discipline(name): minutes for name, minutes in item.prep_minutes.items()}
    return {
        _("Minutes"): f"{item.minutes} min",
        **{
            _("Preparation, %(who)s") % {"who": str(who.label).lower()}: f"{prep[who]} min" if who in prep else ""
            for who in Discipline
        },
        _("Needs a reason"): _yes(item.needs_reason),
        _("Needs an attestation"): _yes(item.needs_attestation),
        _("Source of the minutes"): _cited(item.minutes_source),
        **_source(item.source),
        _("Checklist"): item.checklist,
    }


def _rule(rule: LevelRule, spec: DefinitionSpec) -> dict[str, str]:
    when = []
    for circumstance in spec.circumstances:
        answers = [
            choice.label() for choice in circumstance.choices if choice.key in rule.when.get(circumstance.key, ())
        ]
        if answers:
            when.append(f"{circumstance.label()}: {_(' or ').join(answers)}")
    return {
        _("Level"): str(LevelCode(rule.level).label),
        _("Phases"): _listed(phase.label for phase in Phase if phase in rule.phases),
        _("When"): "; ".join(when),
        _("Reason in Swedish"): rule.reason_sv,
        _("Reason in English"): rule.reason_en,
        **_source(rule.source),
    }  # fmt: skip


def _question(item: ChecklistItem | OutcomeField) -> dict[str, str]:
    return {
        _("Name in Swedish"): item.label_sv,
        _("Name in English"): item.label_en,
        _("Answered with"): str(ItemKind(item.kind).label),
        _("Choices"): _choices(item.choices),
        _("Required"): _yes(item.required),
        **_source(item.source),
    }


def _quorum(spec: DefinitionSpec, phase: Phase) -> dict[str, str]:
    roles = sorted(str(Speciality(role).label) for role in spec.quorum_for(phase))
    return {_("Represented"): ", ".join(roles), **_source(spec.quorum_source[phase])}


def _lead_time(row: LeadTime) -> dict[str, str]:
    return {
        _("Name in Swedish"): row.label_sv,
        _("Name in English"): row.label_en,
        _("Treatment"): str(Treatment(row.treatment).label),
        _("Days"): _days(row.days),
        _("Basis"): str(Basis(row.basis).label),
        _("Counted from"): _("the referral") if row.counted_from == "referral" else _("well-founded suspicion"),
        _("On the pathway clock"): _yes(row.clock),
        **_source(row.source),
    }


def ages(item: Requirement) -> str:
    """Return the oldest answer that counts; levels are named only where they differ."""
    by_age: dict[int | None, list[str]] = {}
    for level in LevelCode:
        if level in item.levels:
            by_age.setdefault(item.max_age_days.get(level), []).append(str(level.label))
    if len(by_age) == 1:
        return _days(next(iter(by_age)))
    return "; ".join(f"{_days(age)} ({', '.join(levels)})" for age, levels in by_age.items())


def _days(days: int | None) -> str:
    return _("any age") if days is None else ngettext("%(days)d day", "%(days)d days", days) % {"days": days}


def _span(days: int, most: int | None) -> str:
    return f"{days}–{most}" if most else str(days)


def _yes(flag: bool) -> str:
    return _("yes") if flag else _("no")


def _source(source: str) -> dict[str, str]:
    return {_("Source"): _cited(source)}


def _names(item: Named) -> dict[str, str]:
    return {_("Name in Swedish"): item.label_sv, _("Name in English"): item.label_en}


def _choices(items: Iterable[Named]) -> str:
    return ", ".join(_both(item.label_sv, item.label_en) for item in items)


def _both(swedish: str, english: str) -> str:
    """A text in both languages, once where they are the same."""
    return swedish if swedish == english else f"{swedish} | {english}"


def _cited(source: str) -> str:
    return _("local") if source == LOCAL else source


def _listed(parts: Iterable[object]) -> str:
    return ", ".join(str(part) for part in parts)


def _checklist_title(spec: DefinitionSpec, name: str) -> str:
    levels = [str(LevelCode(level.code).label).lower() for level in spec.levels if level.checklist == name]
    return _("Checklist: %(levels)s") % {"levels": ", ".join(levels) or name}
