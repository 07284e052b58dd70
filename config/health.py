"""Is the system alive, and can it do its work? For proxies, launchers and operators."""

import time
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.public import public

HEARTBEAT_KEY = "mdk:worker-heartbeat"
HEARTBEAT_EVERY = 10
HEARTBEAT_LATE = 30
"""Seconds after which a worker without a heartbeat counts as down."""

OK = "ok"


def client() -> Redis:
    """Return a client that gives up at once."""
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=1,
        socket_connect_timeout=0.5,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def beat_heart() -> None:
    """Note in Redis that a worker did work just now."""
    with client() as redis:
        redis.set(HEARTBEAT_KEY, f"{time.time():.0f}", ex=24 * 3600)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "no answer"
    return OK


def _redis() -> str:
    try:
        with client() as redis:
            redis.ping()
    except RedisError:
        return "no answer"
    return OK


def _worker() -> str:
    try:
        with client() as redis:
            last = redis.get(HEARTBEAT_KEY)
    except RedisError:
        return "unknown: redis does not answer"
    if last is None:
        return "no heartbeat yet"
    age = time.time() - float(last)
    return OK if age < HEARTBEAT_LATE else f"no heartbeat for {age:.0f} s"


CHECKS: dict[str, Callable[[], str]] = {"database": _database, "redis": _redis, "worker": _worker}


@public
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": OK})


@public
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database, Redis and a worker are there, else 503; says of each how it is."""
    found = {name: check() for name, check in CHECKS.items()}
    down = [name for name, state in found.items() if state != OK]
    status = HTTPStatus.SERVICE_UNAVAILABLE if down else HTTPStatus.OK
    return JsonResponse({"status": "down" if down else OK, "down": down, "checks": found}, status=status)
