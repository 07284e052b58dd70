"""The process that keeps the engines of one data folder: their parent, who stops them after the last user.

Users (the launcher, a `manage.py` command, a test run) hold the shared lock `users`. The keeper waits for that
lock alone for itself: it gets it when the last user has ended, in whatever way, and then stops the engines.
Should the keeper itself be killed, the kernel tells its engines to stop (Linux), or the next start adopts
them. It imports nothing but the standard library, so that it is up at once.
"""

import argparse
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.engine_programs import EngineFailed, engine_uid, locate
from config.engine_state import PG_SOCKET, PG_USER, REDIS_SOCKET, Lock, Places, recorded

PATIENCE = 5.0
"""Seconds for which a start is tried again: the time that a killed server's traces may need to go."""
LOOK_EVERY = 2.0
"""Seconds between two looks at the engines; one that died is started again."""
SILENT = ("log_error_verbosity=terse", "log_min_error_statement=panic")
"""The server's log tells of refused statements without their text and rows: those are patients."""
THROWAWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
PR_SET_PDEATHSIG = 1


def dies_with_parent(wanted: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program, so that it gets `wanted` when its parent dies (Linux)."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(wanted), 0, 0, 0)

    return ask


def _start(command: list[str], log: Path, wanted: signal.Signals) -> subprocess.Popen[bytes]:
    """Start an engine as its own user, without the libpq variables of our environment."""
    uid = engine_uid()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            env=environment | {"LC_ALL": "C", "TZ": "UTC"},
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
            start_new_session=True,
            umask=0o077,
            preexec_fn=dies_with_parent(wanted),  # safe: this process has one thread
        )


def postgres_ready(places: Places, bindir: Path) -> bool:
    """Say whether PostgreSQL accepts connections on our socket."""
    if not (places.sockets / PG_SOCKET).exists():
        return False
    command = [str(bindir / "pg_isready"), "-q", "-h", str(places.sockets), "-p", "5432", "-t", "2"]
    command += ["-d", "postgres", "-U", PG_USER]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def redis_ready(places: Places) -> bool:
    """Say whether Redis answers PING on our socket, its data loaded."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(places.sockets / REDIS_SOCKET))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _tail(log: Path, lines: int = 6) -> str:
    """Return the end of a log, for a message."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _until_ready(command: list[str], log: Path, wanted: signal.Signals, ready: Callable[[], bool], name: str) -> None:
    """Start an engine and wait until it answers; traces of a killed one make it try again for a while."""
    end = time.monotonic() + PATIENCE
    while True:
        process = _start(command, log, wanted)
        limit = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < limit:
            if ready():
                return
            time.sleep(0.02)
        if process.poll() is None:
            process.kill()
            process.wait()
        if ready():
            return
        if time.monotonic() > end:
            raise EngineFailed(f"{name} does not start; the end of {log}:\n{_tail(log)}")
        time.sleep(0.3)


def start_postgres(places: Places, bindir: Path, *, throwaway: bool) -> None:
    """Make the data folder the first time, and start PostgreSQL on its socket alone (no TCP)."""
    if postgres_ready(places, bindir):
        return
    log = places.log("postgres")
    if not (places.postgres / "PG_VERSION").exists():
        making = places.home / "postgres.new"
        shutil.rmtree(making, ignore_errors=True)
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8"] if _major(bindir) >= 17 else ["--locale=C.UTF-8"]
        command = [str(bindir / "initdb"), "-D", str(making), "-U", PG_USER, "--auth=trust", "--encoding=UTF8"]
        command += [*locale, "--no-instructions", *(["--no-sync"] if throwaway else [])]
        if _start(command, log, signal.SIGKILL).wait() != 0:
            end = _tail(log)
            nameless = "could not look up effective user ID" in end
            remedy = "\nRun it as a user with an entry in /etc/passwd (or as root)." if nameless else ""
            raise EngineFailed(f"initdb failed; the end of {log}:\n{end}{remedy}")
        shutil.rmtree(places.postgres, ignore_errors=True)
        making.rename(places.postgres)
    command = [str(bindir / "postgres"), "-D", str(places.postgres), "-k", str(places.sockets), "-h", "", "-p", "5432"]
    for option in ("max_connections=100", "shared_buffers=128MB", *SILENT, *(THROWAWAY if throwaway else ())):
        command += ["-c", option]
    _until_ready(command, log, signal.SIGINT, lambda: postgres_ready(places, bindir), "PostgreSQL")


