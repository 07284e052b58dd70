"""One policy on engines of its own: `python -m tests.bench.simulation 4 364 7` (policy, days, seed) prints its counts as JSON."""

import json
import logging
import os
import sys
import tempfile
from io import StringIO
from pathlib import Path


def main(number: int, days: int, seed: int) -> None:
    """Run the policy `number` for some days and print what was counted."""
    with tempfile.TemporaryDirectory(prefix="mdks", ignore_cleanup_errors=True) as folder:
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "tests.bench.settings"}
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        from config.embedded import engines

        with engines(Path(folder)):
            import django
            from django.core.management import call_command

            django.setup()
            logging.disable(logging.WARNING)
            call_command("migrate", verbosity=0, interactive=False)
            call_command("load_definitions", verbosity=0, stdout=StringIO())
            print(json.dumps(_year(number, days, seed)))  # noqa: T201 - what the command is for


def _year(number: int, days: int, seed: int) -> dict[str, float]:
    from datetime import datetime, timedelta

    import time_machine
    from django.utils import timezone

    from tests.bench.simulation.counts import WARM_UP_WEEKS
    from tests.bench.simulation.hospital import Hospital, arrivals
    from tests.bench.simulation.policies import POLICIES
    from tests.bench.simulation.world import World

    began = timezone.make_aware(datetime(2027, 1, 4, 6))  # noqa: DTZ001 - made aware here
    with time_machine.travel(began, tick=False):
        hospital = Hospital(seed, began)
    world = World(POLICIES[number], hospital, arrivals(seed, began, days), days)
    world.counts.since = began + timedelta(weeks=min(WARM_UP_WEEKS, days // 14))
    return world.run().table()


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
