"""The form of a new referral: its fields, and what it asks of the answers that its diagnosis needs."""

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit
from cases.drafting import Asked
from cases.enums import Stated
from cases.forms import REQUIRED, CareForm, choose_from, day_field
from cases.models import Result
from cases.services.sending import COPY, EXPECTED, HOW, ON, REASON, REASON_LENGTH
from checklists.models import Diagnosis


@dataclass(frozen=True, slots=True)
class AskedFields:
    """The fields about one requirement."""

    asked: Asked
    how: forms.BoundField
    on: forms.BoundField
    expected: forms.BoundField
    reason: forms.BoundField


class ReferralForm(CareForm):
    """A new referral."""

    personal_identity_number = forms.CharField(
        label=gettext_lazy("Personal identity number"),
        max_length=60,
        error_messages=REQUIRED,
        help_text=gettext_lazy("Twelve digits, YYYYMMDD-NNNN. A reserve number is written OID|number."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Patient's name"),
        max_length=120,
        error_messages=REQUIRED,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    is_protected = forms.BooleanField(label=gettext_lazy("Protected identity"), required=False)
    diagnosis = forms.ChoiceField(label=gettext_lazy("Diagnosis"), error_messages=REQUIRED)
    unit = forms.ChoiceField(label=gettext_lazy("Referring unit"), error_messages=REQUIRED)
    external_reference = forms.CharField(
        label=gettext_lazy("Reference"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("The number of the referral in another system, if it has one."),
    )
    incomplete_reason = forms.CharField(
        label=gettext_lazy("Why it is sent anyway"), required=False, max_length=REASON_LENGTH
    )

    asked_for: tuple[Asked, ...] = ()

    def offer_places(self, diagnoses: Iterable[Diagnosis], units: Iterable[Unit]) -> None:
        """Offer these diagnoses and units; a single unit is chosen from the start."""
        diagnosis, unit = self.fields["diagnosis"], self.fields["unit"]
        choose_from(diagnosis, [("", _("Choose")), *((row.slug, row.label()) for row in diagnoses)])
        offered = [(str(one.pk), one.name) for one in units]
        choose_from(unit, offered if len(offered) == 1 else [("", _("Choose")), *offered])

    def ask(self, asked: Iterable[Asked]) -> None:
        """Ask of each requirement whether it is answered, ordered or does not apply."""
        self.asked_for = tuple(asked)
        for one in self.asked_for:
            key, label = one.requirement.key, one.requirement.label()
            earlier = [(f"{COPY}{result.pk}", _earlier(result)) for result in one.earlier]
            choices = [("", _("Nothing ordered")), *earlier, *Stated.choices]
            self.fields[f"{HOW}{key}"] = forms.ChoiceField(label=label, required=False, choices=choices)
            self.fields[f"{ON}{key}"] = day_field(_("Day"))
            self.fields[f"{EXPECTED}{key}"] = day_field(_("Expected"))
            self.fields[f"{REASON}{key}"] = forms.CharField(label=_("Reason"), required=False, max_length=REASON_LENGTH)

    def asked(self) -> list[AskedFields]:
        """Return the fields about the requirements, in the order of the definition."""
        return [
            AskedFields(one, *(self[f"{name}{one.requirement.key}"] for name in (HOW, ON, EXPECTED, REASON)))
            for one in self.asked_for
        ]


def _earlier(result: Result) -> str:
    performed = formats.date_format(result.performed_on, "j b Y") if result.performed_on else ""
    case = formats.date_format(timezone.localdate(result.case.created_at), "j b Y")
    return _("Bring along the answer of %(day)s (case of %(case)s)") % {"day": performed, "case": case}