def _major(bindir: Path) -> int:
    """Return the major version of the programs in `bindir`."""
    said = subprocess.run([bindir / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    return int(said.split()[-1].split(".")[0]) if "(" not in said.split()[-1] else int(said.split()[2].split(".")[0])


def start_redis(places: Places, server: Path, *, throwaway: bool) -> None:
    """Start Redis on its socket alone, every write appended to a file (unless its data is to be thrown away)."""
    if redis_ready(places):
        return
    (places.sockets / REDIS_SOCKET).unlink(missing_ok=True)
    if not places.redis.is_dir():
        places.redis.mkdir(mode=0o700)
        uid = engine_uid()
        if uid is not None:
            os.chown(places.redis, uid, uid)
    command = [str(server), "--port", "0", "--unixsocket", str(places.sockets / REDIS_SOCKET), "--unixsocketperm"]
    command += ["700", "--dir", str(places.redis), "--appendonly", "no" if throwaway else "yes", "--appendfsync"]
    command += ["everysec", "--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no"]
    _until_ready(command, places.log("redis"), signal.SIGTERM, lambda: redis_ready(places), "Redis")


def stop(places: Places) -> None:
    """Stop both engines, children or adopted, and wait until they are gone."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(places.sockets / REDIS_SOCKET))
            connection.sendall(b"SHUTDOWN\r\n")
            connection.recv(64)
    except OSError:
        (places.sockets / REDIS_SOCKET).unlink(missing_ok=True)
    pid_file = places.postgres / "postmaster.pid"
    try:
        os.kill(int(pid_file.read_text(encoding="ascii").split()[0]), signal.SIGINT)
    except (OSError, ValueError, IndexError):
        return
    end = time.monotonic() + 20
    while pid_file.exists() and time.monotonic() < end:
        time.sleep(0.01)


def _answer(text: str) -> None:
    """Tell whoever started us, who reads no further than this."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def keep(data_dir: Path, *, throwaway: bool) -> None:
    """Start (or adopt) the engines, say `ready`, keep them up, and stop them after the last user."""
    me = Lock(data_dir, "keeper")
    me.take()
    places = recorded(data_dir)
    if places is None:
        raise EngineFailed(f"{data_dir} has no record of its engines. Start through config.embedded.")
    programs = locate()

    def start() -> None:
        start_redis(places, programs.redis, throwaway=throwaway)
        start_postgres(places, programs.postgres, throwaway=throwaway)

    start()
    _answer("ready")
    users = Lock(data_dir, "users")
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    looked = time.monotonic()
    while not users.try_take():
        time.sleep(0.05)
        if time.monotonic() - looked > LOOK_EVERY:
            try:
                start()
            except (EngineFailed, OSError) as error:
                sys.stderr.write(f"{error}\n")
            looked = time.monotonic()
    stop(places)
    if throwaway:
        shutil.rmtree(places.home, ignore_errors=True)
    # In this order: who gets `users` next must find that nobody keeps the engines.
    me.close()
    users.close()


def main() -> None:
    """Read the arguments of the process; a failure is one sentence on standard output."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--throwaway", action="store_true")
    given = parser.parse_args()
    try:
        keep(given.data_dir, throwaway=given.throwaway)
    except (EngineFailed, OSError, subprocess.SubprocessError) as error:
        _answer(f"failed {error}")
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
