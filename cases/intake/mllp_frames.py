"""The framing of MLLP: a stream of bytes cut into messages, wherever its pieces end."""

from dataclasses import dataclass
from typing import Final

from cases.intake.er7 import LIMIT

START, END, CARRIAGE_RETURN = b"\x0b", b"\x1c", b"\r"
HEAD: Final = 64 * 1024
"""Bytes that are kept of a message that is too large: enough to answer it by its header."""


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


def framed(raw: bytes) -> bytes:
    """Return a message as it stands in the stream."""
    return START + raw + END + CARRIAGE_RETURN
