"""Signed meetings of the past, in bulk, for closed cases."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from random import Random

from cases.models import Case
from cases.workdays import is_working_day, working_days_before
from checklists.spec import DefinitionSpec
from config.seeding.cases import at
from config.seeding.people import Staff
from config.seeding.plans import CasePlan
from config.seeding.story import outcome_values
from events.models import Event
from mdk.enums import ItemStatus, MeetingStatus, PreparationState
from mdk.models import AgendaItem, AgendaVersion, Meeting, Outcome, Preparation, Series
from mdk.queries.publishing import lines_of

PER_MEETING = 20


class PastMeetings:
    """Puts closed cases on meetings that are over: one after another on the working days of their time."""

    def __init__(
        self, *, staff: Staff, series: Mapping[str, Series], specs: Mapping[str, DefinitionSpec], today: date
    ) -> None:
        self.staff, self.series, self.specs, self.today = staff, series, specs, today
        self._taken = set(Meeting.objects.values_list("series_id", "starts_at"))

    def write(self, cases: Sequence[Case], plans: Sequence[CasePlan]) -> None:
        """Write meetings, items, lists, preparations, outcomes and events of these closed cases."""
        days = {plan.reference: plan.ended_days_ago for plan in plans}
        by_series: dict[int, list[Case]] = defaultdict(list)
        for case in sorted(cases, key=lambda case: days[case.external_reference]):
            by_series[self.series[case.diagnosis.slug].pk].append(case)
        series = {row.pk: row for row in self.series.values()}
        items = []
        for pk, rows in by_series.items():
            for first in range(0, len(rows), PER_MEETING):
                chunk = rows[first : first + PER_MEETING]
                meeting = self._meeting(series[pk], days[chunk[0].external_reference])
                items += [self._item(meeting, case, place) for place, case in enumerate(chunk, start=1)]
        AgendaItem.objects.bulk_create(items)
        AgendaVersion.objects.bulk_create(self._lists(items))
        Preparation.objects.bulk_create(row for item in items for row in self._preparations(item))
        outcomes = Outcome.objects.bulk_create(self._outcome(item) for item in items)
        Event.objects.bulk_create(event for outcome in outcomes for event in self._events(outcome))
        for item in items:
            item.case.status_changed_at = item.case.updated_at = self._signed_at(item.meeting)
        Case.objects.bulk_update(cases, ["status_changed_at", "updated_at"], batch_size=1000)
        units = {pk: [row.unit_id, *row.participating_units.values_list("pk", flat=True)] for pk, row in series.items()}
        through = Case.units.through
        through.objects.bulk_create(
            (through(case=item.case, unit_id=unit) for item in items for unit in units[item.meeting.series_id]),
            ignore_conflicts=True,
        )

    def _meeting(self, series: Series, days_ago: int) -> Meeting:
        day = self.today - timedelta(days=days_ago)
        while not is_working_day(day):
            day -= timedelta(days=1)
        starts = at(day, 7)
        while (series.pk, starts) in self._taken:
            starts += timedelta(minutes=15)
        self._taken.add((series.pk, starts))
        cutoff = at(working_days_before(day, series.cutoff_days), series.cutoff_time.hour)
        ends = starts + timedelta(minutes=series.minutes)
        chair, koordinator = self.staff["ordforande"], self.staff["koordinator"]
        return Meeting.objects.create(
            series=series, starts_at=starts, ends_at=ends, cutoff_at=cutoff, status=MeetingStatus.SIGNED,
            status_changed_at=ends + timedelta(hours=1), status_changed_by=chair, chair=chair,
            capacity_minutes=series.capacity_minutes, prep_capacity_minutes=series.prep_capacity_minutes,
            published_by=koordinator, published_at=cutoff - timedelta(days=1), started_at=starts, closed_at=ends,
            signed_by=chair, signed_at=ends + timedelta(hours=1),
        )  # fmt: skip

    def _item(self, meeting: Meeting, case: Case, place: int) -> AgendaItem:
        minutes = self.specs[case.diagnosis.slug].level(case.level).minutes
        return AgendaItem(
            meeting=meeting, case=case, level=case.level, position=place, minutes=minutes, status=ItemStatus.DONE,
            status_changed_at=meeting.ends_at, added_by=self.staff["koordinator"],
            added_at=meeting.cutoff_at - timedelta(days=1), seconds_used=minutes * 55,
        )  # fmt: skip

    def _lists(self, items: Sequence[AgendaItem]) -> Iterator[AgendaVersion]:
        """Yield the published list of each meeting."""
        for meeting, same in groupby(items, key=lambda item: item.meeting):
            places = [(item.pk, item.case_id, item.level, item.minutes) for item in same]
            yield AgendaVersion(
                meeting=meeting, number=1, published_by=self.staff["koordinator"],
                published_at=meeting.published_at or meeting.starts_at, content=lines_of(places),
            )  # fmt: skip

    def _preparations(self, item: AgendaItem) -> Iterator[Preparation]:
        level = self.specs[item.case.diagnosis.slug].level(item.level)
        done = item.meeting.cutoff_at - timedelta(hours=2)
        for discipline, minutes in level.prep_minutes.items():
            reader = self.staff[
                "patolog1" if discipline == "pathology" else ("radiolog1", "radiolog2")[item.case_id % 2]
            ]
            yield Preparation(
                item=item, discipline=discipline, reader=reader, claimed_at=done, estimate_minutes=minutes,
                state=PreparationState.DONE, state_changed_at=done, due_at=item.meeting.cutoff_at, started_at=done,
                findings="Demonstreras i tvärsnitt.", minutes=minutes, completed_by=reader, completed_at=done,
            )  # fmt: skip

    def _outcome(self, item: AgendaItem) -> Outcome:
        rng = Random(item.case_id)  # noqa: S311 - synthetic data
        chair = self.staff["ordforande"]
        values = outcome_values(item.case, item.level, rng, item.meeting.starts_at.date())
        return Outcome(
            item=item, **values, recorded_by=chair, recorded_at=item.meeting.ends_at,
            signed_by=chair, signed_at=self._signed_at(item.meeting),
        )  # fmt: skip

    def _events(self, outcome: Outcome) -> Iterator[Event]:
        item = outcome.item
        meeting, case = item.meeting, item.case
        chair, koordinator = self.staff["ordforande"].pk, self.staff["koordinator"].pk
        facts: tuple[tuple[str, datetime, int, str, int], ...] = (
            ("case.scheduled", item.added_at, koordinator, "case", case.pk),
            ("item.booked", item.added_at, koordinator, "agendaitem", item.pk),
            ("outcome.saved", outcome.recorded_at, chair, "outcome", outcome.pk),
            ("case.discussed", meeting.ends_at, chair, "case", case.pk),
            ("case.closed", self._signed_at(meeting), chair, "case", case.pk),
            ("outcome.signed", self._signed_at(meeting), chair, "outcome", outcome.pk),
        )
        for kind, when, actor, subject, pk in facts:
            yield Event(
                kind=kind, at=when, actor_id=actor, unit_id=case.unit_id, subject_type=subject, subject_id=pk,
                case_id=case.pk, meeting_id=meeting.pk,
            )  # fmt: skip

    def _signed_at(self, meeting: Meeting) -> datetime:
        return meeting.signed_at or meeting.ends_at
