"""The counts of the forecast: once a stratum, also where unit, requirement or source stand for all."""

from typing import Any

import pytest
from django.utils import timezone

from cases.models import Turnaround
from tests.constraints.conftest import refused_by_database
from tests.domain_factories import House


@pytest.mark.parametrize("of_one_unit", [True, False])
def test_a_stratum_is_counted_once(house: House, of_one_unit: bool) -> None:
    row: dict[str, Any] = {
        "provider": house.hospital, "unit": house.clinic if of_one_unit else None, "kind": "lab", "stage": "ordered",
        "came": [1], "awaited": [1], "counted_at": timezone.now(),
    }  # fmt: skip
    Turnaround.objects.create(**row)
    Turnaround.objects.create(**row | {"stage": "preliminary"})
    with refused_by_database("turnaround_once"):
        Turnaround.objects.create(**row)
