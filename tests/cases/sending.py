"""Reports and merges as the readers of other systems' messages give them, and a message row to hang them on."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import Unit
from cases.enums import Channel, ResultSource, ResultState
from cases.identity import PERSONAL_NUMBER
from cases.models import Case, InboundMessage, Report
from cases.reports import PatientMerge, PatientUpdate, ReportCode, ReportData, ReportedIdentity, stamp_of
from cases.services.merging import merge_patients, update_patient
from cases.services.placing import take_report
from checklists.models import Definition, Diagnosis
from tests.domain_factories import House, make_diagnosis, synthetic_number

_numbers = count(1)
_people = count(9000)
ISSUED = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
CT_CODE = ReportCode("http://loinc.org", "24627-2", "CT Chest")
_RANK = {"ordered": "ordered", "preliminary": "preliminary", "final": "final", "cancelled": "cancelled"}


def new_number() -> ReportedIdentity:
    """Return a personal number that nobody has yet."""
    return ReportedIdentity(PERSONAL_NUMBER, synthetic_number(next(_people)))


def number_in(case: Case) -> ReportedIdentity:
    """Return the number of the case's patient as a sender writes it."""
    return ReportedIdentity(case.patient.identity_system, case.patient.identity_value)


def report(
    about: Case | ReportedIdentity | None = None, *, at: int = 0, state: str = "final", **fields: Any
) -> ReportData:
    """Return a report of a CT about the patient; `at` is when its version was issued, in minutes."""
    if "identities" not in fields:
        one = number_in(about) if isinstance(about, Case) else about
        fields["identities"] = (one,) if one else ()
    data = ReportData(
        external_id=f"RIS|{next(_numbers)}",
        stamp="",
        state=ResultState(state),
        kind="radiology",
        modality="CT",
        title="",
        text="Inga metastaser.",
        performed_on=date(2026, 11, 1) if state in ("final", "preliminary") else None,
    )
    return stamped(replace(data, **fields), at)


def stamped(data: ReportData, at: int, **fields: Any) -> ReportData:
    """Return the report as a version issued `at` minutes after eight o'clock, with other `fields`."""
    data = replace(data, **fields)
    if data.state in ("final", "preliminary") and data.performed_on is None:
        data = replace(data, performed_on=date(2026, 11, 1))
    rank = "corrected" if data.is_corrected and data.state == "final" else _RANK[data.state]
    content = repr(replace(data, stamp="")).encode()
    return replace(data, stamp=stamp_of(ISSUED + timedelta(minutes=at), rank, content))


def store_message(provider: Unit, raw: bytes = b"") -> InboundMessage:
    """Return a stored message: what it says goes by the functions below."""
    n, now = next(_numbers), timezone.now()
    return InboundMessage.objects.create(
        provider=provider, channel=Channel.HL7V2, raw=raw or b"%d" % n, digest=f"{n}", received_at=now, due_at=now
    )


def send(house: House, data: ReportData, *, now: datetime | None = None) -> Report:
    """Let the report take effect at the hospital."""
    message = store_message(house.hospital)
    return take_report(
        data, provider=house.hospital, source=ResultSource.HL7V2, message_id=message.pk, now=now or timezone.now()
    )


def merge(
    house: House,
    old: ReportedIdentity,
    new: ReportedIdentity,
    *,
    at: int = 0,
    name: str = "",
    now: datetime | None = None,
) -> InboundMessage:
    """Let a merge take effect at the hospital; returns its message."""
    message = store_message(house.hospital)
    said = PatientMerge((old,), (new,), name, ISSUED + timedelta(minutes=at))
    merge_patients(said, provider=house.hospital, message=message, now=now or timezone.now())
    message.refresh_from_db()
    return message


def rename(house: House, who: ReportedIdentity, name: str, *, at: int = 0) -> None:
    """Let a new name take effect at the hospital."""
    said = PatientUpdate((who,), name, ISSUED + timedelta(minutes=at))
    update_patient(said, provider=house.hospital, now=timezone.now())


def with_codes(codes: Mapping[str, tuple[str, str]], slug: str = "colorectal") -> Diagnosis:
    """Publish the diagnosis with a code (system, code) declared for each of the named requirements."""
    diagnosis = make_diagnosis(slug)
    assert diagnosis.current is not None
    content = dict(diagnosis.current.content)
    content["requirements"] = [
        one
        | ({"codes": [dict(zip(("system", "code"), codes[one["key"]], strict=True))]} if one["key"] in codes else {})
        for one in content["requirements"]
    ]
    n = next(_numbers)
    content["version"] = f"{diagnosis.current.version}.{n}"
    diagnosis.current = Definition.objects.create(
        diagnosis=diagnosis, version=content["version"], content=content, digest=f"codes {n}",
        published_at=timezone.now(),
    )  # fmt: skip
    diagnosis.save(update_fields=["current"])
    return diagnosis


def state_of(case: Case, requirement: str) -> str:
    """Return how the stored readiness of the case says that the requirement stands."""
    case.refresh_from_db()
    return next(one["state"] for one in case.readiness["checks"] if one["requirement"] == requirement)
