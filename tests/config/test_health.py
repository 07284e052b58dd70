"""/healthz and /readyz: what proxies, launchers and operators rely on."""

import time

import pytest
from django.db import OperationalError
from django.test import Client
from redis import ConnectionError as RedisConnectionError

from config import health
from config.tasks import heartbeat


@pytest.fixture
def _no_heartbeat() -> None:
    with health.client() as redis:
        redis.delete(health.HEARTBEAT_KEY)


def test_healthz_needs_nothing(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_with_a_fresh_heartbeat(client: Client) -> None:
    heartbeat()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"] == {"database": "ok", "redis": "ok", "worker": "ok"}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_heartbeat")
def test_not_ready_before_a_worker_has_been_seen(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["down"] == ["worker"]


@pytest.mark.django_db
def test_a_late_heartbeat_counts_as_down(client: Client) -> None:
    with health.client() as redis:
        redis.set(health.HEARTBEAT_KEY, str(time.time() - health.HEARTBEAT_LATE - 1))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["worker"].startswith("no heartbeat for 3")


@pytest.mark.django_db
def test_a_dead_redis_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead() -> None:
        raise RedisConnectionError

    monkeypatch.setattr(health, "client", dead)
    assert client.get("/readyz").json()["down"] == ["redis", "worker"]


def test_a_dead_database_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dead:
        def cursor(self) -> None:
            raise OperationalError

    heartbeat()
    monkeypatch.setattr(health, "connection", Dead())
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["down"] == ["database"]


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_only_reading(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405
