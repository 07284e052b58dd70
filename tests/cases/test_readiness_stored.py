"""The stored summary always equals the pure function, after any sequence of what the services can do."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.errors import Invalid
from cases.enums import ClearanceKind, ReferralSource, ResultSource, ResultState
from cases.models import Case, Result
from cases.readiness.store import readiness_of
from cases.services.clearance import attest_case, clear_requirement, revoke_clearance
from cases.services.editing import edit_case, set_level
from cases.services.referral import add_referral
from cases.services.refreshing import recompute_all, refresh_due_readiness
from cases.services.results import ResultData, change_result, edition_of, register_result
from checklists.enums import LevelCode, Phase
from checklists.registry import spec_of
from tests.domain_factories import House, make_case, make_house, referral_data

pytestmark = pytest.mark.django_db

EXTERNAL_IDS = ("", "", "RIS-1", "RIS-2", "LAB-1")
places = st.integers(min_value=0, max_value=50)
days = st.integers(min_value=0, max_value=130)
states = st.sampled_from(ResultState)


class CaseLife(RuleBasedStateMachine):
    """One case through anything that may happen to it, on a clock that moves forward."""

    house: House

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.now = timezone.now()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @initialize(slug=st.sampled_from(["colorectal", "breast", "melanoma", "lung"]), is_bare=st.booleans())
    def refer(self, slug: str, is_bare: bool) -> None:
        bare = {"performance_status": None, "comorbidity": "", "contact_nurse": None} if is_bare else {}
        self.pk = make_case(self.house, diagnosis=slug, now=self.now, **bare).pk

    def case(self) -> Case:
        return Case.objects.get(pk=self.pk)

    def requirement_at(self, place: int) -> tuple[str, str]:
        """Return (kind, key) of one of the definition's requirements, of any phase and level."""
        requirements = spec_of(self.case().definition_id).requirements
        requirement = requirements[place % len(requirements)]
        return requirement.kind, requirement.key

    def data(
        self, place: int, state: ResultState, days_ago: int, *, is_general: bool, external: str = ""
    ) -> ResultData:
        kind, key = self.requirement_at(place)
        has_date = state in (ResultState.FINAL, ResultState.PRELIMINARY)
        return ResultData(
            kind=kind,
            state=state,
            requirement="" if is_general else key,
            performed_on=self.today() - timedelta(days=days_ago) if has_date else None,
            expected_on=self.today() + timedelta(days=days_ago) if state is ResultState.ORDERED else None,
            source=ResultSource.HL7V2 if external else ResultSource.MANUAL,
            external_id=external,
        )

    def today(self) -> date:
        return timezone.localdate(self.now)

    @rule(place=places, state=states, ago=days, is_general=st.booleans(), external=st.sampled_from(EXTERNAL_IDS))
    def answer(self, place: int, state: ResultState, ago: int, is_general: bool, external: str) -> None:
        before = Result.objects.filter(case_id=self.pk).count()
        known = bool(external) and Result.objects.filter(external_id=external).exists()
        data = self.data(place, state, ago, is_general=is_general, external=external)
        _result, is_new = register_result(self.pk, data, by=self.house.clinician, now=self.now)
        assert is_new is not known
        assert Result.objects.filter(case_id=self.pk).count() == before + is_new

    @precondition(lambda self: Result.objects.filter(case_id=self.pk).exists())
    @rule(place=places, state=states, ago=days)
    def correct(self, place: int, state: ResultState, ago: int) -> None:
        pks = list(Result.objects.filter(case_id=self.pk).values_list("pk", flat=True))
        data = self.data(place, state, ago, is_general=False)
        result = Result.objects.get(pk=pks[place % len(pks)])
        change_result(result.pk, data, seen=edition_of(result), by=self.house.clinician, now=self.now)

    @rule(place=places, kind=st.sampled_from(ClearanceKind))
    def clear(self, place: int, kind: ClearanceKind) -> None:
        asked = readiness_of(self.case(), self.today()).checks
        if asked:
            key = asked[place % len(asked)].requirement.key
            clear_requirement(self.pk, key, kind=kind, reason="Enligt läkare.", by=self.house.clinician, now=self.now)

    @rule(place=places)
    def revoke(self, place: int) -> None:
        revoke_clearance(self.pk, self.requirement_at(place)[1], by=self.house.clinician, now=self.now)

    @rule(level=st.sampled_from(LevelCode))
    def level(self, level: LevelCode) -> None:
        set_level(self.pk, level, reason="Enligt genomgång.", by=self.house.coordinator, now=self.now)

    @rule(phase=st.sampled_from(Phase))
    def phase(self, phase: Phase) -> None:
        edit_case(self.pk, {"phase": phase}, version=self.case().version, by=self.house.clinician, now=self.now)

    @rule(is_filled=st.booleans())
    def fields(self, is_filled: bool) -> None:
        changes = {
            "performance_status": 1 if is_filled else None,
            "comorbidity": "Frisk." if is_filled else " ",
            "patient_wishes": "Kurativt." if is_filled else "",
            "contact_nurse": self.house.nurse if is_filled else None,
        }
        edit_case(self.pk, changes, version=self.case().version, by=self.house.clinician, now=self.now)

    @rule()
    def attest(self) -> None:
        attest_case(self.pk, by=self.house.clinician, now=self.now)

    @rule()
    def refer_again(self) -> None:
        case = self.case()
        same = {"identity": case.patient.identity, "diagnosis": case.diagnosis, "phase": case.phase}
        data = referral_data(self.house, now=self.now, clinical_question="Ny fråga?")
        data = replace(data, **same)
        add_referral(self.pk, data, by=self.house.clinician, now=self.now, source=ReferralSource.FORM)

    @rule(count=st.integers(min_value=1, max_value=70))
    def time_passes(self, count: int) -> None:
        self.now += timedelta(days=count)
        refresh_due_readiness(self.now)
        assert recompute_all(self.now).changed == 0

    @rule(place=places)
    def refused_answer_changes_nothing(self, place: int) -> None:
        future = ResultData(kind="radiology", state=ResultState.FINAL, performed_on=self.today() + timedelta(days=1))
        with pytest.raises(Invalid):
            register_result(self.pk, future, by=self.house.clinician, now=self.now)

    @invariant()
    def stored_is_computed(self) -> None:
        case = self.case()
        computed = readiness_of(case, self.today())
        assert case.readiness == computed.summary()
        assert case.readiness_state == computed.state
        assert case.readiness_changes_on == computed.changes_on


@pytest.fixture
def machine(db: None) -> Iterator[type[CaseLife]]:
    """Return the machine with a house that outlives its examples."""
    house = make_house()
    for slug in ("colorectal", "breast", "melanoma", "lung"):
        make_case(house, diagnosis=slug)
    CaseLife.house = house
    yield CaseLife
    del CaseLife.house


def test_whatever_happens_the_stored_summary_is_the_computed_one(machine: type[CaseLife]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
