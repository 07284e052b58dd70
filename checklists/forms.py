"""The forms of the editor: one for each part of a definition. The rules are the parser's; the forms only read and write.

`initial_of` turns an entry (see `checklists.entries`) into what the fields show, `entry` turns what was typed back.
`field_of` finds the field for the path that a fault names.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy

from checklists.entries import CHECKLIST, new_key
from checklists.enums import (
    Basis,
    CaseField,
    Discipline,
    ItemKind,
    Kind,
    LevelCode,
    Modality,
    Phase,
    Severity,
    Speciality,
    Treatment,
)
from checklists.form_fields import MOST_MINUTES, EntryForm, figure, lines, several, source_field, text
from checklists.spec import DefinitionSpec


class RequirementForm(EntryForm):
    """What must be there."""

    sources = ("source", "phases_source")
    paths: ClassVar = {f"max_age_days.{level}": f"max_age_{level}" for level in LevelCode.values} | {"key": "label_en"}

    label_sv = text(gettext_lazy("Name in Swedish"))
    label_en = text(gettext_lazy("Name in English"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Kind.choices)
    severity = forms.ChoiceField(
        label=gettext_lazy("While it is missing"),
        choices=[
            (Severity.BLOCKER.value, gettext_lazy("the case is not ready")),
            (Severity.WARNING.value, gettext_lazy("there is a warning")),
        ],
    )
    conditional = forms.BooleanField(label=gettext_lazy("Concerns only some patients"), required=False)
    phases = several(gettext_lazy("Phases"), Phase.choices)
    levels = several(gettext_lazy("Levels"), LevelCode.choices)
    max_age_full = figure(gettext_lazy("Oldest answer in days, full"), least=1, required=False)
    max_age_focused = figure(gettext_lazy("Oldest answer in days, focused"), least=1, required=False)
    max_age_protocol = figure(gettext_lazy("Oldest answer in days, protocol"), least=1, required=False)
    source = source_field()
    phases_source = source_field(gettext_lazy("Source of the phases"))
    modalities = several(gettext_lazy("Modalities"), Modality.choices, required=False)
    codes = lines(
        gettext_lazy("Codes of answers from other systems"),
        gettext_lazy("One a line: code system | code. An answer with one of these codes finds this requirement."),
    )
    field = forms.ChoiceField(
        label=gettext_lazy("Answered by a field of the referral"), required=False,
        choices=[("", gettext_lazy("no")), *CaseField.choices],
    )  # fmt: skip

    @classmethod
    def initial_of(cls, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Show an age for each level, and one code a line."""
        ages = entry.get("max_age_days") or {}
        codes = "\n".join(f"{one['system']} | {one['code']}" for one in entry.get("codes") or ())
        return super().initial_of(entry) | {f"max_age_{level}": ages.get(level) for level in LevelCode.values} | {
            "codes": codes
        }  # fmt: skip

    def entry(self) -> dict[str, Any]:
        """Gather the ages and read the codes."""
        values = super().entry()
        ages = {level: values.pop(f"max_age_{level}") for level in LevelCode.values}
        codes = [code_of(line) for line in values["codes"].splitlines() if line.strip()]
        return values | {"max_age_days": ages, "codes": codes}


def code_of(line: str) -> dict[str, str]:
    """Return the code on a line; a line that holds no two parts keeps an empty system, which the parser refuses."""
    head, sign, tail = line.rpartition("|") if "|" in line else line.strip().rpartition(" ")
    return {"system": head.strip(), "code": tail.strip()} if sign else {"system": "", "code": line.strip()}


