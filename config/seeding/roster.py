"""The demo's roster: minutes a week, days away, what readers read, who is on duty; and the weeks that taught their pace."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from cases.workdays import first_working_day
from config.seeding import story
from config.seeding.cases import at
from mdk.queries.capacity import monday_of
from mdk.services.roster import record_absence, set_capacity, set_duty, set_reads
from mdk.services.series import add_meeting

if TYPE_CHECKING:
    from config.seeding.demo import Demo

MINUTES = {"radiolog1": 150, "radiolog2": 120, "patolog1": 75}
"""A week, of preparation."""
READS = {"radiolog2": ("breast", "colorectal", "melanoma", "lung", "prostate", "kidney", "bladder-upper-urinary-tract")}
EARLIER = (15, 8)
"""How many days ago conferences were held that readers prepared for."""
LEVELS = ("full", "focused", "full", "focused", "full", "protocol")


def seed_roster(demo: "Demo") -> None:
    """State the readers' weeks from two months ago, with more minutes next month; one is away for two days next week."""
    by, monday = demo.staff["koordinator"], monday_of(demo.today)
    began = at(demo.today - timedelta(days=56), 10)
    for key, minutes in MINUTES.items():
        pk = demo.staff[key].pk
        set_capacity(pk, from_on=monday - timedelta(weeks=8), weekly_minutes=minutes, by=by, now=began)
    more = MINUTES["radiolog1"] + 30
    set_capacity(demo.staff["radiolog1"].pk, from_on=monday + timedelta(weeks=5), weekly_minutes=more, by=by, now=began)
    for key, slugs in READS.items():
        reads = [demo.diagnoses[slug] for slug in slugs]
        set_reads(demo.staff[key].pk, diagnoses=reads, by=by, now=began)
    away = monday + timedelta(days=9)
    reader = demo.staff["radiolog2"]
    record_absence(reader.pk, first_on=away, last_on=away + timedelta(days=1), by=reader, now=began)


def seed_duties(demo: "Demo") -> None:
    """Choose who reads for the second coming colorectal conference; the others follow the roster of their series."""
    meeting = demo.meeting("Kolorektal MDK", 1)
    readers = {"radiology": [demo.staff["radiolog1"]], "pathology": [demo.staff["patolog1"]]}
    set_duty(meeting.pk, readers=readers, by=demo.staff["koordinator"], now=demo.now - timedelta(days=2))


def seed_earlier_weeks(demo: "Demo") -> None:
    """Hold the conferences of the last weeks: prepared, run through and signed."""
    for days in EARLIER:
        day = first_working_day(demo.today - timedelta(days=days))
        _hold(demo, day, at(day - timedelta(days=4), 10))


def _hold(demo: "Demo", day: date, began: datetime) -> None:
    series = demo.series["Kolorektal MDK"]
    meeting = add_meeting(series.pk, at(day, 8, 15), by=demo.staff["koordinator"], now=began)
    cases = demo.cases((series.diagnoses.get().slug,) * len(LEVELS), "ready", day - timedelta(days=3), LEVELS)
    when = meeting.cutoff_at - timedelta(days=1, hours=3)
    demo.book(meeting, cases, when=when)
    demo.publish(meeting, when + timedelta(hours=1))
    story.prepare(meeting, demo.staff, demo.rng, now=when + timedelta(hours=2), share=1.0)
    story.run_through(meeting, demo.staff, demo.rng, guests=False)
