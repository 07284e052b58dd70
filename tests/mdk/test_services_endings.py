"""A case that ends gives up its place: its own ending, no rebooking, and the minutes of its readers are lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid
from cases.enums import CaseEnding, CaseStatus
from cases.models import Case
from cases.services.editing import withdraw_case
from events.models import Event, Notice
from mdk.enums import ItemStatus
from mdk.models import AgendaItem, Meeting, Preparation, Rebooking
from mdk.queries.fates import LOST, with_fate
from mdk.queries.rebookings import endings_between
from tests.domain_factories import House, live_meeting, make_case, make_meeting, place
from tests.factories import make_actor
from tests.mdk.carried import BOTH, firm_place, read_all

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def item(house: House) -> AgendaItem:
    return firm_place(house, NOW)


def end(case: Case, house: House, ending: str = "deceased", **given: object) -> Case:
    return withdraw_case(
        case.pk, **{"reason": "Enligt kliniken.", "ending": ending, "by": house.coordinator, "now": LATER} | given
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("ending", CaseEnding.values)
def test_an_ending_takes_the_case_off_its_agenda(house: House, item: AgendaItem, ending: str) -> None:
    ended = end(item.case, house, ending)
    item.refresh_from_db()
    assert (ended.status, ended.ending, ended.withdrawn_reason) == (CaseStatus.WITHDRAWN, ending, "Enligt kliniken.")
    assert (item.status, item.position) == (ItemStatus.REMOVED, None)
    assert item.removed_reason == CaseEnding(ending).label
    assert not Rebooking.objects.exists()
    assert Event.objects.get(kind="case.withdrawn").data == {"ending": ending}


def test_a_provisional_place_is_given_up_too(house: House) -> None:
    item = place(make_meeting(house), make_case(house), by=house.coordinator, provisional=True)
    end(item.case, house)
    item.refresh_from_db()
    assert item.status == ItemStatus.REMOVED


def test_what_was_read_is_lost_and_counted_once(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    end(item.case, house)
    rows = with_fate(Preparation.objects.filter(item=item)).values_list("fate", "spent")
    assert ({fate for fate, _spent in rows}, sum(spent for _fate, spent in rows)) == ({LOST}, BOTH)
    found = endings_between(make_actor(user=house.coordinator)).get()
    assert (found.pk, found.meeting, found.prep_minutes_lost) == (item.case_id, item.meeting_id, BOTH)  # type: ignore[attr-defined]
    assert Event.objects.get(kind="item.removed").data["prep_minutes_lost"] == BOTH


def test_its_clinician_its_nurse_and_those_who_hold_the_preparation_are_told(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    end(item.case, house)
    told = Notice.objects.filter(event__kind="item.removed").values_list("person", flat=True)
    readers = {row.reader_id for row in item.preparations.all()}
    assert set(told) == {house.clinician.pk, house.nurse.pk, *readers}


def test_a_case_under_discussion_may_end(house: House) -> None:
    meeting = live_meeting(house, 2)
    current = AgendaItem.objects.get(pk=meeting.current_item_id)
    end(current.case, house)
    current.refresh_from_db()
    assert (current.status, Meeting.objects.get(pk=meeting.pk).current_item) == (ItemStatus.REMOVED, None)


def test_an_unknown_ending_is_refused_and_nothing_changes(house: House, item: AgendaItem) -> None:
    with pytest.raises(Invalid) as refusal:
        end(item.case, house, "cured", reason=" ")
    assert [error.field for error in refusal.value.errors] == ["reason", "ending"]
    item.refresh_from_db()
    assert item.status == ItemStatus.PLANNED


def test_an_ending_of_another_hospital_is_not_shown(house: House, item: AgendaItem) -> None:
    end(item.case, house)
    assert not endings_between(make_actor(user=house.stranger)).exists()
