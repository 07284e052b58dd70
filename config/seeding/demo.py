"""The demo: one hospital's week of conferences, made by the real services with past times.

Yesterday's meeting was run through and signed; the next agendas are published and partly prepared, one of them a second
time, and one has an addition that waits for its chair; the week after is in planning; the rest of the cases wait, some of
them with something missing, at provisional dates.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import count, zip_longest
from random import Random

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cases.enums import ClearanceKind, ReadinessState
from cases.forecast import count_turnarounds
from cases.models import Case
from cases.readiness.store import readiness_of
from cases.services.clearance import clear_requirement
from cases.services.editing import withdraw_case
from cases.services.refreshing import refresh_due_readiness
from cases.services.sites import set_viewer
from checklists.models import Diagnosis
from checklists.queries import current_specs
from config.seeding import story
from config.seeding.agendas import ask_late, change_published
from config.seeding.bulk import Bulk
from config.seeding.cases import at, carry_out
from config.seeding.conferences import demo_series
from config.seeding.messages import send_messages
from config.seeding.people import Staff, demo_staff
from config.seeding.plans import can_have, plan_case
from config.seeding.roster import seed_duties, seed_earlier_weeks, seed_roster
from events.models import Delivery, Notice
from mdk.models import Meeting, Preparation, Series
from mdk.services import preparation
from mdk.services.agenda import book_case, lift_item, order_items
from mdk.services.overload import warn_overloaded
from mdk.services.paces import count_paces
from mdk.services.provisional import follow_provisional
from mdk.services.publishing import publish_meeting
from mdk.services.series import add_meeting

SEED = 7
HISTORY_SEED = 8
HISTORY_CASES = 240


class Demo:
    """One seeding of the demo on the day `today`: numbers the cases and knows people, series and diagnoses."""

    def __init__(self, today: date, now: datetime) -> None:
        self.today, self.now = today, now
        self.rng = Random(SEED)  # noqa: S311 - synthetic data
        self.staff: Staff = demo_staff()
        self.specs = {spec.slug: spec for spec in current_specs()}
        self.diagnoses = {row.slug: row for row in Diagnosis.objects.filter(slug__in=self.specs)}
        began = at(today - timedelta(days=20), 9)
        self.series: dict[str, Series] = demo_series(self.staff, self.diagnoses, today, began)
        self._numbers = count(1)

    def cases(
        self, slugs: Sequence[str], stage: str, base: date | None = None, levels: Sequence[str] = ()
    ) -> list[Case]:
        """Return one new case for each of `slugs`, brought to `stage` as of `base` (today), at its level if given."""
        made = []
        for slug, level in zip_longest(slugs, levels, fillvalue=""):
            number = next(n for n in self._numbers if can_have(n, SEED, slug))
            plan = plan_case(number, seed=SEED, specs=self.specs, stage=stage, slug=slug, level=level)
            made.append(carry_out(plan, self.staff, self.diagnoses, base or self.today)[0])
        return made

    def meeting(self, name: str, place: int = 0) -> Meeting:
        """Return the coming meeting of the series `name`; the `place`:th from now."""
        return self.series[name].meetings.filter(starts_at__gt=self.now).order_by("starts_at")[place]

    def book(self, meeting: Meeting, cases: list[Case], *, when: datetime, provisional: bool = False) -> None:
        """Book `cases` on `meeting`, one a minute from `when`."""
        for place, case in enumerate(cases):
            moment = when + timedelta(minutes=place)
            book_case(meeting.pk, case.pk, by=self.staff["koordinator"], now=moment, provisional=provisional)

    def publish(self, meeting: Meeting, when: datetime) -> None:
        """Publish the agenda of `meeting`."""
        publish_meeting(meeting.pk, by=self.staff["koordinator"], now=when)


def is_seeded() -> bool:
    """Whether the demo is there already."""
    return Case.objects.filter(external_reference=f"D{SEED}-000001").exists()


def seed_demo(now: datetime) -> int:
    """Make the demo once; returns the number of cases made (0 when it was there)."""
    if is_seeded():
        return 0
    with transaction.atomic():
        demo = Demo(timezone.localdate(now), now)
        _image_viewer(demo)
        _history(demo)
        seed_roster(demo)
        seed_earlier_weeks(demo)
        _signed_meeting(demo)
        _coming_meetings(demo)
        seed_duties(demo)
        _waiting_cases(demo)
        send_messages(demo.staff, seed=SEED, now=demo.now - timedelta(minutes=40))
        change_published(demo)
        ask_late(demo)
        _settle(demo)
        return Case.objects.count()


def _image_viewer(demo: Demo) -> None:
    """The hospital opens its images at the first host that the installation allows."""
    for host in settings.IMAGE_VIEWER_HOSTS[:1]:
        address = f"https://{host}/open?accession={{accession_number}}"
        set_viewer(demo.staff.hospital.pk, address, by=demo.staff["admin"], now=demo.now)


def _history(demo: Demo) -> None:
    """The conferences of the last months: what the forecast learns from how long answers took."""
    plans = (plan_case(n, seed=HISTORY_SEED, specs=demo.specs, stage="closed") for n in range(1, HISTORY_CASES + 1))
    by_slug = {diagnosis.slug: row for row in demo.series.values() for diagnosis in row.diagnoses.all()}
    bulk = Bulk(staff=demo.staff, diagnoses=demo.diagnoses, specs=demo.specs, series=by_slug, today=demo.today)
    bulk.write(plans)


def _signed_meeting(demo: Demo) -> None:
    """Yesterday's meeting: nine cases, one deferred, the last not reached; its protocol is signed."""
    day = demo.today - timedelta(days=1)
    koordinator = demo.staff["koordinator"]
    series = demo.series["Kolorektal MDK"]
    began = at(day - timedelta(days=10), 9)
    meeting = add_meeting(series.pk, at(day, 8, 15), by=koordinator, now=began)
    levels = ("full", "full", "focused", "focused", "full", "focused", "protocol", "protocol", "full")
    cases = demo.cases(("colorectal",) * 9, "ready", day - timedelta(days=5), levels)
    when = meeting.cutoff_at - timedelta(days=1, hours=3)
    demo.book(meeting, cases, when=when)
    as_booked = list(meeting.items.order_by("pk").values_list("pk", flat=True))
    order_items(meeting.pk, as_booked, by=koordinator, now=when + timedelta(minutes=50))
    demo.publish(meeting, when + timedelta(hours=1))
    story.prepare(meeting, demo.staff, demo.rng, now=when + timedelta(hours=2), share=1.0)
    story.run_through(meeting, demo.staff, demo.rng, deferred=4, left=1, guests=False)


