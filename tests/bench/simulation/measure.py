"""The five policies beside each other, two at a time, each in a process and on engines of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.bench.measurement import line
from tests.bench.simulation.policies import POLICIES

DAYS = 364
SEED = 7
AT_ONCE = 2
UNITS = {
    "rebooked": "share of cases",
    "prepared in vain": "share of prepared places",
    "preparation lost": "share of minutes",
    "days, mean": "days",
    "days, 90th percentile": "days",
    "radiologists' overtime": "h/week",
    "pathologist's overtime": "h/week",
}


def measure(days: int = DAYS, seed: int = SEED) -> Iterator[dict[str, object]]:
    """Yield every measure of every policy beside that of today's; n is the number of cases discussed."""

    def run(number: int) -> dict[str, float]:
        command = [sys.executable, "-m", "tests.bench.simulation", str(number), str(days), str(seed)]
        return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        tables = pool.map(run, range(len(POLICIES)))
        today: dict[str, float] = {}
        for policy, table in zip(POLICIES, tables, strict=True):
            today = today or table
            for name, unit in UNITS.items():
                what = f"{days} days of one hospital, {policy.name}: {name}"
                yield line(what, table[name], unit, today[name] or 1, int(table["discussed"]))
