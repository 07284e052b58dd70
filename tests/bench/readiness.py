"""Recomputing the readiness of every open case, beside a bare pass that only reads the same rows.

Each measurement is a process of its own (`python -m tests.bench.readiness`), so that its peak of memory is that of the
pass alone, at ten thousand cases and at a hundred thousand.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.measurement import line

SIZES = (10_000, 100_000)


def measure() -> Iterator[dict[str, object]]:
    """Seed ten thousand and a hundred thousand cases, and yield the lines of each."""
    from django.utils import timezone

    from cases.queries import open_cases
    from config.seeding.many import seed_cases

    peaks = []
    for size in SIZES:
        seed_cases(size, seed=91, stage="workup", now=timezone.now())
        found, count = _in_a_process(), open_cases().count()
        peaks.append(found["grown"])
        as_it_is, anew, bare = (count / found[name] for name in ("as_it_is", "anew", "bare"))
        yield line("readiness of all open cases, beside reading alone", as_it_is, "cases/s", bare, count)
        yield line("the same, every case written anew, beside reading alone", anew, "cases/s", bare, count)
        yield line("the same, seconds", found["as_it_is"], "s", found["bare"], count)
        yield line("memory that the pass adds, beside ten thousand cases", found["grown"], "MB", peaks[0], count)


def _in_a_process() -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", "tests.bench.readiness"], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def bare_pass() -> int:
    """Read by SQL what the pass reads, in the same batches and with the same locks; return how many cases."""
    from django.db import connection, transaction

    from cases.services.refreshing import BATCH

    last = count = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, definition_id, phase, level, clinical_question, comorbidity, patient_wishes,"
                " performance_status, contact_nurse_id, attested_at, readiness_state, readiness, readiness_changes_on"
                " FROM cases_case WHERE id > %s AND status IN ('draft', 'referred', 'scheduled', 'discussed')"
                " ORDER BY id LIMIT %s FOR UPDATE",
                [last, BATCH],
            )
            rows = cursor.fetchall()
            if not rows:
                return count
            keys = [row[0] for row in rows]
            for table in ("cases_result", "cases_clearance"):
                columns = "kind, requirement" + (
                    ", state, performed_on, expected_on" if table == "cases_result" else ""
                )
                cursor.execute(f"SELECT case_id, {columns} FROM {table} WHERE case_id = ANY(%s)", [keys])
                cursor.fetchall()
        last, count = keys[-1], count + len(keys)


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _memory(name: str) -> float:
    """Return a line of this process' status, in MB."""
    status = Path("/proc/self/status").read_text()
    return next(int(row.split()[1]) / 1024 for row in status.splitlines() if row.startswith(f"{name}:"))


def main() -> None:
    """Print the seconds of each pass and the MB by which the peak of memory grew, as JSON."""
    import django

    django.setup()
    from django.utils import timezone

    from cases.models import Case
    from cases.services.refreshing import recompute_all

    now = timezone.now()
    bare = _timed(bare_pass)
    before = _memory("VmRSS")
    as_it_is = _timed(lambda: recompute_all(now))
    Case.objects.update(readiness={})
    anew = _timed(lambda: recompute_all(now))
    grown = _memory("VmHWM") - before
    print(json.dumps({"bare": bare, "as_it_is": as_it_is, "anew": anew, "grown": grown}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
