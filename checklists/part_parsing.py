"""From one entry of a definition to its typed part, every fault named; `checklists.parsing` puts them together."""

import re
from typing import Any

from checklists.enums import Basis, CaseField, ItemKind, Kind, LevelCode, Modality, Phase, Treatment
from checklists.parts import AnswerCode
from checklists.reading import Reader
from checklists.spec import (
    LOCAL,
    AnswerHeadings,
    Choice,
    Circumstance,
    Indication,
    LeadTime,
    LevelRule,
    Requirement,
    SubLeadTime,
)

KEY = re.compile(r"[a-z][a-z0-9_]*")
KEY_LENGTH = 60
"""What a stored answer has room for."""
DECLARED_SEVERITIES = ("blocker", "warning")


class PartParser:
    """Knows the sources of the file while its parts are read."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        sources = reader.mapping("sources")
        self.sources = {key: self.cited(sources, key) for key in sources.names()}
        if LOCAL in self.sources:
            sources.fault(LOCAL, "is reserved for what no programme states.", "Give the source another key.")

    def source(self, reader: Reader, key: str = "source", *, optional: bool = False) -> str:
        """`local`, or the text behind the key of `sources`."""
        name = reader.text(key, optional=optional)
        if not name or name == LOCAL:
            return name
        if name not in self.sources:
            reader.fault(
                key,
                f"{name!r} is not among the sources.",
                f"Add it under `sources`, or write {LOCAL} when no programme states it.",
            )
        return self.sources.get(name, "")

    def cited(self, sources: Reader, key: str) -> str:
        """The text of a source; a list of keys stands for several sources together."""
        if not isinstance(sources.data[key], list):
            return sources.text(key)
        names = sources.codes(key, tuple(str(name) for name in sources.data if name != key))
        return " ; ".join(str(sources.data[name]) for name in names)

    def key(self, reader: Reader) -> str:
        """A key that may stand in addresses and stored answers."""
        key = reader.text("key")
        if key and not KEY.fullmatch(key):
            reader.fault("key", f"{key!r} may hold small letters, digits and underscores only.", "Correct it.")
        if len(key) > KEY_LENGTH:
            reader.fault("key", f"{key!r} is longer than {KEY_LENGTH} characters.", "Shorten it.")
        return key

    def choices(self, reader: Reader, key: str = "choices") -> tuple[Choice, ...]:
        """A list of choices."""
        return tuple(
            Choice(item.text("key"), item.text("label_sv"), item.text("label_en"))
            for item in reader.items(key, optional=True, unique="key")
        )

    def lead_time(self, item: Reader) -> LeadTime:
        """One lead time."""
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
        """One part of the way."""
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
        """One requirement."""
        ages = item.mapping("max_age_days", optional=True)
        max_age_days = {level: ages.number(level, optional=True, least=1) for level in ages.names(LevelCode)}
        answered_by = item.code("field", CaseField, optional=True)
        kind = item.code("kind", Kind)
        if answered_by and kind != Kind.CLINICAL:
            item.fault(
                "field",
                f"a field of the referral cannot answer a requirement of kind {kind!r}.",
                "Remove it, or make the kind clinical.",
                "field-kind",
            )
        return Requirement(
            key=self.key(item),
            label_sv=item.text("label_sv"),
            label_en=item.text("label_en"),
            kind=kind,
            phases=frozenset(item.codes("phases", Phase, least=1)),
            levels=frozenset(item.codes("levels", LevelCode, least=1)),
            severity=item.code("severity", DECLARED_SEVERITIES),
            conditional=item.flag("conditional"),
            max_age_days=max_age_days,
            field=answered_by,
            source=self.source(item),
            phases_source=self.source(item, "phases_source"),
            codes=tuple(self.answer_code(code) for code in item.items("codes", optional=True)),
            modalities=frozenset(item.codes("modalities", Modality, optional=True)),
        )

    def answer_code(self, item: Reader) -> AnswerCode:
        """One code under which other systems report the answer."""
        return AnswerCode(system=item.text("system"), code=item.text("code"))

    def circumstance(self, item: Reader) -> Circumstance:
        """One circumstance."""
        return Circumstance(
            key=self.key(item),
            label_sv=item.text("label_sv"),
            label_en=item.text("label_en"),
            choices=self.choices(item),
            source=self.source(item),
        )

    def level_rule(self, item: Reader, circumstances: tuple[Circumstance, ...]) -> LevelRule:
        """One rule; its conditions must be declared circumstances."""
        known = {one.key: tuple(choice.key for choice in one.choices) for one in circumstances}
        when = item.mapping("when", optional=True)
        conditions: dict[str, frozenset[str]] = {}
        for name in when.names():
            if name in known:
                conditions[name] = frozenset(when.codes(name, known[name]))
            else:
                when.seen.add(name)
                when.fault(
                    name,
                    "is not a declared circumstance.",
                    f"Declare it under `circumstances`, or use one of: {', '.join(known)}.",
                )
        return LevelRule(
            level=item.code("level", LevelCode),
            phases=frozenset(item.codes("phases", Phase, least=1)),
            when=conditions,
            reason_sv=item.text("reason_sv"),
            reason_en=item.text("reason_en"),
            source=self.source(item),
        )

    def question(self, item: Reader) -> dict[str, Any]:
        """The arguments of a checklist item or an outcome field."""
        kind = item.code("kind", ItemKind)
        choices = self.choices(item)
        if (kind == ItemKind.CHOICE) != bool(choices):
            item.fault(
                "choices",
                "belongs to questions of kind choice, and only to them.",
                "Add choices, or change the kind.",
                "choices",
            )
        return {
            "key": self.key(item),
            "label_sv": item.text("label_sv"),
            "label_en": item.text("label_en"),
            "kind": kind,
            "choices": choices,
            "required": item.flag("required"),
            "source": self.source(item),
        }

    def indication(self, item: Reader) -> Indication:
        """One indication."""
        return Indication(item.text("label_sv"), item.text("label_en"), self.source(item))

    def answer_heading(self, item: Reader) -> AnswerHeadings:
        """The headings of one examination."""
        return AnswerHeadings(
            key=self.key(item),
            label_sv=item.text("label_sv"),
            label_en=item.text("label_en"),
            headings=self.choices(item, "headings"),
            source=self.source(item),
        )
