"""The forms of cases: fields and choices. Their rules live in the services, which every door shares."""

from collections.abc import Iterable
from typing import Any, Self

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import Invalid, Refused
from accounts.forms import add_refusal
from accounts.models import User
from cases.enums import CaseEnding, ClearanceKind, ResultState
from cases.models import Case, Result
from cases.services.results import edition_of
from checklists.enums import LevelCode, Phase
from checklists.spec import DefinitionSpec, Requirement

REQUIRED = {"required": gettext_lazy("Fill in this field.")}
CIRCUMSTANCE = "circumstance_"
HEADING = "structured."
PERFORMANCE = [
    ("", gettext_lazy("Not stated")),
    ("0", gettext_lazy("0 – fully active")),
    ("1", gettext_lazy("1 – restricted in strenuous activity")),
    ("2", gettext_lazy("2 – up more than half of the day")),
    ("3", gettext_lazy("3 – in bed or a chair more than half of the day")),
    ("4", gettext_lazy("4 – completely disabled")),
]


def day_field(label: Any, *, required: bool = False, help_text: Any = "") -> forms.CharField:
    """Return a date field that hands on what was typed: the service says what is wrong with it."""
    widget = forms.DateInput(attrs={"type": "date"})
    return forms.CharField(
        label=label, required=required, help_text=help_text, error_messages=REQUIRED, max_length=40, widget=widget
    )


def text_field(label: Any, *, rows: int = 3, required: bool = False, help_text: Any = "") -> forms.CharField:
    """Return a field for running text."""
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        error_messages=REQUIRED,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class HouseForm(forms.Form):
    """A form whose rules live in a service: it keeps what was typed and shows what the service refuses."""

    use_required_attribute = False

    def raw(self) -> dict[str, Any]:
        """Return what was typed, by field name, with the circumstances gathered in one mapping."""
        values: dict[str, Any] = {}
        circumstances: dict[str, str] = {}
        for bound in self:
            if bound.name.startswith(CIRCUMSTANCE):
                circumstances[bound.name.removeprefix(CIRCUMSTANCE)] = bound.data or ""
            else:
                values[bound.name] = bound.data
        return values | {"circumstances": circumstances}

    def show(self, refused: Refused) -> None:
        """Put the service's refusal by its fields; a field that has an error of its own keeps that alone."""
        fresh = refused
        if isinstance(refused, Invalid):
            fresh = Invalid([error for error in refused.errors if error.field not in self.errors])
        add_refusal(self, fresh)

    def add_circumstances(self, spec: DefinitionSpec | None) -> None:
        """Ask for what the level rules of the definition look at; every answer may be left out."""
        for circumstance in spec.circumstances if spec else ():
            choices = [("", _("Not stated")), *((choice.key, choice.label()) for choice in circumstance.choices)]
            self.fields[f"{CIRCUMSTANCE}{circumstance.key}"] = forms.ChoiceField(
                label=circumstance.label(), required=False, choices=choices
            )

    def circumstances(self) -> list[forms.BoundField]:
        """Return the fields of the circumstances."""
        return [bound for bound in self if bound.name.startswith(CIRCUMSTANCE)]


class CareForm(HouseForm):
    """What a referral and a change of it have in common."""

    phase = forms.ChoiceField(label=gettext_lazy("Phase"), choices=Phase.choices, error_messages=REQUIRED)
    clinical_question = text_field(
        gettext_lazy("Clinical question"),
        required=True,
        help_text=gettext_lazy("What shall the conference answer? It stands first on the screen."),
    )
    history = text_field(gettext_lazy("History"))
    performance_status = forms.ChoiceField(
        label=gettext_lazy("Performance status (WHO/ECOG)"), choices=PERFORMANCE, required=False
    )
    comorbidity = text_field(gettext_lazy("Comorbidity"), rows=2)
    patient_wishes = text_field(gettext_lazy("Patient's wishes"), rows=2)
    suspected_on = day_field(gettext_lazy("Well-founded suspicion"), required=True)
    promised_on = day_field(
        gettext_lazy("Promised date"),
        help_text=gettext_lazy("The day on which the patient has been promised an answer."),
    )
    responsible_clinician = forms.ChoiceField(label=gettext_lazy("Responsible clinician"), error_messages=REQUIRED)
    contact_nurse = forms.ChoiceField(label=gettext_lazy("Contact nurse"), required=False)

    def offer(self, clinicians: Iterable[User], nurses: Iterable[User]) -> None:
        """Offer these people; who is chosen already stays on the list."""
        for name, people in (("responsible_clinician", clinicians), ("contact_nurse", nurses)):
            field = self.fields[name]
            choose_from(field, [("", _("Choose") if field.required else _("None yet")), *_people(people)])


