"""The listener of HL7 v2 over MLLP: frames cut from streams, stored for all connections together, then acknowledged.

One writer takes what has come in over every connection, stores it in one transaction and then answers each
message on its connection, in order. So a commit waits for the disk once for many messages, and nobody is told
`AA` before it has. The protocol has no login: who may connect is decided by the network (docs/operations.md).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils import timezone, translation

from accounts.models import Unit
from cases.intake.acknowledge import Judged, acknowledge, judge, not_stored, too_large
from cases.intake.er7 import LIMIT
from cases.intake.inbox import receive, wake

log = logging.getLogger(__name__)

START, END, CARRIAGE_RETURN = b"\x0b", b"\x1c", b"\r"
HEAD: Final = 64 * 1024
"""Bytes that are kept of a message that is too large: enough to answer it by its header."""
CHUNK: Final = 64 * 1024
BATCH: Final = 200
"""Most messages of one transaction."""
BATCH_BYTES: Final = 8 * 1024 * 1024
WAITING: Final = 1000
WAITING_BYTES: Final = 64 * 1024 * 1024
"""What was read and waits for the writer: above so many messages or bytes, no connection is read from."""
CONNECTIONS: Final = 200
IDLE: Final = 3600.0
"""Seconds after which a silent connection is closed; senders keep one open and connect again at need."""
GRACE: Final = 20.0
"""Seconds that a stop waits for what was read to be stored and answered."""
BETWEEN_WAKINGS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it stood between start and end; of one that is too large only the beginning is left."""

    raw: bytes
    is_too_large: bool = False


class Frames:
    """Cuts a stream into messages, wherever its pieces end.

    What stands outside a frame is dropped, and so a missing carriage return at its end does no harm. A frame that
    was cut off and begun anew counts from its last beginning.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._inside = False
        self._is_too_large = False
        self._held = bytearray()

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take the next bytes of the stream and return the messages that are complete with them."""
        complete = []
        while chunk:
            if not self._inside:
                _dropped, start, chunk = chunk.partition(START)
                self._inside = bool(start)
                continue
            piece, end, chunk = chunk.partition(END)
            self._hold(piece)
            if end:
                complete.append(self._frame())
        return complete

    def _hold(self, piece: bytes) -> None:
        if not self._is_too_large:
            self._held += piece
        if len(self._held) > self._limit:
            self._is_too_large = True
            del self._held[HEAD:]

    def _frame(self) -> Frame:
        raw, is_too_large = bytes(self._held), self._is_too_large
        self._held.clear()
        self._inside = self._is_too_large = False
        again = raw.rfind(START + b"MSH")
        return Frame(raw if is_too_large or again < 0 else raw[again + 1 :], is_too_large)


def take(frames: Sequence[Frame], *, provider: Unit) -> list[bytes]:
    """Store the messages in one transaction and return the answer to each, in order. Never raises.

    A message that could not be stored is answered `AE`: its sender has it still, and sends it again.
    """
    with translation.override(settings.LANGUAGE_CODE):
        judged = [None if frame.is_too_large else judge(frame.raw) for frame in frames]
        kept = [one for one in judged if one is not None]
        stored = set(map(id, kept)) if not kept or _store(kept, provider) else set()
        if not stored:  # one of them may be what stops the others; a lost connection is opened again
            stored = {id(one) for one in kept if _store([one], provider)}
        return [
            acknowledge(frame.raw, fault=too_large())
            if one is None
            else one.answer()
            if id(one) in stored
            else one.answer(not_stored())
            for frame, one in zip(frames, judged, strict=True)
        ]


def _store(judged: Sequence[Judged], provider: Unit) -> bool:
    try:
        receive([one.incoming for one in judged], provider=provider, by=None, now=timezone.now())
    except Exception as error:  # noqa: BLE001 - whatever it is, the sender must hear that the message is not stored
        log.error("%d HL7 messages were not stored: %s", len(judged), type(error).__name__)
        with suppress(Exception):
            connection.close()
        return False
    return True


@dataclass(eq=False, slots=True)
class Caller:
    """One connection: what it was not yet answered."""

    writer: asyncio.StreamWriter
    unanswered: int = 0
    all_answered: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.all_answered.set()

    def asked(self) -> None:
        """Count a message that was read."""
        self.unanswered += 1
        self.all_answered.clear()

    def answer(self, raw: bytes) -> None:
        """Send an answer; to one who has gone, none (the message is stored, and known when it comes again)."""
        if not self.writer.is_closing():
            self.writer.write(START + raw + END + CARRIAGE_RETURN)
        self.unanswered -= 1
        if not self.unanswered:
            self.all_answered.set()


