"""Preparations that change hands: several at once, given out, for one who is ill; accepted, put aside, kept while typed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from events.models import Event, Notice
from mdk.models import Absence, Meeting, Preparation
from mdk.services import preparation
from mdk.services.preparation_moves import PreparationRefused
from tests.domain_factories import House, make_house, published_meeting

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + timedelta(minutes=20)


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    meeting = published_meeting(house, 3)
    meeting.series.readers.set([house.radiologist, house.radiologist2])
    return meeting


def rows(meeting: Meeting) -> list[Preparation]:
    found = Preparation.objects.filter(item__meeting=meeting, discipline="radiology")
    return list(found.order_by("item__position").select_related("reader"))


@pytest.fixture
def row(meeting: Meeting) -> Preparation:
    return rows(meeting)[0]


def ill(reader: User, days: int = 0) -> None:
    """Enter the reader as away on the day `days` from now."""
    day = timezone.localdate(NOW) + timedelta(days=days)
    Absence.objects.create(reader=reader, first_on=day, last_on=day, recorded_by=reader, recorded_at=NOW)


def give_out(row: Preparation, reader: User, house: House) -> Preparation:
    return preparation.hand_over(row.pk, reader=reader, by=house.coordinator, now=NOW, gives_out=True)


# Several at once


def test_each_of_several_answers_for_itself(house: House, meeting: Meeting) -> None:
    first, second, third = rows(meeting)
    preparation.claim(second.pk, by=house.radiologist2, now=NOW)
    answers = preparation.claim_each([third.pk, second.pk, first.pk], by=house.radiologist, now=LATER)
    assert {pk: isinstance(answer, Preparation) for pk, answer in answers.items()} == {
        first.pk: True, second.pk: False, third.pk: True,
    }  # fmt: skip
    refusal = answers[second.pk]
    assert isinstance(refusal, PreparationRefused)
    assert house.radiologist2.name in refusal.message
    assert [row.reader for row in rows(meeting)] == [house.radiologist, house.radiologist2, house.radiologist]


def test_taking_them_again_changes_nothing(house: House, meeting: Meeting) -> None:
    pks = [row.pk for row in rows(meeting)]
    version = Meeting.objects.get(pk=meeting.pk).version
    for _ in range(2):
        preparation.claim_each(pks, by=house.radiologist, now=NOW)
    assert Event.objects.filter(kind="preparation.claimed").count() == 3
    assert Meeting.objects.get(pk=meeting.pk).version == version + 1


def test_several_handed_over_are_told_of_once(house: House, meeting: Meeting) -> None:
    pks = [row.pk for row in rows(meeting)]
    preparation.hand_over_each(pks, reader=house.radiologist2, by=house.radiologist, now=NOW)
    assert Event.objects.filter(kind="preparation.handed_over").count() == 3
    notice = Notice.objects.get(event__kind="preparation.handed_over")
    assert (notice.person, notice.event.data["count"]) == (house.radiologist2, 3)


# Given out


def test_what_was_given_out_may_be_taken_until_it_is_begun(house: House, row: Preparation) -> None:
    given = give_out(row, house.radiologist, house)
    assert (given.assigned_by, given.assigned_at) == (house.coordinator, NOW)
    taken = preparation.claim(row.pk, by=house.radiologist2, now=LATER)
    assert (taken.reader, taken.claimed_at, taken.assigned_at) == (house.radiologist2, LATER, None)
    with pytest.raises(PreparationRefused, match=house.radiologist2.name):
        give_out(row, house.radiologist, house)


@pytest.mark.parametrize("act", ["claim", "start"])
def test_its_reader_makes_it_their_own_by_taking_or_beginning_it(house: House, row: Preparation, act: str) -> None:
    give_out(row, house.radiologist, house)
    mine = getattr(preparation, act)(row.pk, by=house.radiologist, now=LATER)
    assert (mine.reader, mine.assigned_at, mine.assigned_by) == (house.radiologist, None, None)
    with pytest.raises(PreparationRefused, match=house.radiologist.name):
        preparation.claim(row.pk, by=house.radiologist2, now=LATER)


def test_what_is_not_begun_can_be_given_to_another(house: House, row: Preparation) -> None:
    give_out(row, house.radiologist, house)
    assert give_out(row, house.radiologist2, house).reader == house.radiologist2
    with pytest.raises(PreparationRefused):
        preparation.hand_over(row.pk, reader=house.radiologist, by=house.radiologist, now=NOW)


# One who is ill


@pytest.mark.parametrize("begun", [False, True])
def test_another_on_the_roster_steps_in_for_one_who_is_away_today(house: House, row: Preparation, begun: bool) -> None:
    preparation.claim(row.pk, by=house.radiologist, now=NOW)
    if begun:
        preparation.write_findings(row.pk, findings="Halv", headings={}, by=house.radiologist, now=NOW)
    ill(house.radiologist)
    over = preparation.hand_over(row.pk, reader=house.radiologist2, by=house.radiologist2, now=LATER)
    assert (over.reader, over.state, over.started_at) == (house.radiologist2, "todo", None)
    assert over.findings == ("Halv" if begun else "")


def test_not_while_the_reader_is_there_and_not_by_one_outside_the_roster(house: House, row: Preparation) -> None:
    preparation.claim(row.pk, by=house.radiologist, now=NOW)
    ill(house.radiologist, days=1)
    with pytest.raises(PreparationRefused):
        preparation.hand_over(row.pk, reader=house.radiologist2, by=house.radiologist2, now=NOW)
    ill(house.radiologist)
    row.item.meeting.series.readers.set([house.radiologist])
    with pytest.raises(PreparationRefused):
        preparation.hand_over(row.pk, reader=house.radiologist2, by=house.radiologist2, now=NOW)
    assert give_out(row, house.radiologist2, house).reader == house.radiologist2


# Accepting


def test_accepting_is_said_once_and_holds_nothing(house: House, row: Preparation) -> None:
    for _ in range(2):
        said = preparation.accept(row.pk, by=house.radiologist, now=NOW)
    assert (said.accepted_by, said.accepted_at, said.reader, said.state) == (house.radiologist, NOW, None, "todo")
    assert Event.objects.filter(kind="preparation.accepted").count() == 1
    with pytest.raises(PreparationRefused) as refusal:
        preparation.accept(row.pk, by=house.radiologist2, now=LATER)
    assert (refusal.value.code, refusal.value.extra) == ("accepted-by-another", {"reader": house.radiologist.name})


def test_who_prepares_accepts_and_sending_back_takes_it_away(house: House, row: Preparation) -> None:
    assert preparation.start(row.pk, by=house.radiologist, now=NOW).accepted_by == house.radiologist
    back = preparation.send_back(row.pk, reason="Fel undersökning.", by=house.radiologist, now=LATER)
    assert (back.accepted_by, back.accepted_at, back.state) == (None, None, "returned")


def test_what_was_sent_back_is_taken_up_again_by_beginning(house: House, row: Preparation) -> None:
    preparation.send_back(row.pk, reason="Fel undersökning.", by=house.radiologist, now=NOW)
    again = preparation.start(row.pk, by=house.radiologist2, now=LATER)
    assert (again.state, again.reader, again.returned_by, again.returned_at) == (
        "in_progress", house.radiologist2, None, None,
    )  # fmt: skip
    assert again.return_reason == "Fel undersökning."


# While it is written


def test_who_writes_begins_and_what_is_half_written_is_kept(house: House, row: Preparation) -> None:
    preparation.write_findings(row.pk, findings="cT3", headings={"mrf": "fri"}, by=house.radiologist, now=NOW)
    kept = preparation.write_findings(row.pk, findings="cT3b N1", headings={}, by=house.radiologist, now=LATER)
    kept.refresh_from_db()
    assert (kept.state, kept.reader, kept.started_at) == ("in_progress", house.radiologist, NOW)
    assert (kept.findings, kept.headings) == ("cT3b N1", {})
    assert Event.objects.filter(kind="preparation.started").count() == 1
    with pytest.raises(PreparationRefused, match=house.radiologist.name):
        preparation.write_findings(row.pk, findings="Annat", headings={}, by=house.radiologist2, now=LATER)


def test_what_is_done_is_not_written_over_by_a_late_draft(house: House, row: Preparation) -> None:
    preparation.complete(row.pk, minutes=4, findings="Klart.", by=house.radiologist, now=NOW)
    with pytest.raises(PreparationRefused):
        preparation.write_findings(row.pk, findings="Utkast", headings={}, by=house.radiologist, now=LATER)
    row.refresh_from_db()
    assert row.findings == "Klart."


def test_what_is_put_aside_keeps_its_text_and_loses_its_clock(house: House, row: Preparation) -> None:
    preparation.write_findings(row.pk, findings="Halv", headings={}, by=house.radiologist, now=NOW)
    aside = preparation.leave(row.pk, by=house.radiologist, now=LATER)
    assert (aside.state, aside.started_at, aside.findings, aside.reader) == ("todo", None, "Halv", house.radiologist)
    assert preparation.start(row.pk, by=house.radiologist, now=LATER).started_at == LATER
