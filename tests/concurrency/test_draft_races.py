"""The same form twice at the same moment: one draft, one case, and nothing that comes back after it is sent."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from cases.models import Case, ReferralDraft
from cases.services.drafts import Seen, save_draft
from cases.services.referral import ReferralData
from cases.services.sending import send_referral
from tests.concurrency.conftest import at_once, meeting_at
from tests.domain_factories import House, referral_data

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
SEEN = Seen("formulär", "flik")
Unlock = Callable[[], None]
Patch = pytest.MonkeyPatch


def save(house: House, text: str) -> Callable[[], Any]:
    """Return the call that keeps what is typed."""
    return lambda: save_draft({"clinical_question": text}, seen=SEEN, by=house.clinician, now=NOW)


def send(house: House, data: ReferralData) -> Callable[[], Any]:
    """Return the call that sends the form."""
    return lambda: send_referral(data, seen=SEEN, incomplete_reason="Akut.", by=house.clinician, now=NOW)


def test_without_locks_two_saves_of_a_new_form_make_two_drafts(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    with meeting_at(monkeypatch, "cases.services.drafts._begin"):
        at_once(save(house, "Ett"), save(house, "Ett"))
    assert ReferralDraft.objects.count() == 2


def test_two_saves_of_a_new_form_make_one(house: House, monkeypatch: Patch) -> None:
    with meeting_at(monkeypatch, "cases.services.drafts._begin"):
        answers = at_once(save(house, "Ett"), save(house, "Ett"))
    assert [draft.version for draft in answers] == [1, 1]
    assert ReferralDraft.objects.count() == 1


def test_a_double_click_makes_one_case(house: House, monkeypatch: Patch) -> None:
    save(house, "Ett")()
    data = referral_data(house)
    with meeting_at(monkeypatch, "cases.services.sending.refer_case"):
        answers = at_once(send(house, data), send(house, data))
    assert sorted(is_new for _case, is_new in answers) == [False, True]
    assert (Case.objects.count(), ReferralDraft.objects.count()) == (1, 0)


def test_a_save_that_comes_while_the_form_is_sent_leaves_nothing_behind(house: House) -> None:
    save(house, "Ett")()
    data = referral_data(house)
    answers = at_once(send(house, data), save(house, "Två"))
    assert Case.objects.count() == 1
    assert not ReferralDraft.objects.exists(), answers
