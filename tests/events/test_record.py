"""Writing facts down: what is stored, for whom, and that it stays."""

from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.models import User
from events import registry
from events.models import Delivery, Event, Notice
from events.queries import history_of
from events.registry import EventType, register
from tests.events.conftest import Tell
from tests.factories import make_user


def test_a_fact_has_its_subject_and_its_time(tell: Tell, author: User) -> None:
    event = tell(case=3, meeting=4, data={"step": 2})
    stored = Event.objects.get()
    assert (stored.pk, stored.actor, stored.system) == (event.pk, author, "")
    assert (stored.subject_type, stored.case_id, stored.meeting_id, stored.data) == ("unit", 3, 4, {"step": 2})


def test_the_system_is_named_where_nobody_acted(tell: Tell) -> None:
    assert tell(by=None).system == "mdk"
    assert tell(by=None, system="import").system == "import"


def test_an_undeclared_kind_is_refused(tell: Tell) -> None:
    with pytest.raises(KeyError):
        tell(kind="test.unknown")
    assert not Event.objects.exists()


def test_a_kind_is_declared_once(kinds: None) -> None:
    with pytest.raises(ValueError, match="twice"):
        register(EventType("test.bare", label=lambda: ""))
    assert "test.bare" in registry.registered()


def test_everybody_but_the_author_and_closed_accounts_is_told_once(tell: Tell, author: User, reader: User) -> None:
    gone = make_user(is_active=False)
    tell(reader, author, reader, gone)
    assert [notice.person for notice in Notice.objects.all()] == [reader]
    rows = {(row.channel, row.state) for row in Delivery.objects.filter(person=reader)}
    assert rows == {("in_app", "sent"), ("email", "pending")}
    assert Delivery.objects.count() == 2


def test_a_quiet_kind_makes_no_mail(tell: Tell, reader: User) -> None:
    tell(reader, kind="test.quiet")
    assert Notice.objects.filter(person=reader).exists()
    assert not Delivery.objects.filter(channel="email").exists()


def test_what_is_rolled_back_was_never_told(
    tell: Tell, reader: User, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []
    monkeypatch.setattr("events.record.dispatch", woken.append)
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            tell(reader)
            transaction.set_rollback(True)
        kept = tell(reader)
    assert [event.pk for event in Event.objects.all()] == [kept.pk]
    assert Notice.objects.count() == 1
    assert woken == [kept.pk]


@pytest.mark.parametrize("sql", ["UPDATE events_event SET kind = 'x'", "DELETE FROM events_event"])
def test_the_database_refuses_change_and_deletion(tell: Tell, sql: str) -> None:
    tell()
    with pytest.raises(ProgrammingError, match="annot"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Event.objects.get().kind == "test.happened"


def test_the_database_refuses_impossible_rows(tell: Tell, author: User, reader: User) -> None:
    event, now = tell(reader), timezone.now()
    clashes = (
        lambda: Event.objects.create(kind="x", at=now, subject_type="x", subject_id=1),
        lambda: Event.objects.create(kind="x", at=now, subject_type="x", subject_id=1, actor=author, system="mdk"),
        lambda: Delivery.objects.create(event=event, person=reader, channel="email", due_at=now),
        lambda: Delivery.objects.create(event=event, person=author, channel="email", due_at=now, state="sent"),
        lambda: Delivery.objects.create(event=event, person=author, channel="email", due_at=now, sent_at=now),
        lambda: Delivery.objects.create(event=event, person=author, channel="email", due_at=now, state="claimed"),
        lambda: Notice.objects.create(event=event, person=reader, created_at=now),
    )
    for clash in clashes:
        with pytest.raises(IntegrityError), transaction.atomic():
            clash()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_history_is_one_query(tell: Tell, author: User, rows: int, django_assert_num_queries: Any) -> None:
    for _row in range(rows):
        tell(case=3, meeting=4)
    tell(case=9, by=None)
    with django_assert_num_queries(1):
        found = history_of(case_id=3)
    assert [(row.who, row.sentence) for row in found] == [("Astrid Avsändare", "Något hände")] * rows
    assert len(history_of(meeting_id=4)) == rows
    assert history_of(case_id=9)[0].who != ""
    assert history_of(case_id=3, kinds=["test.bare"]) == []
    with pytest.raises(ValueError, match="case_id"):
        history_of()


def test_a_kind_that_is_gone_still_reads(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(case=3)
    monkeypatch.setattr(registry, "_TYPES", {})
    assert history_of(case_id=3)[0].sentence == "test.happened"
