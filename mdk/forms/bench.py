"""The forms of the workbench's rows: the order, what is done to many at once, an item in the agenda, a late addition."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from checklists.enums import LevelCode
from mdk.enums import RebookingReason
from mdk.forms.planning import target_choices
from mdk.models import Meeting


class NumbersField(forms.Field):
    """Several numbers: given one by one, or in one value with commas between; a list of ints, each once."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        """Return the numbers in the order given."""
        parts = [part.strip() for text in value or () for part in str(text).split(",")]
        found = [part for part in parts if part]
        if not all(part.isdecimal() and len(part) < 19 for part in found):
            raise ValidationError(_("Choose rows of the page."), "not-numbers")
        return list(dict.fromkeys(int(part) for part in found))


class OrderForm(forms.Form):
    """The whole agenda in its new order, and the version of the meeting that the order was made from."""

    items = NumbersField()
    version = forms.IntegerField(min_value=1)


class BulkForm(forms.Form):
    """What is to be done with the rows that are selected: candidates (`cases`) or items of the agenda (`items`)."""

    ACTIONS = ("add", "likely", "level", "up", "down", "rebook", "firm", "off")

    do = forms.ChoiceField(choices=[(action, action) for action in ACTIONS], widget=forms.HiddenInput)
    cases = NumbersField(required=False)
    items = NumbersField(required=False)
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    before = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    """The item that they are to stand before; 0 is the end, nothing where the rules put them."""
    level = forms.ChoiceField(label=_("Level"), required=False, choices=[("", _("level")), *LevelCode.choices])
    why = forms.ChoiceField(
        label=_("Reason to rebook"), required=False, choices=[("", _("reason to rebook")), *RebookingReason.choices]
    )
    meeting = forms.TypedChoiceField(label=_("To"), required=False, coerce=int, empty_value=None)
    reason = forms.CharField(
        label=_("Reason or note"), required=False, max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": _("reason or note")}),
    )  # fmt: skip

    def __init__(self, *args: Any, targets: Iterable[Meeting] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["meeting"].choices = target_choices(targets)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for rows, and for the field that the chosen action cannot do without."""
        values = super().clean() or {}
        action = values.get("do")
        asked = {"add": ("cases",), "likely": ("cases",), "level": ("cases", "items")}.get(action or "", ("items",))
        if action and not any(values.get(of) for of in asked):
            raise ValidationError(_("Select the rows first: with x, or by their boxes."), "nothing-selected")
        needs = {"level": "level", "rebook": "why", "off": "reason"}
        wanted = needs.get(action or "")
        if wanted and not values.get(wanted) and wanted not in self.errors:
            self.add_error(wanted, _MISSING[wanted])
        return values


_MISSING = {
    "level": _("Choose the level."),
    "why": _("Choose the reason."),
    "reason": _("Give the reason in a sentence."),
}


class ItemForm(forms.Form):
    """An item in the agenda: its minutes, a guest who comes for it, and the break after it."""

    minutes = forms.IntegerField(label=_("Minutes"), required=False, min_value=0, max_value=60)
    guest = forms.CharField(label=_("Guest for the case"), required=False, max_length=120)
    pause = forms.IntegerField(label=_("Break after, min"), required=False, min_value=0, max_value=60)
    override_reason = forms.CharField(
        label=_("Reason to change it all the same"), required=False, max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


class GradeForm(forms.Form):
    """Another level for a case that is on the agenda."""

    level = forms.ChoiceField(label=_("Level"), choices=LevelCode.choices)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("Needed when it differs from the suggested level."),
    )
    override_reason = forms.CharField(
        label=_("Reason to change it all the same"), required=False, max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


class LateForm(forms.Form):
    """The chair's answer to a late addition."""

    yes = forms.TypedChoiceField(choices=[("1", ""), ("0", "")], coerce=lambda text: text == "1")
    note = forms.CharField(label=_("Note"), required=False, max_length=200)


def minutes_given(data: Mapping[str, Any], present: Mapping[int, int]) -> tuple[dict[int, int], list[int], list[int]]:
    """Return the changed minutes by item, the items whose minutes are wrong, and those that somebody else changed.

    `data` has `minutes-<item>` for the items of the page, and in `had` what the page showed of them (`12:6,13:3`).
    Wrong is what is no whole number from 0 to 60. What another wrote meanwhile (`present` is what stands now) is never
    overwritten: such an item is neither changed nor wrong.
    """
    had = _pairs(str(data.get("had", "")))
    changed, wrong, theirs = {}, [], []
    for item_id, minutes in present.items():
        text = str(data.get(f"minutes-{item_id}", minutes)).strip()
        shown = had.get(item_id, minutes)
        if not text.isdecimal() or int(text) > 60:
            wrong.append(item_id)
        elif int(text) not in (shown, minutes):
            if shown == minutes:
                changed[item_id] = int(text)
            else:
                theirs.append(item_id)
    return changed, wrong, theirs


def _pairs(text: str) -> dict[int, int]:
    parts = [part.partition(":") for part in text.split(",")]
    return {int(item): int(minutes) for item, _sign, minutes in parts if item.isdecimal() and minutes.isdecimal()}
