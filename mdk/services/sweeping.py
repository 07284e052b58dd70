"""Sweeps: one row that fails is logged and tried again by the next run, and the others go on; one run at a time."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection

logger = logging.getLogger(__name__)

One = TypeVar("One")


def sweep(each: Iterable[One], do: Callable[[One], int], *, what: str) -> int:
    """Return the sum of what `do` gives for each, which is a transaction of its own; one that fails counts nothing.

    `what` names it in the log, where ids alone may stand.
    """
    done = 0
    for one in each:
        try:
            done += do(one)
        except Exception:
            logger.exception("%s: one failed, the others go on", what)
    return done


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Say whether no other worker is at the sweep `name` now; held until the block ends, or with the connection.

    For sweeps that come every minute: one that takes longer is not joined by the next, which would do the same again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])
