"""Any number of cases."""

from datetime import datetime

MOST_CASES = 500_000


def seed_cases(count: int, *, seed: int, stage: str = "", now: datetime) -> int:
    return 0
