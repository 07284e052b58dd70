"""Each page with everything on, beside its two floors on the same rows, taken in turn in the same run."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from cases.models import Case
from checklists.models import Diagnosis
from checklists.queries import current_specs
from config.seeding.bulk import Bulk
from config.seeding.many import seed_cases
from config.seeding.people import Staff, demo_staff
from config.seeding.plans import plan_case
from mdk.models import Meeting, Series
from mdk.services.agenda import book_case
from mdk.services.publishing import publish_meeting
from tests.bench import bare
from tests.bench.measurement import line

ROUNDS = 30
CASES = 10_000
AGENDA, QUEUE = 40, 200


@dataclass(frozen=True)
class Page:
    """One page: who opens it where, and what stands under it; `n` is its number of rows."""

    name: str
    user: User
    path: str
    n: int
    sql: Callable[[], Any]
    view: Callable[[], Any]


def measure() -> Iterator[dict[str, object]]:
    """Make the rows, then yield three lines a page: beside SQL, beside the bare view, and the queries."""
    pages = prepare()
    for page in pages:
        yield from _lines(page)


def prepare() -> list[Page]:
    """Seed ten thousand cases and five published meetings of forty, and return the pages to measure."""
    now = timezone.now()
    seed_cases(CASES, seed=1, stage="workup", now=now)
    staff = demo_staff()
    meetings = _agendas(staff, timezone.localdate(now))
    factory = RequestFactory()
    hospital, reader, meeting = staff.hospital.pk, staff["radiolog1"], meetings[0].pk
    return [
        Page(
            "agenda-40", staff["lakare1"], f"/meetings/{meeting}/", AGENDA,
            lambda: bare.agenda_rows(meeting), lambda: bare.agenda(factory.get("/"), meeting),
        ),
        Page(
            "workbench-40-and-60-candidates", staff["koordinator"], f"/meetings/{meeting}/", AGENDA + 60,
            lambda: bare.workbench_rows(meeting), lambda: bare.workbench(factory.get("/"), meeting),
        ),
        Page(
            "workbench-40-and-400-candidates", staff["koordinator"], f"/meetings/{meeting}/?show=400", AGENDA + 400,
            lambda: bare.workbench_rows(meeting, 400), lambda: bare.workbench(factory.get("/"), meeting, 400),
        ),
        Page(
            "cases-50-of-10000", staff["koordinator"], "/cases/", 50,
            lambda: bare.case_rows(hospital), lambda: bare.cases(factory.get("/"), hospital),
        ),
        Page(
            "queue-200", reader, "/queue/", QUEUE,
            lambda: bare.queue_rows(reader.pk), lambda: bare.queue(factory.get("/"), reader.pk),
        ),
    ]  # fmt: skip


def _agendas(staff: Staff, today: date) -> list[Meeting]:
    """Return five published meetings of forty focused cases each, made by the services."""
    specs = {spec.slug: spec for spec in current_specs()}
    diagnoses = {row.slug: row for row in Diagnosis.objects.filter(slug__in=specs)}
    series = Series.objects.get(name="Kolorektal MDK")
    plans = (
        plan_case(number, seed=2, specs=specs, stage="ready", slug="colorectal", level="focused")
        for number in range(1, QUEUE + 1)
    )
    Bulk(staff=staff, diagnoses=diagnoses, specs=specs, series={"colorectal": series}, today=today).write(plans)
    cases = list(Case.objects.filter(external_reference__startswith="D2-").order_by("pk"))
    now = timezone.now()
    meetings = list(
        series.meetings.filter(cutoff_at__gt=now + timedelta(days=1)).order_by("starts_at")[: QUEUE // AGENDA]
    )
    Meeting.objects.filter(series=series).update(capacity_minutes=AGENDA * 4)
    for place, case in enumerate(cases):
        book_case(meetings[place // AGENDA].pk, case.pk, by=staff["koordinator"], now=now)
    return [publish_meeting(meeting.pk, by=staff["koordinator"], now=now) for meeting in meetings]


def client_of(user: User) -> Client:
    """Return a client that `user` is logged in on."""
    client = Client()
    client.force_login(user, backend="accounts.backends.PasswordBackend")
    return client


def _lines(page: Page) -> Iterator[dict[str, object]]:
    client = client_of(page.user)
    response = client.get(page.path)
    assert response.status_code == 200, f"{page.path} answers {response.status_code}"
    full, view, sql = medians(lambda: client.get(page.path), page.view, page.sql)
    with CaptureQueriesContext(connection) as queries:
        client.get(page.path)
    yield line(f"{page.name}, beside the bare view", full, "ms", view, page.n)
    yield line(f"{page.name}, beside bare SQL", full, "ms", sql, page.n)
    yield line(f"{page.name}, queries", len(queries), "queries", 2, page.n)


def medians(*calls: Callable[[], Any], rounds: int = ROUNDS) -> list[float]:
    """Return the median milliseconds of each call, taken in turn after three rounds to warm up."""
    taken: list[list[float]] = [[] for _ in calls]
    for number in range(rounds + 3):
        for place, call in enumerate(calls):
            began = time.perf_counter()
            call()
            if number >= 3:
                taken[place].append((time.perf_counter() - began) * 1000)
    return [statistics.median(times) for times in taken]
