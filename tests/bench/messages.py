"""HL7 v2 over MLLP: how many messages a second are stored and acknowledged, and applied, beside parsing them alone.

The listener is a process of its own, as in production; the senders wait for each answer before they send the next
message, as senders do, over several connections at once. Every message is a report of its own, of a patient with a case.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import hl7
from django.utils import timezone

from cases.enums import MessageState
from cases.intake.inbox import apply_waiting
from cases.models import Case, InboundMessage, Result
from config.seeding.many import seed_cases
from config.seeding.people import demo_staff
from tests.bench.measurement import line

ROOT = Path(__file__).resolve().parents[2]
PATIENTS = 500
MESSAGES = 6_000
APPLIED = 1_000
CONNECTIONS = 16
TEXT = (
    "Jämförelse med undersökning från tidigare i år.",
    "I lungorna inga metastassuspekta förändringar. Inga förstorade lymfkörtlar i mediastinum eller hili.",
    r"Levern homogen utan fokala förändringar.\.br\Gallblåsa, mjälte, pankreas och binjurar ua.",
    "Förtjockad vägg i rektum 7 cm från analöppningen, väl förenligt med känd tumör.",
    "Inga misstänkta skelettförändringar.",
)


def measure() -> Iterator[dict[str, object]]:
    """Yield the parsing, the acknowledged and the applied messages a second."""
    staff = demo_staff()
    seed_cases(PATIENTS, seed=91, stage="workup", now=timezone.now())
    numbers = list(Case.objects.order_by("pk").values_list("patient__identity_value", flat=True)[:PATIENTS])
    messages = [message(number, numbers[number % len(numbers)]) for number in range(MESSAGES)]
    parsed = parsing(messages)
    yield line("HL7 v2, parsed by the library alone", parsed, "messages/s", parsed, len(messages))
    acknowledged = listening(messages, staff.hospital.name)
    stored = InboundMessage.objects.filter(state=MessageState.WAITING).count()
    assert stored == len(messages), f"{stored} of {len(messages)} messages are stored"
    name = f"HL7 v2 over MLLP, stored and acknowledged, {CONNECTIONS} connections, beside parsing"
    yield line(name, acknowledged, "messages/s", parsed, len(messages))
    before = Result.objects.count()
    began = time.perf_counter()
    applied = apply_waiting(now=timezone.now(), limit=APPLIED)
    took = time.perf_counter() - began
    assert applied == APPLIED, f"{applied} of {APPLIED} messages took effect"
    placed = Result.objects.count() - before
    yield line(
        f"HL7 v2, applied by one worker ({placed} placed), beside parsing",
        applied / took,
        "messages/s",
        parsed,
        applied,
    )


def message(number: int, patient: str) -> bytes:
    """Return a final CT report of a patient, in Latin-1, as a radiology system writes it."""
    now = timezone.localtime()
    stamp = f"{now:%Y%m%d%H%M%S}"
    segments = [
        rf"MSH|^~\&|RIS|Radiologkliniken|MDK|Demosjukhuset|{stamp}||ORU^R01^ORU_R01|B{number}|P|2.5.1||||||8859/1",
        f"PID|1||{patient}^^^&1.2.752.129.2.1.3.1&ISO^NNSWE||Testsson^Test^^^^^L||",
        "PV1|1|O|KIR^^^Demosjukhuset|||||||||||||||||||||||||||||||||||||||||",
        f"ORC|RE|P{number}^EHR|A{number}^RIS||CM||||{stamp}|||1234^Läkare^Lena",
        f"OBR|1|P{number}^EHR|A{number}^RIS|CTTHBU^DT thorax-buk^L|||{now:%Y%m%d%H%M}|||||||||1234^Läkare^Lena||A{number}||||{stamp}||CT|F",
        *(f"OBX|{place}|TX|U^Utlåtande^L||{text}||||||F" for place, text in enumerate(TEXT, start=1)),
    ]
    return ("\r".join(segments) + "\r").encode("latin-1")


def parsing(messages: Sequence[bytes]) -> float:
    """Return how many messages a second the library parses in one process, and nothing else."""
    texts = [raw.decode("latin-1") for raw in messages]
    began = time.perf_counter()
    for text in texts:
        hl7.parse(text)
    return len(texts) / (time.perf_counter() - began)


def listening(messages: Sequence[bytes], unit: str) -> float:
    """Return how many messages a second a listener of its own stores and accepts."""
    command = [sys.executable, "manage.py", "mllp", "--port", "0", "--unit", unit]
    with subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdout is not None
        said = listener.stdout.readline()
        try:
            assert said.startswith("ready:"), said
            return asyncio.run(_send(messages, int(said.rsplit(":", 1)[1])))
        finally:
            listener.terminate()
            listener.wait(60)


async def _send(messages: Sequence[bytes], port: int) -> float:
    async def one(mine: Sequence[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for raw in mine:
            writer.write(b"\x0b" + raw + b"\x1c\r")
            answer = await reader.readuntil(b"\x1c\r")
            assert b"\rMSA|AA|" in answer, answer
        writer.close()
        await writer.wait_closed()

    began = time.perf_counter()
    await asyncio.gather(*(one(messages[start::CONNECTIONS]) for start in range(CONNECTIONS)))
    return len(messages) / (time.perf_counter() - began)
