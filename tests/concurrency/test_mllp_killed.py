"""The real listener, killed: what it acknowledged takes effect once, and what it did not is sent again."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from cases.enums import MessageState, ResultState
from cases.intake.inbox import apply_waiting
from cases.models import Case, InboundMessage, Report, Result
from tests.cases.intake.hl7_messages import NUMBER, OBR, OBX, PID, changed, header, message
from tests.domain_factories import House, make_case, make_house

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[[], "Process"]


class Process:
    """`manage.py mllp` on the database of the tests, and one connection to it."""

    def __init__(self, unit: str) -> None:
        place = connection.settings_dict
        database = (
            f"postgresql://{place['USER']}@/{place['NAME']}?host={quote(place['HOST'])}&port={place['PORT'] or 5432}"
        )
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "REDIS_URL": settings.REDIS_URL,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
        }
        self.run = subprocess.Popen(
            [sys.executable, "manage.py", "mllp", "--port", "0", "--unit", unit],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self.run.stdout is not None
        said = self.run.stdout.readline()
        assert said.startswith("ready: mllp on 127.0.0.1:"), said + self.run.stdout.read()
        self.port = int(said.rsplit(":", 1)[1])
        self.line: socket.socket | None = None

    def send(self, *messages: bytes) -> None:
        """Send messages over one connection, without waiting for answers."""
        if self.line is None:
            self.line = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        self.line.sendall(b"".join(b"\x0b" + one + b"\x1c\r" for one in messages))

    def answers(self, count: int) -> list[str]:
        """Return up to `count` answers as `AA:control id`; fewer where the connection ends."""
        assert self.line is not None
        held = b""
        while held.count(b"\x1c\r") < count:
            try:
                piece = self.line.recv(65536)
            except OSError:
                break
            if not piece:
                break
            held += piece
        found = [one.decode("latin-1").split("\rMSA|")[1].rstrip("\r") for one in held.split(b"\x1c\r")[:-1]]
        return [":".join(one.split("\r")[0].split("|")[:2]) for one in found]

    def kill(self) -> None:
        self.run.kill()
        self.close()

    def close(self) -> str:
        """Wait for the end and return what it said last."""
        if self.line is not None:
            self.line.close()
        assert self.run.stdout is not None
        said = self.run.stdout.read()
        self.run.wait(30)
        self.run.stdout.close()
        return said


@pytest.fixture
def house(transactional_db: None) -> House:
    return make_house()


@pytest.fixture
def start(house: House) -> Iterator[Start]:
    """Return what starts the listener; what still runs at the end is killed."""
    started: list[Process] = []

    def one() -> Process:
        process = Process(house.hospital.name)
        started.append(process)
        return process

    yield one
    for process in started:
        if process.run.poll() is None:
            process.kill()


def an_answer(case: Case, control: str = "K1", number: str = "A1") -> bytes:
    """Return a final CT report of the case's patient."""
    patient = PID.replace(NUMBER, case.patient.identity_value)
    request = changed(changed(OBR, 3, number), 18, number)
    request = changed(request, 7, f"{timezone.localdate():%Y%m%d}")
    return message(changed(patient, 7, ""), request, OBX, head=header(10, control)).encode()


def test_what_was_acknowledged_takes_effect_once_though_the_listener_dies_at_once(house: House, start: Start) -> None:
    case = make_case(house)
    listener = start()
    listener.send(an_answer(case))
    assert listener.answers(1) == ["AA:K1"]
    listener.kill()
    assert InboundMessage.objects.get().state == MessageState.WAITING
    assert not Result.objects.exists()
    assert apply_waiting(now=timezone.now()) == 1
    assert apply_waiting(now=timezone.now()) == 0
    result = Result.objects.get(case=case)
    assert (result.requirement, result.state) == ("ct_thorax_abdomen", ResultState.FINAL)
    assert Report.objects.count() == 1


def test_killed_before_the_acknowledgement_nothing_is_half_done_and_the_sender_sends_again(
    house: House, start: Start
) -> None:
    case = make_case(house)
    listener = start()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE cases_inboundmessage IN EXCLUSIVE MODE")
        listener.send(an_answer(case))
        time.sleep(0.5)
        assert listener.run.poll() is None
        listener.kill()
    until_no_other_session()
    assert not InboundMessage.objects.exists()
    again = start()
    again.send(an_answer(case))
    assert again.answers(1) == ["AA:K1"]
    again.send(an_answer(case))  # the sender did not see the answer
    assert again.answers(1) == ["AA:K1"]
    again.kill()
    assert apply_waiting(now=timezone.now()) == 1
    assert InboundMessage.objects.count() == Report.objects.count() == Result.objects.count() == 1


def until_no_other_session() -> None:
    """Wait until the server has noticed that the killed process is gone."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.05)
    raise AssertionError("the session of the killed listener lives on")


@pytest.mark.parametrize("after", [0.0, 0.02, 0.08])
def test_killed_at_any_moment_of_a_stream_no_accepted_message_is_lost_and_none_is_there_twice(
    house: House, start: Start, after: float
) -> None:
    case = make_case(house)
    sent = {f"K{number}": an_answer(case, f"K{number}", f"A{number}") for number in range(60)}
    listener = start()
    listener.send(*sent.values())
    killer = threading.Timer(after, listener.run.kill)
    killer.start()
    accepted = listener.answers(len(sent))
    killer.join()
    listener.close()
    until_no_other_session()
    stored = set(InboundMessage.objects.values_list("control_id", flat=True))
    assert {one.removeprefix("AA:") for one in accepted} <= stored
    again = start()
    again.send(*sent.values())
    assert again.answers(len(sent)) == [f"AA:{control}" for control in sent]
    again.kill()
    assert InboundMessage.objects.count() == len(sent)
    assert apply_waiting(now=timezone.now()) == len(sent)
    assert Report.objects.count() == len(sent)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_answers_what_it_has_read_and_ends_well(
    house: House, start: Start, name: signal.Signals
) -> None:
    case = make_case(house)
    listener = start()
    listener.send(*(an_answer(case, f"K{number}") for number in range(100)))
    answered = listener.answers(1)
    listener.run.send_signal(name)
    answered += listener.answers(100 - len(answered))
    said = listener.close()
    assert listener.run.returncode == 0, said
    assert answered == [f"AA:K{number}" for number in range(len(answered))]
    assert InboundMessage.objects.count() == len(answered) > 0


@pytest.mark.parametrize(("unit", "sentence"), [("Okänt", "Okänt"), ("", "MDK_MLLP_UNIT")])
def test_it_must_know_whose_messages_these_are(house: House, unit: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("mllp", port=0, unit=unit)
    assert house.hospital.name in str(refused.value)


def test_a_port_that_is_taken_is_told_in_a_sentence(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=str(port)):
            call_command("mllp", port=port, unit=house.hospital.name)
