"""Event kinds of the tests' own, and two people to tell."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Role
from events import registry
from events.models import Event
from events.record import record
from events.registry import EventType, register
from tests.factories import make_unit, make_user

NAME, NUMBER = "Tolvan Tolvansson", "19121212-1212"
Tell = Callable[..., Event]


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Declare four kinds: with everything, with a count in its mail, without mail, and bare."""
    monkeypatch.setattr(registry, "_TYPES", dict(registry.registered()))
    register(
        EventType(
            "test.happened",
            label=lambda: "Något hände",
            notice=lambda data: f"Steg {data.get('step', 0)} är klart",
            link=lambda event: f"/about/?event={event.pk}",
        ),
        EventType("test.counted", label=lambda: "Räknat", mail=lambda count: f"{count} saker saknas"),
        EventType("test.quiet", label=lambda: "Tyst", email=False),
        EventType("test.bare", label=lambda: "Bart"),
    )


@pytest.fixture
def author(db: None) -> User:
    return make_user("author@test.example", Role.COORDINATOR, name="Astrid Avsändare")


@pytest.fixture
def reader(db: None) -> User:
    return make_user("reader@test.example", Role.RADIOLOGIST, name="Rut Läsare")


@pytest.fixture
def tell(kinds: None, author: User) -> Tell:
    """Return a function that records an event of `kind` to the people given."""
    subject = make_unit()

    def _tell(*to: User, kind: str = "test.happened", now: datetime | None = None, **more: Any) -> Event:
        more.setdefault("by", author)
        return record(kind, now=now or timezone.now(), subject=subject, to=to, **more)

    return _tell
