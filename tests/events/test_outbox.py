"""Mails: what they hold, that one fact is one mail, and that none is lost."""

import re
import smtplib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.mail import EmailMessage
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from events import dispatch, outbox
from events.channels import email
from events.models import Delivery
from events.tasks import deliver_event, sweep_outbox
from tests.events.conftest import NAME, NUMBER, Tell
from tests.factories import make_user

Mails = list[EmailMessage]


def mail_row() -> Delivery:
    return Delivery.objects.get(channel="email")


def test_delivering_twice_is_one_mail(tell: Tell, reader: User, mailoutbox: Mails) -> None:
    event = tell(reader)
    assert [deliver_event(event.pk), deliver_event(event.pk), sweep_outbox()] == [1, 0, 0]
    assert [mail.to for mail in mailoutbox] == [["reader@test.example"]]
    row = mail_row()
    assert (row.state, row.attempts, row.error) == ("sent", 1, "")
    assert row.sent_at is not None


def test_what_stands_together_is_one_mail_a_person(tell: Tell, reader: User, mailoutbox: Mails) -> None:
    other = make_user("other@test.example")
    events = [tell(reader) for _ in range(3)] + [tell(other)]
    assert [deliver_event(event.pk) for event in events] == [1, 0, 0, 1]
    assert "3" in mailoutbox[0].subject
    assert "1" in mailoutbox[1].subject


def test_a_lost_message_is_found_by_the_sweep(tell: Tell, reader: User, mailoutbox: Mails) -> None:
    tell(reader)
    assert (sweep_outbox(), sweep_outbox()) == (1, 0)
    assert len(mailoutbox) == 1


def test_no_mail_carries_a_name_or_a_number(tell: Tell, reader: User, mailoutbox: Mails, settings: Any) -> None:
    settings.BASE_URL = "https://mdk.example"
    data = {"step": NAME, "patient": NUMBER, "question": "Rektum 7 cm", "count": 4}
    tell(reader, kind="test.counted", data=data, case=917, meeting=918)
    tell(reader, kind="test.happened", data=data, case=917)
    sweep_outbox()
    message = mailoutbox[0].message()
    del message["Message-ID"], message["Date"]  # drawn by lot and by the clock: any digits may stand there
    text = mailoutbox[0].subject + mailoutbox[0].body + str(message)
    for secret in (NAME, NUMBER, "Tolvan", "1212", "Rektum", "917", "918", "Astrid", "Rut"):
        assert secret not in text
    body = mailoutbox[0].body
    assert "4 saker saknas" in body
    assert re.findall(r"https?://\S+", body) == ["https://mdk.example/notices/"]
    assert re.search(r"\d{6}", body) is None


@pytest.mark.parametrize("count", [NAME, None, 4.5, True])
def test_only_a_whole_number_reaches_the_line(tell: Tell, reader: User, mailoutbox: Mails, count: object) -> None:
    tell(reader, kind="test.counted", data={"count": count})
    sweep_outbox()
    assert "saknas" not in mailoutbox[0].body


@pytest.mark.parametrize(("language", "words"), [("", "MDK: "), ("sv", "MDK: "), ("en", "MDK: 1 notice")])
def test_the_mail_speaks_the_persons_language(
    tell: Tell, reader: User, mailoutbox: Mails, language: str, words: str
) -> None:
    User.objects.filter(pk=reader.pk).update(language=language)
    tell(reader)
    sweep_outbox()
    assert mailoutbox[0].subject.startswith(words)


