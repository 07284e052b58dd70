"""Two workers reach for the same mails at the same moment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from events import outbox
from events.models import Delivery
from tests.events.conftest import Tell

ROWS = 20


@contextmanager
def both(work: Callable[[Barrier], None]) -> Iterator[None]:
    """Run `work` in two threads that meet at a barrier, and close their connections."""
    barrier = Barrier(2, timeout=10)

    def run() -> None:
        try:
            work(barrier)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(15)
        assert not thread.is_alive()


def claims_of_two_workers() -> list[int]:
    """Return the ids that two workers claimed, a row that both claimed twice."""
    now = timezone.now()
    claimed: list[int] = []

    def work(barrier: Barrier) -> None:
        barrier.wait()
        claimed.extend(row.pk for row in outbox.claim(outbox.due(now), now))

    with both(work):
        pass
    return sorted(claimed)


@pytest.fixture
def waiting(tell: Tell, reader: User) -> list[int]:
    for _row in range(ROWS):
        tell(reader)
    return sorted(Delivery.objects.filter(channel="email").values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_would_send(waiting: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    meet = Barrier(2, timeout=10)
    plain = QuerySet.update

    def unlocked(rows: QuerySet[Delivery], **options: object) -> QuerySet[Delivery]:
        return rows

    def update_after_both_have_read(rows: QuerySet[Delivery], **fields: object) -> int:
        if fields.get("state") == Delivery.State.CLAIMED:
            meet.wait()
        return plain(rows, **fields)

    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    monkeypatch.setattr(QuerySet, "update", update_after_both_have_read)
    assert claims_of_two_workers() == sorted(waiting * 2)


@pytest.mark.django_db(transaction=True)
def test_with_it_each_mail_has_one_worker(waiting: list[int]) -> None:
    assert claims_of_two_workers() == waiting


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_mail(waiting: list[int], mailoutbox: list[object]) -> None:
    def work(barrier: Barrier) -> None:
        now = timezone.now()
        barrier.wait()
        outbox.deliver(outbox.due(now), now)

    with both(work):
        pass
    assert 1 <= len(mailoutbox) <= 2
    assert not Delivery.objects.exclude(state="sent").exists()
    assert set(Delivery.objects.filter(channel="email").values_list("attempts", flat=True)) == {1}
