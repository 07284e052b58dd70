"""Attempts on messages, reports and merged numbers, past the services."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from cases.enums import ResultSource
from cases.models import IdentityLink, InboundMessage, Patient, Report, ReportedName
from tests.cases.sending import report, send, store_message
from tests.constraints.conftest import refused_by_database
from tests.constraints.test_cases import copy
from tests.domain_factories import House, make_case

NOW = timezone.now()


@pytest.fixture
def message(house: House) -> InboundMessage:
    return store_message(house.hospital, b"MSH")


@pytest.fixture
def waiting(house: House) -> Report:
    return send(house, report(None))


def test_the_same_bytes_of_a_provider_by_a_channel_once(house: House, message: InboundMessage) -> None:
    with refused_by_database("message_once"):
        copy(InboundMessage.objects.get(pk=message.pk))
    copy(InboundMessage.objects.get(pk=message.pk), channel="fhir")
    copy(InboundMessage.objects.get(pk=message.pk), provider=house.elsewhere)


def test_a_message_is_in_a_known_state_and_in_effect_since_a_time(message: InboundMessage) -> None:
    row = InboundMessage.objects.filter(pk=message.pk)
    with refused_by_database("message_state_known"):
        row.update(state="lost")
    with refused_by_database("message_applied_has_time"):
        row.update(state="applied")
    with refused_by_database("message_applied_has_time"):
        row.update(applied_at=NOW)


def test_what_was_received_is_neither_changed_nor_deleted(message: InboundMessage) -> None:
    with refused_by_database("message_kept_as_received"):
        InboundMessage.objects.filter(pk=message.pk).update(raw=b"MSH|changed")
    with refused_by_database("message_never_deleted"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM cases_inboundmessage WHERE id = %s", [message.pk])
    InboundMessage.objects.filter(pk=message.pk).update(state="applied", applied_at=NOW)


def test_a_report_once_for_each_provider_and_source(house: House, waiting: Report) -> None:
    with refused_by_database("report_once"):
        copy(Report.objects.get(pk=waiting.pk))
    copy(Report.objects.get(pk=waiting.pk), source=ResultSource.FHIR)
    copy(Report.objects.get(pk=waiting.pk), provider=house.elsewhere)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("report_state_known", {"state": "lost"}),
        ("report_placed_has_answer", {"state": "placed"}),
        ("report_set_aside_who_and_why", {"state": "set_aside", "reason": "Skäl."}),
    ],
)
def test_fields_of_a_report_that_belong_together(waiting: Report, constraint: str, fields: dict[str, Any]) -> None:
    with refused_by_database(constraint):
        Report.objects.filter(pk=waiting.pk).update(**fields)


def test_who_settled_a_report_and_why_and_when(house: House, waiting: Report) -> None:
    row = Report.objects.filter(pk=waiting.pk)
    with refused_by_database("report_set_aside_who_and_why"):
        row.update(state="set_aside", settled_by=house.coordinator, settled_at=NOW)
    with refused_by_database("report_settled_who_and_when"):
        row.update(settled_by=house.coordinator)


def test_an_answer_belongs_to_one_report_that_is_placed(house: House) -> None:
    placed = send(house, report(make_case(house)))
    with refused_by_database("report_placed_has_answer"):
        Report.objects.filter(pk=placed.pk).update(state="waiting")
    with refused_by_database("cases_report_result_id"):
        copy(Report.objects.get(pk=placed.pk), external_id="another")


def test_a_number_is_merged_into_one_and_never_into_itself(house: House, message: InboundMessage) -> None:
    link = IdentityLink.objects.create(
        provider=house.hospital, old_system="1", old_value="a", system="1", value="b", as_of=NOW, message=message
    )
    with refused_by_database("identity_merged_once"):
        copy(IdentityLink.objects.get(pk=link.pk), value="c")
    copy(IdentityLink.objects.get(pk=link.pk), provider=house.elsewhere)
    with refused_by_database("identity_not_merged_with_itself"):
        IdentityLink.objects.filter(pk=link.pk).update(value="a")


def test_a_patient_is_not_merged_with_itself(house: House) -> None:
    patient = make_case(house).patient
    with refused_by_database("patient_not_merged_with_itself"):
        Patient.objects.filter(pk=patient.pk).update(merged_into=F("id"))


def test_one_name_is_the_last_said_of_a_number(house: House) -> None:
    said = ReportedName.objects.create(provider=house.hospital, system="1", value="a", name="Ada", as_of=NOW)
    with refused_by_database("reported_name_once"):
        copy(ReportedName.objects.get(pk=said.pk), name="Eva")
