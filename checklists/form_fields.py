"""What the forms of the editor are made of: their fields, sources, and the way from an entry to a form and back."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import Invalid
from checklists.parts import LOCAL

NEEDED = {"required": gettext_lazy("Fill in this field.")}
FIGURE = {
    "required": gettext_lazy("Fill in this field."),
    "invalid": gettext_lazy("Write a whole number."),
    "min_value": gettext_lazy("At least %(limit_value)s."),
    "max_value": gettext_lazy("At most %(limit_value)s."),
}
AT_LEAST_ONE = {"required": gettext_lazy("Choose at least one.")}
MOST_DAYS, MOST_MINUTES = 3650, 240


def text(label: Any, *, most: int = 200, required: bool = True, help_text: Any = "") -> forms.CharField:
    """Return a field for one line."""
    widget = forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(
        label=label, max_length=most, required=required, help_text=help_text, error_messages=NEEDED, widget=widget
    )


def lines(label: Any, help_text: Any) -> forms.CharField:
    """Return a field with one thing a line."""
    return forms.CharField(
        label=label, required=False, max_length=4000, help_text=help_text, widget=forms.Textarea(attrs={"rows": 3})
    )


def several(label: Any, choices: Any, *, required: bool = True) -> forms.MultipleChoiceField:
    """Return boxes to tick."""
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=required, error_messages=AT_LEAST_ONE,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip


def figure(label: Any, *, least: int = 0, most: int = MOST_DAYS, required: bool = True) -> forms.IntegerField:
    """Return a field for a whole number."""
    return forms.IntegerField(label=label, min_value=least, max_value=most, required=required, error_messages=FIGURE)


def source_field(label: Any = None) -> forms.CharField:
    """Return the field for where a fact comes from; it always stands beside a figure."""
    told = gettext_lazy("Address or title. “local” where no national programme states it.")
    field = text(label or gettext_lazy("Source"), most=600, help_text=told)
    field.widget.attrs["list"] = "sources"
    return field


class EntryForm(forms.Form):
    """One entry of one part."""

    use_required_attribute = False
    paths: ClassVar[Mapping[str, str]] = {}
    sources: ClassVar[Sequence[str]] = ("source",)

    @classmethod
    def initial_of(cls, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the fields show of an entry."""
        return dict(entry) | {name: shown_source(entry.get(name, LOCAL)) for name in cls.sources}

    def entry(self) -> dict[str, Any]:
        """Return the entry that was typed; the form is valid."""
        values = dict(self.cleaned_data)
        return values | {name: read_source(values[name]) for name in self.sources}

    def field_of(self, path: str) -> str:
        """Return the field for a fault at `path` of the entry."""
        name = path.partition("[")[0].partition(".")[0]
        return self.paths.get(path) or self.paths.get(name) or name

    def show(self, refused: Exception) -> None:
        """Put what the service refuses by its fields, each sentence once."""
        if isinstance(refused, Invalid):
            for path, message in dict.fromkeys((error.field, error.message) for error in refused.errors):
                field = self.field_of(path)
                if field not in self.errors:
                    self.add_error(field if field in self.fields else None, message)


def shown_source(value: str) -> str:
    """Return a source as the field shows it."""
    return _("local") if value == LOCAL else value


def read_source(typed: str) -> str:
    """Return the source that was typed: a text, or `LOCAL` in whatever language it was written."""
    words = {LOCAL, "lokal", "lokalt", _("local").casefold()}
    return LOCAL if typed.strip().rstrip(".").casefold() in words else " ".join(typed.split())
