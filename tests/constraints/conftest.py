"""What the attempts on the database share: a house, and a meeting under way with an outcome."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction

from tests.domain_factories import House, make_house


@pytest.fixture
def house(db: None) -> House:
    return make_house()


@contextmanager
def refused_by_database(name: str) -> Iterator[None]:
    """Hold that the block is refused by the constraint or trigger `name`, deferred ones included."""
    with pytest.raises(DatabaseError, match=name), transaction.atomic():  # noqa: PT012 - the block is the caller's
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
