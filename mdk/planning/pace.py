"""How long a preparation takes: the definition's minutes, corrected by what earlier readings took.

A *pace* is a ratio: minutes that readings took over the minutes that the definition gave for the same readings. A ratio
carries over between levels, and to cases with an examination made elsewhere, whose definitions give other minutes.
The method, its weights and its limits are described in `docs/workload.md`.
"""

from dataclasses import dataclass

WEIGHT = 10
"""How many readings the coarser pace stands for: without history it is the answer, at ten readings half of it (local)."""

MOST_EXAMINATIONS = 5
"""Preparations of five examinations or more are counted together."""

MOST_TIMES = 5
"""A reading counts as at most five times the definition's minutes: a clock that was forgotten teaches little (local)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a number of first readings took, and what the definition gave for them, both in minutes."""

    readings: int = 0
    minutes: int = 0
    estimated: int = 0

    @property
    def ratio(self) -> float | None:
        """Minutes taken for each minute of the definition, None where nothing was counted."""
        return self.minutes / self.estimated if self.readings and self.estimated else None

    def without(self, part: "Evidence") -> "Evidence":
        """Return what is left when `part`, which is counted in this evidence, is taken out."""
        return Evidence(
            max(0, self.readings - part.readings),
            max(0, self.minutes - part.minutes),
            max(0, self.estimated - part.estimated),
        )


NOTHING = Evidence()


@dataclass(frozen=True, slots=True)
class Estimate:
    """Minutes that a preparation is expected to take, and on how many readings that rests.

    `own` are the readings of the reader who is asked about; the others are everybody else's.
    """

    minutes: int
    readings: int = 0
    own: int = 0

    @property
    def is_learnt(self) -> bool:
        """Whether earlier readings speak in it; without any it is the definition's minutes."""
        return self.readings > 0


def leaning(evidence: Evidence, coarser: float, weight: float = WEIGHT) -> float:
    """Return the pace of `evidence` where `weight` readings more had taken `coarser` times the definition's minutes.

    It lies between the two, and the nearer to that of the evidence the more readings there are.
    """
    ratio = evidence.ratio
    if ratio is None:
        return coarser
    return (evidence.readings * ratio + weight * coarser) / (evidence.readings + weight)


def learnt(minutes: int, everybody: Evidence, own: Evidence = NOTHING) -> Estimate:
    """Return what `minutes` of the definition are expected to be for a reader with `own` history.

    `everybody` counts all readers, the one asked about included. The others' pace leans on the definition's, the reader's
    own on that. At least one minute, but for what the definition gives none.
    """
    others = everybody.without(own)
    pace = leaning(own, leaning(others, 1.0))
    readings = (others.readings if others.ratio is not None else 0) + (own.readings if own.ratio is not None else 0)
    if minutes <= 0:
        return Estimate(max(0, minutes))
    return Estimate(max(1, round(minutes * pace)), readings, own.readings if own.ratio is not None else 0)
