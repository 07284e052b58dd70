"""`manage.py load_definitions`: publishes `checklists/definitions/*.yaml`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from checklists.loader import FOLDER, load_folder, write_lock
from checklists.reading import DefinitionError
from checklists.services import load_definitions


class Command(BaseCommand):
    """Loads the definitions; refuses a published version that has been changed."""

    help = "Publishes the definitions of all diagnoses; a published version that has been changed is refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--folder", type=Path, default=FOLDER, help="another folder of definitions")
        parser.add_argument(
            "--lock", action="store_true", help="first add new versions to the lock file (after an edit)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish, and say what was done."""
        folder: Path = options["folder"]
        try:
            if options["lock"]:
                for name in write_lock(load_folder(folder), folder):
                    self.stdout.write(f"locked {name}")
            report = load_definitions(now=timezone.now(), folder=folder)
        except DefinitionError as error:
            raise CommandError(str(error)) from error
        for name in report.published:
            self.stdout.write(f"published {name}")
        for name in report.held:
            self.stdout.write(f"waits for an administrator: {name}")
        self.stdout.write(f"{len(report.published)} published, {report.kept} unchanged")
