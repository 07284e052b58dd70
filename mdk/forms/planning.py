"""The forms of planning: fields and their own form, no queries and no rules."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.enums import ReadinessState
from checklists.enums import LevelCode, Phase
from mdk.enums import RebookingReason
from mdk.models import Meeting
from mdk.queries.candidates import AT_MOST


class CandidateFilter(forms.Form):
    """Which candidates the workbench shows; what does not fit the choices is left out, never an error."""

    readiness = forms.ChoiceField(
        label=_("Readiness"), required=False, choices=[("", _("all")), *ReadinessState.choices]
    )
    phase = forms.ChoiceField(label=_("Phase"), required=False, choices=[("", _("all")), *Phase.choices])
    level = forms.ChoiceField(label=_("Level"), required=False, choices=[("", _("all")), *LevelCode.choices])
    show = forms.IntegerField(required=False, min_value=1, max_value=AT_MOST, widget=forms.HiddenInput)
    """How many are shown, where it is more than the most urgent."""
    q = forms.CharField(
        label=_("Search"), required=False, max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "data-key": "/", "autocomplete": "off"}),
    )  # fmt: skip

    def chosen(self) -> dict[str, str]:
        """Return the filters that hold something, and whether more than the most urgent are shown."""
        self.is_valid()
        return {name: str(value) for name, value in self.cleaned_data.items() if value}

    def query(self) -> str:
        """Return the filters as the address carries them: that something is searched for, never what."""
        chosen = self.chosen()
        return urlencode(chosen | {"searched": "1"} if chosen.pop("q", "") else chosen)


class BookForm(forms.Form):
    """A case for the agenda: as it stands, provisionally, or with a reason where the house said no."""

    case = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    before = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=0)
    """The item that it is to stand before; 0 is the end, nothing where the rules put it."""
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
        self.fields["meeting"].choices = target_choices(targets)  # type: ignore[attr-defined]


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


def target_choices(targets: Iterable[Meeting]) -> list[tuple[str, str]]:
    """Return the choices of a meeting to go to; none chosen is the next of the series."""
    choices = [("", str(_("The next meeting of the series")))]
    return choices + [(str(target.pk), _target_words(target)) for target in targets]


def _target_words(meeting: Meeting) -> str:
    starts = timezone.localtime(meeting.starts_at)
    return f"{date_format(starts, 'D j b H:i')} {meeting.series.name}"
