"""What a stream of orders and reports amounts to does not depend on how it came: any order, doubled, with junk between."""

import json
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Unit
from cases.enums import Channel, MessageState
from cases.intake.fhir import read_fhir
from cases.intake.fhir_json import FhirFault
from cases.intake.inbox import Incoming, apply_message, receive
from cases.models import Case, InboundMessage, Report, Result
from tests.cases.intake.test_fhir_fuzz import mutated
from tests.cases.sent_by_fhir import answer_of, later, order
from tests.domain_factories import House, make_case

NOW = timezone.now()


class TakenBack(Exception):
    """Ends an example: what it stored goes."""


def arrive(provider: Unit, bodies: list[dict[str, Any]]) -> None:
    for body in bodies:
        incoming = Incoming(Channel.FHIR, json.dumps(body).encode(), body["resourceType"], "")
        [pk] = receive([incoming], provider=provider, by=None, now=NOW)
        apply_message(pk, now=NOW)


def state_of(case: Case) -> Any:
    """Return what the case and the list to place hold in the end, whatever row it lies in."""
    case.refresh_from_db()
    results = Result.objects.filter(case=case).order_by("text", "state")
    waiting = Report.objects.filter(state="waiting")
    return (
        [(r.requirement, r.state, r.text, r.is_corrected, r.performed_on, r.ordered_on) for r in results],
        sorted(one.external_id for one in waiting),
        [(check["requirement"], check["state"]) for check in case.readiness["checks"]],
    )


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


def stream(case: Case, shape: str) -> list[dict[str, Any]]:
    """Return the messages of one examination: an order, its changes, and reports."""
    bare = {"category": [], "code": {"text": "Svar"}, "subject": None} if shape == "the order says where" else {}
    second = [{"system": "urn:oid:1.2.752.24.4.1", "value": "DT-2"}]
    return [
        order(case),
        order(case, meta={"lastUpdated": later(0.8)}, priority="urgent"),
        answer_of(case, status="preliminary", issued=later(0.1), conclusion="1", **bare),
        answer_of(case, issued=later(0.2), conclusion="2", **bare),
        answer_of(case, status="amended", issued=later(0.3), conclusion="3", **bare),
        *([answer_of(case, identifier=second, conclusion="Tillägg", **bare)] if shape == "two reports" else []),
    ]


@pytest.mark.parametrize("shape", ["one report", "two reports", "the order says where"])
def test_any_order_of_arrival_and_any_doubling(house: House, case: Case, shape: str) -> None:
    messages = stream(case, shape)
    ends = []

    @given(arrival=st.permutations(messages), again=st.lists(st.integers(0, len(messages) - 1), max_size=3))
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def run(arrival: list[dict[str, Any]], again: list[int]) -> None:
        try:
            with transaction.atomic():
                arrive(house.hospital, [*arrival, *(arrival[number] for number in again)])
                ends.append(state_of(case))
                raise TakenBack
        except TakenBack:
            assert ends[-1] == ends[0]

    run()
    answers, waiting, _checks = ends[0]
    assert [text for _requirement, _state, text, *_rest in answers] == (
        ["3", "Tillägg"] if shape == "two reports" else ["3"]
    )
    assert waiting == []


@pytest.mark.django_db
@given(document=mutated(most=8_000))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_the_reader_takes_can_be_stored_and_applied(document: Any) -> None:
    raw = json.dumps(document).encode()
    try:
        message = read_fhir(raw, now=NOW)
    except FhirFault:
        return
    provider, _new = Unit.objects.get_or_create(name="Sjukhuset", defaults={"kind": Unit.Kind.HOSPITAL})
    [pk] = receive([Incoming(Channel.FHIR, raw, message.kind, message.control_id)], provider=provider, by=None, now=NOW)
    apply_message(pk, now=NOW)
    kept = InboundMessage.objects.get(pk=pk)
    assert (kept.state, kept.fault) == (MessageState.APPLIED, "")
