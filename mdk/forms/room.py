"""The forms of the meeting room and of preparation: fields and their own form, no queries and no rules."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from checklists.enums import Intent, ItemKind, Speciality
from checklists.spec import ChecklistItem, DefinitionSpec, OutcomeField
from mdk.enums import RebookingReason
from mdk.models import Outcome
from mdk.services.outcome import Participant

CHECK, OWN = "check-", "own-"
HIDDEN = frozenset({"item", "version", "preset"})


def _date() -> forms.DateField:
    return forms.DateField(
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Write the date as YYYY-MM-DD.")},
    )


def _lines(rows: int, **attrs: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


def declared_field(declared: ChecklistItem | OutcomeField) -> forms.Field:
    """Return the form field of a checklist entry or an outcome field as the definition declares it; never required."""
    field: forms.Field
    if declared.kind == ItemKind.BOOL:
        field = forms.BooleanField(required=False)
    elif declared.kind == ItemKind.CHOICE:
        options = [("", "–"), *((choice.key, choice.label()) for choice in declared.choices)]
        field = forms.ChoiceField(required=False, choices=options)
    elif declared.kind == ItemKind.DATE:
        field = _date()
    else:
        field = forms.CharField(required=False, max_length=500)
    field.label = declared.label()
    return field


class OutcomeForm(forms.Form):
    """The outcome of one item, saved as typed: nothing is required, so that a half sentence is kept too.

    `version` is the one that the page was made from. The checklist and the diagnosis' own fields come from the
    definition. Where no outcome is written yet, `is_discordant` is preset by a mark that stands on the case;
    `preset` carries what it was, so that a mark that comes meanwhile does not look like something typed.
    """

    item = forms.IntegerField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    preset = forms.BooleanField(widget=forms.HiddenInput, required=False)
    recommendation = forms.CharField(
        label=_("Recommendation"), required=False, max_length=8000, widget=_lines(4, **{"data-key": "r"})
    )
    intent = forms.ChoiceField(label=_("Intent"), required=False, choices=[("", "–"), *Intent.choices])
    ctnm = forms.CharField(label=_("cTNM"), required=False, max_length=60)
    ptnm = forms.CharField(label=_("pTNM"), required=False, max_length=60)
    study = forms.CharField(label=_("Study"), required=False, max_length=200)
    next_step = forms.CharField(label=_("Next step"), required=False, max_length=500)
    responsible = forms.CharField(label=_("Responsible"), required=False, max_length=120)
    due_on = _date()
    is_discordant = forms.BooleanField(label=_("The answers are discordant"), required=False)
    deviation_reason = forms.CharField(
        label=_("Reason for deviating from the programme"), required=False, max_length=500
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        item_id: int,
        level: str,
        spec: DefinitionSpec,
        outcome: Outcome | None,
        is_marked: bool = False,
        can_write: bool = True,
    ) -> None:
        preset = is_marked if data is None else data.get("preset") == "True"
        super().__init__(data, initial=_initial(outcome, item_id, preset=preset), auto_id=f"i{item_id}_%s")
        self.fields["due_on"].label = _("Due")
        self.checklist = spec.checklist_for(level)
        self.own = spec.extra_outcome_fields
        for entry in self.checklist:
            self.fields[CHECK + entry.key] = declared_field(entry)
        for declared in self.own:
            self.fields[OWN + declared.key] = declared_field(declared)
        if not can_write:
            for field in self.fields.values():
                field.disabled = True

    def checks(self) -> list[forms.BoundField]:
        """Return the checklist's fields in the definition's order."""
        return [self[CHECK + entry.key] for entry in self.checklist]

    def own_fields(self) -> list[forms.BoundField]:
        """Return the diagnosis' own outcome fields."""
        return [self[OWN + declared.key] for declared in self.own]

    def is_touched(self) -> bool:
        """Say whether something was written that is not stored: what need not be saved never makes a conflict."""
        return bool(set(self.changed_data) - HIDDEN)

    def values(self) -> dict[str, Any]:
        """Return what `save_outcome` takes; checklist and own fields hold only what is answered."""
        cleaned = dict(self.cleaned_data)
        values = {name: cleaned[name] for name in OutcomeForm.base_fields if name not in HIDDEN}
        values["checklist"] = _answered(cleaned, CHECK)
        values["fields"] = _answered(cleaned, OWN)
        return values