def test_a_failed_attempt_waits_longer_each_time_and_is_given_up_at_last(
    tell: Tell, reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(person: User, events: object) -> None:
        raise smtplib.SMTPRecipientsRefused({"reader@test.example": (550, b"no")})

    monkeypatch.setattr(email, "send", refuse)
    now = timezone.now()
    tell(reader, now=now)
    waited = []
    for _attempt in range(outbox.MOST_ATTEMPTS):
        assert outbox.deliver(outbox.due(now), now) == 0
        assert outbox.deliver(outbox.due(now), now) == 0, "not before its time"
        row = mail_row()
        waited.append((row.due_at - now).total_seconds() / 60)
        now = row.due_at
    assert waited[:-1] == [1, 2, 4, 8, 16, 32, 60]
    assert (row.state, row.error, row.attempts) == ("failed", "SMTPRecipientsRefused", outbox.MOST_ATTEMPTS)
    assert "reader@" not in row.error
    monkeypatch.undo()


def test_what_was_given_up_can_be_tried_again(tell: Tell, reader: User, mailoutbox: Mails) -> None:
    tell(reader)
    rows = Delivery.objects.filter(channel="email")
    rows.update(state="failed", attempts=8)
    assert sweep_outbox() == 0
    assert outbox.try_again(deliveries=Delivery.objects.all(), now=timezone.now()) == 1
    assert sweep_outbox() == 1
    assert len(mailoutbox) == 1


def test_a_dead_workers_lease_runs_out(tell: Tell, reader: User, mailoutbox: Mails) -> None:
    now = timezone.now()
    tell(reader, now=now)
    assert len(outbox.claim(outbox.due(now), now)) == 1
    assert outbox.deliver(outbox.due(now), now) == 0, "somebody has it"
    later = now + outbox.LEASE
    assert outbox.deliver(outbox.due(later), later) == 1
    assert mail_row().attempts == 2


def test_a_row_that_kills_its_workers_is_given_up(tell: Tell, reader: User, mailoutbox: Mails) -> None:
    tell(reader)
    Delivery.objects.filter(channel="email").update(attempts=outbox.MOST_ATTEMPTS)
    assert sweep_outbox() == 0
    assert mail_row().state == "failed"


def test_a_late_worker_does_not_overwrite_the_next_ones_result(tell: Tell, reader: User, mailoutbox: Mails) -> None:
    now = timezone.now()
    tell(reader, now=now)
    slow = outbox.claim(outbox.due(now), now)
    later = now + outbox.LEASE
    outbox.deliver(outbox.due(later), later)
    outbox._postpone(slow, "TimeoutError", later)
    assert mail_row().state == "sent"


def test_a_closed_account_gets_no_mail(tell: Tell, reader: User, mailoutbox: Mails) -> None:
    tell(reader)
    User.objects.filter(pk=reader.pk).update(is_active=False)
    sweep_outbox()
    assert mailoutbox == []
    assert mail_row().state == "failed"


def test_a_broker_that_is_away_hinders_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    nobody = f"redis+socket://{tmp_path}/secret.sock"
    monkeypatch.setattr(current_app.conf, "broker_url", nobody)
    monkeypatch.setattr(current_app.conf, "broker_write_url", nobody)
    with pytest.raises(OperationalError):
        dispatch.send(12)
    dispatch.dispatch(12)
    assert "sweep" in caplog.text
    assert "secret" not in caplog.text


def test_a_worker_is_woken_through_the_real_broker_after_the_commit(
    tell: Tell, reader: User, django_capture_on_commit_callbacks: Any
) -> None:
    def waiting() -> int:
        with current_app.connection_for_read() as connection:
            return int(connection.default_channel.queue_declare("celery").message_count)

    before = waiting()
    with django_capture_on_commit_callbacks(execute=True):
        tell(reader)
        tell(reader, kind="test.quiet")
        assert waiting() == before
    assert waiting() == before + 1
    assert deliver_event.name == dispatch.TASK


def test_the_sweep_costs_the_same_whatever_its_length_but_for_the_marks(
    tell: Tell, reader: User, django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    for _row in range(3):
        tell(reader, now=now - timedelta(minutes=1))
    with django_assert_num_queries(5):
        outbox.claim(outbox.due(now), now)


def test_more_than_a_batch_goes_in_one_sweep(tell: Tell, mailoutbox: Mails, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "BATCH", 2)
    tell(*(make_user() for _ in range(5)))
    assert sweep_outbox() == 5
    assert len(mailoutbox) == 5
