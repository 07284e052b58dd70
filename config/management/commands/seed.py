"""`manage.py seed`: demo data through the real services."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.errors import Refused
from checklists.models import Diagnosis
from checklists.services import load_definitions
from config.seeding.demo import seed_demo
from config.seeding.many import MOST_CASES, seed_cases
from config.seeding.plans import STAGES


class Command(BaseCommand):
    """Makes the demo, or any number of cases; the same number and seed always give the same cases."""

    help = "Make demo data: --demo (once), or --cases N --seed S [--stage intake|workup|ready|meeting|closed]."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--demo", action="store_true", help="the demo: people, series, meetings and cases; once")
        parser.add_argument("--cases", type=int, default=0, metavar="N", help=f"make N cases (at most {MOST_CASES})")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="what the cases are drawn from (1)")
        parser.add_argument("--stage", choices=STAGES, default="", help="bring every case to this stage (mixed)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed what was asked for and say how much was made."""
        if not options["demo"] and not options["cases"]:
            raise CommandError("Say what to make: --demo, or --cases N.")
        if not 0 <= options["cases"] <= MOST_CASES:
            raise CommandError(f"--cases is a number from 1 to {MOST_CASES}.")
        now = timezone.now()
        if not Diagnosis.objects.filter(current__isnull=False).exists():
            load_definitions(now=now)
        try:
            if options["demo"]:
                self._report("demo", time.perf_counter(), seed_demo(now))
            if options["cases"]:
                began = time.perf_counter()
                made = seed_cases(options["cases"], seed=options["seed"], stage=options["stage"], now=now)
                self._report(f"seed {options['seed']}", began, made)
        except Refused as refused:
            raise CommandError(refused.message) from refused

    def _report(self, what: str, began: float, made: int) -> None:
        seconds = time.perf_counter() - began
        rate = f", {made / seconds:.0f} a second" if made and seconds else ""
        self.stdout.write(f"{what}: {made} cases made in {seconds:.1f} s{rate}")
