"""Meetings, places, rebookings and preparations driven at random: after each step the house is as DESIGN.md says.

Each run is a transaction of its own that is rolled back; deferred constraints are checked after every step.
"""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.errors import Refused
from cases.enums import CaseEnding, CaseStatus
from cases.models import Case
from cases.readiness.store import readiness_of
from cases.services.editing import set_level, withdraw_case
from mdk.enums import FIRM_ITEMS, OPEN_ITEMS, ItemStatus, MeetingStatus, PreparationState, RebookingReason
from mdk.models import AgendaItem, Meeting, Preparation, Rebooking
from mdk.services import preparation, unready
from mdk.services.agenda import book_case, order_items, take_off
from mdk.services.cancelling import cancel_meeting
from mdk.services.cutoff import confirm_round
from mdk.services.firming import give_place, make_firm
from mdk.services.live import close_meeting, next_item, park_item, start_meeting
from mdk.services.outcome import save_outcome
from mdk.services.provisional import follow_provisional
from mdk.services.publishing import publish_meeting
from mdk.services.rebooking import rebook_item
from mdk.services.reopening import reopen_changed
from tests.domain_factories import add_result, make_case, make_house, make_series, ready_case

CASES, MEETINGS = 7, 4
AHEAD = (MeetingStatus.PLANNED, MeetingStatus.PUBLISHED)
picks = st.integers(0, 99)
KEYS = {"radiology": "ct_thorax_abdomen", "pathology": "histopathology"}
REASONS = [one for one in RebookingReason if one != RebookingReason.OTHER]
ACTS = [
    *("refer", "refer", "answer", "answer", "answer", "change_level", "end"),
    *("book", "book", "place", "place", "firm", "confirm", "confirm", "follow", "follow", "order"),
    *("rebook", "rebook", "rebook_unready", "off"),
    *("prepare", "prepare", "prepare", "reopen"),
    *("publish", "publish", "cancel", "start", "start", "go_on", "go_on", "go_on", "close"),
    *("pass_hours", "pass_hours", "pass_days"),
]


