"""Two administrators publish the same draft, or two coordinators move the same case, at the same moment."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.permissions import Role
from cases.models import Case
from cases.services.definitions import move_to_definition
from checklists.models import Definition, DefinitionDraft, Diagnosis
from checklists.publishing import DraftExists, DraftGone, publish_draft, set_entry, start_draft
from events.models import Event
from tests.concurrency.conftest import at_once, meeting_at
from tests.domain_factories import House, make_case, make_diagnosis
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
NOW: datetime = timezone.now()
MINUTES = {"minutes": 9, "prep_minutes": {}, "minutes_source": "local"}


def _draft(house: House) -> Diagnosis:
    diagnosis = make_diagnosis()
    assert diagnosis.current_id is not None
    start_draft(diagnosis.current_id, by=house.admin, now=NOW)
    set_entry(diagnosis.pk, "levels", "full", MINUTES, edition=1, by=house.admin, now=NOW)
    return diagnosis


def publish_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> tuple[Diagnosis, list[Any]]:
    diagnosis = _draft(house)
    bo = make_user(role=Role.ADMIN, unit=house.hospital, name="Bo Admin")
    with meeting_at(monkeypatch, "checklists.publishing.next_own"):
        answers = at_once(
            lambda: publish_draft(diagnosis.pk, edition=2, by=house.admin, now=NOW),
            lambda: publish_draft(diagnosis.pk, edition=2, by=bo, now=NOW),
        )
    return diagnosis, answers


def test_publishing_is_a_race(house: House, monkeypatch: pytest.MonkeyPatch, without_locks: Callable[[], None]) -> None:
    without_locks()
    _diagnosis, answers = publish_at_once(house, monkeypatch)
    assert not any(isinstance(answer, DraftGone) for answer in answers), "nobody is told of the other"


def test_one_publishes_and_the_other_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis, answers = publish_at_once(house, monkeypatch)
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [type(answer) for answer in refused] == [DraftGone]
    published = Definition.objects.get(version="1.2.1")
    assert published.published_by is not None
    assert published.published_by.name in str(refused[0])
    assert Diagnosis.objects.get(pk=diagnosis.pk).current == published
    assert Event.objects.filter(kind="definition.published").count() == 1


def test_one_draft_is_begun(house: House) -> None:
    version = make_diagnosis().current_id
    assert version is not None
    bo = make_user(role=Role.ADMIN, unit=house.hospital, name="Bo Admin")
    answers = at_once(
        lambda: start_draft(version, by=house.admin, now=NOW), lambda: start_draft(version, by=bo, now=NOW)
    )
    assert [type(answer) for answer in answers if isinstance(answer, BaseException)] == [DraftExists]
    assert DefinitionDraft.objects.count() == 1


def test_a_case_is_moved_once(house: House) -> None:
    case = make_case(house)
    diagnosis = _draft(house)
    publish_draft(diagnosis.pk, edition=2, by=house.admin, now=NOW)
    answers = at_once(
        lambda: move_to_definition(case.pk, by=house.coordinator, now=NOW),
        lambda: move_to_definition(case.pk, by=house.clinician, now=NOW),
    )
    assert not any(isinstance(answer, BaseException) for answer in answers), answers
    assert Event.objects.filter(kind="case.definition_moved").count() == 1
    assert Case.objects.get(pk=case.pk).version == case.version + 1
