"""Drafts of referrals: the person's own, kept as typed, one a form, gone when sent or thrown away or forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid, Stale
from cases.models import ReferralDraft
from cases.services.drafts import AlreadySent, Seen, discard_draft, remove_old_drafts, save_draft
from cases.services.sending import send_referral
from cases.tasks import remove_drafts
from tests.domain_factories import House, referral_data

NOW = timezone.now


def save(house: House, text: str, *, tab: str = "flik", version: int = 0, token: str = "formulär") -> ReferralDraft:
    seen = Seen(token, tab, version)
    return save_draft({"clinical_question": text}, seen=seen, by=house.clinician, now=NOW())


def test_a_form_has_one_draft_and_its_version_counts_the_changes(house: House) -> None:
    first = save(house, "Op")
    again = save(house, "Op", version=1)
    changed = save(house, "Operation?", version=1)
    assert (first.pk, first.version, again.version, changed.version) == (changed.pk, 1, 1, 2)
    assert ReferralDraft.objects.get().content["clinical_question"] == "Operation?"
    assert save(house, "Annan", token="annat").pk != first.pk


def test_an_answer_that_was_lost_on_the_way_is_no_conflict(house: House) -> None:
    save(house, "Op")
    assert save(house, "Operation?", version=0).version == 2


def test_another_windows_change_is_never_overwritten_unseen(house: House) -> None:
    save(house, "Op")
    save(house, "Operation?", tab="andra", version=1)
    with pytest.raises(Stale):
        save(house, "Strålning?", version=1)
    assert ReferralDraft.objects.get().content["clinical_question"] == "Operation?"
    assert save(house, "Strålning?", version=2).version == 3


def test_what_was_thrown_away_does_not_come_back_by_itself(house: House) -> None:
    draft = save(house, "Op")
    for _twice in range(2):
        discard_draft(draft.pk, by=house.clinician)
    with pytest.raises(Stale):
        save(house, "Operation?", version=1)
    assert not ReferralDraft.objects.exists()


def test_nobody_throws_away_anothers(house: House) -> None:
    draft = save(house, "Op")
    discard_draft(draft.pk, by=house.coordinator)
    assert ReferralDraft.objects.count() == 1


def test_the_same_token_of_another_person_is_another_form(house: House) -> None:
    save(house, "Op")
    save_draft({"name": "x"}, seen=Seen("formulär"), by=house.coordinator, now=NOW())
    assert ReferralDraft.objects.count() == 2


def test_nothing_is_kept_of_a_form_that_is_sent(house: House) -> None:
    save(house, "Op")
    seen = Seen("formulär", "flik", 1)
    case, _new = send_referral(
        referral_data(house), incomplete_reason="Akut.", seen=seen, by=house.clinician, now=NOW()
    )
    with pytest.raises(AlreadySent) as refused:
        save(house, "Operation?", version=1)
    assert refused.value.extra == {"case": case.pk}
    assert not ReferralDraft.objects.exists()


@pytest.mark.parametrize(("text", "token"), [("x" * 100_001, "formulär"), ("x", ""), ("x", "t" * 65), ("", "formulär")])
def test_a_draft_has_its_limits(house: House, text: str, token: str) -> None:
    with pytest.raises(Invalid):
        save(house, text, token=token)


def test_what_nobody_has_touched_for_thirty_days_is_removed(house: House) -> None:
    old, fresh = save(house, "Gammal", token="a"), save(house, "Ny", token="b")
    now = NOW()
    ReferralDraft.objects.filter(pk=old.pk).update(updated_at=now - timedelta(days=30, minutes=1))
    ReferralDraft.objects.filter(pk=fresh.pk).update(updated_at=now - timedelta(days=29))
    assert (remove_old_drafts(now), remove_old_drafts(now)) == (1, 0)
    assert ReferralDraft.objects.get() == fresh
    assert remove_drafts() == 0
