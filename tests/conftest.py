"""What every test stands on: real engines, no way out to the network, a clean cache."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import translation

from config.embedded import engines
from config.translations import compile_all

_running = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start the engines of the tests (or attach to those of another process of this run); compile the texts."""
    compile_all()
    _running.enter_context(engines(settings.DATA_DIR, throwaway=True))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the engines; they stop and their data goes when the last process of the run has left."""
    _running.close()


@pytest.fixture(autouse=True)
def _clean_house() -> Iterator[None]:
    """Give each test an empty cache and the house's own language."""
    cache.clear()
    translation.activate(settings.LANGUAGE_CODE)
    yield
    translation.activate(settings.LANGUAGE_CODE)
