"""A hospital with its people for the tests of meetings."""

import pytest

from tests.domain_factories import House, make_house
from tests.mdk.bench_stage import Stage


@pytest.fixture
def house(db: None) -> House:
    """Return a hospital with one person of each role, and another hospital's coordinator."""
    return make_house()


@pytest.fixture
def stage(house: House) -> Stage:
    """Return a workbench with something on it."""
    return Stage(house)
