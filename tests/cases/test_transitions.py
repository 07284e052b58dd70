"""Every status times every move of a case: allowed as the table says, a success when it stands there, else refused."""

import itertools

import pytest
from django.utils import timezone

from cases.enums import CaseStatus
from cases.models import Case
from cases.transitions import MOVES, CaseMoveRefused, move_case
from events.models import Event
from tests.domain_factories import House, make_case, make_house

pytestmark = pytest.mark.django_db
NOW = timezone.now()

# The table written out once more, by hand: what the house promises, whatever the code says.
ALLOWED = {
    ("draft", "refer"), ("referred", "schedule"), ("scheduled", "unschedule"), ("scheduled", "discuss"),
    ("discussed", "close"), ("draft", "withdraw"), ("referred", "withdraw"), ("scheduled", "withdraw"),
}  # fmt: skip
TARGETS = {
    "refer": "referred", "schedule": "scheduled", "unschedule": "referred", "discuss": "discussed",
    "close": "closed", "withdraw": "withdrawn",
}  # fmt: skip


@pytest.fixture
def house() -> House:
    return make_house()


def standing(house: House, status: str) -> Case:
    case = make_case(house)
    reason = "Avstår." if status == "withdrawn" else ""
    Case.objects.filter(pk=case.pk).update(status=status, withdrawn_reason=reason)
    return case


def explain(case: Case) -> None:
    case.withdrawn_reason = "Avstår."


@pytest.mark.parametrize(("status", "action"), list(itertools.product(CaseStatus.values, MOVES)))
def test_every_status_times_every_move(house: House, status: str, action: str) -> None:
    case = standing(house, status)
    before = Event.objects.count()
    if (status, action) in ALLOWED:
        moved = move_case(case.pk, action, by=house.coordinator, now=NOW, change=explain)
        assert (moved.status, moved.status_changed_at, moved.updated_by) == (TARGETS[action], NOW, house.coordinator)
        assert moved.version == case.version + 1
        event = Event.objects.latest("pk")
        assert (event.kind, event.case_id, event.actor) == (MOVES[action].event, case.pk, house.coordinator)
    elif status == TARGETS[action]:
        assert move_case(case.pk, action, by=house.chair, now=NOW).version == case.version
        assert Event.objects.count() == before
    else:
        with pytest.raises(CaseMoveRefused) as refusal:
            move_case(case.pk, action, by=house.coordinator, now=NOW, change=explain)
        assert refusal.value.extra == {"case": case.pk, "case_status": status}
        case.refresh_from_db()
        assert (case.status, Event.objects.count()) == (status, before)


def test_nothing_leads_out_of_the_ends() -> None:
    ends = {CaseStatus.CLOSED, CaseStatus.WITHDRAWN}
    assert not any(ends & set(move.sources) for move in MOVES.values())


def test_every_status_but_draft_is_reached() -> None:
    assert {move.target for move in MOVES.values()} == set(CaseStatus) - {CaseStatus.DRAFT}
