"""Streams of messages: in any order, doubled, sent again, cut off between the steps, they end in the same state.

A world has a few people with a few numbers, and referrals that are there from the beginning or come on the way.
The messages are versions of reports and orders, merges and names. Whatever the order, the state at the end must be
that of the canonical one: referrals, merges and names first, then every report's versions from the oldest on.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.enums import ReferralSource, ResultSource
from cases.identity import Identity
from cases.models import Case, Patient, Report, Result
from cases.reports import PatientMerge, PatientUpdate, ReportCode, ReportData, ReportedIdentity
from cases.services.merging import merge_patients, update_patient
from cases.services.placing import take_report
from cases.services.referral import refer_case
from tests.cases.sending import ISSUED, new_number, report, stamped, store_message
from tests.domain_factories import House, make_house, referral_data

NOW = timezone.now()
PHASES = ("pre_treatment", "follow_up", "recurrence", "post_operative")
CODES = (ReportCode("http://loinc.org", "24627-2"), ReportCode("L", "4711"))


class Cut(Exception):
    """The process ends here."""


@dataclass(frozen=True)
class World:
    """The numbers, who is referred from the beginning and who on the way, and what is sent."""

    numbers: tuple[ReportedIdentity, ...]
    first: tuple[tuple[int, str], ...]
    later: tuple[tuple[int, str], ...]
    messages: tuple[ReportData | PatientMerge | PatientUpdate, ...]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    numbers = tuple(new_number() for _ in range(draw(st.integers(1, 4))))
    number = st.integers(0, len(numbers) - 1)
    first = draw(st.lists(st.tuples(number, st.sampled_from(PHASES)), max_size=4, unique=True))
    # Of those who are referred on the way each has one case only: what a person does counts when they do it.
    known = len(numbers)
    later: list[tuple[int, str]] = []
    for n in range(draw(st.integers(0, 2))):
        later.append((known + 2 * n + draw(st.integers(0, 1)), draw(st.sampled_from(PHASES))))
        numbers += (new_number(), new_number())
    anybody = st.integers(0, len(numbers) - 1)
    messages: list[Any] = []
    for n in range(draw(st.integers(1, 4))):
        messages += draw(_versions(n, anybody, numbers))
    for at in range(draw(st.integers(0, 4))):
        old, new = draw(st.lists(number, min_size=2, max_size=2))
        if later and draw(st.booleans()):
            old, new = draw(st.permutations((known, known + 1)))
        if old != new:
            said = draw(st.sampled_from(["", "Sammanslagen"]))
            messages.append(PatientMerge((numbers[old],), (numbers[new],), said, ISSUED + timedelta(minutes=at)))
    for at in range(draw(st.integers(0, 2))):
        messages.append(PatientUpdate((numbers[draw(anybody)],), f"Namn {at}", ISSUED + timedelta(minutes=at)))
    return World(numbers, tuple(first), tuple(later), tuple(messages))


def _versions(n: int, anybody: st.SearchStrategy[int], numbers: Sequence[ReportedIdentity]) -> Any:
    """Return the versions of one report or order: mostly alike, now and then about another patient or examination."""

    def made(drawn: tuple[Any, ...]) -> list[ReportData]:
        who, modality, accession, is_order, codes, versions = drawn
        base = report(
            numbers[who] if who is not None else None, external_id=f"RIS|{n}|{is_order}", modality=modality,
            accession_number=accession, codes=codes, is_order=is_order, kind="pathology" if modality == "" else "radiology",
        )  # fmt: skip
        found = []
        for at, (state, is_corrected, moved_to, other) in enumerate(versions):
            change: dict[str, Any] = {"state": "ordered" if is_order else state, "text": f"Version {at}"}
            if is_order:
                change["performed_on"] = None
            elif is_corrected and state == "final":
                change["is_corrected"] = True
            if moved_to is not None:
                change["identities"] = (numbers[moved_to],)
            if other is not None:
                change["accession_number"] = other
            found.append(stamped(replace(base, performed_on=None), at, **change))
        return found

    accession = st.sampled_from(["", "X1", "X2"])
    rarely = st.sampled_from([False] * 5 + [True])
    version = st.tuples(
        st.sampled_from(["ordered", "preliminary", "final", "cancelled"]), st.booleans(),
        rarely.flatmap(lambda yes: anybody if yes else st.none()),
        rarely.flatmap(lambda yes: accession if yes else st.none()),
    )  # fmt: skip
    return st.tuples(
        rarely.flatmap(lambda yes: st.none() if yes else anybody), st.sampled_from(["CT", "MR", "US", ""]), accession,
        rarely, st.sampled_from([(), (CODES[0],), (CODES[1],)]), st.lists(version, min_size=1, max_size=3),
    ).map(made)  # fmt: skip


def refer(house: House, world: World, who: int, phase: str) -> None:
    number = world.numbers[who]
    data = referral_data(house, identity=Identity(number.system, number.value), name=f"Inskriven {who}", phase=phase)
    refer_case(data, by=house.coordinator, now=NOW, source=ReferralSource.IMPORT)


def apply(house: House, message: ReportData | PatientMerge | PatientUpdate) -> None:
    stored = store_message(house.hospital)
    if isinstance(message, ReportData):
        take_report(message, provider=house.hospital, source=ResultSource.FHIR, message_id=stored.pk, now=NOW)
    elif isinstance(message, PatientMerge):
        merge_patients(message, provider=house.hospital, message=stored, now=NOW)
    else:
        update_patient(message, provider=house.hospital, now=NOW)


def end_state(house: House) -> dict[str, Any]:
    """Return all that people see of it: who is who, what each case has and is, and what waits.

    On which day an answer was ordered or preliminary *here* (`since`) is a fact of its coming, and left out.
    """
    cases = Case.objects.filter(patient__provider=house.hospital).select_related("patient", "referred_as")
    referred = {case.pk: ((case.referred_as or case.patient).identity_value, case.phase) for case in cases}
    results = Result.objects.filter(case__in=cases)
    for case in cases:
        for check in case.readiness["checks"]:
            del check["since"]
    return {
        "cases": {
            referred[case.pk]: (case.patient.identity_value, case.patient.name, case.readiness_state, case.readiness)
            for case in cases
        },
        "results": sorted(
            (referred[one.case_id], one.kind, one.requirement, one.state, one.text, one.is_corrected, one.external_id
             .split("|", 1)[1], one.stamp) for one in results
        ),
        "reports": sorted(
            (one.external_id, one.state, one.content["text"], one.patient.identity_value if one.patient else "",
             one.rule, sorted(one.numbers))
            for one in Report.objects.filter(provider=house.hospital).select_related("patient")
        ),
        "merged": sorted(
            (one.identity_value, one.merged_into.identity_value)
            for one in Patient.objects.filter(provider=house.hospital, merged_into__isnull=False, cases__isnull=False)
            .select_related("merged_into").distinct()
            if one.merged_into
        ),
    }  # fmt: skip


def run(world: World, steps: Sequence[Any], cuts: frozenset[int] = frozenset()) -> dict[str, Any]:
    """Return the end state of a hospital after the steps; a step in `cuts` is cut off first, then made again."""
    house = make_house()
    for who, phase in world.first:
        refer(house, world, who, phase)
    for place, step in enumerate(steps):
        if place in cuts:
            with suppress(Cut):
                _make(house, world, step, is_cut=True)
        _make(house, world, step)
    return end_state(house)


@transaction.atomic
def _make(house: House, world: World, step: Any, *, is_cut: bool = False) -> None:
    if isinstance(step, tuple):
        refer(house, world, *step)
    else:
        apply(house, step)
    if is_cut:
        raise Cut


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(world=worlds(), seed=st.integers(0, 2**32))
def test_any_order_ends_in_the_same_state(world: World, seed: int) -> None:
    random = Random(seed)
    reports = sorted((one for one in world.messages if isinstance(one, ReportData)), key=lambda one: one.stamp)
    others = [one for one in world.messages if not isinstance(one, ReportData)]
    with transaction.atomic():
        wanted = run(world, [*world.later, *others, *reports])
        transaction.set_rollback(True)
    steps: list[Any] = [*world.later, *world.messages]
    again = random.choices(world.messages, k=random.randint(0, len(world.messages)))
    stream = random.sample(steps, len(steps))
    for one in again:
        stream.insert(random.randint(0, len(stream)), one)
    cuts = frozenset(random.sample(range(len(stream)), k=min(2, len(stream))))
    with transaction.atomic():
        found = run(world, stream, cuts)
        transaction.set_rollback(True)
    assert found == wanted
