"""What the tests of rebooking and carried preparation share: a firm place, its readers' work, and what comes after it."""

from datetime import datetime, timedelta

from cases.enums import ResultState
from cases.models import Case, Result
from cases.services.results import ResultData, change_result, edition_of
from mdk.models import AgendaItem, Meeting, Preparation
from mdk.services import preparation
from tests.domain_factories import House, make_series, place, ready_case

RADIOLOGY_MINUTES, PATHOLOGY_MINUTES = 9, 12
BOTH = RADIOLOGY_MINUTES + PATHOLOGY_MINUTES


def firm_place(house: House, now: datetime, **fields: object) -> AgendaItem:
    """Return the firm place of a ready case on the first of a series' meetings; its answers are an hour old."""
    first = make_series(house, now=now, **fields).meetings.order_by("starts_at")[0]
    return place(first, ready_case(house, now=now - timedelta(hours=1)), by=house.coordinator, now=now)


def meeting_after(meeting: Meeting) -> Meeting:
    """Return the next meeting of the same series."""
    return meeting.series.meetings.filter(starts_at__gt=meeting.starts_at).order_by("starts_at")[0]


def read(row: Preparation, house: House, now: datetime, minutes: int | None = None) -> Preparation:
    """Let a reader of the discipline finish one preparation: the one who holds it, if anybody."""
    row.refresh_from_db()
    reader = row.reader or (house.radiologist if row.discipline == "radiology" else house.pathologist)
    usual = RADIOLOGY_MINUTES if row.discipline == "radiology" else PATHOLOGY_MINUTES
    return preparation.complete(
        row.pk, minutes=usual if minutes is None else minutes, findings="Fynd.", by=reader, now=now
    )  # fmt: skip


def read_all(item: AgendaItem, house: House, now: datetime) -> None:
    """Let both disciplines finish: nine minutes of radiology, twelve of pathology."""
    for row in item.preparations.all():
        read(row, house, now)


def of(item: AgendaItem, discipline: str = "radiology") -> Preparation:
    """Return one discipline's preparation of an item, as it is now."""
    return Preparation.objects.get(item=item.pk, discipline=discipline)


def correct(result: Result, text: str, house: House, now: datetime) -> Result:
    """Correct the text of an answer through the service."""
    data = ResultData(
        kind=result.kind, state=ResultState(result.state), requirement=result.requirement,
        performed_on=result.performed_on, text=text, is_external=result.is_external,
    )  # fmt: skip
    return change_result(result.pk, data, seen=edition_of(result), by=house.clinician, now=now)


def take_back(case: Case, kind: str, requirement: str) -> None:
    """Let the answers to a requirement never have been there; the stored readiness is stale until it is asked for."""
    case.results.filter(kind=kind, requirement=requirement).delete()
    Case.objects.filter(pk=case.pk).update(readiness_changes_on="2000-01-01")
