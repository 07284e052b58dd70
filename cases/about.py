"""A case in a few words, as a person's notices name it on the page; never in a mail."""

from collections.abc import Collection

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.access_log import log_read
from accounts.actor import Actor
from accounts.models import AccessLog
from cases.identity import initials_of
from cases.queries import visible_cases


def cases_in_words(actor: Actor, case_ids: Collection[int]) -> dict[int, str]:
    """Return initials, birth year and diagnosis of the cases that the actor may see, and log the reading."""
    diagnosis = "diagnosis__name_en" if (get_language() or "sv").startswith("en") else "diagnosis__name_sv"
    rows = visible_cases(actor).filter(pk__in=case_ids).values_list(
        "pk", "patient_id", "patient__name", "patient__identity_value", "patient__is_protected", diagnosis
    )  # fmt: skip
    words, patients = {}, set()
    for pk, patient, name, number, is_protected, disease in rows:
        words[pk] = f"{_('Protected identity') if is_protected else initials_of(name, number)}, {disease}"
        patients.add(patient)
    log_read(actor, patients=patients, what="events:notices", action=AccessLog.Action.LIST)
    return words
