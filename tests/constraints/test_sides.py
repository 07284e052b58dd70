"""Attempts on marks of discordant answers and on the thread, past the services."""

import pytest
from django.utils import timezone

from cases.models import Case, Discordance, Message
from tests.constraints.conftest import refused_by_database
from tests.domain_factories import House, make_case

NOW = timezone.now()


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


def test_a_mark_has_its_sentence_and_who_settled_it_has_when(house: House, case: Case) -> None:
    with refused_by_database("discordance_with_sentence"):
        Discordance.objects.create(case=case, sentence="", marked_by=house.chair, marked_at=NOW)
    mark = Discordance.objects.create(case=case, sentence="T3 mot T1.", marked_by=house.chair, marked_at=NOW)
    with refused_by_database("discordance_settled_who_and_when"):
        Discordance.objects.filter(pk=mark.pk).update(settled_at=NOW)
    with refused_by_database("discordance_settled_who_and_when"):
        Discordance.objects.filter(pk=mark.pk).update(settled_by=house.chair)


def test_what_was_said_stays_said(house: House, case: Case) -> None:
    with refused_by_database("message_with_text"):
        Message.objects.create(case=case, text="", written_by=house.chair, written_at=NOW)
    Message.objects.create(case=case, text="Hej.", written_by=house.chair, written_at=NOW)
    with refused_by_database("thread_append_only"):
        Message.objects.filter(case=case).update(text="Något annat.")
