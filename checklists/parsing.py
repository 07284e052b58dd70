"""From the content of a definition (merged YAML, or a published version) to a `DefinitionSpec`, every fault named."""

import re
from collections.abc import Mapping
from typing import Any

from checklists import enums
from checklists.enums import Discipline, Group, LevelCode, Phase, Speciality
from checklists.part_parsing import PartParser
from checklists.reading import DefinitionError, Reader
from checklists.spec import ChecklistItem, DefinitionSpec, Level, MeetingScope, OutcomeField

SLUG = re.compile(r"[a-z][a-z0-9-]*")
ICD10 = re.compile(r"[A-Z][0-9]{2}(\.[0-9])?(-[A-Z][0-9]{2}(\.[0-9])?)?")


def parse(content: Mapping[str, Any], file: str) -> DefinitionSpec:
    """The spec of a whole definition. Raises `DefinitionError` with every fault; `file` is the name used in them."""
    reader = Reader(content, file)
    spec = _Parser(reader).definition()
    reader.done()
    if reader.problems:
        raise DefinitionError(reader.problems)
    return spec


class _Parser(PartParser):
    """Reads the file as a whole."""

    def definition(self) -> DefinitionSpec:
        reader = self.reader
        slug = reader.text("slug")
        if slug and not SLUG.fullmatch(slug):
            reader.fault("slug", f"{slug!r} may hold small letters, digits and hyphens only.", "Correct it.")
        checklists = self.checklists()
        circumstances = tuple(
            self.circumstance(item) for item in reader.items("circumstances", optional=True, unique="key")
        )
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
            mdk_days_source=self.source(
                reader, "mdk_days_source", optional="mdk_days_from_suspicion" not in reader.data
            ),
            mdk_days_note_sv=reader.text("mdk_days_note_sv", optional=True),
            mdk_days_note_en=reader.text("mdk_days_note_en", optional=True),
            requirements=tuple(self.requirement(item) for item in reader.items("requirements", unique="key")),
            circumstances=circumstances,
            levels=self.levels(checklists),
            level_rules=tuple(
                self.level_rule(item, circumstances) for item in reader.items("level_rules", optional=True)
            ),
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

    def icd10(self) -> tuple[str, ...]:
        codes = self.reader.texts("icd10", optional=True)
        for index, code in enumerate(codes):
            if not ICD10.fullmatch(code):
                self.reader.fault(
                    f"icd10[{index}]", f"{code!r} is not an ICD-10 code or range.", "Write as C18, C18.7 or C00-C14."
                )
        return codes

    def levels(self, checklists: Mapping[str, Any]) -> tuple[Level, ...]:
        found = []
        for item in self.reader.items("levels", unique="code"):
            prep = item.mapping("prep_minutes", optional=True)
            level = Level(
                code=item.code("code", LevelCode),
                minutes=item.number("minutes") or 0,
                prep_minutes={name: prep.number(name) or 0 for name in prep.names(Discipline)},
                checklist=item.text("checklist"),
                needs_attestation=item.flag("needs_attestation"),
                needs_reason=item.flag("needs_reason"),
                source=self.source(item),
                minutes_source=self.source(item, "minutes_source"),
            )
            if level.checklist and level.checklist not in checklists:
                item.fault(
                    "checklist", f"there is no checklist {level.checklist!r}.", f"Use one of: {', '.join(checklists)}."
                )
            found.append(level)
        for code in LevelCode.values:
            if code not in {level.code for level in found}:
                self.reader.fault("levels", f"the level {code!r} is missing.", "Add it; all three must be there.")
        return tuple(found)

    def default_levels(self) -> dict[str, str]:
        defaults = self.reader.mapping("default_levels")
        found = {phase: defaults.code(phase, LevelCode) for phase in defaults.names(Phase)}
        for phase in Phase.values:
            if phase not in found:
                defaults.fault(phase, "has no default level.", "Add one; every phase must have it.")
        return found

    def checklists(self) -> dict[str, tuple[ChecklistItem, ...]]:
        reader = self.reader.mapping("checklists")
        return {
            name: tuple(ChecklistItem(**self.question(item)) for item in reader.items(name, unique="key"))
            for name in reader.names()
        }

    def outcome_fields(self) -> tuple[OutcomeField, ...]:
        found = tuple(OutcomeField(**self.question(item)) for item in self.reader.items("outcome_fields", unique="key"))
        if "recommendation" not in {item.key for item in found}:
            self.reader.fault(
                "outcome_fields",
                "the field 'recommendation' is missing.",
                "Add it: a conference ends in a recommendation.",
            )
        return found

    def quorum(self) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
        roles: dict[str, tuple[str, ...]] = {}
        sources: dict[str, str] = {}
        for item in self.reader.items("quorum"):
            here, source = item.codes("roles", Speciality, least=1), self.source(item)
            for phase in item.codes("phases", Phase):
                if phase in roles:
                    item.fault("phases", f"the phase {phase!r} has its quorum already.", "Name each phase once.")
                roles[phase], sources[phase] = here, source
        for phase in Phase.values:
            if phase not in roles:
                self.reader.fault("quorum", f"the phase {phase!r} has no quorum.", "Name it under one of the lists.")
        return roles, sources

    def meeting_scope(self) -> MeetingScope:
        item = self.reader.mapping("meeting_scope")
        scope = MeetingScope(
            usual=item.code("usual", enums.MeetingScope, optional=True),
            onward=item.code("onward", enums.MeetingScope, optional=True),
            note_sv=item.text("note_sv", optional=True),
            note_en=item.text("note_en", optional=True),
            source=self.source(item),
        )
        item.done()
        return scope