def _answered(cleaned: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    found = {name.removeprefix(prefix): value for name, value in cleaned.items() if name.startswith(prefix) and value}
    return {key: value if isinstance(value, bool | str) else value.isoformat() for key, value in found.items()}


def _initial(outcome: Outcome | None, item_id: int, *, preset: bool) -> dict[str, Any]:
    if outcome is None:
        return {"item": item_id, "version": 0, "preset": preset, "is_discordant": preset}
    plain = {name: getattr(outcome, name) for name in OutcomeForm.base_fields if name not in HIDDEN}
    checks = {CHECK + key: value for key, value in outcome.checklist.items()}
    own = {OWN + key: value for key, value in outcome.fields.items()}
    return {"item": item_id, "version": outcome.version} | plain | checks | own


class DeferForm(forms.Form):
    """Why the current case ends without a recommendation."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", "–"), *RebookingReason.choices],
        error_messages={"required": _("Choose why the case is deferred.")},
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=500)


class StartForm(forms.Form):
    """Who chairs, and whether to begin before the day."""

    chair = forms.TypedChoiceField(label=_("Chair"), required=False, coerce=int, empty_value=None)
    confirm_early = forms.BooleanField(label=_("Start although it is not yet the day of the meeting"), required=False)

    def __init__(self, data: Mapping[str, Any] | None, *, chairs: Sequence[User], chosen: int | None) -> None:
        super().__init__(data, initial={"chair": chosen})
        self.people = {person.pk: person for person in chairs}
        options = [("", _("Choose a chair")), *((person.pk, person.name) for person in chairs)]
        self.fields["chair"].choices = options  # type: ignore[attr-defined]

    def chosen(self) -> User | None:
        """Return the chosen chair."""
        return self.people.get(self.cleaned_data["chair"])


SPECIALITIES = [("", "–"), *Speciality.choices]


class ParticipantForm(forms.Form):
    """One line of the attendance: a person of the roster, or a guest by name."""

    user = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=_("Name"), required=False, max_length=120)
    speciality = forms.ChoiceField(label=_("Function"), required=False, choices=SPECIALITIES)
    is_present = forms.BooleanField(label=_("Present"), required=False)
    is_remote = forms.BooleanField(label=_("Remote"), required=False)

    def is_line(self) -> bool:
        """Say whether the row says anything: an unticked person without more is no line of the attendance."""
        cleaned = self.cleaned_data
        return bool(cleaned.get("is_present") or (cleaned.get("name") and not cleaned.get("user")))


class BaseAttendance(forms.BaseFormSet):  # type: ignore[type-arg]
    """The attendance as rows; `people` are the users who may stand in it."""

    def __init__(self, *args: Any, people: Sequence[User] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.pk: person for person in people}
        for form in self.forms:
            form.person = self.people.get(form["user"].initial or 0)

    def participants(self) -> list[Participant]:
        """Return the lines as `record_attendance` takes them; a user outside the roster is taken as no user."""
        lines = [form.cleaned_data for form in self.forms if form.is_line()]
        return [
            Participant(
                speciality=line["speciality"],
                user=self.people.get(line["user"] or 0),
                name=line["name"],
                is_present=True,
                is_remote=line["is_remote"],
            )
            for line in lines
        ]


AttendanceFormSet = cast(type[BaseAttendance], forms.formset_factory(ParticipantForm, formset=BaseAttendance, extra=2))


class AddendumForm(forms.Form):
    """What is added to a signed recommendation."""

    text = forms.CharField(
        label=_("Addendum"), max_length=4000, widget=_lines(3), error_messages={"required": _("Write the addendum.")}
    )