class Listener:
    """Serves any number of connections until `stop` is set; then finishes what it has read."""

    def __init__(
        self,
        provider: Unit,
        *,
        idle: float = IDLE,
        limit: int = LIMIT,
        most: int = CONNECTIONS,
        store: Callable[..., list[bytes]] = take,
    ) -> None:
        self.stop = asyncio.Event()
        self._provider, self._idle, self._limit, self._most, self._store = provider, idle, limit, most, store
        self._queue: asyncio.Queue[tuple[Frame, Caller] | None] = asyncio.Queue(WAITING)
        self._callers: set[asyncio.Task[None]] = set()
        self._waiting_bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._stored = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "mllp-store")

    async def serve(self, host: str, port: int, ready: Callable[[str, int], None]) -> None:
        """Listen until `stop` is set; `ready` gets the address that it listens on. OSError where that is taken."""
        server = await asyncio.start_server(self._meet, host, port)
        writing, waking = asyncio.create_task(self._write()), asyncio.create_task(self._wake())
        ready(*server.sockets[0].getsockname()[:2])
        stopped = asyncio.create_task(self.stop.wait())
        await asyncio.wait({stopped, writing}, return_when=asyncio.FIRST_COMPLETED)
        server.close()
        if self._callers:
            _done, late = await asyncio.wait(self._callers, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._queue.put_nowait(None)
        await writing
        waking.cancel()
        await asyncio.get_running_loop().run_in_executor(self._thread, _leave)
        self._thread.shutdown()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or self.stop.is_set() or len(self._callers) >= self._most:
            writer.close()
            return
        self._callers.add(task)
        caller = Caller(writer)
        try:
            with suppress(OSError):
                await self._listen(reader, caller)
            await caller.all_answered.wait()
        finally:
            self._callers.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _listen(self, reader: asyncio.StreamReader, caller: Caller) -> None:
        """Read until the caller ends, is silent for too long, or the listener stops."""
        frames = Frames(self._limit)
        stopped = asyncio.create_task(self.stop.wait())
        reading: asyncio.Task[bytes] | None = None
        try:
            while True:
                reading = asyncio.create_task(reader.read(CHUNK))
                await asyncio.wait({reading, stopped}, timeout=self._idle, return_when=asyncio.FIRST_COMPLETED)
                if not reading.done():
                    return
                chunk = reading.result()
                for frame in frames.feed(chunk):
                    await self._line_up(frame, caller)
                if not chunk or self.stop.is_set():
                    return
                await asyncio.wait_for(caller.writer.drain(), self._idle)
        finally:
            stopped.cancel()
            if reading is not None:
                reading.cancel()

    async def _line_up(self, frame: Frame, caller: Caller) -> None:
        """Let a message wait for the writer, when there is room."""
        caller.asked()
        await self._room.wait()
        self._waiting_bytes += len(frame.raw)
        if self._waiting_bytes > WAITING_BYTES:
            self._room.clear()
        await self._queue.put((frame, caller))

    async def _write(self) -> None:
        """Store what waits, again and again, and answer it."""
        loop = asyncio.get_running_loop()
        while (first := await self._queue.get()) is not None:
            batch, size, is_last = [first], len(first[0].raw), False
            while len(batch) < BATCH and size < BATCH_BYTES and not self._queue.empty() and not is_last:
                following = self._queue.get_nowait()
                if following is None:
                    is_last = True
                else:
                    batch.append(following)
                    size += len(following[0].raw)
            call = partial(self._store, [frame for frame, _caller in batch], provider=self._provider)
            answers = await loop.run_in_executor(self._thread, call)
            self._waiting_bytes -= size
            if self._waiting_bytes <= WAITING_BYTES:
                self._room.set()
            self._stored.set()
            for (_frame, caller), answer in zip(batch, answers, strict=True):
                caller.answer(answer)
            if is_last:
                return

    async def _wake(self) -> None:
        """Tell a worker that messages wait, not more often than it needs to hear it."""
        while True:
            await self._stored.wait()
            self._stored.clear()
            await asyncio.to_thread(wake)
            await asyncio.sleep(BETWEEN_WAKINGS)


def _leave() -> None:
    with suppress(Exception):
        connection.close()
