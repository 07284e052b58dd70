"""One policy's year as a discrete-event simulation: what people do, they do through the project's own services.

The clock of SimPy counts minutes from the beginning. A referral, an answer, a cut-off, an afternoon of preparation and a
meeting are its processes; each calls services with `now`, and the wall clock is set to the same moment.
"""

from collections.abc import Generator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import simpy
import time_machine
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from cases.enums import ReadinessState, ResultSource, ResultState
from cases.forecast import count_turnarounds
from cases.models import Case
from cases.services.clearance import attest_case
from cases.services.results import ResultData, register_result
from mdk.enums import FIRM_ITEMS, ItemStatus, MeetingStatus, PreparationState, RebookingReason
from mdk.models import AgendaItem, Meeting, Preparation
from mdk.queries.proposals import first_likely
from mdk.services import preparation
from mdk.services.agenda import book_case
from mdk.services.cutoff import confirm_round
from mdk.services.firming import make_firm
from mdk.services.live import close_meeting, start_meeting
from mdk.services.outcome import save_outcome
from mdk.services.provisional import follow_provisional
from mdk.services.publishing import publish_meeting
from mdk.services.rebooking import rebook_item
from mdk.services.series import extend_series
from tests.bench.simulation.counts import Counts
from tests.bench.simulation.hospital import MINUTES, REQUIREMENTS, TROUBLE, Answer, Arrival, Hospital, reader_of
from tests.bench.simulation.policies import Policy
from tests.domain_factories import make_case

Process = Generator[simpy.Event, None, None]
AS_TODAY = "Så bokas det i dag."
MISSING = {"radiology": RebookingReason.RADIOLOGY_MISSING, "pathology": RebookingReason.PATHOLOGY_MISSING}


