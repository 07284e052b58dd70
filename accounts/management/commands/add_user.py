"""`manage.py add_user`: the first administrator of a new installation, and anybody after."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import Unit
from accounts.permissions import Role
from accounts.queries import unit_by_name, user_by_email
from accounts.services import add_membership, create_unit, set_password


class Command(BaseCommand):
    """Adds a person with a role in a unit; makes the unit when it is new."""

    help = "Add a person with a role in a unit. The password is asked for, or read from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("email")
        parser.add_argument("name")
        parser.add_argument("--role", choices=Role.values, default=Role.ADMIN.value)
        parser.add_argument("--unit", required=True, help="the unit's name; made when there is none")
        parser.add_argument("--kind", choices=Unit.Kind.values, default=Unit.Kind.HOSPITAL.value)
        parser.add_argument("--parent", default="", help="the name of the unit above a new unit")

    def handle(self, *args: Any, **options: Any) -> None:
        """Add the person, or say what is wrong and change nothing."""
        password = self._password()
        try:
            with transaction.atomic():
                self._add(password, **options)
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        except ValidationError as wrong:
            raise CommandError(" ".join(wrong.messages)) from wrong
        self.stdout.write(f"{options['email']}: {options['role']}, {options['unit']}")

    def _add(self, password: str, **options: Any) -> None:
        unit = unit_by_name(options["unit"])
        if unit is None:
            parent = unit_by_name(options["parent"]) if options["parent"] else None
            if options["parent"] and parent is None:
                raise CommandError(f"There is no unit {options['parent']!r} to put the new one below.")
            unit = create_unit(name=options["unit"], kind=options["kind"], parent=parent)
        is_new = user_by_email(options["email"]) is None
        added = add_membership(
            by=None,
            email=options["email"],
            name=options["name"],
            unit=unit,
            role=options["role"],
            starts_on=timezone.localdate(),
        )
        if is_new:
            validate_password(password, added.user)
            set_password(user=added.user, password=password)

    def _password(self) -> str:
        """Ask for the password on a terminal, read one line elsewhere; a person with an account keeps theirs."""
        if sys.stdin.isatty():
            return getpass.getpass("Password: ")
        return sys.stdin.readline().rstrip("\n")
