"""`make check`: everything that can be said about the code without running it."""

import os
import subprocess
import sys
import time
from pathlib import Path

from config.embedded import BASE_DIR, EngineFailed, engines, test_data_dir

BIN = Path(sys.executable).parent
CHECKS: tuple[tuple[str, list[str]], ...] = (
    ("formatting", ["ruff", "format", "--check", "--quiet", "."]),
    ("lint", ["ruff", "check", "--quiet", "."]),
    ("types", ["mypy", "--no-error-summary", "."]),
    ("templates", ["djlint", "--lint", "--quiet", "."]),
    ("import contracts", ["lint-imports", "--no-logo"]),
    ("system", ["python", "manage.py", "check", "--fail-level", "WARNING"]),
    ("migrations", ["python", "manage.py", "makemigrations", "--check", "--dry-run"]),
    ("translations", ["python", "manage.py", "messages", "--check"]),
    ("API schema", ["python", "manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull]),
)


def passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    """Run one check; print its name and time, and its words when it finds something."""
    begun = time.monotonic()
    result = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=BASE_DIR,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    verdict = "ok" if result.returncode == 0 else "FAULTS"
    print(f"{name:18} {verdict:7} {time.monotonic() - begun:5.1f} s", flush=True)  # noqa: T201 (a command line program)
    if result.returncode:
        print(result.stdout, flush=True)  # noqa: T201 (a command line program)
    return result.returncode == 0


def main() -> None:
    """Run all checks, or those that are named; exit 1 when one of them finds something."""
    wanted = set(sys.argv[1:])
    try:
        with engines(test_data_dir(BASE_DIR), throwaway=True) as (database_url, redis_url):
            environment = {
                **os.environ,
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "DJANGO_SETTINGS_MODULE": "config.settings.test",
            }
            chosen = [check for check in CHECKS if not wanted or check[0] in wanted]
            results = [passes(name, command, environment) for name, command in chosen]
    except EngineFailed as error:
        raise SystemExit(f"{error}") from error
    if not all(results):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
