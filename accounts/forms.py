"""The forms of the ground floor: fields and their own rules, no queries."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid, Refused
from accounts.permissions import Role


class LoginForm(forms.Form):
    """E-mail and password."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={
            "required": _("Fill in your e-mail."),
            "invalid": _("Write the e-mail as name@hospital.example."),
        },
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Fill in your password.")},
    )

    def clean_email(self) -> str:
        """Write the address in one way, so that tries with other capitals count as the same person's."""
        return str(self.cleaned_data["email"]).lower()


class MembershipForm(forms.Form):
    """A role for a person in a unit, for a period; a new person also needs a name."""

    email = forms.EmailField(label=_("E-mail"), error_messages={"required": _("Fill in the person's e-mail.")})
    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, help_text=_("Only for somebody who has no account yet.")
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, error_messages={"required": _("Choose the role.")})
    starts_on = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Fill in the first day.")},
    )
    ends_on = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Leave empty for no end."),
    )


class EndMembershipForm(forms.Form):
    """The last day of a membership."""

    ends_on = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Fill in the last day.")},
    )


class AccessLogForm(forms.Form):
    """What to look for in the access log, and why: the look is logged itself."""

    patient = forms.IntegerField(label=_("Patient id"), required=False, min_value=1, max_value=2**62)
    case = forms.IntegerField(label=_("Case id"), required=False, min_value=1, max_value=2**62)
    email = forms.EmailField(label=_("Reader's e-mail"), required=False)
    reason = forms.CharField(
        label=_("Reason for looking"),
        max_length=200,
        error_messages={"required": _("Say why you look in the log, for example a spot check or a patient's request.")},
    )

    def clean(self) -> dict[str, Any]:
        """Ask for exactly one of patient, case and reader."""
        cleaned = super().clean() or {}
        given = [key for key in ("patient", "case", "email") if cleaned.get(key)]
        if len(given) != 1 and not self.errors.keys() & {"patient", "case", "email"}:
            raise ValidationError(_("Fill in one of patient id, case id and the reader's e-mail."), code="one-of")
        return cleaned


def add_refusal(form: forms.Form, refusal: Refused) -> None:
    """Put the sentences of a refusal at their fields, or above the form where it has no such field."""
    if isinstance(refusal, Invalid):
        for error in refusal.errors:
            form.add_error(
                error.field if error.field in form.fields else None, ValidationError(error.message, error.code)
            )
        return
    field = refusal.field if refusal.field in form.fields else None
    form.add_error(field, ValidationError(refusal.message, refusal.code))
