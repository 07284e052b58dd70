"""Moving a case to another version of its definition: nothing answered is lost, and readiness stays true."""

from copy import deepcopy
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.errors import Invalid
from cases.enums import ClearanceKind, ReadinessState, ResultState
from cases.models import Case, Clearance, Referral, Result
from cases.readiness.store import readiness_of
from cases.services.clearance import clear_requirement
from cases.services.definitions import (
    USAGE,
    cases_on_older,
    diagnoses_with_older,
    move_cases,
    move_to_definition,
    preview_move,
)
from cases.services.results import ResultData, change_result, edition_of
from cases.transitions import CaseMoveRefused
from checklists.enums import LevelCode, Phase
from checklists.loader import digest_of
from checklists.models import Definition, Diagnosis
from checklists.registry import spec_of
from events.models import Event, Notice
from tests.domain_factories import House, add_result, make_case, ready_case
from tests.factories import make_actor

pytestmark = pytest.mark.django_db

numbers = count(1)
CEA = {
    "key": "cea",
    "kind": "lab",
    "label_sv": "CEA",
    "label_en": "CEA",
    "phases": Phase.values,
    "levels": LevelCode.values,
    "severity": "blocker",
    "source": "local",
    "phases_source": "local",
}


def publish(diagnosis: Diagnosis, content: dict[str, Any]) -> Definition:
    """Publish the content as the version in force."""
    content = content | {"version": f"1.2.{next(numbers)}"}
    diagnosis.current = Definition.objects.create(
        diagnosis=diagnosis, version=content["version"], content=content, digest=digest_of(content),
        published_at=timezone.now(),
    )  # fmt: skip
    diagnosis.save(update_fields=["current"])
    return diagnosis.current


def content_of(case: Case) -> dict[str, Any]:
    return deepcopy(Definition.objects.get(pk=case.definition_id).content)


def with_cea(case: Case) -> Definition:
    content = content_of(case)
    content["requirements"].append(CEA)
    return publish(case.diagnosis, content)


def move(case: Case, house: House) -> Case:
    return move_to_definition(case.pk, by=house.coordinator, now=timezone.now())


def rows_of(case: Case) -> dict[str, list[Any]]:
    """Everything that was answered, set aside or received, as it lies in the database."""
    return {
        model.__name__: list(model.objects.filter(case=case).order_by("pk").values())  # type: ignore[attr-defined]
        for model in (Result, Clearance, Referral)
    }


def test_a_case_stays_until_a_person_moves_it(house: House) -> None:
    case = make_case(house)
    older = case.definition_id
    newer = with_cea(case)
    case.refresh_from_db()
    assert case.definition_id == older
    assert make_case(house).definition_id == newer.pk, "a new case begins with it at once"
    moved = move(case, house)
    assert (moved.definition_id, moved.version) == (newer.pk, case.version + 1)
    assert "cea" in {check["requirement"] for check in moved.readiness["checks"]}
    event = Event.objects.get(kind="case.definition_moved")
    assert event.data == {"from": "1.2", "to": newer.version, "attestation_taken_back": False}
    assert not Notice.objects.filter(event=event).exists()
    move(case, house)
    assert Event.objects.filter(kind="case.definition_moved").count() == 1


def test_what_was_attested_was_what_was_asked_for(house: House) -> None:
    case = ready_case(house)
    with_cea(case)
    moved = move(case, house)
    assert (moved.attested_at, moved.attested_by) == (None, None)
    assert moved.readiness_state == ReadinessState.NOT_READY
    assert Notice.objects.get(event__kind="case.definition_moved").person == house.clinician


def test_asked_for_less_the_attestation_stands(house: House) -> None:
    case = ready_case(house)
    content = content_of(case)
    content["requirements"] = [item for item in content["requirements"] if item["key"] != "ct_thorax_abdomen"]
    publish(case.diagnosis, content)
    moved = move(case, house)
    assert moved.attested_by == house.clinician
    assert moved.readiness_state == ReadinessState.READY
    assert moved.results.filter(requirement="ct_thorax_abdomen").exists(), "the answer is still there"


def test_an_answer_to_what_is_asked_for_no_more_is_still_corrected(house: House) -> None:
    case = make_case(house)
    result = add_result(case, "radiology", requirement="ct_thorax_abdomen", external_id="RIS-1")
    content = content_of(case)
    content["requirements"] = [item for item in content["requirements"] if item["key"] != "ct_thorax_abdomen"]
    publish(case.diagnosis, content)
    move(case, house)
    again = add_result(case, "radiology", requirement="ct_thorax_abdomen", external_id="RIS-1", text="Rättat.")
    assert (again.pk, again.text) == (result.pk, "Rättat.")
    data = ResultData(kind="radiology", state=ResultState.FINAL, requirement="ct_thorax_abdomen", text="Rättat igen.",
                      performed_on=result.performed_on)  # fmt: skip
    changed = change_result(result.pk, data, seen=edition_of(again), by=house.clinician, now=timezone.now())
    assert changed.text == "Rättat igen."
    with pytest.raises(Invalid):
        add_result(case, "radiology", requirement="ct_thorax_abdomen")


