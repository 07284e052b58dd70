"""The form of a proposed agenda: how far ahead, for which series, within how long."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mdk.models import Series
from mdk.services.plans import MOST_SECONDS, MOST_WEEKS, SECONDS, WEEKS


class ProposeForm(forms.Form):
    """What is to be planned."""

    weeks = forms.IntegerField(
        label=_("Weeks ahead"), min_value=1, max_value=MOST_WEEKS, initial=WEEKS,
        error_messages={"required": _("Fill in how many weeks.")},
    )  # fmt: skip
    seconds = forms.IntegerField(
        label=_("At most so many seconds"), min_value=1, max_value=MOST_SECONDS, initial=SECONDS,
        help_text=_("The best plan that is found within them is shown, and how much better another could be."),
        error_messages={"required": _("Fill in how many seconds.")},
    )  # fmt: skip
    series = forms.ModelMultipleChoiceField(
        label=_("Also fill these series"), queryset=Series.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("They share readers with this one."),
    )  # fmt: skip

    def __init__(self, *args: Any, related: QuerySet[Series], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["series"].queryset = related  # type: ignore[attr-defined]
        if not related:
            del self.fields["series"]
