"""A message is stored before it is acknowledged, takes effect once, and is never lost: not by a fault, not by a kill."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Unit
from cases.enums import Channel, MessageState, ReportState
from cases.intake import inbox, reading
from cases.intake.inbox import Incoming, apply_message, apply_waiting, receive, wake
from cases.models import Case, InboundMessage, Report, Result
from cases.services.failing import MOST_ATTEMPTS, NotFailed, pause_after, retry_message
from cases.tasks import apply_messages
from events.models import Event, Notice
from tests.cases.intake.hl7_messages import MSH, OBR, OBX, PID, changed, message, oru
from tests.domain_factories import House, make_case, make_house

ROOT = Path(__file__).parents[3]
NOW = timezone.now()


@pytest.fixture
def hospital(house: House) -> Unit:
    return house.hospital


def hl7(raw: bytes, fault: str = "") -> Incoming:
    return Incoming(Channel.HL7V2, raw, "ORU^R01", "K1", fault)


def about(case: Case, n: int = 1) -> bytes:
    """Return an ORU^R01 with a final answer about the patient of the case."""
    return oru(
        patient=changed(PID, 3, f"{case.patient.identity_value}^^^&1.2.752.129.2.1.3.1&ISO"),
        request=changed(changed(changed(OBR, 3, f"A{n}^RIS"), 18, f"A{n}"), 2, f"B{n}"),
    )


# Storing


def test_what_was_received_is_stored_byte_for_byte(house: House, hospital: Unit) -> None:
    raw = "MSH|…Å".encode("latin-1", "replace") + b"\xff\x00"
    [pk] = receive([hl7(raw)], provider=hospital, by=house.radiologist, now=NOW)
    stored = InboundMessage.objects.get(pk=pk)
    assert (bytes(stored.raw), stored.state, stored.received_by) == (raw, MessageState.WAITING, house.radiologist)


def test_the_same_bytes_are_the_same_message(hospital: Unit) -> None:
    first = receive([hl7(b"a"), hl7(b"b"), hl7(b"a")], provider=hospital, by=None, now=NOW)
    again = receive([hl7(b"b"), hl7(b"c")], provider=hospital, by=None, now=NOW)
    assert first[0] == first[2]
    assert again[0] == first[1]
    assert InboundMessage.objects.count() == 3


def test_another_provider_or_channel_is_another_message(house: House, hospital: Unit) -> None:
    receive([hl7(b"a"), Incoming(Channel.FHIR, b"a")], provider=hospital, by=None, now=NOW)
    receive([hl7(b"a")], provider=house.elsewhere, by=None, now=NOW)
    assert InboundMessage.objects.count() == 3


def test_a_batch_costs_as_many_queries_as_one(hospital: Unit, django_assert_num_queries: Any) -> None:
    for some in ([hl7(b"a")], [hl7(b"%d" % n) for n in range(50)]):
        with django_assert_num_queries(5):  # the savepoint, insert, ids, those refused before, release
            receive(some, provider=hospital, by=None, now=NOW)


def test_a_refused_message_is_kept_with_its_fault_and_never_applied(hospital: Unit) -> None:
    [pk] = receive([hl7(b"x", "OBR-25 is wrong")], provider=hospital, by=None, now=NOW)
    assert (apply_message(pk, now=NOW), apply_waiting(now=NOW)) == (False, 0)
    stored = InboundMessage.objects.get(pk=pk)
    assert (stored.state, stored.fault) == (MessageState.REFUSED, "OBR-25 is wrong")


# Effect


def test_a_message_takes_effect_once(house: House, hospital: Unit) -> None:
    case = make_case(house)
    [pk] = receive([hl7(about(case))], provider=hospital, by=None, now=NOW)
    assert (apply_message(pk, now=NOW), apply_message(pk, now=NOW)) == (True, False)
    assert InboundMessage.objects.get(pk=pk).applied_at == NOW
    assert Result.objects.get(case=case).state == "final"
    assert apply_messages() == 0


def test_a_drain_takes_all_that_is_due_in_order_and_no_more_than_asked(house: House, hospital: Unit) -> None:
    case = make_case(house)
    receive([hl7(about(case, n)) for n in range(5)], provider=hospital, by=None, now=NOW)
    assert apply_waiting(now=NOW, limit=2) == 2
    waiting = InboundMessage.objects.filter(state=MessageState.WAITING).values_list("pk", flat=True)
    applied = InboundMessage.objects.filter(state=MessageState.APPLIED).values_list("pk", flat=True)
    assert max(applied) < min(waiting)
    assert apply_messages() == 3
    assert Report.objects.filter(state=ReportState.PLACED).count() == 5


def test_a_long_drain_makes_room_and_asks_for_the_next(
    house: House, hospital: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(inbox, "ask_worker", asked.append)
    monkeypatch.setattr(inbox, "monotonic", iter(range(0, 1_000, 25)).__next__)
    case = make_case(house)
    receive([hl7(about(case, n)) for n in range(5)], provider=hospital, by=None, now=NOW)
    assert (apply_messages(), asked) == (2, ["cases.tasks.apply_messages"])
    assert (apply_messages(), len(asked)) == (2, 2)
    assert (apply_messages(), len(asked)) == (1, 2)


def test_one_that_is_not_due_is_left(hospital: Unit) -> None:
    [pk] = receive([hl7(oru())], provider=hospital, by=None, now=NOW)
    InboundMessage.objects.filter(pk=pk).update(due_at=NOW + timedelta(minutes=1))
    assert apply_waiting(now=NOW) == 0
    assert apply_waiting(now=NOW + timedelta(minutes=1)) == 1


def test_a_merge_and_a_name_take_effect_from_the_message_itself(house: House, hospital: Unit) -> None:
    case = make_case(house)
    number = case.patient.identity_value
    head = MSH.replace("ORU^R01^ORU_R01", "ADT^A08^ADT_A01")
    name = message(
        "EVN|A08|20261120101500",
        changed(changed(PID, 3, f"{number}^^^&1.2.752.129.2.1.3.1&ISO"), 5, "Ek^Ada"),
        head=head,
    )
    head = MSH.replace("ORU^R01^ORU_R01", "ADT^A40^ADT_A39")
    merge = message("EVN|A40|20261120101500", PID, f"MRG|{number}^^^&1.2.752.129.2.1.3.1&ISO", head=head, control="K2")
    receive([hl7(name.encode()), hl7(merge.encode())], provider=hospital, by=None, now=NOW)
    assert apply_waiting(now=NOW) == 2
    case.refresh_from_db()
    assert (case.patient.identity_value, case.referred_as is not None) == ("191212121212", True)


# Faults


def test_a_fault_is_counted_tried_again_later_and_at_last_put_before_a_person(
    house: House, hospital: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    [bad, good] = receive(
        [hl7(oru()), hl7(oru(results=(changed(OBX, 5, "Två."),)))], provider=hospital, by=None, now=NOW
    )

    def broken(channel: Channel, raw: bytes) -> reading.Effects:
        if raw == oru():
            raise RuntimeError("19121212-1212 has a tumour")
        return reading.Effects(reading.ResultSource.HL7V2)

    monkeypatch.setattr(inbox, "read_effects", broken)
    now = NOW
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert apply_waiting(now=now) == (1 if attempt == 1 else 0)
        stored = InboundMessage.objects.get(pk=bad)
        assert stored.attempts == attempt
        now += pause_after(attempt)
    assert stored.state == MessageState.FAILED
    assert "tumour" not in stored.fault
    assert InboundMessage.objects.get(pk=good).state == MessageState.APPLIED
    event = Event.objects.get(kind="message.failed")
    assert list(Notice.objects.filter(event=event).values_list("person", flat=True)) == [house.coordinator.pk]
    monkeypatch.undo()
    assert apply_waiting(now=now) == 0
    retry_message(bad, by=house.coordinator, now=now)
    retry_message(bad, by=house.coordinator, now=now)
    assert apply_waiting(now=now) == 1
    assert Event.objects.filter(kind="message.retried").count() == 1
    with pytest.raises(NotFailed):
        retry_message(bad, by=house.coordinator, now=now)


def test_a_fault_in_the_middle_leaves_nothing_behind(
    house: House, hospital: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(house)
    second = changed(changed(OBR, 3, "A2^RIS"), 2, "B2")
    patient = changed(PID, 3, f"{case.patient.identity_value}^^^&1.2.752.129.2.1.3.1&ISO")
    [pk] = receive([hl7(message(patient, OBR, OBX, second, OBX).encode())], provider=hospital, by=None, now=NOW)
    taken = inbox.take_report
    calls: list[str] = []

    def second_fails(data: Any, **known: Any) -> Any:
        calls.append(data.external_id)
        if len(calls) == 2:
            raise RuntimeError
        return taken(data, **known)

    monkeypatch.setattr(inbox, "take_report", second_fails)
    assert apply_message(pk, now=NOW) is False
    assert len(calls) == 2
    assert (Report.objects.count(), Result.objects.count()) == (0, 0)
    monkeypatch.undo()
    assert apply_message(pk, now=NOW) is True
    assert Report.objects.count() == 2


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 15), (2, 30), (3, 60), (7, 900), (8, 900)])
def test_the_pauses_grow(attempts: int, seconds: int) -> None:
    assert pause_after(attempts) == timedelta(seconds=seconds)


# Waking


def test_one_waking_stands_for_all_until_the_worker_begins(hospital: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(inbox, "ask_worker", asked.append)
    wake()
    wake()
    assert asked == ["cases.tasks.apply_messages"]
    apply_messages()
    wake()
    assert len(asked) == 2


def test_waking_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.dispatch._send", lambda *args: (_ for _ in ()).throw(OSError()))
    wake()
    monkeypatch.setattr(cache, "add", lambda *args: (_ for _ in ()).throw(OSError()))
    wake()


def test_the_task_goes_by_the_name_that_the_door_calls() -> None:
    assert apply_messages.name == inbox.TASK


# A kill

KILLED = """
import os, signal, sys
import django
django.setup()
from django.conf import settings
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from django.utils import timezone
from cases.intake import inbox
taken = inbox.take_report
def killed(data, **known):
    taken(data, **known)
    print("in the middle", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
inbox.take_report = killed
inbox.apply_waiting(now=timezone.now())
"""


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_in_the_middle_leaves_the_message_and_the_next_makes_one_effect() -> None:
    house = make_house()
    case = make_case(house)
    [pk] = receive([hl7(about(case))], provider=house.hospital, by=None, now=NOW)
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(connection.settings_dict["NAME"])], cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE}, check=False, timeout=60,
    )  # fmt: skip
    assert (run.returncode, run.stdout.strip()) == (-signal.SIGKILL, "in the middle"), run.stderr[-2000:]
    assert (Report.objects.count(), Result.objects.count()) == (0, 0)
    assert InboundMessage.objects.get(pk=pk).state == MessageState.WAITING
    # The server may need a moment to see that the other end is gone.
    for _ in range(100):
        if apply_waiting(now=timezone.now()):
            break
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")
    assert (Report.objects.count(), Result.objects.filter(case=case).count()) == (1, 1)
    with transaction.atomic():
        assert apply_waiting(now=timezone.now()) == 0
