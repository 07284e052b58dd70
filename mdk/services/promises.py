"""A promised date that the forecast endangers: said at once, once per endangering (DESIGN.md, section 1)."""

from datetime import datetime

from django.utils import timezone

from accounts.models import User
from accounts.permissions import Role
from accounts.queries import people_in_role
from cases.models import Case
from events.record import record
from mdk.queries.promises import is_endangered, warned


def follow_promise(case: Case, *, starts_at: datetime | None, now: datetime) -> bool:
    """Warn that the case's promised date is in danger, or write down that it is safe again; return whether it warned.

    `starts_at` is when the case is expected to be discussed, None where no meeting is likely; `case` is locked. Once
    warned, again only after it was safe in between or another date was promised. Leaves `promise.at_risk`, which tells
    the responsible clinician, the contact nurse and the coordinators, or `promise.safe`.
    """
    if case.promised_on is None:
        return False
    last = warned([case.pk]).get(case.pk, "")
    promised = case.promised_on.isoformat()
    is_at_risk = is_endangered(case.promised_on, starts_at)
    if is_at_risk == (last == promised) or not (is_at_risk or last):
        return False
    if not is_at_risk:
        record(
            "promise.safe", by=None, system="forecast", now=now, subject=case, case=case.pk, unit=case.unit_id,
            data={"promised_on": promised},
        )  # fmt: skip
        return False
    expected = timezone.localdate(starts_at).isoformat() if starts_at else ""
    record(
        "promise.at_risk", by=None, system="forecast", now=now, subject=case, case=case.pk, unit=case.unit_id,
        to=_people(case, now), data={"promised_on": promised, "expected_on": expected},
    )  # fmt: skip
    return True


def _people(case: Case, now: datetime) -> list[User]:
    people = [case.responsible_clinician]
    if case.contact_nurse:
        people.append(case.contact_nurse)
    units = case.units.values_list("pk", flat=True)
    return [*people, *people_in_role(Role.COORDINATOR, units, timezone.localdate(now))]
