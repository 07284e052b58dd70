"""The demo's processes beside the engines: started together, kept up, stopped together."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config.embedded import BASE_DIR
from config.engine_keeper import dies_with_parent

SHORT_LIFE = 10.0
"""Seconds: a process that lives shorter than this, three times running, is not started again."""
GRACE = 10.0
"""Seconds that processes get to finish what they do."""


def stop_on_signals() -> None:
    """Make SIGTERM and a closed terminal end the launcher in the way that Ctrl-C does.

    SIGINT is named too: a shell that starts the launcher in the background lets it ignore that one.
    """

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


@dataclass
class _Kept:
    """One process: its command, how it runs now and how often it died young."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    young_deaths: int = 0


class Processes:
    """Starts processes in groups of their own, starts again what dies, and stops all of them."""

    def __init__(self, folder: Path, extra: Mapping[str, Mapping[str, str]]) -> None:
        self._folder = folder
        self._extra = extra
        self._kept: list[_Kept] = []

    def log(self, name: str) -> Path:
        """Return the log file of a process."""
        return self._folder / f"{name}.log"

    @contextmanager
    def running(self, commands: Mapping[str, list[str]]) -> Iterator[None]:
        """Run `commands` for as long as the block lasts."""
        self._kept = [
            _Kept(name, command, {**os.environ, **self._extra.get(name, {})}) for name, command in commands.items()
        ]
        try:
            for kept in self._kept:
                self.log(kept.name).write_bytes(b"")
                self._start(kept)
            yield
        finally:
            self._stop()

    def _start(self, kept: _Kept) -> None:
        with self.log(kept.name).open("ab") as out:
            kept.process = subprocess.Popen(
                kept.command,
                cwd=BASE_DIR,
                env=kept.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),  # safe: started from the only thread
            )
        kept.begun = time.monotonic()

    def look(self) -> None:
        """Start again what died; SystemExit with the end of its log when that does not help."""
        for kept in self._kept:
            if kept.process is None or kept.process.poll() is None:
                continue
            self._signal(kept, signal.SIGKILL)
            is_young = time.monotonic() - kept.begun < SHORT_LIFE
            kept.young_deaths = kept.young_deaths + 1 if is_young else 0
            if kept.young_deaths >= 3:
                lines = self.log(kept.name).read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
                end = "\n".join(lines)
                raise SystemExit(
                    f"\nThe {kept.name} process does not stay up. The end of {self.log(kept.name)}:\n{end}"
                )
            self._start(kept)

    def _signal(self, kept: _Kept, number: signal.Signals) -> None:
        """Send a signal to the process and those that it started."""
        if kept.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(kept.process.pid, number)

    def _stop(self) -> None:
        """Ask all of them to stop, wait, and end those that do not."""
        for kept in self._kept:
            if kept.process is not None and kept.process.poll() is None:
                kept.process.terminate()
        end = time.monotonic() + GRACE
        for kept in self._kept:
            if kept.process is not None:
                with suppress(subprocess.TimeoutExpired):
                    kept.process.wait(max(0.1, end - time.monotonic()))
                self._signal(kept, signal.SIGKILL)
                kept.process.wait()
