"""What is assumed where a hospital has no history of its own (docs/forecast.md has the sources and the reasons).

The programmes state how long an answer may take, not how long it takes. The time that they state is taken as the
day by which half of the answers have come: 40 % of the pathways reach the time that is set for the whole (the
national review of radiology, 2024-08-27). What no programme states is local, and marked so.
"""

from typing import Final

from cases.enums import ForecastStage
from cases.forecast.curves import Curve, half_by
from checklists.enums import Kind

PRIOR: Final[dict[tuple[str, str], Curve]] = {
    # The review's general assumption: CT with its reading within 5 days of the referral's arrival, four working days.
    (Kind.RADIOLOGY, ForecastStage.ORDERED): half_by(4, not_before=1),
    # Head and neck cancer's pathway: pathology answer in 3 working days.
    (Kind.PATHOLOGY, ForecastStage.ORDERED): half_by(3, not_before=1),
    (Kind.LAB, ForecastStage.ORDERED): half_by(1),  # local
    (Kind.CLINICAL, ForecastStage.ORDERED): half_by(3),  # local
    (Kind.RADIOLOGY, ForecastStage.PRELIMINARY): half_by(1),  # local
    (Kind.PATHOLOGY, ForecastStage.PRELIMINARY): half_by(2),  # local
    (Kind.LAB, ForecastStage.PRELIMINARY): half_by(1),  # local
    (Kind.CLINICAL, ForecastStage.PRELIMINARY): half_by(1),  # local
}
"""From the order, or from the preliminary answer, to the final one, by kind."""

TO_ORDER: Final = 1.0
"""Working days from now until an answer that is missing or too old is ordered anew (local)."""

MENDING: Final = half_by(1)
"""What a person mends: a field of the referral, an open condition, the attestation. Half within two days (local)."""

THIN: Final = 30
"""Fewer answers than this are called a thin basis (local)."""