class World:
    """The hospital under one policy, from its beginning for some days."""

    def __init__(self, policy: Policy, hospital: Hospital, patients: list[Arrival], days: int) -> None:
        self.policy, self.hospital, self.house = policy, hospital, hospital.house
        self.env = simpy.Environment()
        self.ends = days * 24 * 60
        self.random = Random(hospital.seed + 1)
        self.counts = Counts(policy)
        self.env.process(self._referrals(patients))
        self.env.process(self._nights())
        if policy.books == "provisional":
            self.env.process(self._sweeps())

    def run(self) -> Counts:
        """Let the year pass, and return what was counted."""
        self.env.run(until=self.ends)
        return self.counts

    @property
    def now(self) -> datetime:
        """The simulated moment."""
        return self.hospital.began + timedelta(minutes=self.env.now)

    def _until(self, moment: datetime) -> simpy.Event:
        return self.env.timeout(max(0, (moment - self.now).total_seconds() / 60))

    # What happens by itself

    def _referrals(self, patients: list[Arrival]) -> Process:
        for patient in patients:
            yield self._until(patient.at)
            with time_machine.travel(self.now, tick=False):
                case = self._refer(patient)
            for answer in patient.answers:
                if answer.comes_at:
                    self.env.process(self._answer(case.pk, answer, answer.comes_at))

    def _refer(self, patient: Arrival) -> Case:
        now, clinician = self.now, self.house.clinician
        case = make_case(self.house, now=now, suspected_on=patient.suspected_on)
        for answer in patient.answers:
            self._register(case.pk, answer, is_there=answer.comes_at is None)
        attest_case(case.pk, by=clinician, now=now)
        case.refresh_from_db()
        self._book(case)
        return case

    def _register(self, case_id: int, answer: Answer, *, is_there: bool) -> None:
        day = timezone.localdate(self.now)
        data = ResultData(
            kind=answer.kind, requirement=REQUIREMENTS[answer.kind], source=ResultSource.HL7V2,
            external_id=f"{case_id}-{answer.kind}",
            state=ResultState.FINAL if is_there else ResultState.ORDERED,
            performed_on=day if is_there else None, ordered_on=day,
        )  # fmt: skip
        register_result(case_id, data, by=None, now=self.now)

    def _answer(self, case_id: int, answer: Answer, comes_at: datetime) -> Process:
        yield self._until(comes_at)
        with time_machine.travel(self.now, tick=False):
            self._register(case_id, answer, is_there=True)

    def _nights(self) -> Process:
        """Every Monday before work: the calendar is extended and the turn-round counted; new meetings get their days."""
        known: set[int] = set()
        while True:
            with time_machine.travel(self.now, tick=False):
                extend_series(now=self.now)
                count_turnarounds(self.now)
                for meeting in Meeting.objects.filter(
                    starts_at__lt=self.now + timedelta(weeks=2), starts_at__gt=self.now
                ):
                    if meeting.pk not in known:
                        known.add(meeting.pk)
                        self.env.process(self._meeting(meeting))
            yield self.env.timeout(7 * 24 * 60)

    def _sweeps(self) -> Process:
        """The provisional dates follow the answers: every two hours of the working day here."""
        while True:
            if 7 <= timezone.localtime(self.now).hour <= 17:
                with time_machine.travel(self.now, tick=False):
                    follow_provisional(now=self.now)
            yield self.env.timeout(120)

    # A meeting: cut-off, preparation, the meeting itself

    def _meeting(self, meeting: Meeting) -> Process:
        yield self._until(meeting.cutoff_at)
        with time_machine.travel(self.now, tick=False):
            self._cut_off(meeting.pk)
            publish_meeting(meeting.pk, by=self.house.coordinator, now=self.now)
        yield self._until(meeting.starts_at - timedelta(hours=15))
        with time_machine.travel(self.now, tick=False):
            self._prepare(meeting.pk)
        yield self._until(meeting.starts_at)
        with time_machine.travel(self.now, tick=False):
            self._hold(meeting.pk)

    def _cut_off(self, meeting_id: int) -> None:
        if self.policy.books == "provisional":
            confirm_round(meeting_id, by=self.house.coordinator, now=self.now)
        elif self.policy.gate:
            for item in self._firm(meeting_id):
                if item.case.readiness_state != ReadinessState.READY:
                    self._rebook(item, _what_lacks(item.case))

    def _prepare(self, meeting_id: int) -> None:
        """The readers prepare what is firm, ready or not: they cannot tell."""
        found = Preparation.objects.filter(item__meeting_id=meeting_id, item__status=ItemStatus.PLANNED)
        for number, one in enumerate(found.select_related("item", "reader").order_by("pk")):
            is_again = one.state == PreparationState.DONE and not self.policy.carries
            if one.state == PreparationState.DONE and not is_again:
                continue
            minutes = self._minutes(one)
            self.counts.prepared(one, minutes, self.now)
            if not is_again:
                reader = one.reader or reader_of(self.house, one.discipline, number)
                preparation.complete(one.pk, minutes=minutes, findings="cT3bN1.", by=reader, now=self.now)

    def _minutes(self, one: Preparation) -> int:
        usual = one.estimate_minutes if one.carried_over_from_id and self.policy.carries else MINUTES[one.discipline]
        return max(1, round(usual * self.random.lognormvariate(0, 0.35)))

    def _hold(self, meeting_id: int) -> None:
        start_meeting(meeting_id, by=self.house.chair, now=self.now)
        for item in self._firm(meeting_id):
            if item.case.readiness_state != ReadinessState.READY:
                self._rebook(item, _what_lacks(item.case))
            elif self.random.random() < TROUBLE:
                self._rebook(item, RebookingReason.PATIENT_ILL)
            else:
                values = {"recommendation": "Operation.", "intent": "curative"}
                save_outcome(item.pk, values, version=0, by=self.house.chair, now=self.now)
                self.counts.discussed(item.case, self.now)
        close_meeting(meeting_id, by=self.house.chair, now=self.now)

    def _firm(self, meeting_id: int) -> list[AgendaItem]:
        items = AgendaItem.objects.filter(meeting_id=meeting_id, status__in=[ItemStatus.PLANNED, ItemStatus.DISCUSSING])
        return list(items.select_related("case").order_by("position"))

    # Booking

    def _book(self, case: Case) -> None:
        if self.policy.books == "provisional":
            return
        meeting = self._place_for(case)
        if case.readiness_state == ReadinessState.READY:
            book_case(meeting.pk, case.pk, by=self.house.coordinator, now=self.now)
        else:
            book_case(meeting.pk, case.pk, by=self.house.coordinator, now=self.now, override_reason=AS_TODAY)

    def _rebook(self, item: AgendaItem, reason: str) -> None:
        """Give the case another place, by the policy; preparation that is not carried counts as lost."""
        by = self.house.coordinator
        if self.policy.books == "provisional":
            done = rebook_item(item.pk, reason=reason, by=by, now=self.now)
        else:
            done = rebook_item(item.pk, reason=reason, by=by, now=self.now, meeting_id=self._place_for(item.case).pk)
            if done.item and done.item.status == ItemStatus.PROVISIONAL:
                make_firm(done.item.pk, by=by, now=self.now, override_reason=AS_TODAY)
        self.counts.rebooked(done.rebooking)

    def _place_for(self, case: Case) -> Meeting:
        """Return the meeting that the policy books: the first with room, or the first that is also likely enough."""
        if self.policy.books == "likely" and (likely := first_likely(case, now=self.now)):
            return likely
        planned = Coalesce(Sum("items__minutes", filter=Q(items__status__in=FIRM_ITEMS)), 0)
        minutes = self.hospital.minutes_a_case
        free = (
            Meeting.objects.filter(cutoff_at__gt=self.now, status__in=[MeetingStatus.PLANNED, MeetingStatus.PUBLISHED])
            .annotate(planned=planned)
            .filter(planned__lte=F("capacity_minutes") - minutes)
        )
        return free.order_by("starts_at")[0]


def _what_lacks(case: Case) -> str:
    kinds: list[Any] = [f["kind"] for f in case.readiness["findings"] if f["severity"] != "warning"]
    return next((MISSING[kind] for kind in kinds if kind in MISSING), RebookingReason.CLINICAL_MISSING)
