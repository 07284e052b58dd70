"""The form of a series: its fields, and how weekdays and numbers become its rules; no queries and no other rules."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from checklists.models import Diagnosis
from mdk.enums import OrderRule, RedDay
from mdk.services.series_data import SeriesData

WEEKDAYS = (
    ("MO", _("Monday")),
    ("TU", _("Tuesday")),
    ("WE", _("Wednesday")),
    ("TH", _("Thursday")),
    ("FR", _("Friday")),
)
INTERVALS = ((1, _("every week")), (2, _("every other week")), (3, _("every third week")), (4, _("every fourth week")))
OWN_RULE = 0
RANKS = ((0, "–"), *((rank, str(rank)) for rank in range(1, len(OrderRule) + 1)))
_PLAIN_RULE = {"FREQ", "INTERVAL", "BYDAY", "UNTIL"}


class DatesField(forms.CharField):
    """Days, one a line or with commas between, as a list."""

    widget = forms.Textarea(attrs={"rows": 4})

    def to_python(self, value: Any) -> Any:
        """Return the days; ValidationError names what is none."""
        days, wrong = [], []
        for word in str(super().to_python(value)).replace(",", " ").split():
            try:
                days.append(date.fromisoformat(word))
            except ValueError:
                wrong.append(word)
        if wrong:
            message = _now("Write each day as 2026-12-23. Not understood: %(words)s") % {"words": ", ".join(wrong[:5])}
            raise ValidationError(message, code="invalid")
        return sorted(set(days))

    def prepare_value(self, value: Any) -> Any:
        """Return the days one a line."""
        return "\n".join(str(day) for day in value) if isinstance(value, list) else value


class DaysBeforeField(forms.CharField):
    """Numbers of days with commas between, as a list from the highest."""

    def to_python(self, value: Any) -> Any:
        """Return the numbers; ValidationError when one is no number from 0 to 60."""
        words = str(super().to_python(value)).replace(",", " ").split()
        if any(not word.isdecimal() or int(word) > 60 for word in words):
            raise ValidationError(
                _now("Write numbers of working days with commas between, for example 5, 3, 1."), code="invalid"
            )
        return sorted({int(word) for word in words}, reverse=True)

    def prepare_value(self, value: Any) -> Any:
        """Return the numbers with commas between."""
        return ", ".join(str(number) for number in value) if isinstance(value, list) else value


def _day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


def _time(label: Any, **more: Any) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **more)


def _number(label: Any, low: int, high: int, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=low, max_value=high, **more)


def _checkboxes(label: Any, rows: QuerySet[Any], **more: Any) -> "forms.ModelMultipleChoiceField[Any]":
    return forms.ModelMultipleChoiceField(label=label, queryset=rows, widget=forms.CheckboxSelectMultiple, **more)


class SeriesForm(forms.Form):
    """A new series or a changed one. Weekdays and interval become its RRULE, unless it has a rule of its own."""

    name = forms.CharField(
        label=_("Name"), max_length=80, error_messages={"required": _("Give the series a name.")},
        help_text=_("As everybody calls it, for example Kolorektal MDK."),
    )  # fmt: skip
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none(), empty_label=_("Choose"))
    diagnoses = _checkboxes(
        _("Diagnoses"), Diagnosis.objects.none(), error_messages={"required": _("Choose at least one diagnosis.")}
    )
    weekdays = forms.MultipleChoiceField(
        label=_("Weekdays"), choices=WEEKDAYS, widget=forms.CheckboxSelectMultiple, required=False
    )
    interval = forms.TypedChoiceField(
        label=_("How often"), choices=(*INTERVALS, (OWN_RULE, _("by a rule of its own, below"))), coerce=int, initial=1
    )
    rrule = forms.CharField(
        label=_("Rule of its own"), max_length=200, required=False,
        help_text=_("An RRULE, for example FREQ=MONTHLY;BYDAY=1TU for the first Tuesday of each month."),
    )  # fmt: skip
    starts_on = _day(_("From"))
    ends_on = _day(_("To and with"), required=False, help_text=_("Leave empty while the series goes on."))
    starts_time = _time(_("Starts at"))
    minutes = _number(_("Length in minutes"), 5, 600, initial=90)
    video_url = forms.URLField(label=_("Video link"), required=False, assume_scheme="https")
    excluded_on = DatesField(
        label=_("Days without a meeting"), required=False, help_text=_("One a line, for example 2026-12-23.")
    )
    on_red_day = forms.ChoiceField(label=_("On a public holiday the meeting"), choices=RedDay.choices)
    eve_percent = _number(
        _("Capacity on the day before a holiday, percent"), 0, 100, initial=100,
        help_text=_("0: no meeting. Maundy Thursday, Walpurgis Night and the day before Christmas Eve are such days."),
    )  # fmt: skip
    summer_first_week = _number(_("Summer from week"), 1, 53, required=False)
    summer_last_week = _number(_("to and with week"), 1, 53, required=False)
    summer_percent = _number(
        _("Capacity in summer, percent"), 0, 100, initial=100, help_text=_("0: no meeting in these weeks.")
    )
    capacity_minutes = _number(
        _("Minutes of discussion"), 1, 600, initial=80,
        help_text=_("The length without breaks and margin: the agenda is full here."),
    )  # fmt: skip
    prep_radiology_minutes = _number(_("Minutes of preparation, radiology"), 0, 6000, required=False)
    prep_pathology_minutes = _number(_("Minutes of preparation, pathology"), 0, 6000, required=False)
    prep_capacity_minutes = _number(
        _("Minutes of preparation, all readers"), 0, 6000, initial=240,
        help_text=_("For one meeting. Is the sum of radiology and pathology where they are given."),
    )  # fmt: skip
    cutoff_days = _number(_("Cut-off, working days before"), 0, 30, initial=1)
    cutoff_time = _time(_("Cut-off at"), initial="12:00")
    prep_due_days = _number(_("Preparation due, working days before"), 0, 30, initial=0)
    prep_due_time = _time(
        _("Preparation due at"),
        required=False,
        help_text=_("Empty: when the meeting begins. Never before the cut-off."),
    )
    reminder_days = DaysBeforeField(
        label=_("Reminders, working days before the cut-off"), required=False, help_text=_("For example 5, 3, 1.")
    )
    break_after_minutes = _number(_("Break after so many minutes"), 1, 600, required=False)
    break_after_cases = _number(
        _("or after so many cases"),
        1,
        100,
        required=False,
        help_text=_("Whichever comes first. Both empty: no breaks."),
    )
    break_minutes = _number(_("Length of a break, minutes"), 1, 60, initial=10)
    chair = forms.ModelChoiceField(
        label=_("Chair"), queryset=User.objects.none(), required=False, empty_label=_("Nobody yet")
    )
    readers = _checkboxes(_("Readers on the roster"), User.objects.none(), required=False)
    participating_units = _checkboxes(_("Invited units"), Unit.objects.none(), required=False)

    GROUPS = (
        (_("The conference"), ("name", "unit", "diagnoses", "chair", "video_url")),
        (_("When"), ("weekdays", "interval", "rrule", "starts_on", "ends_on", "starts_time", "minutes")),
        (_("Holidays and summer"), ("on_red_day", "eve_percent", "summer_first_week", "summer_last_week",
                                    "summer_percent", "excluded_on")),
        (_("How much it holds"), ("capacity_minutes", "prep_radiology_minutes", "prep_pathology_minutes",
                                  "prep_capacity_minutes")),
        (_("Before the meeting"), ("cutoff_days", "cutoff_time", "prep_due_days", "prep_due_time", "reminder_days")),
        (_("Breaks"), ("break_after_minutes", "break_after_cases", "break_minutes")),
        (_("Who takes part"), ("readers", "participating_units")),
    )  # fmt: skip

    def __init__(self, *args: Any, choices: Mapping[str, QuerySet[Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in choices.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        self.fields["diagnoses"].label_from_instance = Diagnosis.label  # type: ignore[attr-defined]
        for rule in OrderRule:
            self.fields[f"order_{rule}"] = forms.TypedChoiceField(
                label=rule.label, choices=RANKS, coerce=int, initial=list(OrderRule).index(rule) + 1, required=False,
                empty_value=None,
            )  # fmt: skip

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Return the fields by what they are about, each group with its heading."""
        order = [self[f"order_{rule}"] for rule in OrderRule]
        groups = [(title, [self[name] for name in names]) for title, names in self.GROUPS]
        return [*groups[:-1], (_("Order of the agenda, 1 weighs most"), order), groups[-1]]

    def clean(self) -> dict[str, Any]:
        """Ask for weekdays, or for the rule that stands instead of them."""
        cleaned = super().clean() or {}
        if cleaned.get("interval") == OWN_RULE:
            if not cleaned.get("rrule") and "rrule" not in self.errors:
                self.add_error("rrule", ValidationError(_("Write the rule."), code="required"))
        elif not cleaned.get("weekdays") and "weekdays" not in self.errors:
            self.add_error("weekdays", ValidationError(_("Choose at least one weekday."), code="required"))
        return cleaned

    def series_values(self) -> dict[str, Any]:
        """Return what the service makes a series of."""
        values = dict(self.cleaned_data)
        days, interval, until = (values.pop(name) for name in ("weekdays", "interval", "ends_on"))
        if interval != OWN_RULE:
            values["rrule"] = rrule_of(days, interval, until)
        ranks = {str(rule): values.pop(f"order_{rule}") or 0 for rule in OrderRule}
        values["order_rules"] = sorted((rule for rule, rank in ranks.items() if rank), key=lambda rule: ranks[rule])
        return values


