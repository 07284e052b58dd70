"""The forms of those who prepare: fields and their own form, no queries and no rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mdk.enums import PreparationState
from mdk.models import Preparation
from mdk.queries.sharing import Giveable

HEADING = "heading-"


class CompleteForm(forms.Form):
    """What the reader will demonstrate, under the standard headings where the definition has them, and the minutes.

    `minutes` is what the clock says, and `edition` what the page was drawn from (`mdk.queries.readings`).
    """

    edition = forms.CharField(widget=forms.HiddenInput, required=False)
    findings = forms.CharField(
        label=_("Findings to demonstrate"), required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 6})
    )
    minutes = forms.IntegerField(label=_("Minutes spent"), required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        preparation: Preparation,
        headings: Sequence[tuple[str, str]],
        minutes: int | None = None,
        edition: str = "",
    ) -> None:
        initial = {"findings": preparation.findings, "minutes": minutes, "edition": edition}
        initial |= {HEADING + key: text for key, text in preparation.headings.items()}
        super().__init__(data, initial=initial)
        self.heading_names = [HEADING + key for key, _label in headings]
        for key, label in headings:
            self.fields[HEADING + key] = forms.CharField(label=label, required=False, max_length=500)
        if preparation.state == PreparationState.IN_PROGRESS:
            first = (self.heading_names or ["findings"])[0]
            self.fields[first].widget.attrs |= {"autofocus": True, "data-focus": ""}
        self.fields["minutes"].widget.attrs |= {"min": 0, "max": 600}

    def headings(self) -> list[forms.BoundField]:
        """Return the fields of the standard headings."""
        return [self[name] for name in self.heading_names]

    def values(self) -> dict[str, Any]:
        """Return what `complete` takes."""
        return self.written() | {name: self.cleaned_data[name] for name in ("minutes", "edition")}

    def written(self) -> dict[str, Any]:
        """Return what `write_findings` takes: the findings and the headings that hold a text."""
        cleaned = self.cleaned_data
        filled = {name.removeprefix(HEADING): cleaned[name] for name in self.heading_names if cleaned[name]}
        return {"findings": cleaned["findings"], "headings": filled}


class ReturnForm(forms.Form):
    """Why a preparation is sent back to the clinician."""

    reason = forms.CharField(
        label=_("What is missing"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say what is missing, so that it can be mended.")},
    )


class HandOverForm(forms.Form):
    """Who takes over."""

    reader = forms.TypedChoiceField(
        label=_("Hand over to"), coerce=int, error_messages={"required": _("Choose who takes over.")}
    )

    def __init__(self, data: Mapping[str, Any] | None, *, readers: Sequence[User]) -> None:
        super().__init__(data)
        self.people = {person.pk: person for person in readers}
        options = [("", "–"), *((person.pk, person.name) for person in readers)]
        self.fields["reader"].choices = options  # type: ignore[attr-defined]

    def chosen(self) -> User:
        """Return the reader who takes over."""
        return self.people[self.cleaned_data["reader"]]


class GiveForm(forms.Form):
    """Which preparations of a meeting are given to whom."""

    preparation = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": _("Choose the preparations to give.")}
    )
    reader = forms.TypedChoiceField(label=_("Give to"), coerce=int, error_messages={"required": _("Choose a reader.")})

    def __init__(
        self, data: Mapping[str, Any] | None, *, preparations: Sequence[int], readers: Sequence[Giveable]
    ) -> None:
        super().__init__(data)
        self.readers = readers
        people = {one.person.pk: one.person.name for one in readers}
        self.fields["preparation"].choices = [(pk, pk) for pk in preparations]  # type: ignore[attr-defined]
        self.fields["reader"].choices = [("", "–"), *people.items()]  # type: ignore[attr-defined]

    def chosen(self) -> tuple[User, set[str]]:
        """Return the reader, and the disciplines that they prepare."""
        found = [one for one in self.readers if one.person.pk == self.cleaned_data["reader"]]
        return found[0].person, {one.discipline for one in found}