class Planning(RuleBasedStateMachine):
    """A hospital with one series of short meetings; every step is one person's act, which may be refused.

    One rule draws the act, so that each is as likely as its share of `ACTS`; an act without anything to act on is passed over.
    """

    @initialize()
    def build(self) -> None:
        """A fresh hospital, two ready cases and two that are not."""
        self.scope = transaction.atomic()
        self.scope.__enter__()
        self.house = make_house()
        self.now = timezone.now()
        self.series = make_series(self.house, now=self.now, capacity_minutes=24, first_in_days=3)
        for _ in range(2):
            ready_case(self.house, now=self.now)
            make_case(self.house, now=self.now)

    def teardown(self) -> None:
        """Nothing of it stays."""
        if hasattr(self, "scope"):
            transaction.set_rollback(True)
            self.scope.__exit__(None, None, None)

    @rule(act=st.sampled_from(ACTS), pick=picks, where=picks, yes=st.booleans())
    def step(self, act: str, pick: int, where: int, yes: bool) -> None:
        """Let somebody act at the simulated moment; a refusal changes nothing."""
        with time_machine.travel(self.now, tick=False):
            try:
                with transaction.atomic():
                    getattr(self, act)(pick, where, yes)
            except Refused as refusal:
                event(f"{act}: {refusal.code}")
            else:
                event(f"{act}: done")

    def case(self, pick: int) -> int:
        """Return one of the cases."""
        return _one(Case.objects.filter(units=self.house.hospital), pick)

    def meeting(self, pick: int, *statuses: str) -> int:
        """Return one of the first meetings that stand there."""
        first = self.series.meetings.order_by("starts_at").values("pk")[:MEETINGS]
        return _one(Meeting.objects.filter(pk__in=first, status__in=statuses or AHEAD), pick)

    def item(self, pick: int, *statuses: str) -> int:
        """Return one of the open places."""
        return _one(AgendaItem.objects.filter(meeting__series=self.series, status__in=statuses or OPEN_ITEMS), pick)

    # Cases and their answers

    def refer(self, pick: int, where: int, yes: bool) -> None:
        if Case.objects.filter(units=self.house.hospital).count() < CASES:
            (ready_case if yes else make_case)(self.house, now=self.now)

    def answer(self, pick: int, where: int, yes: bool) -> None:
        case, kind = Case.objects.get(pk=self.case(pick)), ("radiology", "pathology")[where % 2]
        state = "final" if yes else "preliminary"
        add_result(case, kind, requirement=KEYS[kind], state=state, days_ago=0, now=self.now)

    def change_level(self, pick: int, where: int, yes: bool) -> None:
        level = ("full", "focused", "protocol")[where % 3]
        set_level(self.case(pick), level, reason="Enligt läkaren.", by=self.house.chair, now=self.now)

    def end(self, pick: int, where: int, yes: bool) -> None:
        ending = CaseEnding.values[where % 3]
        withdraw_case(self.case(pick), ending=ending, reason="Besked.", by=self.house.chair, now=self.now)

    # Places

    def book(self, pick: int, where: int, yes: bool) -> None:
        book_case(
            self.meeting(where), self.case(pick), by=self.house.chair, now=self.now, provisional=pick % 2 == 0,
            override_reason="Operationstid bokad." if yes else "",
        )  # fmt: skip

    def place(self, pick: int, where: int, yes: bool) -> None:
        give_place(self.meeting(where), self.case(pick), by=self.house.coordinator, now=self.now)

    def firm(self, pick: int, where: int, yes: bool) -> None:
        reason, item = "Operationstid bokad." if yes else "", self.item(pick, ItemStatus.PROVISIONAL)
        make_firm(item, by=self.house.chair, now=self.now, override_reason=reason)

    def confirm(self, pick: int, where: int, yes: bool) -> None:
        confirm_round(self.meeting(where % 2), by=self.house.coordinator, now=self.now)

    def follow(self, pick: int, where: int, yes: bool) -> None:
        follow_provisional(now=self.now)

    def order(self, pick: int, where: int, yes: bool) -> None:
        meeting = self.meeting(where)
        ids = list(AgendaItem.objects.filter(meeting=meeting, position__isnull=False).values_list("pk", flat=True))
        Random(pick).shuffle(ids)
        order_items(meeting, ids, by=self.house.coordinator, now=self.now)

    def rebook(self, pick: int, where: int, yes: bool) -> None:
        item, to = self.item(pick, ItemStatus.PLANNED, ItemStatus.DISCUSSING), self.meeting(where) if yes else None
        reason = REASONS[where % len(REASONS)]
        rebook_item(item, reason=reason, meeting_id=to, by=self.house.coordinator, now=self.now)

    def rebook_unready(self, pick: int, where: int, yes: bool) -> None:
        unready.rebook_unready(now=self.now)

    def off(self, pick: int, where: int, yes: bool) -> None:
        take_off(self.item(pick), reason="Ska inte upp.", by=self.house.coordinator, now=self.now)

    # Preparation

    def prepare(self, pick: int, where: int, yes: bool) -> None:
        open_ones = Preparation.objects.filter(item__meeting__series=self.series, item__status__in=OPEN_ITEMS)
        one = Preparation.objects.get(pk=_one(open_ones, pick))
        radiologist = self.house.radiologist if yes else self.house.radiologist2
        reader = radiologist if one.discipline == "radiology" else self.house.pathologist
        preparation.complete(one.pk, minutes=where % 30, findings="cT3.", by=reader, now=self.now)

    def reopen(self, pick: int, where: int, yes: bool) -> None:
        reopen_changed(now=self.now)

    # The meeting

    def publish(self, pick: int, where: int, yes: bool) -> None:
        publish_meeting(self.meeting(where % 2), by=self.house.coordinator, now=self.now)

    def cancel(self, pick: int, where: int, yes: bool) -> None:
        if where % 3 == 0:
            cancel_meeting(self.meeting(pick), reason="Sjukdom.", by=self.house.chair, now=self.now)

    def start(self, pick: int, where: int, yes: bool) -> None:
        meeting = self.meeting(where, MeetingStatus.PUBLISHED)
        start_meeting(meeting, by=self.house.chair, now=self.now, confirm_early=True)

    def go_on(self, pick: int, where: int, yes: bool) -> None:
        meeting = Meeting.objects.get(pk=self.meeting(where, MeetingStatus.LIVE))
        if meeting.current_item_id and yes:
            values = {"recommendation": "Operation.", "intent": "curative"}
            save_outcome(meeting.current_item_id, values, version=0, by=self.house.chair, now=self.now)
        (next_item if pick % 4 else park_item)(meeting.pk, by=self.house.chair, now=self.now)

    def close(self, pick: int, where: int, yes: bool) -> None:
        close_meeting(self.meeting(where, MeetingStatus.LIVE), by=self.house.chair, now=self.now)

    def pass_hours(self, pick: int, where: int, yes: bool) -> None:
        self.now += timedelta(hours=pick % 12)

    def pass_days(self, pick: int, where: int, yes: bool) -> None:
        self.now += timedelta(days=1 + pick % 4)

    # What must always be true

    @invariant()
    def the_database_holds(self) -> None:
        if hasattr(self, "scope"):
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    @invariant()
    def a_place_and_its_case_agree(self) -> None:
        for item in AgendaItem.objects.filter(status__in=OPEN_ITEMS).select_related("case", "meeting"):
            expected = CaseStatus.REFERRED if item.status == ItemStatus.PROVISIONAL else CaseStatus.SCHEDULED
            assert item.case.status == expected, (item.status, item.case.status)
            assert item.meeting.status not in (MeetingStatus.CANCELLED, MeetingStatus.CLOSED, MeetingStatus.SIGNED)
        held = AgendaItem.objects.filter(status__in=[ItemStatus.PLANNED, ItemStatus.DISCUSSING]).values("case")
        assert not Case.objects.filter(status=CaseStatus.SCHEDULED).exclude(pk__in=held).exists()

    @invariant()
    def positions_have_no_gap_and_no_double(self) -> None:
        for meeting in Meeting.objects.filter(items__isnull=False).distinct():
            positions = list(
                meeting.items.filter(position__isnull=False).order_by("position").values_list("position", flat=True)
            )
            assert len(set(positions)) == len(positions)

    @invariant()
    def nobody_prepares_a_provisional_place(self) -> None:
        assert not Preparation.objects.filter(item__status=ItemStatus.PROVISIONAL).exists()

    @invariant()
    def a_full_meeting_has_somebody_s_reason(self) -> None:
        for meeting in Meeting.objects.filter(status__in=[MeetingStatus.PLANNED, MeetingStatus.PUBLISHED]):
            firm = meeting.items.filter(status__in=FIRM_ITEMS)
            if sum(item.minutes for item in firm) > meeting.capacity_minutes:
                assert firm.exclude(override_reason="").exists() or firm.filter(rebooked_from__isnull=False).exists()

    @invariant()
    def rebookings_make_a_chain(self) -> None:
        for case in Case.objects.filter(rebookings__isnull=False).distinct():
            chain = list(case.rebookings.order_by("rebooked_at", "pk").select_related("from_item", "to_item"))
            assert [one.number for one in chain] == list(range(1, len(chain) + 1))
            assert all(one.from_item.status == ItemStatus.REBOOKED for one in chain)
        rebooked = AgendaItem.objects.filter(status=ItemStatus.REBOOKED).count()
        assert rebooked == Rebooking.objects.count()

    @invariant()
    def what_is_stored_is_what_is_true(self) -> None:
        for case in Case.objects.filter(status__in=[CaseStatus.REFERRED, CaseStatus.SCHEDULED]):
            with time_machine.travel(self.now, tick=False):
                on = timezone.localdate(self.now)
                if case.readiness_changes_on is None or case.readiness_changes_on > on:
                    assert case.readiness_state == readiness_of(case, on).state

    @invariant()
    def no_reading_is_done_twice(self) -> None:
        """What was done and has nothing new stays done; a preparation that is done rests on somebody's reading."""
        for done in Preparation.objects.filter(state=PreparationState.DONE).select_related("carried_over_from"):
            assert done.completed_by_id is not None
            if done.carried_over_from and not done.reopened_at and done.estimate_minutes == 0:
                assert done.findings == done.carried_over_from.findings


def _one(rows: QuerySet[Any], pick: int) -> int:
    """Return the key of one of the rows; Refused where there is none."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise Refused("Nothing to act on.", code="nothing")
    return int(ids[pick % len(ids)])


@pytest.mark.django_db
def test_the_house_holds_whatever_people_do() -> None:
    run_state_machine_as_test(
        Planning,
        settings=settings(
            max_examples=8,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a step is slow: a failure is told as it was found
        ),
    )
