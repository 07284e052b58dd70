"""Over any chain of places a minute that a reader has spent is counted once: open, used, kept or lost."""

from datetime import datetime, timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from cases.enums import CaseEnding, CaseStatus
from cases.models import Case
from cases.services.editing import withdraw_case
from mdk.enums import ItemStatus, PreparationState, RebookingReason
from mdk.models import AgendaItem, Preparation, Rebooking
from mdk.queries.fates import GIVEN_UP, KEPT, LOST, OPEN, USED, with_fate
from mdk.services import preparation
from mdk.services.agenda import book_case, take_off
from mdk.services.cancelling import cancel_meeting
from mdk.services.firming import make_firm
from mdk.services.rebooking import rebook_item
from mdk.services.reopening import reopen_changed
from tests.domain_factories import House, add_result, make_house, make_series, ready_case

START = timezone.now()
OPEN_STATES = (PreparationState.WAITING, PreparationState.TODO, PreparationState.IN_PROGRESS)
disciplines = st.sampled_from(["radiology", "pathology"])


class Chain(RuleBasedStateMachine):
    """One case that is booked, read, moved, taken off, booked again, and ended or discussed."""

    house: House
    case: Case

    def __init__(self) -> None:
        super().__init__()
        self.house = make_house()
        self.now = START
        self.series = make_series(self.house, now=START, readers=[])
        self.case = ready_case(self.house, now=START - timedelta(days=1))
        self.spent = {"radiology": 0, "pathology": 0}
        self.carried: list[tuple[int, int]] = []

    def tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    @property
    def item(self) -> AgendaItem | None:
        return AgendaItem.objects.filter(case=self.case, status__in=["planned", "provisional"]).first()

    @property
    def firm(self) -> bool:
        return bool(self.item and self.item.status == ItemStatus.PLANNED)

    def waits(self) -> bool:
        return self.item is None and Case.objects.get(pk=self.case.pk).status == CaseStatus.REFERRED

    def reader(self, discipline: str) -> object:
        return self.house.radiologist if discipline == "radiology" else self.house.pathologist

    @precondition(lambda self: self.waits())
    @rule(provisional=st.booleans())
    def book(self, provisional: bool) -> None:
        meeting = self.series.meetings.filter(cutoff_at__gt=self.now, status="planned").order_by("starts_at")[0]
        book_case(meeting.pk, self.case.pk, by=self.house.coordinator, now=self.tick(), provisional=provisional)

    @precondition(lambda self: self.item and not self.firm)
    @rule()
    def confirm(self) -> None:
        assert self.item
        make_firm(self.item.pk, by=self.house.coordinator, now=self.tick())

    @precondition(lambda self: self.firm)
    @rule(discipline=disciplines, minutes=st.integers(0, 60))
    def read(self, discipline: str, minutes: int) -> None:
        row = Preparation.objects.get(item=self.item, discipline=discipline)
        if row.state not in OPEN_STATES:
            return
        # What was begun on this very place is finished by what the reader states: its minutes are no others.
        preparation.complete(row.pk, minutes=minutes, findings="Fynd.", by=self.reader(discipline), now=self.tick())  # type: ignore[arg-type]
        self.spent[discipline] += minutes

    @precondition(lambda self: self.firm)
    @rule(discipline=disciplines, minutes=st.integers(0, 3))
    def begin_and_lose_the_place(self, discipline: str, minutes: int) -> None:
        row = Preparation.objects.get(item=self.item, discipline=discipline)
        if row.state not in (PreparationState.WAITING, PreparationState.TODO):
            return
        preparation.start(row.pk, by=self.reader(discipline), now=self.tick())  # type: ignore[arg-type]
        self.now += timedelta(minutes=minutes - 1)
        self.spent[discipline] += min(row.estimate_minutes, minutes)
        self.rebook()

    @precondition(lambda self: self.firm)
    @rule()
    def rebook(self) -> None:
        assert self.item
        done = rebook_item(
            self.item.pk, reason=RebookingReason.PATIENT_ILL, by=self.house.coordinator, now=self.tick()
        ).rebooking
        assert done.prep_minutes_carried + done.prep_minutes_lost == sum(self.spent.values())
        assert done.number == Rebooking.objects.filter(case=self.case).count()

    @precondition(lambda self: self.firm)
    @rule()
    def take_off(self) -> None:
        assert self.item
        take_off(self.item.pk, reason="Avvaktar.", by=self.house.coordinator, now=self.tick())

    @precondition(lambda self: self.firm)
    @rule()
    def cancel(self) -> None:
        assert self.item
        cancel_meeting(self.item.meeting_id, reason="Sjukdom.", by=self.house.coordinator, now=self.tick())

    @rule()
    def time_passes(self) -> None:
        self.now += timedelta(minutes=30)
        reopen_changed(now=self.now)

    @rule(kind=disciplines)
    @precondition(lambda self: Case.objects.get(pk=self.case.pk).is_open)
    def answer_comes(self, kind: str) -> None:
        add_result(self.case, kind, days_ago=0, now=self.tick())
        reopen_changed(now=self.now)

    @precondition(lambda self: Case.objects.get(pk=self.case.pk).status in (CaseStatus.REFERRED, CaseStatus.SCHEDULED))
    @rule(ending=st.sampled_from(CaseEnding.values))
    def end(self, ending: str) -> None:
        withdraw_case(self.case.pk, reason="Avslutas.", ending=ending, by=self.house.coordinator, now=self.tick())

    @invariant()
    def every_minute_has_one_fate(self) -> None:
        rows = with_fate(Preparation.objects.filter(item__case=self.case))
        by_fate = dict(rows.values("fate").annotate(total=Sum("spent")).order_by().values_list("fate", "total"))
        assert sum(by_fate.values()) == sum(self.spent.values())
        is_over = not Case.objects.get(pk=self.case.pk).is_open
        assert set(by_fate) <= ({LOST} if is_over else {OPEN, KEPT})
        assert USED not in by_fate
        moved_on = rows.filter(item__status__in=GIVEN_UP).aggregate(total=Sum("spent"))["total"] or 0
        if not self.item:
            assert moved_on == sum(self.spent.values())

    @invariant()
    def an_ending_is_no_rebooking(self) -> None:
        ended = AgendaItem.objects.filter(case=self.case, removed_reason__in=[str(one.label) for one in CaseEnding])
        assert not Rebooking.objects.filter(from_item__in=ended).exists()


@pytest.mark.django_db
def test_a_minute_is_counted_once_over_any_chain() -> None:
    run_state_machine_as_test(
        Chain,
        settings=settings(
            max_examples=10, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )  # fmt: skip
