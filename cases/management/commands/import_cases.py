"""Registers the referrals of a CSV or XLSX file: `python manage.py import_cases FILE [--dry-run]`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation
from django.utils.translation import ngettext

from accounts.errors import Refused
from cases.intake.report import report_lines
from cases.intake.spreadsheet import import_referrals


class Command(BaseCommand):
    """Prints a report row by row; exit 1 when a row was refused; good rows are kept."""

    help = "Registers the referrals of a CSV or XLSX file and prints a report row by row."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file and the dry run."""
        parser.add_argument("file", type=Path, help="a CSV or XLSX file of referrals")
        parser.add_argument("--dry-run", action="store_true", help="report only, register nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        """Import the file in the house's language; CommandError (exit 1) when anything was refused."""
        with translation.override(settings.LANGUAGE_CODE):
            try:
                content = file.read_bytes()
            except OSError as error:
                raise CommandError(f"{file}: {error.strerror}") from error
            try:
                report = import_referrals(content, by=None, now=timezone.now(), dry_run=dry_run)
            except Refused as refused:
                raise CommandError(refused.message) from refused
            for line in report_lines(report):
                self.stdout.write(line)
            if report.refused:
                count = len(report.refused)
                raise CommandError(
                    ngettext("%(count)d row was refused.", "%(count)d rows were refused.", count) % {"count": count}
                )
