"""The forms of the roster: a reader's minutes a week, days away, what they read, and who is on duty."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from checklists.enums import Discipline
from checklists.models import Diagnosis


def _day(label: Any, required: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": required, "invalid": _("Write the day as YYYY-MM-DD.")},
    )


class CapacityForm(forms.Form):
    """So many minutes a week, from the week of a day on."""

    weekly_minutes = forms.IntegerField(
        label=_("Minutes a week"), min_value=0, max_value=2400,
        error_messages={"required": _("Fill in the minutes of preparation a week.")},
    )  # fmt: skip
    from_on = _day(_("From the week of"), _("Fill in a day of the first week."))


class AbsenceForm(forms.Form):
    """The first and the last day away; nothing about why."""

    first_on = _day(_("Away from"), _("Fill in the first day."))
    last_on = _day(_("To and with"), _("Fill in the last day."))


class ReadsForm(forms.Form):
    """The diagnoses that a reader reads."""

    diagnoses = forms.ModelMultipleChoiceField(
        label=_("Reads"), queryset=Diagnosis.objects.none(), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: whatever the roster gives."),
    )  # fmt: skip

    def __init__(self, *args: Any, choices: QuerySet[Diagnosis], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["diagnoses"].queryset = choices  # type: ignore[attr-defined]
        self.fields["diagnoses"].label_from_instance = Diagnosis.label  # type: ignore[attr-defined]


class DutyForm(forms.Form):
    """Who reads for a meeting, by discipline."""

    def __init__(self, *args: Any, choices: Mapping[str, QuerySet[User]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for discipline, people in choices.items():
            self.fields[discipline] = forms.ModelMultipleChoiceField(
                label=Discipline(discipline).label, queryset=people, required=False,
                widget=forms.CheckboxSelectMultiple, help_text=_("None chosen: the roster of the series."),
            )  # fmt: skip

    def readers(self) -> dict[str, Sequence[User]]:
        """Return the chosen readers by discipline."""
        return {name: list(chosen) for name, chosen in self.cleaned_data.items()}
