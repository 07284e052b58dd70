"""Recomputes the readiness of every open case: `python manage.py recompute_readiness`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import ngettext

from cases.services.refreshing import recompute_all


class Command(BaseCommand):
    """Prints how many cases it looked at and changed; exit 1, naming them, when some could not be computed."""

    help = "Recomputes the stored readiness of every open case, in one pass; for after a new release, or to be sure."

    def handle(self, *args: Any, **options: Any) -> None:
        """Recompute; CommandError with the keys of the cases that the log has more about."""
        done = recompute_all(timezone.now())
        self.stdout.write(
            ngettext(
                "%(checked)d open case looked at, %(changed)d changed.",
                "%(checked)d open cases looked at, %(changed)d changed.",
                done.checked,
            )
            % {"checked": done.checked, "changed": done.changed}
        )
        if done.failed:
            keys = ", ".join(str(pk) for pk in done.failed)
            raise CommandError(f"cannot be computed, see the log: {keys}")
