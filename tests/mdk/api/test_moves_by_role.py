"""The table of moves says who may: the API answers 403 to exactly those whose role lacks the move's permission."""

import pytest
from rest_framework.test import APIClient

from accounts.models import Membership
from accounts.permissions import ROLES
from mdk.transitions import MOVES
from tests.domain_factories import House, make_house, published_meeting

pytestmark = pytest.mark.django_db

DOORS = [action for action in MOVES if action != "restore"]
"""A cancelled meeting is held again only by the change of its series, which has its own right and tests."""
PEOPLE = ("coordinator", "chair", "clinician", "nurse", "radiologist", "pathologist", "manager", "admin")


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.mark.parametrize("action", DOORS)
@pytest.mark.parametrize("person", PEOPLE)
def test_the_table_says_who_may(house: House, action: str, person: str) -> None:
    meeting = published_meeting(house, 1)
    user = getattr(house, person)
    role = Membership.objects.get(user=user).role
    client = APIClient()
    client.force_login(user, backend="accounts.backends.PasswordBackend")
    status = client.post(f"/api/v1/meetings/{meeting.pk}/{action}/", {"reason": "Prov."}).status_code
    assert (status != 403) == (MOVES[action].permission in ROLES[role]), status


def test_a_stranger_meets_nothing(house: House) -> None:
    meeting = published_meeting(house, 1)
    client = APIClient()
    client.force_login(house.stranger, backend="accounts.backends.PasswordBackend")
    assert {client.post(f"/api/v1/meetings/{meeting.pk}/{action}/").status_code for action in DOORS} == {404}
