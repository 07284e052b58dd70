"""Any number of cases: by the services one by one, or in bulk when there are many."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from random import Random

from django.db import transaction
from django.utils import timezone

from cases.models import Case
from cases.services.referral import CaseOpenAlready
from cases.services.refreshing import refresh_due_readiness
from cases.workdays import is_working_day
from checklists.models import Diagnosis
from checklists.queries import current_specs
from checklists.registry import spec_of
from config.seeding import story
from config.seeding.bulk import Bulk
from config.seeding.cases import at, carry_out
from config.seeding.conferences import demo_series
from config.seeding.people import Staff, demo_staff
from config.seeding.plans import CasePlan, plan_case
from mdk.enums import PLANNABLE
from mdk.models import Meeting, Series
from mdk.services.agenda import book_case, planned_minutes
from mdk.services.publishing import publish_meeting
from mdk.services.series import add_meeting

MOST_CASES = 500_000
BULK_FROM = 1_000
"""From so many cases on, rows are written in bulk: the services make some twenty cases a second."""
PER_MEETING = 14


def seed_cases(count: int, *, seed: int, stage: str = "", now: datetime) -> int:
    """Make the cases 1 to `count` of `seed` and return how many are new; a second run adds nothing.

    A patient of an earlier seeding with an open case for the same diagnosis and phase is passed over.
    """
    staff = demo_staff()
    specs = {spec.slug: spec for spec in current_specs()}
    diagnoses = {row.slug: row for row in Diagnosis.objects.filter(slug__in=specs)}
    today = timezone.localdate(now)
    series = demo_series(staff, diagnoses, today, at(today - timedelta(days=20), 9))
    plans = (plan_case(number, seed=seed, specs=specs, stage=stage) for number in range(1, count + 1))
    if count >= BULK_FROM:
        bulk = Bulk(staff=staff, diagnoses=diagnoses, specs=specs, series=_by_slug(series), today=today)
        made, to_book = bulk.write(plans)
    else:
        made, to_book = _by_services(plans, staff, diagnoses, _by_slug(series), today)
    _book(to_book, staff, _by_slug(series), now)
    refresh_due_readiness(now)
    return made


def _by_slug(series: dict[str, Series]) -> dict[str, Series]:
    return {diagnosis.slug: row for row in series.values() for diagnosis in row.diagnoses.all()}


def _by_services(
    plans: Iterable[CasePlan], staff: Staff, diagnoses: dict[str, Diagnosis], series: dict[str, Series], today: date
) -> tuple[int, list[Case]]:
    made, to_book = 0, []
    ended: dict[int, list[CasePlan]] = defaultdict(list)
    for plan in plans:
        if plan.stage == "closed":
            ended[series[plan.pathway.slug].pk].append(plan)
            continue
        if case := _carry_out(plan, staff, diagnoses, today):
            made += 1
            if plan.stage == "meeting":
                to_book.append(case)
    for series_id, rows in ended.items():
        rows.sort(key=lambda plan: plan.ended_days_ago)
        for first in range(0, len(rows), PER_MEETING):
            made += _past_meeting(series_id, rows[first : first + PER_MEETING], staff, diagnoses, today)
    return made, to_book


def _carry_out(plan: CasePlan, staff: Staff, diagnoses: dict[str, Diagnosis], base: date) -> Case | None:
    """Return the new case of the plan; None when it is there, or when the patient has such a case open."""
    try:
        with transaction.atomic():
            case, is_new = carry_out(plan, staff, diagnoses, base)
    except CaseOpenAlready:
        return None
    return case if is_new else None


@transaction.atomic
def _past_meeting(
    series_id: int, plans: Sequence[CasePlan], staff: Staff, diagnoses: dict[str, Diagnosis], today: date
) -> int:
    """Make a meeting of the past of these cases, from the first referral to its signature."""
    day = past_working_day(today - timedelta(days=plans[0].ended_days_ago))
    cases = [_carry_out(plan, staff, diagnoses, day - timedelta(days=5)) for plan in plans]
    found = [case for case in cases if case is not None]
    if not found:
        return 0
    koordinator, rng = staff["koordinator"], Random(plans[0].reference)  # noqa: S311 - synthetic data
    starts = at(day, 8, 15)
    while Meeting.objects.filter(series_id=series_id, starts_at=starts).exists():
        starts += timedelta(minutes=90)
    meeting = add_meeting(series_id, starts, by=koordinator, now=starts - timedelta(days=10))
    when = meeting.cutoff_at - timedelta(days=1)
    for case in found:
        book_case(meeting.pk, case.pk, by=koordinator, now=when)
    publish_meeting(meeting.pk, by=koordinator, now=when)
    story.prepare(meeting, staff, rng, now=when, share=1.0)
    story.run_through(meeting, staff, rng)
    return len(found)


def past_working_day(day: date) -> date:
    """Return the last working day up to `day`."""
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def _book(cases: Iterable[Case], staff: Staff, series: dict[str, Series], now: datetime) -> None:
    """Give the cases places on the coming meetings as far as there is room; the others go on waiting."""
    room: dict[int, list[list[int]]] = {}
    for case in cases:
        if case.readiness_state != "ready":
            continue
        conference = series[case.diagnosis.slug]
        if conference.pk not in room:
            room[conference.pk] = _room(conference, now)
        minutes = spec_of(case.definition_id).level(case.level).minutes
        free = next((entry for entry in room[conference.pk] if entry[1] >= minutes), None)
        if free:
            book_case(free[0], case.pk, by=staff["koordinator"], now=now)
            free[1] -= minutes


def _room(series: Series, now: datetime) -> list[list[int]]:
    """Return [meeting id, free minutes] of the coming meetings before their cut-off, soonest first."""
    coming = series.meetings.filter(starts_at__gt=now, cutoff_at__gt=now, status__in=PLANNABLE)
    return [[meeting.pk, meeting.capacity_minutes - planned_minutes(meeting)] for meeting in coming]
