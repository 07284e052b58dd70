"""Cases, series, meetings and places for tests: made by the real services, with sensible defaults.

Begin with `make_house()`: a hospital with its clinics and one person of each role. Every function takes `now`
(the present time, when not given) and returns a fresh row. Only the diagnoses that a test asks for are
published (`make_diagnosis`), since all thirty take a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import Unit, User
from accounts.permissions import Role
from cases.enums import ReferralSource, ResultState
from cases.identity import PERSONAL_NUMBER, Identity
from cases.models import Case, Result
from cases.services.clearance import attest_case
from cases.services.editing import set_level
from cases.services.referral import ReferralData, refer_case
from cases.services.results import ResultData, register_result
from cases.workdays import is_working_day
from checklists.enums import Phase, Speciality
from checklists.loader import FOLDER, Loaded, load_folder
from checklists.models import Definition, Diagnosis
from checklists.registry import spec_of
from mdk.models import AgendaItem, Meeting, Outcome, Series
from mdk.services.agenda import book_case
from mdk.services.live import start_meeting
from mdk.services.outcome import save_outcome
from mdk.services.publishing import publish_meeting
from mdk.services.series import SeriesData, create_series
from tests.factories import make_unit, make_user

_numbers = count(1)

QUESTION = "Rektalcancer 7 cm från analöppningen. Neoadjuvant behandling eller direkt kirurgi?"


@dataclass(frozen=True)
class House:
    """A hospital with three clinics and one person of each role, and another hospital with its coordinator."""

    hospital: Unit
    clinic: Unit
    radiology: Unit
    pathology: Unit
    coordinator: User
    chair: User
    clinician: User
    nurse: User
    radiologist: User
    radiologist2: User
    pathologist: User
    manager: User
    admin: User
    elsewhere: Unit
    stranger: User


def make_house() -> House:
    """Return a new hospital with people; coordinator, chair and clinician are members of the whole hospital."""
    n = next(_numbers)
    hospital = make_unit(f"Sjukhuset {n}", kind=Unit.Kind.HOSPITAL)
    clinic = make_unit(f"Kirurgkliniken {n}", parent=hospital)
    radiology = make_unit(f"Radiologkliniken {n}", parent=hospital)
    pathology = make_unit(f"Patologkliniken {n}", parent=hospital)
    elsewhere = make_unit(f"Grannsjukhuset {n}", kind=Unit.Kind.HOSPITAL)
    return House(
        hospital=hospital,
        clinic=clinic,
        radiology=radiology,
        pathology=pathology,
        coordinator=make_user(role=Role.COORDINATOR, unit=hospital, name="Karin Koordinator"),
        chair=make_user(
            role=Role.CHAIR,
            unit=hospital,
            name="Olof Ordförande",
            speciality=Speciality.COLORECTAL_SURGEON,
        ),
        clinician=make_user(
            role=Role.CLINICIAN,
            unit=hospital,
            name="Lena Läkare",
            speciality=Speciality.ONCOLOGIST,
        ),
        nurse=make_user(
            role=Role.CONTACT_NURSE,
            unit=hospital,
            name="Nina Kontakt",
            speciality=Speciality.CONTACT_NURSE,
        ),
        radiologist=make_user(
            role=Role.RADIOLOGIST,
            unit=radiology,
            name="Rut Radiolog",
            speciality=Speciality.RADIOLOGIST,
        ),
        radiologist2=make_user(
            role=Role.RADIOLOGIST,
            unit=radiology,
            name="Rolf Radiolog",
            speciality=Speciality.RADIOLOGIST,
        ),
        pathologist=make_user(
            role=Role.PATHOLOGIST,
            unit=pathology,
            name="Pia Patolog",
            speciality=Speciality.PATHOLOGIST,
        ),
        manager=make_user(role=Role.MANAGER, unit=hospital, name="Cecilia Chef"),
        admin=make_user(role=Role.ADMIN, unit=hospital, name="Ada Admin"),
        elsewhere=elsewhere,
        stranger=make_user(role=Role.COORDINATOR, unit=elsewhere, name="Frida Främmande"),
    )


@lru_cache(maxsize=1)
def _definitions() -> dict[str, Loaded]:
    return {loaded.spec.slug: loaded for loaded in load_folder(FOLDER)}


def make_diagnosis(slug: str = "colorectal") -> Diagnosis:
    """Return the diagnosis `slug`, published as shipped if it is not yet."""
    if found := Diagnosis.objects.filter(slug=slug, current__isnull=False).first():
        return found
    loaded = _definitions()[slug]
    spec = loaded.spec
    diagnosis, _new = Diagnosis.objects.get_or_create(
        slug=slug,
        defaults={
            "name_sv": spec.name_sv,
            "name_en": spec.name_en,
            "icd10": list(spec.icd10),
        },
    )
    diagnosis.current = Definition.objects.create(
        diagnosis=diagnosis, version=spec.version, content=loaded.content, digest=loaded.digest,
        published_at=timezone.now(),
    )  # fmt: skip
    diagnosis.save(update_fields=["current"])
    return diagnosis


def synthetic_number(n: int, born: date = date(1950, 1, 1)) -> str:
    """Return the `n`:th synthetic personal number: twelve digits, test series 980-999, valid check digit."""
    day = born + timedelta(days=n // 20)
    digits = f"{day:%Y%m%d}{980 + n % 20}"
    total = 0
    for place, digit in enumerate(digits[2:]):
        doubled = int(digit) * (2 - place % 2)
        total += doubled - 9 * (doubled > 9)
    return f"{digits}{-total % 10}"


def referral_data(
    house: House,
    *,
    diagnosis: str = "colorectal",
    now: datetime | None = None,
    **fields: Any,
) -> ReferralData:
    """Return a complete referral of a new patient; `fields` replaces any field of `ReferralData`."""
    now = now or timezone.now()
    n = next(_numbers)
    data = ReferralData(
        identity=Identity(PERSONAL_NUMBER, synthetic_number(n)),
        name=f"Patient {n} Test",
        diagnosis=make_diagnosis(diagnosis),
        phase=Phase.PRE_TREATMENT,
        clinical_question=QUESTION,
        unit=house.clinic,
        responsible_clinician=house.clinician,
        suspected_on=timezone.localdate(now) - timedelta(days=14),
        performance_status=1,
        comorbidity="Hypertoni, i övrigt frisk.",
        patient_wishes="Vill ha kurativt syftande behandling.",
        contact_nurse=house.nurse,
    )
    return replace(data, **fields)


def make_case(house: House, *, by: User | None = None, now: datetime | None = None, **fields: Any) -> Case:
    """Return a newly referred case of a new patient, with complete fields and no answers."""
    now = now or timezone.now()
    data = referral_data(house, now=now, **fields)
    case, _new = refer_case(data, by=by or house.coordinator, now=now, source=ReferralSource.FORM)
    return case


def add_result(
    case: Case, kind: str = "radiology", *, requirement: str = "", state: str = ResultState.FINAL,
    days_ago: int = 5, by: User | None = None, now: datetime | None = None, **fields: Any,
) -> Result:  # fmt: skip
    """Register an answer of `case` through the service; final and five days old, when not said otherwise."""
    now = now or timezone.now()
    if state in (ResultState.FINAL, ResultState.PRELIMINARY):
        fields.setdefault("performed_on", timezone.localdate(now) - timedelta(days=days_ago))
    data = ResultData(kind=kind, state=ResultState(state), requirement=requirement, **fields)
    result, _new = register_result(case.pk, data, by=by or case.responsible_clinician, now=now)
    return result


def ready_case(house: House, *, level: str = "", now: datetime | None = None, **fields: Any) -> Case:
    """Return a case that is ready: every answer final and fresh, and attested by its clinician."""
    now = now or timezone.now()
    case = make_case(house, now=now, **fields)
    if level:
        set_level(case.pk, level, reason="Enligt genomgång.", by=house.coordinator, now=now)
        case.refresh_from_db()
    for requirement in spec_of(case.definition_id).requirements_for(case.phase, case.level):
        if not requirement.field and not requirement.conditional:
            add_result(case, requirement.kind, requirement=requirement.key, now=now)
    attest_case(case.pk, by=case.responsible_clinician, now=now)
    case.refresh_from_db()
    return case


def working_day(from_day: date, ahead: int = 0) -> date:
    """Return the first working day on or after the day `ahead` days from `from_day`."""
    day = from_day + timedelta(days=ahead)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def make_series(
    house: House, *, diagnoses: Sequence[str] = ("colorectal",), now: datetime | None = None,
    first_in_days: int = 7, **fields: Any,
) -> Series:  # fmt: skip
    """Return a weekly series of the hospital, 08:15-09:45, with the radiology and pathology departments invited.

    Its first meeting is the first working day `first_in_days` from now, well before the cut-off; then weekly.
    """
    now = now or timezone.now()
    first = working_day(timezone.localdate(now), first_in_days)
    data = SeriesData(
        unit=house.hospital,
        name=f"Kolorektal MDK {next(_numbers)}",
        diagnoses=[make_diagnosis(slug) for slug in diagnoses],
        rrule="FREQ=WEEKLY",
        starts_on=first,
        starts_time=time(8, 15),
        minutes=90,
        capacity_minutes=80,
        prep_capacity_minutes=240,
        cutoff_time=time(12, 0),
        chair=house.chair,
        participating_units=[house.radiology, house.pathology],
        readers=[house.radiologist, house.radiologist2, house.pathologist],
    )
    return create_series(replace(data, **fields), by=house.coordinator, now=now)


def make_meeting(
    house: House,
    *,
    series: Series | None = None,
    now: datetime | None = None,
    **fields: Any,
) -> Meeting:
    """Return the next meeting of `series` (a new one, when none is given; `fields` goes to it)."""
    now = now or timezone.now()
    series = series or make_series(house, now=now, **fields)
    return series.meetings.filter(starts_at__gt=now).order_by("starts_at")[0]


def place(
    meeting: Meeting,
    case: Case,
    *,
    by: User,
    now: datetime | None = None,
    **fields: Any,
) -> AgendaItem:
    """Book `case` on `meeting` through the service."""
    return book_case(meeting.pk, case.pk, by=by, now=now or timezone.now(), **fields)


def published_meeting(house: House, cases: int = 2, *, now: datetime | None = None, **fields: Any) -> Meeting:
    """Return a published meeting with `cases` ready cases on its agenda.

    Its series has no readers on the roster, unless `readers` or a `series` is given: what is prepared waits to be shared.
    """
    now = now or timezone.now()
    meeting = make_meeting(house, now=now, **{"readers": []} | fields)
    for _ in range(cases):
        place(meeting, ready_case(house, now=now), by=house.coordinator, now=now)
    return publish_meeting(meeting.pk, by=house.coordinator, now=now)


def live_meeting(house: House, cases: int = 2, *, now: datetime | None = None, **fields: Any) -> Meeting:
    """Return a meeting that is under way with `cases` cases; the first one is current."""
    meeting = published_meeting(house, cases, now=now, **fields)
    return start_meeting(meeting.pk, by=house.chair, now=now or timezone.now(), confirm_early=True)


def give_outcome(
    item: AgendaItem,
    *,
    by: User,
    now: datetime | None = None,
    version: int = 0,
    **values: Any,
) -> Outcome:
    """Write a recommendation for `item` through the service."""
    values = {
        "recommendation": "Neoadjuvant strålbehandling, därefter operation.",
        "intent": "curative",
    } | values
    return save_outcome(item.pk, values, version=version, by=by, now=now or timezone.now())
