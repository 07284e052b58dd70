"""`make bench`: measurements, one JSON object a line: name, value, unit, baseline, ratio, n.

`python -m tests.bench pages` (or `reorder`, `start`, `seed`, `readiness`, `messages`, `forecast`, `proposal`, `simulation`) takes one
part alone. Nothing of it touches the data of the demo. The simulation takes most of the time: `simulation 56` does with so many days.
"""

import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from tests.bench.measurement import line

SEEDED = 5_000
IN_THE_HOUSE = {"pages", "reorder", "seed", "readiness", "messages", "forecast", "proposal"}
"""The parts that share one database."""


def main() -> None:
    """Run the parts that were asked for (all, when none was)."""
    wanted = sys.argv[1:] or [*IN_THE_HOUSE, "start", "simulation"]
    if IN_THE_HOUSE & set(wanted):
        _on_engines_of_their_own(wanted)
    if "start" in wanted:
        from tests.bench.start import measure

        _print(measure())
    if "simulation" in wanted:
        from tests.bench.simulation.measure import DAYS
        from tests.bench.simulation.measure import measure as years

        _print(years(next((int(word) for word in wanted if word.isdecimal()), DAYS)))


def _on_engines_of_their_own(wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="mdkb", ignore_cleanup_errors=True) as folder:
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "tests.bench.settings"}
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        from config.embedded import engines

        with engines(Path(folder)):
            import django
            from django.core.management import call_command

            django.setup()
            logging.disable(logging.INFO)
            call_command("migrate", verbosity=0, interactive=False)
            call_command("load_definitions", verbosity=0, stdout=StringIO())
            if "pages" in wanted:
                from tests.bench import pages

                _print(pages.measure())
            if "reorder" in wanted:
                from tests.bench import reorder

                _print(reorder.measure())
            if "forecast" in wanted:
                from tests.bench import forecast

                _print(forecast.measure())
            if "proposal" in wanted:
                from tests.bench import proposal

                _print(proposal.measure())
            if "readiness" in wanted:
                from tests.bench import readiness

                _print(readiness.measure())
            if "messages" in wanted:
                from tests.bench import messages

                _print(messages.measure())
            if "seed" in wanted:
                _print(_seeding())


def _seeding() -> Iterator[dict[str, object]]:
    """Yield how many cases a second the bulk path writes, beside the services."""
    from django.utils import timezone

    from config.seeding.many import seed_cases

    now = timezone.now()
    began = time.perf_counter()
    seed_cases(100, seed=81, stage="workup", now=now)
    by_services = 100 / (time.perf_counter() - began)
    began = time.perf_counter()
    seed_cases(SEEDED, seed=82, stage="workup", now=now)
    in_bulk = SEEDED / (time.perf_counter() - began)
    yield line("seeding in bulk, beside the services", in_bulk, "cases/s", by_services, SEEDED)


def _print(lines: Iterator[dict[str, object]]) -> None:
    for one in lines:
        print(json.dumps(one), flush=True)  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
