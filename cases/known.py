"""What a new referral may take over from an earlier case of the same patient, for one who may see that case."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.numbers import whole_number
from cases.identity import BadIdentity, Identity, parse_identity
from cases.models import Case, Result
from cases.persons import Number
from cases.privacy import IdentityGuard
from cases.queries import cases_of_patient, cases_of_patient_id, final_answers_of
from cases.services.identities import person_of
from checklists.spec import Requirement

PATIENTS = ("name", "history", "comorbidity", "patient_wishes", "performance_status", "contact_nurse")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the patient: the latest case that the reader may see, and the answers of them all.

    `values` maps fields of the form to text as the form writes it; an empty one is left out.
    """

    patient: int
    case: Case
    cases: tuple[Case, ...]
    values: Mapping[str, str]
    answers: tuple[Result, ...] = field(default=())

    @property
    def about_patient(self) -> Mapping[str, str]:
        """The values that are the patient's own: they leave the form when another patient's number is written.

        The mark of a protected identity stays: to take it off is for a person to do.
        """
        return {name: text for name, text in self.values.items() if name in PATIENTS}

    @property
    def source(self) -> str:
        """Where the values come from, for a person to read beside them."""
        return _("From the case of %(day)s") % {"day": _day(self.case)}

    @property
    def open_cases(self) -> tuple[Case, ...]:
        """The patient's cases that are still open."""
        return tuple(case for case in self.cases if case.is_open)

    def open_case(self, diagnosis: str, phase: str) -> Case | None:
        """Return the open case for this diagnosis (slug) and phase: a second one cannot be registered."""
        return next((c for c in self.open_cases if (c.diagnosis.slug, c.phase) == (diagnosis, phase)), None)

    def answers_for(self, requirement: Requirement, level: str, today: date) -> tuple[Result, ...]:
        """Return the final answers that answer the requirement and are fresh today, newest first.

        An answer counts when it was given for a requirement of the same key and kind. One without a requirement
        answered a whole kind, which nobody here can say of the new case.
        """
        allowed = requirement.max_age_days.get(level)
        oldest = today - timedelta(days=allowed) if allowed is not None else date.min
        return tuple(
            answer
            for answer in self.answers
            if (answer.kind, answer.requirement) == (requirement.kind, requirement.key)
            and (answer.performed_on or date.min) >= oldest
        )


def known_of(actor: Actor, number: str, providers: Iterable[int], today: date) -> Known | None:
    """Return what the actor may know of the patient with this number at the providers (ids); None tells nothing.

    A number that was merged into another brings that one's patient. None for a number that cannot be right, for a
    patient whom nobody has referred, for one of whose cases no unit of the actor takes part in any, and for one
    whose protected identity is hidden from the actor: the four look the same. The caller logs the reading of what
    it shows. Four queries a provider, two for a number that brings nothing.
    """
    try:
        identity = parse_identity(number, today)
    except BadIdentity:
        return None
    written = Number(identity.system, identity.value)
    for provider in providers:
        numbers = person_of(provider, [written]).only([written]).numbers
        same = [Identity(one.system, one.value) for one in numbers]
        if known := _known(actor, cases_of_patient(actor, provider, same)):
            return known
    return None


def known_again(actor: Actor, patient: str) -> Known | None:
    """Return what the form was filled in with before: `patient` is the id that the form carries, as written."""
    pk = whole_number(patient)
    return _known(actor, cases_of_patient_id(actor, pk)) if pk is not None else None


def _known(actor: Actor, visible: Iterable[Case]) -> Known | None:
    guard = IdentityGuard(actor)
    cases = [case for case in visible if not guard.of(case).is_masked]
    if not cases:
        return None
    latest = cases[0]
    own = tuple(case for case in cases if case.patient_id == latest.patient_id)
    return Known(
        patient=latest.patient_id,
        case=latest,
        cases=own,
        values={name: text for name, text in _values(latest).items() if text},
        answers=tuple(final_answers_of(own)),
    )


def _values(case: Case) -> dict[str, str]:
    return {
        "name": case.patient.name,
        "is_protected": "on" if case.patient.is_protected else "",
        "history": case.history,
        "comorbidity": case.comorbidity,
        "patient_wishes": case.patient_wishes,
        "performance_status": "" if case.performance_status is None else str(case.performance_status),
        "responsible_clinician": case.responsible_clinician.email,
        "contact_nurse": case.contact_nurse.email if case.contact_nurse else "",
        "unit": str(case.unit_id),
    }


def _day(case: Case) -> str:
    return formats.date_format(timezone.localdate(case.created_at), "j b Y")
