"""Listens for HL7 v2 messages: `python manage.py mllp --port 2575 [--host 127.0.0.1] [--unit NAME]`."""

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import Unit
from cases.intake.mllp import IDLE, Listener


class Command(BaseCommand):
    """Serves until SIGTERM or Ctrl-C; then answers what it has read and ends."""

    help = "Listens for HL7 v2 messages over MLLP, stores them and acknowledges them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where to listen, and for which care provider."""
        parser.add_argument("--port", type=int, default=2575, help="TCP port (2575); 0 takes a free one")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine alone)")
        parser.add_argument("--unit", default="", help="name of the care provider whose messages these are")
        parser.add_argument("--idle", type=float, default=IDLE, help="seconds until a silent connection is closed")

    def handle(self, *args: Any, host: str, port: int, unit: str, idle: float, **options: Any) -> None:
        """Listen; CommandError where the unit is not known or the address is not free."""
        provider = self._provider(unit or settings.MLLP_UNIT)
        connection.close()
        try:
            asyncio.run(self._serve(provider, host, port, idle))
        except (OSError, OverflowError) as error:
            raise CommandError(
                _("Cannot listen on %(at)s: %(why)s.") % {"at": f"{host}:{port}", "why": error}
            ) from error

    async def _serve(self, provider: Unit, host: str, port: int, idle: float) -> None:
        listener = Listener(provider, idle=idle)
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, listener.stop.set)
        await listener.serve(host, port, self._ready)

    def _ready(self, host: str, port: int) -> None:
        """Say that messages are taken; whoever started the command waits for this line."""
        self.stdout.write(f"ready: mllp on {host}:{port}")
        self.stdout.flush()

    def _provider(self, name: str) -> Unit:
        """Return the care provider that is named, else the only one there is."""
        tops = list(Unit.objects.filter(parent=None).order_by("name"))
        found = [unit for unit in tops if not name or unit.name.casefold() == name.casefold()]
        if len(found) == 1:
            return found[0]
        known = ", ".join(unit.name for unit in tops) or "-"
        if name:
            raise CommandError(
                _("There is no care provider named %(name)s. There are: %(known)s.") % {"name": name, "known": known}
            )
        raise CommandError(
            _("Say whose messages these are: --unit NAME or MDK_MLLP_UNIT. There are: %(known)s.") % {"known": known}
        )