class EditForm(CareForm):
    """A change of the referral; it carries the version that the person saw."""

    version = forms.CharField(widget=forms.HiddenInput)

    @staticmethod
    def initial_of(case: Case) -> dict[str, Any]:
        """Return the fields as the case has them."""
        return {
            "version": case.version,
            "phase": case.phase,
            "clinical_question": case.clinical_question,
            "history": case.history,
            "performance_status": "" if case.performance_status is None else str(case.performance_status),
            "comorbidity": case.comorbidity,
            "patient_wishes": case.patient_wishes,
            "suspected_on": case.suspected_on.isoformat(),
            "promised_on": case.promised_on.isoformat() if case.promised_on else "",
            "responsible_clinician": case.responsible_clinician.email,
            "contact_nurse": case.contact_nurse.email if case.contact_nurse else "",
        } | {f"{CIRCUMSTANCE}{key}": answer for key, answer in (case.circumstances or {}).items()}


class ResultForm(HouseForm):
    """One answer, entered or corrected by hand."""

    kind = forms.CharField(widget=forms.HiddenInput)
    requirement = forms.CharField(widget=forms.HiddenInput, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), choices=ResultState.choices)
    performed_on = day_field(gettext_lazy("Performed on"))
    expected_on = day_field(gettext_lazy("Expected on"), help_text=gettext_lazy("For an answer that is ordered."))
    text = text_field(gettext_lazy("Answer"))
    accession_number = forms.CharField(label=gettext_lazy("Accession number"), required=False, max_length=64)
    is_external = forms.BooleanField(
        label=gettext_lazy("Made elsewhere"),
        required=False,
        help_text=gettext_lazy("An examination made at another hospital is read anew."),
    )

    @staticmethod
    def initial_of(result: Result) -> dict[str, Any]:
        """Return the fields as the answer has them."""
        names = ("kind", "requirement", "state", "text", "accession_number", "is_external")
        days = {name: getattr(result, name) for name in ("performed_on", "expected_on")}
        headings = {f"{HEADING}{key}": text for key, text in result.structured.items()} | {"seen": edition_of(result)}
        return (
            {name: getattr(result, name) for name in names}
            | headings
            | {name: day.isoformat() if day else "" for name, day in days.items()}
        )

    def add_headings(self, spec: DefinitionSpec, requirement: str) -> Self:
        """Ask for the standard headings of the examination, where it has some; every one may be left empty."""
        examination = spec.headings_for(requirement)
        for heading in examination.headings if examination else ():
            self.fields[f"{HEADING}{heading.key}"] = forms.CharField(
                label=heading.label()[:1].upper() + heading.label()[1:], required=False, max_length=2000
            )
        return self

    @property
    def is_wide(self) -> bool:
        """Whether the form has so many fields that it wants the width of the page."""
        return bool(self.heading_fields())

    def heading_fields(self) -> list[forms.BoundField]:
        """Return the fields of the standard headings."""
        return [bound for bound in self.visible_fields() if bound.name.startswith(HEADING)]

    def plain_fields(self) -> list[forms.BoundField]:
        """Return the fields that every answer has."""
        return [bound for bound in self.visible_fields() if not bound.name.startswith(HEADING)]

    def raw(self) -> dict[str, Any]:
        """Return what was typed, with the headings gathered in one mapping."""
        values = super().raw()
        typed = [name for name in values if name.startswith(HEADING)]
        return values | {"structured": {name.removeprefix(HEADING): values.pop(name) for name in typed}}


