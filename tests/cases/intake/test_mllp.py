"""The MLLP listener: frames, several messages and connections, storing before the answer, and stopping."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Unit
from cases.enums import MessageState
from cases.intake import mllp
from cases.intake.acknowledge import Judged
from cases.intake.mllp import Listener, answer_to, read_frame, store
from cases.intake.mllp_frames import HEAD, Frame, Frames
from cases.models import InboundMessage
from tests.cases.intake.hl7_messages import OBR, changed, header, message, oru
from tests.factories import make_unit

GOOD = oru()
BAD = oru(request=changed(OBR, 25, "?"))
OTHER = message(head=header(9, "ORM^O01")).encode()


def framed(*messages: bytes) -> bytes:
    return b"".join(b"\x0b" + one + b"\x1c\r" for one in messages)


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [message(head=header(10, f"N{number}")).encode() for number in range(start, start + count)]


# --- Frames


@given(st.lists(st.sampled_from([GOOD, BAD, b"", b"x"]), max_size=5), st.lists(st.integers(1, 400), max_size=30))
def test_a_stream_may_end_its_pieces_anywhere(messages: list[bytes], pieces: list[int]) -> None:
    stream, frames, found = framed(*messages), Frames(), []
    for size in pieces:
        found += frames.feed(stream[:size])
        stream = stream[size:]
    found += frames.feed(stream)
    assert [frame.raw for frame in found] == messages


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"\x0bA\x1c\x0bB\x1c", [b"A", b"B"]),  # no carriage returns
        (b"junk\r\n\x0bA\x1c\rjunk\x0bB\x1c\r\n", [b"A", b"B"]),
        (b"A\x1c\r\x0bB\x1c\r", [b"B"]),  # the first began before we listened
        (b"\x0bMSH|cut\x0bMSH|whole\x1c\r", [b"MSH|whole"]),
        (b"\x0bMSH|a text with \x0b within\x1c\r", [b"MSH|a text with \x0b within"]),
        (b"\x0bnever ended", []),
        (b"\x1c\r\x1c\r", []),
    ],
)
def test_what_stands_around_frames_does_no_harm(stream: bytes, expected: list[bytes]) -> None:
    assert [frame.raw for frame in Frames().feed(stream)] == expected


def test_a_message_that_is_too_large_is_not_held_in_memory() -> None:
    frames = Frames(limit=100_000)
    for _piece in range(50):
        assert frames.feed(b"\x0bMSH|" + b"a" * 50_000 if _piece == 0 else b"a" * 50_000) == []
        assert len(frames._held) <= 100_000
    (large, small) = frames.feed(b"\x1c\r" + framed(b"B"))
    assert large.is_too_large
    assert len(large.raw) <= HEAD
    assert small == Frame(b"B")


# --- Storing


@pytest.fixture
def provider(transactional_db: None) -> Unit:
    return make_unit("Sjukhuset", kind=Unit.Kind.HOSPITAL)


def take(frames: Sequence[Frame], *, provider: Unit) -> list[bytes]:
    """Return the answers to messages as the listener gives them, without its connections."""
    judged = [read_frame(frame) for frame in frames]
    return [
        answer_to(one, is_stored=is_stored)
        for one, is_stored in zip(judged, store(judged, provider=provider), strict=True)
    ]


def codes(answers: Sequence[bytes]) -> list[str]:
    return [answer.decode("latin-1").split("\rMSA|")[1].split("|")[0] for answer in answers]


def ids(answers: Sequence[bytes]) -> list[str]:
    return [answer.decode("latin-1").split("\rMSA|")[1].split("|")[1].split("\r")[0] for answer in answers]


def waiting() -> set[str]:
    return set(InboundMessage.objects.filter(state=MessageState.WAITING).values_list("control_id", flat=True))


def test_what_is_accepted_is_stored_and_what_is_refused_too(provider: Unit) -> None:
    answers = take([Frame(GOOD), Frame(BAD), Frame(OTHER), Frame(b"no message"), Frame(GOOD)], provider=provider)
    assert codes(answers) == ["AA", "AE", "AR", "AR", "AA"]
    rows = InboundMessage.objects.order_by("pk")
    assert [bytes(row.raw) for row in rows] == [GOOD, BAD, OTHER]
    assert [row.state for row in rows] == [MessageState.WAITING, MessageState.REFUSED, MessageState.REFUSED]
    assert [row.fault[:6] for row in rows] == ["", "AE 103", "AR 200"]


def test_what_is_too_large_is_refused_and_not_stored(provider: Unit) -> None:
    answers = take([Frame(GOOD[:200], is_too_large=True), Frame(GOOD)], provider=provider)
    assert codes(answers) == ["AR", "AA"]
    assert ids(answers) == ["K1", "K1"]
    assert InboundMessage.objects.count() == 1


def test_nothing_is_accepted_that_was_not_stored(provider: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: Any, **_named: Any) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(mllp, "receive", fails)
    answers = take([Frame(GOOD), Frame(BAD)], provider=provider)
    assert codes(answers) == ["AE", "AE"]
    assert InboundMessage.objects.count() == 0


def test_a_database_that_is_gone_is_not_tried_for_each_message(provider: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def fails(incoming: Sequence[Any], **_named: Any) -> None:
        tries.append(len(incoming))
        raise OperationalError("no route to host")

    monkeypatch.setattr(mllp, "receive", fails)
    assert codes(take([Frame(one) for one in numbered(50)], provider=provider)) == ["AE"] * 50
    assert tries == [50, 1]


def test_one_that_cannot_be_stored_does_not_stop_the_others(provider: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    receive = mllp.receive

    def fails_for_one(incoming: Sequence[Any], **named: Any) -> list[int]:
        if any(one.control_id == "N1" for one in incoming):
            raise DatabaseError("this one is odd")
        return receive(incoming, **named)

    monkeypatch.setattr(mllp, "receive", fails_for_one)
    answers = take([Frame(one) for one in numbered(3)], provider=provider)
    assert codes(answers) == ["AA", "AE", "AA"]
    assert waiting() == {"N0", "N2"}


# --- Listening

Scenario = Callable[["Place"], Awaitable[None]]


class Place:
    """A listener that runs, and the ways to it."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.port = 0

    async def call(self) -> "Sender":
        return Sender(*await asyncio.open_connection("127.0.0.1", self.port))