def _coming_meetings(demo: Demo) -> None:
    """The next working day is published and partly prepared; the days after are in planning."""
    week = min(demo.now, at(demo.today, 8)) - timedelta(days=4)
    levels = (
        "full",
        "focused",
        "focused",
        "full",
        "protocol",
        "full",
        "focused",
        "full",
        "protocol",
        "focused",
        "protocol",
    )
    _published(demo, "Kolorektal MDK", ("colorectal",) * 11, week, share=0.5, levels=levels)
    _published(demo, "Hud-MDK", ("melanoma",) * 6, week, share=0.4)
    _published(demo, "Bröst-MDK", ("breast",) * 8, week, share=0.1)
    for name, slugs in (
        ("Uro-MDK", ("prostate", "bladder-upper-urinary-tract", "kidney", "prostate", "prostate")),
        ("Lung-MDK", ("lung",) * 4),
        ("Gyn-MDK", ("corpus-uteri", "ovary")),
    ):
        demo.book(demo.meeting(name), demo.cases(slugs, "ready"), when=demo.now - timedelta(hours=3))
    provisional = demo.cases(("lung", "cervix"), "workup")
    for name, case in zip(("Lung-MDK", "Gyn-MDK"), provisional, strict=True):
        demo.book(demo.meeting(name), [case], when=demo.now - timedelta(hours=1), provisional=True)