class DiscordanceForm(HouseForm):
    """Marks answers that do not fit together."""

    results = forms.MultipleChoiceField(
        label=gettext_lazy("Answers that do not fit together"),
        help_text=gettext_lazy("One alone contradicts the clinical picture."),
        widget=forms.CheckboxSelectMultiple(attrs={"data-focus": True}),
        error_messages={
            "required": gettext_lazy("Choose the answers that do not fit together."),
            "invalid_choice": gettext_lazy("The case has no such answer any more. Load the page again."),
        },
    )
    sentence = forms.CharField(
        label=gettext_lazy("What does not fit"), max_length=500, error_messages=REQUIRED,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def offer(self, answers: Iterable[tuple[int, str]]) -> Self:
        """Offer these answers, (id, words)."""
        choose_from(self.fields["results"], [(str(pk), words) for pk, words in answers])
        return self


class SettleForm(HouseForm):
    """Settles a mark of discordant answers."""

    sentence = forms.CharField(
        label=gettext_lazy("How it was settled"), max_length=500, error_messages=REQUIRED,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-focus": True}),
    )  # fmt: skip


class MessageForm(HouseForm):
    """Writes in the thread of a case."""

    text = forms.CharField(
        label=gettext_lazy("New message"),
        max_length=4000,
        error_messages={"required": gettext_lazy("Write the message.")},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ViewerForm(HouseForm):
    """Sets the address of a unit's image viewer."""

    template = forms.CharField(
        label=gettext_lazy("Address"), required=False, max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
    )  # fmt: skip


class MoveForm(HouseForm):
    """Says what an answer from another system belongs to."""

    NOTHING = "-"

    requirement = forms.ChoiceField(label=gettext_lazy("It answers"), error_messages=REQUIRED)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=500,
        help_text=gettext_lazy("Needed when it answers nothing here."),
    )  # fmt: skip

    def offer(self, asked: Iterable[Requirement]) -> Self:
        """Offer what the case asks for, and to take the answer out of the case."""
        nothing = (self.NOTHING, _("Nothing in this case: take it out, for the coordinator to place"))
        choose_from(self.fields["requirement"], [*((one.key, one.label()) for one in asked), nothing])
        return self


class ClearForm(HouseForm):
    """Sets a requirement aside: waived, or not applicable to this patient."""

    requirement = forms.CharField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=[
            (ClearanceKind.NOT_APPLICABLE, gettext_lazy("Does not apply to this patient")),
            (ClearanceKind.WAIVED, gettext_lazy("Waive it: the conference can do without")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one of the two.")},
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, error_messages=REQUIRED)


class LevelForm(HouseForm):
    """Sets the level; a reason when it differs from the suggested one."""

    level = forms.ChoiceField(label=gettext_lazy("Level"), choices=LevelCode.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Needed when the level differs from the suggested one."),
    )


class WithdrawForm(HouseForm):
    """Ends the case: how, and with a reason."""

    ending = forms.ChoiceField(
        label=gettext_lazy("How the case ends"), choices=CaseEnding.choices, initial=CaseEnding.WITHDRAWN,
        required=False, widget=forms.RadioSelect,
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, error_messages=REQUIRED)


class ImportForm(forms.Form):
    """A file of referrals."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV or XLSX; the first row names the columns."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": gettext_lazy("The file is empty. The first row must hold the names of the columns."),
        },
    )


def choose_from(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    """Give a select its choices, which only the request knows."""
    if isinstance(field, forms.ChoiceField):
        field.choices = choices


def _people(people: Iterable[User]) -> list[tuple[str, str]]:
    return [(person.email, person.name) for person in people]
