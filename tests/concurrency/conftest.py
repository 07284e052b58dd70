"""Two at once: real threads on real connections, brought together at a barrier."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib import import_module
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import QuerySet

from tests.domain_factories import House, make_house

Call = Callable[[], Any]
LOCKING = QuerySet.select_for_update


@pytest.fixture
def house(transactional_db: None) -> House:
    return make_house()


def at_once(*calls: Call) -> list[Any]:
    """Run the calls in threads that start together; return what each gave, an exception as itself."""
    gate = Barrier(len(calls))

    def run(call: Call) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(timeout=10)
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, call) for call in calls]]


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what takes every lock away: `select_for_update` becomes a plain reading, and no number is held."""

    def take_away() -> None:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self.all())
        monkeypatch.setattr("cases.services.identities.lock_keys", lambda keys: None)

    return take_away


@contextmanager
def meeting_at(monkeypatch: pytest.MonkeyPatch, target: str, parties: int = 2) -> Iterator[None]:
    """Let the parties wait for one another just before the function `target` (module.name) does its work.

    So both have read before either writes, unless a lock holds the second back: then the first goes on alone
    after a moment.
    """
    patience = 0.5 if QuerySet.select_for_update is LOCKING else 10
    module, _dot, name = target.rpartition(".")
    owner = import_module(module)
    original = getattr(owner, name)
    gate = Barrier(parties)

    def wait_first(*args: Any, **kwargs: Any) -> Any:
        with suppress(BrokenBarrierError):
            gate.wait(timeout=patience)
        return original(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, wait_first)
        yield
