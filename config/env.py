"""Settings from the environment: typed, and refused with a sentence that says what to write instead."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
SECRET = ("PASSWORD", "SECRET", "KEY", "TOKEN", "URL")


class BadSetting(ImproperlyConfigured):
    """A variable of the environment is missing or wrong; the message names it and the remedy."""


def _shown(name: str, value: str) -> str:
    """Return `value` for a message; what may hold a secret is not repeated."""
    return "(not shown)" if any(word in name for word in SECRET) else repr(value)


def bad(name: str, value: str | None, expected: str) -> BadSetting:
    """Return the error for `name`: the name, the given value and what is expected."""
    if value is None:
        return BadSetting(f"{name} is not set. Set it to {expected}.")
    return BadSetting(f"{name} is {_shown(name, value)}. Set it to {expected}.")


def text(name: str, default: str | None = None, *, expected: str = "a text", least: int = 0) -> str:
    """Return the text of `name`; at least `least` characters. Without a default it must be set."""
    value = os.environ.get(name, "").strip() or default
    if value is None or len(value) < least:
        raise bad(name, value, expected)
    return value


def flag(name: str, default: bool) -> bool:
    """Return the yes or no of `name`: 1/0, true/false, yes/no, on/off."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if value.lower() in TRUE | FALSE:
        return value.lower() in TRUE
    raise bad(name, value, "1 or 0")


def integer(name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
    """Return the whole number of `name`, between `least` and `most`."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise bad(name, value, f"a whole number from {least} to {most}")
    return number


def listed(name: str, default: Collection[str] = ()) -> list[str]:
    """Return the comma-separated values of `name`, without blanks and empty ones."""
    value = os.environ.get(name, "")
    return [part.strip() for part in value.split(",") if part.strip()] or list(default)


def folder(name: str, default: Path) -> Path:
    """Return the absolute folder of `name`; it need not exist."""
    value = os.environ.get(name, "").strip()
    found = (Path(value).expanduser() if value else default).absolute()
    if found.exists() and not found.is_dir():
        raise bad(name, value, "a folder (there is a file of that name)")
    return found


def database(url: str, *, pool: int = 0) -> dict[str, Any]:
    """Return Django's settings for the PostgreSQL of `url`; `pool` is the most connections a process keeps open.

    `postgresql://user:password@host:5432/name`, or with `?host=/folder/of/socket`; other query parameters
    (sslmode, sslrootcert, ...) go to the driver.
    """
    expected = "postgresql://user:password@host:5432/name"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise bad("DATABASE_URL", url, expected) from error
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in {"postgres", "postgresql"} or not name:
        raise bad("DATABASE_URL", url, expected)
    options: dict[str, Any] = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = options.pop("host", parts.hostname or "")
    if pool:
        options["pool"] = {"min_size": min(2, pool), "max_size": pool, "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or options.pop("port", "")),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
    }


def redis(url: str, number: int) -> str:
    """Return the client's address of database `number` above the one that `url` names (0 when it names none).

    `redis://[:password@]host:6379[/0]`, `rediss://...` or `unix:///file/of/socket[?db=0]`.
    """
    base, first = _redis_parts(url)
    if base.startswith("unix:"):
        return f"{base}?db={first + number}"
    return f"{base}/{first + number}"


def broker(url: str, number: int) -> str:
    """Return Celery's address of the same database; kombu writes sockets in its own way."""
    base, first = _redis_parts(url)
    if base.startswith("unix://"):
        return f"redis+socket://{base.removeprefix('unix://')}?virtual_host={first + number}"
    return f"{base}/{first + number}"


def _redis_parts(url: str) -> tuple[str, int]:
    """Split a Redis address into what stands before the database's number, and that number."""
    expected = "redis://host:6379/0, rediss://host:6379/0 or unix:///file/of/socket"
    parts = urlsplit(url)
    try:
        if parts.scheme == "unix" and parts.path:
            query = parse_qs(parts.query)
            return f"unix://{parts.path}", int(query.get("db", ["0"])[-1])
        if parts.scheme in {"redis", "rediss"} and parts.hostname:
            return f"{parts.scheme}://{parts.netloc}", int(parts.path.strip("/") or 0)
    except ValueError as error:
        raise bad("REDIS_URL", url, expected) from error
    raise bad("REDIS_URL", url, expected)
