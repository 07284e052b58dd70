"""The kinds of events: one declaration each, which notice, mail and history read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from events.models import Event

Text = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class EventType:
    """How one kind of event reads.

    `label` is the line of the history, `notice` the sentence of the notice (both from the event's data, in
    the reader's language, without patient data) and `link` the address that the notice opens. `email` says
    whether a mail follows the notice; its text is the number of notices and, where `mail` is given, the line
    that it makes of the event's `data["count"]`: nothing else of an event can reach a mail.
    """

    kind: str
    label: Callable[[], str]
    notice: Text | None = None
    link: Callable[[Event], str] | None = None
    email: bool = True
    mail: Callable[[int], str] | None = None


_TYPES: dict[str, EventType] = {}


def register(*types: EventType) -> None:
    """Declare event kinds; the floors do it when Django is ready. A kind is declared once."""
    for event_type in types:
        if event_type.kind in _TYPES:
            raise ValueError(f"event kind {event_type.kind!r} is registered twice")
        _TYPES[event_type.kind] = event_type


def event_type(kind: str) -> EventType:
    """Return the declaration of `kind`; KeyError for a kind that nobody declared."""
    return _TYPES[kind]


def registered() -> Mapping[str, EventType]:
    """Return every declared kind."""
    return dict(_TYPES)
