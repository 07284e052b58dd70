"""Sweeps: one row that fails is logged and tried again by the next run, and the others go on."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

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
