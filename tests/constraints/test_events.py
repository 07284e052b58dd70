"""Attempts on the event log, the outbox, the access log and the published definitions, past the services."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.access_log import log_read
from accounts.models import AccessLog, Membership, User
from checklists.models import Definition
from events.models import Delivery, Event, Notice
from mdk.models.reminders import Reminder, ReminderLine
from tests.constraints.conftest import refused_by_database
from tests.domain_factories import House, make_case, make_meeting
from tests.factories import make_actor

NOW = timezone.now()


@pytest.fixture
def event(house: House) -> Event:
    return Event.objects.get(case_id=make_case(house).pk)


@pytest.mark.parametrize("fields", [{"kind": "case.closed"}, {"at": NOW}, {"data": {}}, {"actor": None, "system": "x"}])
def test_an_event_is_never_changed(event: Event, fields: dict[str, Any]) -> None:
    with refused_by_database("event_append_only"):
        Event.objects.filter(pk=event.pk).update(**fields)


def test_an_event_is_never_deleted(event: Event) -> None:
    with refused_by_database("event_append_only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM events_event")


def test_an_event_has_an_actor_or_a_system(house: House, event: Event) -> None:
    event.pk, event._state.adding, event.system = None, True, "mdk"
    with refused_by_database("event_has_an_actor_or_a_system"):
        event.save()
    event.actor, event.system = None, ""
    with refused_by_database("event_has_an_actor_or_a_system"):
        event.save()


@pytest.mark.parametrize("channel", ["email", "in_app"])
def test_a_delivery_once_for_event_person_and_channel(event: Event, channel: str) -> None:
    row = Delivery.objects.get(event=event, channel=channel)
    row.pk, row._state.adding = None, True
    with refused_by_database("delivery_once"):
        row.save()


def test_a_notice_once_for_event_and_person(event: Event) -> None:
    row = Notice.objects.get(event=event)
    row.pk, row._state.adding = None, True
    with refused_by_database("notice_once"):
        row.save()


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("delivery_sent_has_time", {"state": "sent"}),
        ("delivery_sent_has_time", {"sent_at": NOW}),
        ("delivery_claimed_has_time", {"state": "claimed"}),
    ],
)
def test_what_was_sent_has_its_time(event: Event, constraint: str, fields: dict[str, Any]) -> None:
    with refused_by_database(constraint):
        Delivery.objects.filter(event=event, channel="email").update(**fields)


def test_the_access_log_is_append_only(house: House) -> None:
    log_read(make_actor(user=house.coordinator), patients=[1, 2], what="cases:case")
    with refused_by_database("access_log_append_only"):
        AccessLog.objects.update(patient_ids=[])
    with refused_by_database("access_log_append_only"):
        AccessLog.objects.all()._raw_delete("default")


@pytest.mark.parametrize(
    ("table", "trigger"),
    [("events_event", "event_never_emptied"), ("accounts_accesslog", "access_log_never_emptied")],
)
def test_the_logs_are_never_emptied(event: Event, table: str, trigger: str) -> None:
    with refused_by_database(trigger), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL mdk.allow_flush = 'off'")
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_a_published_definition_is_immutable(event: Event) -> None:
    with refused_by_database("definition_immutable"):
        Definition.objects.update(content={})
    with refused_by_database("definition_immutable"):
        Definition.objects.all()._raw_delete("default")


def test_a_version_is_published_once(event: Event) -> None:
    row = Definition.objects.get()
    row.pk, row._state.adding = None, True
    with refused_by_database("definition_version_once"):
        row.save()


def test_a_reminder_once_a_day_and_once_at_a_threshold(house: House, event: Event) -> None:
    reminder = Reminder.objects.create(person=house.clinician, sent_on=NOW.date())
    with refused_by_database("reminder_once_a_day"):
        Reminder.objects.create(person=house.clinician, sent_on=NOW.date())
    line = {"reminder": reminder, "person": house.clinician, "case_id": event.case_id, "days_before": 3}
    line["meeting"] = make_meeting(house)
    ReminderLine.objects.create(**line)
    with refused_by_database("reminder_line_once_a_threshold"):
        ReminderLine.objects.create(**line)


def test_people_and_their_memberships(house: House) -> None:
    with refused_by_database("user_email_once_whatever_case"):
        User.objects.filter(pk=house.chair.pk).update(email=house.nurse.email.upper())
    membership = Membership.objects.filter(user=house.chair)
    twin = membership.get()
    twin.pk, twin._state.adding = None, True
    with refused_by_database("membership_once"):
        twin.save()
    with refused_by_database("membership_role_known"):
        membership.update(role="wizard")
    with refused_by_database("membership_ends_after_it_starts"):
        membership.update(ends_on="2001-01-01")
    with refused_by_database("membership_ended_has_who_and_when"):
        membership.update(ended_at=NOW)
