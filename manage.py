#!/usr/bin/env python
"""Django's command line; every command has its engines (config/embedded.py)."""

import os
import sys


def main() -> None:
    """Run the command, with the engines of DATA_DIR running for as long as it takes."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    try:
        from django.core.management import execute_from_command_line

        from config.embedded import EngineFailed, engines_for_command
    except ImportError as error:
        raise SystemExit(f"{error}. Run `make demo` or `make install` once, and use .venv/bin/python.") from error
    try:
        with engines_for_command(sys.argv):
            execute_from_command_line(sys.argv)
    except EngineFailed as error:
        raise SystemExit(f"{error}") from error


if __name__ == "__main__":
    main()
