"""The form of a person's own planning choices."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PlanningChoiceForm(forms.Form):
    """By how many days a date must move before one is told."""

    move_days = forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=90,
        help_text=_("1 means every move. Moves too small to be told are told when together they are large enough."),
    )
