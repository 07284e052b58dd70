"""From the content of a definition (merged YAML, or the JSON of a published version) to a `DefinitionSpec`, with every fault named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from checklists.enums import (
    Basis,
    CaseField,
    Discipline,
    Group,
    ItemKind,
    Kind,
    LevelCode,
    MeetingScope as Scope,
    Phase,
    Speciality,
    Treatment,
)
from checklists.reading import DefinitionError, Reader
from checklists.spec import (
    LOCAL,
    AnswerHeadings,
    ChecklistItem,
    Choice,
    Circumstance,
    DefinitionSpec,
    Indication,
    LeadTime,
    Level,
    LevelRule,
    MeetingScope,
    OutcomeField,
    Requirement,
    SubLeadTime,
)

KEY = re.compile(r"[a-z][a-z0-9_]*")
SLUG = re.compile(r"[a-z][a-z0-9-]*")
ICD10 = re.compile(r"[A-Z][0-9]{2}(\.[0-9])?(-[A-Z][0-9]{2}(\.[0-9])?)?")
DECLARED_SEVERITIES = ("blocker", "warning")


def parse(content: Mapping[str, Any], file: str) -> DefinitionSpec:
    """The spec of a whole definition. Raises `DefinitionError` with every fault; `file` is the name used in them."""
    reader = Reader(content, file)
    spec = _Parser(reader).definition()
    reader.done()
    if reader.problems:
        raise DefinitionError(reader.problems)
    return spec


class _Parser:
    """Knows the sources and circumstances of the file while its parts are read."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        sources = reader.mapping("sources")
        self.sources = {key: self.cited(sources, key) for key in sources.keys()}
        if LOCAL in self.sources:
            sources.fault(LOCAL, "is reserved for what no programme states.", "Give the source another key.")

    def definition(self) -> DefinitionSpec:
        reader = self.reader
        slug = reader.text("slug")
        if slug and not SLUG.fullmatch(slug):
            reader.fault("slug", f"{slug!r} may hold small letters, digits and hyphens only.", "Correct it.")
        checklists = self.checklists()
        circumstances = tuple(self.circumstance(item) for item in reader.items("circumstances", optional=True, unique="key"))
        quorum, quorum_source = self.quorum()
        return DefinitionSpec(
            slug=slug,
            name_sv=reader.text("name_sv"),
            name_en=reader.text("name_en"),
            version=reader.text("version"),
            icd10=self.icd10(),
            icd10_source=self.source(reader, "icd10_source", optional=not reader.data.get("icd10")),
            group=reader.code("group", Group),
            patients_2023=reader.number("patients_2023", optional=True),
            lead_times=tuple(self.lead_time(item) for item in reader.items("lead_times", optional=True)),
            lead_times_version=reader.text("lead_times_version", optional=True),
            sub_lead_times=tuple(self.sub_lead_time(item) for item in reader.items("sub_lead_times", optional=True)),
            mdk_days_from_suspicion=reader.number("mdk_days_from_suspicion", optional=True, least=1),
            mdk_days_basis=reader.code("mdk_days_basis", ("quoted", "derived"), optional=True),
            mdk_days_source=self.source(reader, "mdk_days_source", optional="mdk_days_from_suspicion" not in reader.data),
            mdk_days_note_sv=reader.text("mdk_days_note_sv", optional=True),
            mdk_days_note_en=reader.text("mdk_days_note_en", optional=True),
            requirements=tuple(self.requirement(item) for item in reader.items("requirements", unique="key")),
            circumstances=circumstances,
            levels=self.levels(checklists),
            level_rules=tuple(self.level_rule(item, circumstances) for item in reader.items("level_rules", optional=True)),
            default_levels=self.default_levels(),
            checklists=checklists,
            outcome_fields=self.outcome_fields(),
            quorum=quorum,
            quorum_source=quorum_source,
            optional_roles=reader.codes("optional_roles", Speciality, optional=True),
            indications=tuple(self.indication(item) for item in reader.items("indications", optional=True)),
            answer_headings=tuple(
                self.answer_heading(item) for item in reader.items("answer_headings", optional=True, unique="key")
            ),
            meeting_scope=self.meeting_scope(),
            meeting_may_follow_treatment=reader.flag("meeting_may_follow_treatment"),
            notes_sv=reader.text("notes_sv", optional=True),
            notes_en=reader.text("notes_en", optional=True),
            sources=self.sources,
        )

    def source(self, reader: Reader, key: str = "source", *, optional: bool = False) -> str:
        """`local`, or the text behind the key of `sources`."""
        name = reader.text(key, optional=optional)
        if not name or name == LOCAL:
            return name
        if name not in self.sources:
            reader.fault(key, f"{name!r} is not among the sources.", f"Add it under `sources`, or write {LOCAL} when no programme states it.")
        return self.sources.get(name, "")

    def cited(self, sources: Reader, key: str) -> str:
        """The text of a source; a list of keys stands for several sources together."""
        if not isinstance(sources.data[key], list):
            return sources.text(key)
        names = sources.codes(key, tuple(str(name) for name in sources.data if name != key))
        return " ; ".join(str(sources.data[name]) for name in names)

    def key(self, reader: Reader) -> str:
        key = reader.text("key")
        if key and not KEY.fullmatch(key):
            reader.fault("key", f"{key!r} may hold small letters, digits and underscores only.", "Correct it.")
        return key

    def icd10(self) -> tuple[str, ...]:
        codes = self.reader.texts("icd10", optional=True)
        for index, code in enumerate(codes):
            if not ICD10.fullmatch(code):
                self.reader.fault(f"icd10[{index}]", f"{code!r} is not an ICD-10 code or range.", "Write as C18, C18.7 or C00-C14.")
        return codes

    def choices(self, reader: Reader, key: str = "choices") -> tuple[Choice, ...]:
        found = []
        for item in reader.items(key, optional=True, unique="key"):
            found.append(Choice(item.text("key"), item.text("label_sv"), item.text("label_en")))
        return tuple(found)

    def lead_time(self, item: Reader) -> LeadTime:
        return LeadTime(
            treatment=item.code("treatment", Treatment),
            label_sv=item.text("label_sv"),
            label_en=item.text("label_en"),
            days=item.number("days", least=1) or 0,
            basis=item.code("basis", Basis),
            counted_from=item.code("counted_from", ("suspicion", "referral"), optional=True) or "suspicion",
            clock=item.flag("clock"),
            source=self.source(item),
        )

    def sub_lead_time(self, item: Reader) -> SubLeadTime:
        return SubLeadTime(
            start=item.text("start"),
            end=item.text("end"),
            label_sv=item.text("label_sv"),
            label_en=item.text("label_en"),
            days=item.number("days", least=1) or 0,
            days_max=item.number("days_max", optional=True, least=1),
            source=self.source(item),
        )

    def requirement(self, item: Reader) -> Requirement:
        ages = item.mapping("max_age_days", optional=True)
        max_age_days = {level: ages.number(level, optional=True, least=1) for level in ages.keys(LevelCode)}
        answered_by = item.code("field", CaseField, optional=True)
        kind = item.code("kind", Kind)
        if answered_by and kind != Kind.CLINICAL:
            item.fault("field", f"a field of the referral cannot answer a requirement of kind {kind!r}.", "Remove it, or make the kind clinical.")
        return Requirement(
            key=self.key(item),
            label_sv=item.text("label_sv"),
            label_en=item.text("label_en"),
            kind=kind,
            phases=frozenset(item.codes("phases", Phase)),
            levels=frozenset(item.codes("levels", LevelCode)),
            severity=item.code("severity", DECLARED_SEVERITIES),
            conditional=item.flag("conditional"),
            max_age_days=max_age_days,
            field=answered_by,
            source=self.source(item),
            phases_source=self.source(item, "phases_source"),
        )

    def circumstance(self, item: Reader) -> Circumstance:
        return Circumstance(
            key=self.key(item),
            label_sv=item.text("label_sv"),
            label_en=item.text("label_en"),
            choices=self.choices(item),
            source=self.source(item),
        )

    def levels(self, checklists: Mapping[str, Any]) -> tuple[Level, ...]:
        found = []
        for item in self.reader.items("levels", unique="code"):
            prep = item.mapping("prep_minutes", optional=True)
            level = Level(
                code=item.code("code", LevelCode),
                minutes=item.number("minutes") or 0,
                prep_minutes={name: prep.number(name) or 0 for name in prep.keys(Discipline)},
                checklist=item.text("checklist"),
                needs_attestation=item.flag("needs_attestation"),
                needs_reason=item.flag("needs_reason"),
                source=self.source(item),
                minutes_source=self.source(item, "minutes_source"),
            )
            if level.checklist and level.checklist not in checklists:
                item.fault("checklist", f"there is no checklist {level.checklist!r}.", f"Use one of: {', '.join(checklists)}.")
            found.append(level)
        for code in LevelCode.values:
            if code not in {level.code for level in found}:
                self.reader.fault("levels", f"the level {code!r} is missing.", "Add it; all three must be there.")
        return tuple(found)

    def level_rule(self, item: Reader, circumstances: tuple[Circumstance, ...]) -> LevelRule:
        known = {one.key: tuple(choice.key for choice in one.choices) for one in circumstances}
        when = item.mapping("when", optional=True)
        conditions: dict[str, frozenset[str]] = {}
        for name in when.keys():
            if name in known:
                conditions[name] = frozenset(when.codes(name, known[name]))
            else:
                when.seen.add(name)
                when.fault(name, "is not a declared circumstance.", f"Declare it under `circumstances`, or use one of: {', '.join(known)}.")
        return LevelRule(
            level=item.code("level", LevelCode),
            phases=frozenset(item.codes("phases", Phase)),
            when=conditions,
            reason_sv=item.text("reason_sv"),
            reason_en=item.text("reason_en"),
            source=self.source(item),
        )

    def default_levels(self) -> dict[str, str]:
        defaults = self.reader.mapping("default_levels")
        found = {phase: defaults.code(phase, LevelCode) for phase in defaults.keys(Phase)}
        for phase in Phase.values:
            if phase not in found:
                defaults.fault(phase, "has no default level.", "Add one; every phase must have it.")
        return found

    def checklists(self) -> dict[str, tuple[ChecklistItem, ...]]:
        reader = self.reader.mapping("checklists")
        return {
            name: tuple(ChecklistItem(**self.question(item)) for item in reader.items(name, unique="key")) for name in reader.keys()
        }

    def outcome_fields(self) -> tuple[OutcomeField, ...]:
        found = tuple(OutcomeField(**self.question(item)) for item in self.reader.items("outcome_fields", unique="key"))
        if "recommendation" not in {item.key for item in found}:
            self.reader.fault("outcome_fields", "the field 'recommendation' is missing.", "Add it: a conference ends in a recommendation.")
        return found

    def question(self, item: Reader) -> dict[str, Any]:
        kind = item.code("kind", ItemKind)
        choices = self.choices(item)
        if (kind == ItemKind.CHOICE) != bool(choices):
            item.fault("choices", "belongs to questions of kind choice, and only to them.", "Add choices, or change the kind.")
        return {
            "key": self.key(item),
            "label_sv": item.text("label_sv"),
            "label_en": item.text("label_en"),
            "kind": kind,
            "choices": choices,
            "required": item.flag("required"),
            "source": self.source(item),
        }

    def quorum(self) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
        roles: dict[str, tuple[str, ...]] = {}
        sources: dict[str, str] = {}
        for item in self.reader.items("quorum"):
            here, source = item.codes("roles", Speciality), self.source(item)
            for phase in item.codes("phases", Phase):
                if phase in roles:
                    item.fault("phases", f"the phase {phase!r} has its quorum already.", "Name each phase once.")
                roles[phase], sources[phase] = here, source
        for phase in Phase.values:
            if phase not in roles:
                self.reader.fault("quorum", f"the phase {phase!r} has no quorum.", "Name it under one of the lists.")
        return roles, sources

    def indication(self, item: Reader) -> Indication:
        return Indication(item.text("label_sv"), item.text("label_en"), self.source(item))

    def answer_heading(self, item: Reader) -> AnswerHeadings:
        return AnswerHeadings(
            key=self.key(item),
            label_sv=item.text("label_sv"),
            label_en=item.text("label_en"),
            headings=self.choices(item, "headings"),
            source=self.source(item),
        )

    def meeting_scope(self) -> MeetingScope:
        item = self.reader.mapping("meeting_scope")
        scope = MeetingScope(
            usual=item.code("usual", Scope, optional=True),
            onward=item.code("onward", Scope, optional=True),
            note_sv=item.text("note_sv", optional=True),
            note_en=item.text("note_en", optional=True),
            source=self.source(item),
        )
        item.done()
        return scope
