"""The listener of HL7 v2 over MLLP: messages are stored for all connections together, and then acknowledged.

One writer takes what has come in over every connection, stores it in one transaction and then answers each
message on its connection, in order. So a commit waits for the disk once for many messages, and nobody is told
`AA` before it has. While the database works, the next messages are read. The protocol has no login: who may
connect is decided by the network (docs/operations.md).
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
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone, translation

from accounts.models import Unit
from cases.intake.acknowledge import Judged, judge, judge_head, not_stored
from cases.intake.er7 import LIMIT
from cases.intake.inbox import receive, wake
from cases.intake.mllp_frames import Frame, Frames, framed

log = logging.getLogger(__name__)

CHUNK: Final = 64 * 1024
LONG: Final = 64 * 1024
"""Bytes from which a message is read aside, so that it does not hold up the other connections."""
BATCH: Final = 200
BATCH_BYTES: Final = 8 * 1024 * 1024
"""Most messages, and about the most bytes, of one transaction."""
WAITING: Final = 1000
WAITING_BYTES: Final = 64 * 1024 * 1024
"""What was read and waits for the writer: above so many messages or bytes, no connection is read from."""
CONNECTIONS: Final = 200
IDLE: Final = 3600.0
"""Seconds after which a silent connection is closed; senders keep one open and connect again at need."""
GRACE: Final = 20.0
"""Seconds that a stop waits for what was read to be stored and answered."""
BETWEEN_WAKINGS: Final = 0.5


def read_frame(frame: Frame) -> Judged:
    """Return the message of a frame, read and ready to be stored. Never raises."""
    with translation.override(settings.LANGUAGE_CODE):
        return judge_head(frame.raw) if frame.is_too_large else judge(frame.raw)


def store(judged: Sequence[Judged], *, provider: Unit) -> list[bool]:
    """Store the messages in one transaction; return for each whether it is stored. Never raises.

    Where that fails each is tried alone, since one of them may be what stops the others, and a connection that
    was lost is opened again; a database that cannot be reached is not tried for each.
    """
    wanted = [one for one in judged if one.is_kept]
    if not wanted or _store(wanted, provider) is None:
        return [one.is_kept for one in judged]
    stored, is_gone = [], False
    for one in judged:
        error = _store([one], provider) if one.is_kept and not is_gone else None
        stored.append(one.is_kept and not is_gone and error is None)
        is_gone = is_gone or isinstance(error, OperationalError | InterfaceError)
    return stored


def _store(judged: Sequence[Judged], provider: Unit) -> Exception | None:
    try:
        receive([one.incoming for one in judged], provider=provider, by=None, now=timezone.now())
    except Exception as error:  # noqa: BLE001 - whatever it is, the sender must hear that the message is not stored
        log.error("%d HL7 messages were not stored: %s", len(judged), type(error).__name__)
        with suppress(Exception):
            connection.close()
        return error
    return None


def answer_to(judged: Judged, *, is_stored: bool) -> bytes:
    """Return the answer: `AE` to what should be stored and is not, for its sender has it still and sends it again."""
    with translation.override(settings.LANGUAGE_CODE):
        return judged.answer() if is_stored or not judged.is_kept else judged.answer(not_stored())


@dataclass(eq=False, slots=True)
class Caller:
    """One connection: what it was not yet answered, and whether it is being read from."""

    writer: asyncio.StreamWriter
    task: asyncio.Task[None]
    is_reading: bool = False
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
            self.writer.write(framed(raw))
        self.unanswered -= 1
        if not self.unanswered:
            self.all_answered.set()

    async def read(self, reader: asyncio.StreamReader, idle: float) -> bytes:
        """Return what comes next; nothing at the end of the stream. TimeoutError after `idle` seconds of silence."""
        self.is_reading = True
        try:
            async with asyncio.timeout(idle):
                return await reader.read(CHUNK)
        finally:
            self.is_reading = False


class Listener:
    """Serves any number of connections until `stop` is set; then finishes what it has read."""

    def __init__(
        self,
        provider: Unit,
        *,
        idle: float = IDLE,
        limit: int = LIMIT,
        most: int = CONNECTIONS,
        store: Callable[..., list[bool]] = store,
    ) -> None:
        self.stop = asyncio.Event()
        self._provider, self._idle, self._limit, self._most, self._store = provider, idle, limit, most, store
        self._queue: asyncio.Queue[tuple[Judged, Caller] | None] = asyncio.Queue(WAITING)
        self._callers: set[Caller] = set()
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
        await self._part()
        last = asyncio.create_task(self._queue.put(None))
        await asyncio.wait({last, writing}, return_when=asyncio.FIRST_COMPLETED)
        await writing
        waking.cancel()
        await asyncio.get_running_loop().run_in_executor(self._thread, _leave)
        self._thread.shutdown()

    async def _part(self) -> None:
        """Read no more, wait until every connection has its answers, and close it."""
        for caller in self._callers:
            if caller.is_reading:
                caller.task.cancel()
        if tasks := [caller.task for caller in self._callers]:
            _done, late = await asyncio.wait(tasks, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or self.stop.is_set() or len(self._callers) >= self._most:
            writer.close()
            return
        caller = Caller(writer, task)
        self._callers.add(caller)
        try:
            with suppress(OSError):
                await self._listen(reader, caller)
            await caller.all_answered.wait()
        except asyncio.CancelledError:
            if not self.stop.is_set():  # At a stop it has not its answers in time: it sends again.
                raise
        finally:
            self._callers.discard(caller)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _listen(self, reader: asyncio.StreamReader, caller: Caller) -> None:
        """Read until the caller ends, is silent for too long (TimeoutError), or the listener stops."""
        frames = Frames(self._limit)
        while not self.stop.is_set():
            try:
                chunk = await caller.read(reader, self._idle)
            except asyncio.CancelledError:
                if self.stop.is_set():
                    return
                raise
            for frame in frames.feed(chunk):
                await self._line_up(frame, caller)
            if not chunk:
                return
            async with asyncio.timeout(self._idle):
                await caller.writer.drain()

    async def _line_up(self, frame: Frame, caller: Caller) -> None:
        """Read a message and let it wait for the writer, when there is room."""
        caller.asked()
        await self._room.wait()
        self._waiting_bytes += len(frame.raw)
        if self._waiting_bytes > WAITING_BYTES:
            self._room.clear()
        judged = await asyncio.to_thread(read_frame, frame) if len(frame.raw) > LONG else read_frame(frame)
        await self._queue.put((judged, caller))

    async def _write(self) -> None:
        """Store what waits, again and again, and answer it."""
        loop, is_last = asyncio.get_running_loop(), False
        while not is_last and (first := await self._queue.get()) is not None:
            batch, size = [first], len(first[0].incoming.raw)
            while len(batch) < BATCH and size < BATCH_BYTES and not self._queue.empty() and not is_last:
                following = self._queue.get_nowait()
                if following is None:
                    is_last = True
                else:
                    batch.append(following)
                    size += len(following[0].incoming.raw)
            call = partial(self._store, [judged for judged, _caller in batch], provider=self._provider)
            stored = await loop.run_in_executor(self._thread, call)
            self._waiting_bytes -= size
            if self._waiting_bytes <= WAITING_BYTES:
                self._room.set()
            self._stored.set()
            for (judged, caller), is_stored in zip(batch, stored, strict=True):
                caller.answer(answer_to(judged, is_stored=is_stored))

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