class Sender:
    """One connection of a sending system."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def answers(self, count: int) -> list[bytes]:
        """Return the next answers, each without its frame."""
        found = []
        for _number in range(count):
            raw = await asyncio.wait_for(self.reader.readuntil(b"\x1c\r"), 20)
            assert raw[:1] == b"\x0b"
            found.append(raw[1:-2])
        return found

    async def ended(self) -> bool:
        """Wait for the listener to close the connection."""
        return await asyncio.wait_for(self.reader.read(), 20) == b""

    async def leave(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


def listening(provider: Unit, scenario: Scenario, **how: Any) -> None:
    """Run a listener, the scenario against it, and stop it."""

    async def run() -> None:
        place = Place(Listener(provider, **how))
        is_ready = asyncio.Event()

        def ready(_host: str, port: int) -> None:
            place.port = port
            is_ready.set()

        serving = asyncio.create_task(place.listener.serve("127.0.0.1", 0, ready))
        await is_ready.wait()
        try:
            await scenario(place)
        finally:
            place.listener.stop.set()
            await asyncio.wait_for(serving, 30)

    asyncio.run(run())


def test_several_messages_over_one_connection(provider: Unit) -> None:
    async def scenario(place: Place) -> None:
        sender = await place.call()
        await sender.send(framed(GOOD))
        assert codes(await sender.answers(1)) == ["AA"]
        await sender.send(framed(BAD) + framed(OTHER) + b"junk" + framed(b"x") + framed(*numbered(3)))
        answers = await sender.answers(6)
        assert codes(answers) == ["AE", "AR", "AR", "AA", "AA", "AA"]
        assert ids(answers)[3:] == ["N0", "N1", "N2"]
        await sender.leave()

    listening(provider, scenario)
    assert waiting() == {"K1", "N0", "N1", "N2"}


def test_a_message_in_small_pieces_and_one_that_was_cut(provider: Unit) -> None:
    async def scenario(place: Place) -> None:
        sender = await place.call()
        raw = framed(GOOD)
        for at in range(0, len(raw), 40):
            await sender.send(raw[at : at + 40])
            await asyncio.sleep(0)
        assert codes(await sender.answers(1)) == ["AA"]
        cut = await place.call()
        await cut.send(raw[:100])
        cut.writer.write_eof()
        assert await cut.ended()
        await cut.leave()
        await sender.leave()

    listening(provider, scenario)
    assert InboundMessage.objects.count() == 1


def test_a_sender_that_closes_its_side_still_gets_its_answers(provider: Unit) -> None:
    async def scenario(place: Place) -> None:
        sender = await place.call()
        await sender.send(framed(*numbered(5)))
        sender.writer.write_eof()
        assert codes(await sender.answers(5)) == ["AA"] * 5
        assert await sender.ended()
        await sender.leave()

    listening(provider, scenario)


def test_connections_do_not_disturb_each_other(provider: Unit) -> None:
    async def scenario(place: Place) -> None:
        idle = await place.call()
        gone = await place.call()
        await gone.send(framed(GOOD))
        gone.writer.transport.abort()

        async def one(start: int) -> None:
            sender = await place.call()
            sent = numbered(40, start)
            await sender.send(framed(*sent[:20]))
            for raw in sent[20:]:
                await sender.send(framed(raw))
            answers = await sender.answers(40)
            assert codes(answers) == ["AA"] * 40
            assert ids(answers) == [f"N{number}" for number in range(start, start + 40)]
            await sender.leave()

        await asyncio.gather(*(one(start) for start in (0, 100, 200)))
        await idle.send(framed(GOOD))
        assert codes(await idle.answers(1)) == ["AA"]
        await idle.leave()

    listening(provider, scenario)
    assert InboundMessage.objects.count() == 121


def test_many_messages_share_a_transaction(provider: Unit) -> None:
    sizes: list[int] = []

    def counting(judged: Sequence[Judged], *, provider: Unit) -> list[bool]:
        sizes.append(len(judged))
        return store(judged, provider=provider)

    async def scenario(place: Place) -> None:
        sender = await place.call()
        await sender.send(framed(*numbered(300)))
        assert codes(await sender.answers(300)) == ["AA"] * 300
        await sender.leave()

    listening(provider, scenario, store=counting)
    assert sum(sizes) == 300
    assert len(sizes) < 100
    assert max(sizes) <= mllp.BATCH


def test_a_stop_answers_what_was_read_and_takes_nothing_new(provider: Unit) -> None:
    is_storing = threading.Event()

    def slowly(judged: Sequence[Judged], *, provider: Unit) -> list[bool]:
        is_storing.set()
        time.sleep(0.3)
        return store(judged, provider=provider)

    async def scenario(place: Place) -> None:
        busy, idle = await place.call(), await place.call()
        await busy.send(framed(*numbered(10)))
        await asyncio.to_thread(is_storing.wait, 20)
        place.listener.stop.set()
        await asyncio.sleep(0.05)
        with pytest.raises(ConnectionRefusedError):
            await place.call()
        assert codes(await busy.answers(10)) == ["AA"] * 10
        assert await busy.ended()
        assert await idle.ended()
        await busy.leave()
        await idle.leave()

    listening(provider, scenario, store=slowly)
    assert InboundMessage.objects.count() == 10


def test_a_stop_with_a_full_queue_still_stores_what_was_read(provider: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WAITING": 3, "BATCH": 1, "GRACE": 0.1}.items():
        monkeypatch.setattr(mllp, name, value)

    def slowly(judged: Sequence[Judged], *, provider: Unit) -> list[bool]:
        time.sleep(0.5)
        return store(judged, provider=provider)

    async def scenario(place: Place) -> None:
        sender = await place.call()
        await sender.send(framed(*numbered(20)))
        await asyncio.sleep(0.2)  # Four are read: one is being stored, three fill the queue.
        await sender.leave()

    listening(provider, scenario, store=slowly)
    assert waiting() == {"N0", "N1", "N2", "N3"}


def test_a_silent_connection_is_closed_and_too_many_are_turned_away(provider: Unit) -> None:
    async def scenario(place: Place) -> None:
        first, second = await place.call(), await place.call()
        third = await place.call()
        assert await third.ended()
        await third.leave()
        assert await first.ended()
        assert await second.ended()
        await first.leave()
        await second.leave()
        again = await place.call()
        await again.send(framed(GOOD))
        assert codes(await again.answers(1)) == ["AA"]
        await again.leave()

    listening(provider, scenario, idle=0.5, most=2)


def test_a_message_above_the_limit_is_answered_by_its_header(provider: Unit) -> None:
    async def scenario(place: Place) -> None:
        sender = await place.call()
        await sender.send(framed(GOOD[:-1] + b"OBX|2|TX|X||" + b"a" * 5000, GOOD))
        answers = await sender.answers(2)
        assert codes(answers) == ["AR", "AA"]
        assert ids(answers) == ["K1", "K1"]
        await sender.leave()

    listening(provider, scenario, limit=2000)


def test_the_letters_of_each_sender(provider: Unit) -> None:
    async def scenario(place: Place) -> None:
        sender = await place.call()
        for encoding in ("latin-1", "utf-8"):
            await sender.send(framed(message(head=header(6, "Åmål")).encode(encoding)))
            (answer,) = await sender.answers(1)
            assert "|Åmål|" in answer.decode(encoding)
        await sender.leave()

    listening(provider, scenario)
    assert InboundMessage.objects.count() == 2