class SeriesChangeForm(SeriesForm):
    """A series as it stands, to be changed; `version` is that of the series when the form was opened."""

    is_active = forms.BooleanField(
        label=_("Active"), required=False, help_text=_("Without the tick the series has no more meetings.")
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    confirmed = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Return the fields by what they are about; whether it is active stands with the name."""
        (title, first), *others = super().groups()
        return [(title, [*first, self["is_active"]]), *others]

    def series_values(self) -> dict[str, Any]:
        """Return what the service changes the series to; version and confirmation are not of it."""
        values = super().series_values()
        return {name: value for name, value in values.items() if name not in ("version", "confirmed")}


def initial_of(data: SeriesData, *, without: date | None = None) -> dict[str, Any]:
    """Return what the form shows of a series; `without` is one more day without a meeting."""
    names = [name for name in SeriesForm.base_fields if name in SeriesData.__dataclass_fields__]
    values = {name: getattr(data, name) for name in (*names, "is_active")}
    for name in ("diagnoses", "readers", "participating_units"):
        values[name] = [row.pk for row in values[name]]
    ranks = {f"order_{rule}": 0 for rule in OrderRule}
    ranks |= {f"order_{rule}": place for place, rule in enumerate(data.order_rules, 1)}
    if without:
        values["excluded_on"] = sorted({*data.excluded_on, without})
    return values | ranks | _rule_fields(data)


def rrule_of(weekdays: Sequence[str], interval: int, until: date | None = None) -> str:
    """Return the weekly RRULE of some weekdays, every `interval` weeks, to and with the day `until`."""
    every = f";INTERVAL={interval}" if interval > 1 else ""
    end = f";UNTIL={until:%Y%m%d}T235959" if until else ""
    return f"FREQ=WEEKLY{every};BYDAY={','.join(weekdays)}{end}"


def _rule_fields(data: SeriesData) -> dict[str, Any]:
    """Return weekdays, interval and last day of a plain weekly rule; any other rule as it stands."""
    parts = dict(part.split("=", 1) for part in data.rrule.removeprefix("RRULE:").split(";") if "=" in part)
    known = [code for code, _label in WEEKDAYS]
    days = parts.get("BYDAY", "").split(",") if parts.get("BYDAY") else known[data.starts_on.weekday() :][:1]
    interval = parts.get("INTERVAL", "1")
    intervals = {str(number) for number, _words in INTERVALS}
    is_plain = parts.get("FREQ") == "WEEKLY" and parts.keys() <= _PLAIN_RULE and interval in intervals
    if not is_plain or not days or not set(days) <= set(known):
        return {"interval": OWN_RULE, "rrule": data.rrule, "weekdays": []}
    until = datetime.strptime(parts["UNTIL"][:8], "%Y%m%d").date() if "UNTIL" in parts else None  # noqa: DTZ007
    return {"interval": int(interval), "weekdays": days, "ends_on": until, "rrule": ""}