class QuestionForm(EntryForm):
    """A question of a checklist."""

    paths: ClassVar = {"key": "label_en"}

    label_sv = text(gettext_lazy("Question in Swedish"))
    label_en = text(gettext_lazy("Question in English"))
    kind = forms.ChoiceField(label=gettext_lazy("Answered with"), choices=ItemKind.choices)
    required = forms.BooleanField(label=gettext_lazy("Must be answered"), required=False)
    choices = lines(gettext_lazy("Choices"), gettext_lazy("One a line: Swedish | English."))
    source = source_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.given: list[dict[str, str]] = self.initial.get("given") or []

    @classmethod
    def initial_of(cls, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Show one choice a line."""
        given = entry.get("choices") or []
        rows = "\n".join(f"{one['label_sv']} | {one['label_en']}" for one in given)
        return super().initial_of(entry) | {"choices": rows, "given": given}

    def entry(self) -> dict[str, Any]:
        """Read the choices; one that keeps a name or its place keeps its key, since answers are stored under it."""
        values = super().entry()
        rows = [line for line in values["choices"].splitlines() if line.strip()]
        found: list[dict[str, str]] = []
        for number, line in enumerate(rows):
            swedish, _sign, english = (part.strip() for part in line.partition("|"))
            taken = {choice["key"] for choice in found}
            alike = [
                one for one in self.given if swedish == one["label_sv"] or (english and english == one["label_en"])
            ]
            if not alike and len(rows) == len(self.given):
                alike = [self.given[number]]
            key = next((one["key"] for one in alike if one["key"] not in taken), "")
            known = taken | {one["key"] for one in self.given}
            found.append(
                {"key": key or new_key(english or swedish, known), "label_sv": swedish, "label_en": english or swedish}
            )
        return values | {"choices": found}


class LevelForm(EntryForm):
    """How a case is taken up at one level."""

    sources = ("minutes_source",)
    paths: ClassVar = {f"prep_minutes.{name}": f"prep_{name}" for name in Discipline.values}

    minutes = figure(gettext_lazy("Minutes at the conference"), most=MOST_MINUTES)
    prep_radiology = figure(gettext_lazy("Preparation in radiology, minutes"), most=MOST_MINUTES, required=False)
    prep_pathology = figure(gettext_lazy("Preparation in pathology, minutes"), most=MOST_MINUTES, required=False)
    minutes_source = source_field(gettext_lazy("Source of the minutes"))
    needs_reason = forms.BooleanField(label=gettext_lazy("Needs a reason"), required=False)
    needs_attestation = forms.BooleanField(label=gettext_lazy("Needs an attestation"), required=False)

    @classmethod
    def initial_of(cls, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Show the minutes of each discipline; none where it does not prepare."""
        prep = entry.get("prep_minutes") or {}
        return super().initial_of(entry) | {f"prep_{name}": prep.get(name) for name in Discipline.values}

    def entry(self) -> dict[str, Any]:
        """Gather the minutes; a discipline without any does not prepare at this level."""
        values = super().entry()
        prep = {name: values.pop(f"prep_{name}") for name in Discipline.values}
        return values | {"prep_minutes": {name: minutes for name, minutes in prep.items() if minutes is not None}}


class QuorumForm(EntryForm):
    """Who must be represented in one phase."""

    roles = several(gettext_lazy("Represented"), ())
    source = source_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = sorted(Speciality.choices, key=lambda choice: str(choice[1]).translate(_SWEDISH))
        self.fields["roles"].choices = choices  # type: ignore[attr-defined]


_SWEDISH = str.maketrans("ÅÄÖåäö", "{|}{|}")
"""Å, Ä and Ö sort after Z."""


class LeadTimeForm(EntryForm):
    """Days to the first treatment of one kind."""

    label_sv = text(gettext_lazy("Name in Swedish"))
    label_en = text(gettext_lazy("Name in English"))
    treatment = forms.ChoiceField(label=gettext_lazy("Treatment"), choices=Treatment.choices)
    days = figure(gettext_lazy("Days"), least=1)
    basis = forms.ChoiceField(label=gettext_lazy("Basis"), choices=Basis.choices)
    counted_from = forms.ChoiceField(
        label=gettext_lazy("Counted from"),
        choices=[
            ("suspicion", gettext_lazy("well-founded suspicion")),
            ("referral", gettext_lazy("the referral")),
        ],
    )
    clock = forms.BooleanField(label=gettext_lazy("The pathway clock may count to it"), required=False)
    source = source_field()

    @classmethod
    def initial_of(cls, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Show the suspicion where the entry does not say from when it is counted."""
        return super().initial_of({"counted_from": "suspicion", **entry})


class VersionForm(EntryForm):
    """The date of the pathway version that the lead times are from."""

    sources = ()
    paths: ClassVar = {"lead_times_version": "version"}

    version = text(
        gettext_lazy("Date of the version"), most=60, required=False,
        help_text=gettext_lazy("As the pathway states it, for example 2018-10-30. Change it together with the figures."),
    )  # fmt: skip


class DefaultLevelsForm(EntryForm):
    """The level that is suggested in each phase when no rule fits."""

    sources = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for phase in Phase:
            self.fields[phase.value] = forms.ChoiceField(label=phase.label, choices=LevelCode.choices)


class LevelRuleForm(EntryForm):
    """A rule that suggests a level; it fits when each circumstance has one of the ticked answers."""

    paths: ClassVar = {"when": "phases"}

    level = forms.ChoiceField(label=gettext_lazy("Suggests"), choices=LevelCode.choices)
    phases = several(gettext_lazy("Phases"), Phase.choices)
    reason_sv = text(gettext_lazy("Reason in Swedish"), most=300)
    reason_en = text(gettext_lazy("Reason in English"), most=300)
    source = source_field()

    def __init__(self, *args: Any, spec: DefinitionSpec, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = [circumstance.key for circumstance in spec.circumstances]
        for circumstance in spec.circumstances:
            choices = [(choice.key, choice.label()) for choice in circumstance.choices]
            self.fields[f"when_{circumstance.key}"] = several(circumstance.label(), choices, required=False)

    @classmethod
    def initial_of(cls, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Show the answers of each circumstance."""
        when = entry.get("when") or {}
        return super().initial_of(entry) | {f"when_{name}": answers for name, answers in when.items()}

    def entry(self) -> dict[str, Any]:
        """Gather the conditions; a circumstance without a tick is not asked for."""
        values = super().entry()
        when = {name: values.pop(f"when_{name}") for name in self.asked}
        return values | {"when": {name: answers for name, answers in when.items() if answers}}


FORMS: dict[str, type[EntryForm]] = {
    "requirements": RequirementForm,
    "levels": LevelForm,
    "default_levels": DefaultLevelsForm,
    "level_rules": LevelRuleForm,
    "quorum": QuorumForm,
    "lead_times_version": VersionForm,
    "lead_times": LeadTimeForm,
}
BLANK: dict[str, Any] = {
    "requirements": {
        "kind": Kind.RADIOLOGY.value, "severity": Severity.BLOCKER.value, "levels": LevelCode.values,
        "phases": [Phase.PRE_TREATMENT.value],
        "max_age_days": {"full": 60, "focused": 60, "protocol": 90},
    },
    "lead_times": {"basis": Basis.LOCAL.value, "treatment": Treatment.SURGERY.value},
    "level_rules": {"level": LevelCode.FOCUSED.value},
}  # fmt: skip
"""What a form for a new entry proposes: the common values of the shipped definitions, all of them local."""


def form_for(
    part: str, entry: Mapping[str, Any] | None, spec: DefinitionSpec, data: Any = None, **how: Any
) -> EntryForm:
    """Return the form of an entry of `part`, or of a new one (`entry` None), with what was typed in `data`."""
    kind = QuestionForm if part.startswith(CHECKLIST) else FORMS[part]
    shown = BLANK.get(part, {}) if entry is None else entry
    if kind is LevelRuleForm:
        return LevelRuleForm(data, initial=kind.initial_of(shown), spec=spec, **how)
    return kind(data, initial=kind.initial_of(shown), **how)
