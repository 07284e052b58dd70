"""The forms of planning: fields and their own form, no queries and no rules."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from cases.enums import ReadinessState
from checklists.enums import LevelCode, Phase
from checklists.models import Diagnosis
from mdk.enums import RebookingReason
from mdk.models import Meeting

WEEKDAYS = (
    ("MO", _("Monday")),
    ("TU", _("Tuesday")),
    ("WE", _("Wednesday")),
    ("TH", _("Thursday")),
    ("FR", _("Friday")),
)
INTERVALS = ((1, _("every week")), (2, _("every other week")), (3, _("every third week")), (4, _("every fourth week")))
MINUTES = "minutes-"


class CandidateFilter(forms.Form):
    """Which candidates the workbench shows; what does not fit the choices is left out, never an error."""

    readiness = forms.ChoiceField(
        label=_("Readiness"), required=False, choices=[("", _("all")), *ReadinessState.choices]
    )
    phase = forms.ChoiceField(label=_("Phase"), required=False, choices=[("", _("all")), *Phase.choices])
    q = forms.CharField(
        label=_("Search"), required=False, max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "data-key": "/", "autocomplete": "off"}),
    )  # fmt: skip

    def chosen(self) -> dict[str, str]:
        """Return the filters that hold something."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def query(self) -> str:
        """Return the filters as the address carries them: that something is searched for, never what."""
        chosen = self.chosen()
        return urlencode(chosen | {"searched": "1"} if chosen.pop("q", "") else chosen)


class BookForm(forms.Form):
    """A case for the agenda: as it stands, provisionally, or with a reason where the house said no."""

    case = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    minutes = forms.IntegerField(label=_("Minutes"), required=False, min_value=0, max_value=60)
    provisional = forms.BooleanField(label=_("Provisional place: no minutes, no preparation yet"), required=False)
    override_reason = forms.CharField(
        label=_("Reason to book it all the same"), required=False, max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-focus": ""}),
    )  # fmt: skip


class FirmForm(forms.Form):
    """A provisional place that is to be firm: as it stands, or with a reason where the house said no."""

    override_reason = forms.CharField(
        label=_("Reason to make it firm all the same"), required=False, max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


class LevelForm(forms.Form):
    """The level of a candidate, with a reason when it differs from the suggested one."""

    case = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    level = forms.ChoiceField(label=_("Level"), choices=LevelCode.choices)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("Needed when it differs from the suggested level."),
    )


class RebookForm(forms.Form):
    """Why a case leaves this meeting, and for which."""

    reason = forms.ChoiceField(
        label=_("Reason to rebook"), choices=[("", _("Choose the reason")), *RebookingReason.choices],
        error_messages={"required": _("Choose the reason.")},
    )  # fmt: skip
    meeting = forms.TypedChoiceField(label=_("To"), required=False, coerce=int, empty_value=None)
    note = forms.CharField(label=_("Note"), required=False, max_length=500)

    def __init__(self, *args: Any, targets: Iterable[Meeting] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", str(_("The next meeting of the series")))]
        choices += [(str(target.pk), _target_words(target)) for target in targets]
        self.fields["meeting"].choices = choices  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """A reason in a sentence."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, error_messages={"required": _("Give the reason in a sentence.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, label: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if label:
            self.fields["reason"].label = label


class ChairForm(forms.Form):
    """Who chairs the meeting."""

    chair = forms.ModelChoiceField(
        label=_("Chair"), queryset=User.objects.none(), error_messages={"required": _("Choose the chair.")}
    )

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chair"].queryset = people  # type: ignore[attr-defined]


class StepForm(forms.Form):
    """How many places an item moves: -1 up, 1 down."""

    steps = forms.IntegerField(min_value=-60, max_value=60)


def minutes_given(data: Mapping[str, Any], present: Mapping[int, int]) -> tuple[dict[int, int], list[int]]:
    """Return the changed minutes by item, and the items whose minutes are no whole number from 0 to 60.

    `data` has `minutes-<item>` for the items of the page; `present` is what they have now.
    """
    changed, wrong = {}, []
    for item_id, minutes in present.items():
        text = str(data.get(f"{MINUTES}{item_id}", minutes)).strip()
        if not text.isdecimal() or int(text) > 60:
            wrong.append(item_id)
        elif int(text) != minutes:
            changed[item_id] = int(text)
    return changed, wrong


class SeriesForm(forms.Form):
    """A new series: weekdays and interval become its RRULE."""

    name = forms.CharField(
        label=_("Name"), max_length=80, error_messages={"required": _("Give the series a name.")},
        help_text=_("As everybody calls it, for example Kolorektal MDK."),
    )  # fmt: skip
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none(), empty_label=_("Choose"))
    diagnoses = forms.ModelMultipleChoiceField(
        label=_("Diagnoses"), queryset=Diagnosis.objects.none(), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one diagnosis.")},
    )  # fmt: skip
    weekdays = forms.MultipleChoiceField(
        label=_("Weekdays"), choices=WEEKDAYS, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one weekday.")},
    )  # fmt: skip
    interval = forms.TypedChoiceField(label=_("How often"), choices=INTERVALS, coerce=int, initial=1)
    starts_on = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    starts_time = forms.TimeField(label=_("Starts at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    minutes = forms.IntegerField(label=_("Length in minutes"), min_value=5, max_value=600, initial=90)
    capacity_minutes = forms.IntegerField(
        label=_("Minutes of discussion"), min_value=1, max_value=600, initial=80,
        help_text=_("The length without breaks and margin: the agenda is full here."),
    )  # fmt: skip
    prep_capacity_minutes = forms.IntegerField(
        label=_("Minutes of preparation"), min_value=0, max_value=6000, initial=240,
        help_text=_("Of all readers together, for one meeting."),
    )  # fmt: skip
    cutoff_days = forms.IntegerField(label=_("Cut-off, working days before"), min_value=0, max_value=30, initial=1)
    cutoff_time = forms.TimeField(
        label=_("Cut-off at"), initial="12:00", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    chair = forms.ModelChoiceField(
        label=_("Chair"), queryset=User.objects.none(), required=False, empty_label=_("Nobody yet")
    )
    participating_units = forms.ModelMultipleChoiceField(
        label=_("Invited units"), queryset=Unit.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    readers = forms.ModelMultipleChoiceField(
        label=_("Readers on the roster"), queryset=User.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    video_url = forms.URLField(label=_("Video link"), required=False, assume_scheme="https")

    def __init__(self, *args: Any, choices: Mapping[str, QuerySet[Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in choices.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def series_values(self) -> dict[str, Any]:
        """Return what the service makes a series of."""
        values = dict(self.cleaned_data)
        values["rrule"] = rrule_of(values.pop("weekdays"), values.pop("interval"))
        return values


def rrule_of(weekdays: Sequence[str], interval: int) -> str:
    """Return the weekly RRULE of some weekdays, every `interval` weeks."""
    every = f";INTERVAL={interval}" if interval > 1 else ""
    return f"FREQ=WEEKLY{every};BYDAY={','.join(weekdays)}"


def _target_words(meeting: Meeting) -> str:
    starts = timezone.localtime(meeting.starts_at)
    return f"{date_format(starts, 'D j b H:i')} {meeting.series.name}"