def _published(
    demo: Demo, name: str, slugs: tuple[str, ...], week: datetime, *, share: float, levels: Sequence[str] = ()
) -> None:
    meeting = demo.meeting(name)
    when = min(week, meeting.cutoff_at - timedelta(days=1))
    cases = demo.cases(slugs, "ready", timezone.localdate(when), levels)
    demo.book(meeting, cases, when=when)
    _order(demo, meeting, when + timedelta(minutes=50))
    demo.publish(meeting, when + timedelta(hours=1))
    story.prepare(meeting, demo.staff, demo.rng, now=when + timedelta(hours=3), share=share)
    _send_one_back(demo, meeting, when + timedelta(hours=26))
    if name == "Kolorektal MDK":
        story.disagree(meeting, demo.staff, now=when + timedelta(hours=5))
    listed = meeting.items.filter(level="protocol").first()
    if listed and name == "Kolorektal MDK":
        lift_item(
            listed.pk,
            reason="Patienten har hört av sig med nya besvär; bör diskuteras.",
            by=demo.staff["lakare1"],
            now=when + timedelta(hours=27),
        )


def _order(demo: Demo, meeting: Meeting, when: datetime) -> None:
    """Those not yet operated first, the operated after, what is only listed last."""
    items = meeting.items.filter(position__isnull=False).select_related("case")
    order = sorted(items, key=lambda i: (i.level == "protocol", i.case.phase == "post_operative", i.position))
    order_items(meeting.pk, [item.pk for item in order], by=demo.staff["koordinator"], now=when)


def _send_one_back(demo: Demo, meeting: Meeting, when: datetime) -> None:
    """The last untouched preparation of radiology goes back to the clinician with a reason, from whoever it was given."""
    row = Preparation.objects.filter(item__meeting=meeting, discipline="radiology", state="todo").last()
    if row:
        reason = "Undersökningen från hemsjukhuset går inte att öppna. Begär bilderna på nytt."
        preparation.send_back(row.pk, reason=reason, by=row.reader or demo.staff["radiolog1"], now=when)


def _waiting_cases(demo: Demo) -> None:
    """Cases that wait: just referred, in work-up, ready without a place; one waived, one withdrawn."""
    demo.cases(("colorectal", "prostate", "breast", "lung", "melanoma", "ovary"), "intake")
    workup = demo.cases(
        ("colorectal", "colorectal", "colorectal", "prostate", "prostate", "breast", "kidney", "lung", "corpus-uteri"),
        "workup",
    )
    demo.cases(("colorectal", "colorectal", "breast", "prostate", "bladder-upper-urinary-tract", "melanoma"), "ready")
    case = next(case for case in workup if case.readiness_state == ReadinessState.NOT_READY)
    finding = next(f for f in readiness_of(case, demo.today).findings if f.requirement and f.code.startswith("answer"))
    clear_requirement(
        case.pk,
        finding.requirement,
        kind=ClearanceKind.WAIVED,
        reason="Patienten avstår undersökningen; frågan kan besvaras utan den.",
        by=demo.staff["lakare1"],
        now=demo.now - timedelta(hours=5),
    )
    withdraw_case(
        workup[-1].pk,
        reason="Patienten har valt att utredas vid annat sjukhus.",
        by=demo.staff["lakare1"],
        now=demo.now - timedelta(hours=4),
    )


def _settle(demo: Demo) -> None:
    """Bring readiness, forecast and provisional places up to today; what was told some days ago has been read, and every mail was sent."""
    refresh_due_readiness(demo.now)
    count_turnarounds(demo.now)
    count_paces(demo.now)
    warn_overloaded(now=demo.now)
    follow_provisional(now=demo.now)
    read = Notice.objects.filter(read_at__isnull=True, created_at__lt=demo.now - timedelta(days=3, hours=12))
    read.update(read_at=F("created_at") + timedelta(hours=2))
    Delivery.objects.filter(state=Delivery.State.PENDING).update(state=Delivery.State.SENT, sent_at=F("due_at"))
    # Nothing is left to send, so nobody need be woken for each of these facts after the commit.
    transaction.get_connection().run_on_commit.clear()
