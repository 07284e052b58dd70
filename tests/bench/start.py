"""How long a new user waits: from `make demo` on a fresh tree to `ready`."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.measurement import line

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = 180
"""Seconds that the task gives a new user's first start."""


def measure() -> Iterator[dict[str, object]]:
    """Yield the first start with everything installed, and the start of a fresh copy of the tree."""
    with tempfile.TemporaryDirectory(prefix="mdkb") as folder:
        data = Path(folder) / "data"
        launch = [sys.executable, "-m", "config.demo"]
        yield line("first start, installed", seconds_to_ready(launch, ROOT, data), "s", ALLOWED, 1)
        yield line("second start, data kept", seconds_to_ready(launch, ROOT, data), "s", ALLOWED, 1)
    if shutil.which("make") and shutil.which("git"):
        with tempfile.TemporaryDirectory(prefix="mdkc") as folder:
            tree = Path(folder) / "tree"
            _copy_tree(tree)
            cold = seconds_to_ready(["make", "--no-print-directory", "demo"], tree, Path(folder) / "data")
            yield line("cold make demo, wheels downloaded before", cold, "s", ALLOWED, 1)


def seconds_to_ready(command: Sequence[str], tree: Path, data: Path) -> float:
    """Start the demo and return the seconds until it says `ready:`; it is stopped again."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MDK_", "DJANGO_"))}
    for name in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)
    environment |= {"DATA_DIR": str(data), "PORT": str(_free_port())}
    began = time.monotonic()
    running = subprocess.Popen(
        command, cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    said = []
    try:
        assert running.stdout is not None
        for text in running.stdout:
            said.append(text)
            if "ready:" in text:
                return time.monotonic() - began
        raise SystemExit("The demo ended before it was ready:\n" + "".join(said[-30:]))
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGINT)
        try:
            running.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _copy_tree(target: Path) -> None:
    """Copy what git knows of the tree, as a new user gets it."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for name in filter(None, names):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