def test_the_level_stays_and_the_suggestion_is_made_anew(house: House) -> None:
    case = make_case(house)
    content = content_of(case)
    content["default_levels"]["pre_treatment"] = "protocol"
    publish(case.diagnosis, content)
    moved = move(case, house)
    assert (moved.level, moved.level_suggested) == ("full", "protocol")


def test_after_the_conference_a_case_is_not_moved(house: House) -> None:
    case = make_case(house)
    with_cea(case)
    Case.objects.filter(pk=case.pk).update(status="discussed")
    with pytest.raises(CaseMoveRefused):
        move(case, house)
    other = make_case(house)
    Case.objects.filter(pk=other.pk).update(definition_id=case.definition_id)
    done = move_cases([case.pk, other.pk], by=house.coordinator, now=timezone.now())
    assert (done.count, [pk for pk, _sentence in done.refused]) == (1, [case.pk])


def test_the_list_holds_what_the_actor_may_edit(house: House) -> None:
    case = make_case(house)
    with_cea(case)
    make_case(house)
    closed = make_case(house)
    Case.objects.filter(pk=closed.pk).update(status="closed", definition_id=case.definition_id)
    assert list(cases_on_older(make_actor(user=house.coordinator))) == [case]
    assert [number for _row, number in diagnoses_with_older(make_actor(user=house.coordinator))] == [1]
    for person in (house.stranger, house.admin, house.radiologist, house.manager):
        assert not cases_on_older(make_actor(user=person)).exists()
    assert not cases_on_older(make_actor(user=house.coordinator), "breast").exists()


def test_the_preview_of_a_draft(house: House) -> None:
    ready, bare = ready_case(house), make_case(house)
    answered = make_case(house)
    add_result(answered, "lab")
    newer = with_cea(ready)
    effect = USAGE.effect(ready.diagnosis_id, spec_of(newer.pk))
    assert (effect.total, effect.counted, effect.asked_more) == (3, 3, 3)
    assert (effect.lacking, effect.lacking_by) == (2, {"cea": 2})
    assert (effect.falling, effect.rising) == (1, 0)
    assert USAGE.open_cases(ready.diagnosis_id) == {bare.definition_id: {"pre_treatment": 3}}


requirement_edits = st.fixed_dictionaries(
    {},
    optional={
        "phases": st.lists(st.sampled_from(Phase.values), min_size=1, unique=True),
        "levels": st.lists(st.sampled_from(LevelCode.values), min_size=1, unique=True),
        "severity": st.sampled_from(["blocker", "warning"]),
        "conditional": st.booleans(),
        "max_age_days": st.fixed_dictionaries({level: st.none() | st.integers(1, 90) for level in LevelCode.values}),
    },
)
edits = st.fixed_dictionaries(
    {
        "dropped": st.sets(st.integers(0, 10), max_size=6),
        "changed": st.dictionaries(st.integers(0, 10), requirement_edits, max_size=5),
        "added": st.lists(requirement_edits, max_size=3),
        "answers": st.lists(st.tuples(st.integers(0, 10), st.integers(0, 120), st.booleans()), max_size=6),
        "cleared": st.sets(st.integers(0, 6), max_size=2),
        "is_attested": st.booleans(),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=edits)
def test_whatever_is_changed_nothing_answered_is_lost(house: House, drawn: dict[str, Any]) -> None:
    """After any edit: every row is there, readiness is the pure function's, and what the preview said came true."""
    with transaction.atomic():
        case = make_case(house)
        known = spec_of(case.definition_id).requirements
        for place, days_ago, is_general in drawn["answers"]:
            item = known[place % len(known)]
            add_result(case, item.kind, requirement="" if is_general else item.key, days_ago=days_ago)
        asked = spec_of(case.definition_id).requirements_for(case.phase, case.level)
        for place in drawn["cleared"]:
            key = asked[place % len(asked)].key
            clear_requirement(
                case.pk, key, kind=ClearanceKind.WAIVED, reason="Gammalt.", by=house.clinician, now=timezone.now()
            )
        if drawn["is_attested"]:
            Case.objects.filter(pk=case.pk).update(attested_by=house.clinician, attested_at=timezone.now())
        case.refresh_from_db()
        before, circumstances, level = rows_of(case), case.circumstances, case.level
        newer = publish(case.diagnosis, _edited(content_of(case), drawn))
        foretold = preview_move(case, spec_of(newer.pk), timezone.localdate())

        moved = move(case, house)

        assert rows_of(case) == before
        assert (moved.circumstances, moved.level, moved.definition_id) == (circumstances, level, newer.pk)
        fresh = Case.objects.get(pk=case.pk)
        assert fresh.readiness == readiness_of(fresh, timezone.localdate()).summary()
        assert fresh.readiness_state == foretold.after
        assert (fresh.attested_at is None) == (foretold.takes_back or not drawn["is_attested"])
        transaction.set_rollback(True)


def _edited(content: dict[str, Any], drawn: dict[str, Any]) -> dict[str, Any]:
    rows = content["requirements"]
    for place, edit in drawn["changed"].items():
        rows[place % len(rows)].update(edit)
    content["requirements"] = [row for number, row in enumerate(rows) if number not in drawn["dropped"]]
    content["requirements"] += [CEA | {"key": f"new_{n}"} | edit for n, edit in enumerate(drawn["added"])]
    return content
