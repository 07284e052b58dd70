"""Production refuses to start with anything that belongs to a demo, and says which and why."""

import os
import subprocess
import sys

import pytest

from config.embedded import BASE_DIR

GOOD = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "MDK_SECRET_KEY": "k3J9-wq8Zr2LmX5vT7cB1nH6fD4sA0pGyUeRiOtWxQzVbNmKjLh",
    "MDK_ALLOWED_HOSTS": "mdk.example.se",
    "DATABASE_URL": "postgresql://mdk:x@db.example/mdk",
    "REDIS_URL": "redis://redis.example:6379/0",
}
START = "import django; django.setup(); from django.conf import settings; print(settings.DEMO, settings.DEBUG)"


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    """Load the production settings in a process of its own."""
    own = ("MDK_", "DATABASE_URL", "REDIS_URL", "DATA_DIR")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(own)}
    wanted = {key: value for key, value in {**GOOD, **changes}.items() if value}
    return subprocess.run(
        [sys.executable, "-c", START], env=inherited | wanted, cwd=BASE_DIR, capture_output=True, text=True, check=False
    )


def test_it_starts_when_all_is_given() -> None:
    result = start()
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MDK_DEMO", "1"),
        ("MDK_DEBUG", "1"),
        ("MDK_SECRET_KEY", ""),
        ("MDK_SECRET_KEY", "short"),
        ("MDK_SECRET_KEY", "change-me-" + "abcdefghijklmnopqrstuvwxyz" * 3),
        ("MDK_SECRET_KEY", "a" * 60),
        ("MDK_ALLOWED_HOSTS", ""),
        ("MDK_ALLOWED_HOSTS", "*"),
        ("MDK_BASE_URL", "http://mdk.example.se"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite:///mdk"),
        ("REDIS_URL", ""),
    ],
)
def test_it_refuses(name: str, value: str) -> None:
    result = start(**{name: value})
    last = result.stderr.strip().splitlines()[-1]
    assert result.returncode != 0
    assert last.startswith("config.env.BadSetting: ")
    assert f"{name} is " in last
    assert "Set it to " in last
