"""`manage.py messages`: bring the translation files up to date, check them, compile them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import translations


class Command(BaseCommand):
    """Texts of code and templates into locale/, without gettext's programs."""

    help = "Updates locale/*/LC_MESSAGES/django.po; --check reports what is missing, --compile makes the .mo files."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the two other things that the command can do."""
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when something is missing")
        parser.add_argument("--compile", action="store_true", help="compile what is newer than its .mo file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do one of the three."""
        if options["compile"]:
            self.stdout.write(f"{translations.compile_all()} compiled")
            return
        found = translations.texts()
        if options["check"]:
            self._check(found)
            return
        for locale in translations.LOCALES:
            translations.write(locale, translations.merged(locale, found))
        missing = sum(": missing:" in fault for fault in translations.faults("sv", found, complete=True))
        self.stdout.write(f"{len(found)} texts; {missing} without Swedish")

    def _check(self, found: list[translations.Text]) -> None:
        """Report every fault; Swedish must be complete, English is the texts themselves."""
        wrong = translations.faults("sv", found, complete=True) + translations.faults("en", found, complete=False)
        for fault in wrong:
            self.stderr.write(fault)
        if wrong:
            raise CommandError(f"{len(wrong)} faults in the translations. `manage.py messages` updates the files.")
        self.stdout.write(f"{len(found)} texts, all in Swedish")
