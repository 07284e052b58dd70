"""The filter of the workload page."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

DAY = {"type": "date"}


class WorkloadFilter(forms.Form):
    """From which day to which, and of which unit; what does not fit is left out, never an error."""

    def __init__(self, *args: Any, units: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from"] = forms.DateField(
            label=_("From"), required=False, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d")
        )
        self.fields["to"] = forms.DateField(
            label=_("To"), required=False, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d")
        )
        self.fields["unit"] = forms.TypedChoiceField(
            label=_("Unit"), required=False, coerce=int, empty_value=None, choices=[("", _("all")), *units]
        )

    @property
    def first(self) -> date | None:
        """The first day that was chosen."""
        day: date | None = self._chosen().get("from")
        return day

    @property
    def last(self) -> date | None:
        """The last day that was chosen."""
        day: date | None = self._chosen().get("to")
        return day

    @property
    def unit(self) -> int | None:
        """The unit that was chosen."""
        pk: int | None = self._chosen().get("unit")
        return pk

    def _chosen(self) -> dict[str, Any]:
        self.is_valid()
        return getattr(self, "cleaned_data", {})
