"""PostgreSQL and Redis from the wheels, for a data folder, for as long as somebody uses them.

`engines(data_dir)` attaches to what runs for that folder or starts it; the engines stop after the last user,
whoever that is (config/engine_keeper.py). They listen on sockets in a private folder alone: PostgreSQL's
`trust` is acceptable because nobody else can reach the socket. Never for production, which has real servers.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from config import env
from config.engine_programs import EngineFailed
from config.engine_state import PG_DATABASE, PG_USER, Lock, Places, places_of, recorded

__all__ = ["EngineFailed", "addresses", "engines", "engines_for_command", "prepare", "test_data_dir"]

BASE_DIR = Path(__file__).resolve().parents[1]
NOT_RUNNING = ("postgresql://mdk@/mdk?host=/nonexistent", "unix:///nonexistent/redis.sock")
ANSWER_WITHIN = 30.0
"""Seconds after which engines that should run, and do not answer, are given up."""
WITHOUT_ENGINES = frozenset({"help", "version", "--help", "--version", "-h", "messages", "collectstatic"})
WITH_TABLES = frozenset({"seed", "load_definitions", "import_cases", "mllp"})
"""Commands that a person may give first of all: on engines of our own, their tables are made before."""


def given_addresses() -> tuple[str, str]:
    """Return `DATABASE_URL` and `REDIS_URL`, empty where not set."""
    return os.environ.get("DATABASE_URL", "").strip(), os.environ.get("REDIS_URL", "").strip()


def addresses(data_dir: Path) -> tuple[str, str]:
    """Return where PostgreSQL and Redis are: the given addresses, else the recorded ones of `data_dir`."""
    database_url, redis_url = given_addresses()
    places = recorded(data_dir)
    own = (places.database_url, places.redis_url) if places else NOT_RUNNING
    return database_url or own[0], redis_url or own[1]


def prepare(data_dir: Path) -> tuple[str, str]:
    """Return the addresses that the engines of `data_dir` will have; makes their folders, starts nothing."""
    if all(given_addresses()):
        return addresses(data_dir)
    start = Lock(data_dir, "start")
    start.take()
    try:
        places_of(data_dir)
    finally:
        start.close()
    return addresses(data_dir)


def test_data_dir(base_dir: Path) -> Path:
    """Return the folder of the test engines: `test` in DATA_DIR when that is set, else a temporary one of this tree."""
    given = os.environ.get("DATA_DIR", "").strip()
    if given:
        return Path(given).expanduser().absolute() / "test"
    mark = hashlib.sha256(str(base_dir).encode()).hexdigest()[:8]
    return Path(tempfile.gettempdir()) / f"mdk-test-{os.geteuid()}-{mark}"


@contextmanager
def engines(data_dir: Path, *, throwaway: bool = False) -> Iterator[tuple[str, str]]:
    """Give the addresses of running engines; start them first when nothing runs for `data_dir`.

    With `throwaway` nothing is synced to disk and the data is removed at the end. Given addresses
    (`DATABASE_URL`, `REDIS_URL`) are used as they are; when both are given, nothing is started.
    """
    if all(given_addresses()):
        yield given_addresses()
        return
    users = Lock(data_dir, "users")
    places = _attach(data_dir, users, throwaway=throwaway)
    try:
        given = given_addresses()
        yield given[0] or places.database_url, given[1] or places.redis_url
    finally:
        _leave(data_dir, users)


def _attach(data_dir: Path, users: Lock, *, throwaway: bool) -> Places:
    """Become a user of the engines, and have a keeper start them unless one is there."""
    start = Lock(data_dir, "start")
    start.take()
    try:
        users.take(shared=True)
        places = places_of(data_dir)
        end = time.monotonic() + ANSWER_WITHIN
        while True:
            if not _is_kept(data_dir):
                _start_keeper(data_dir, throwaway=throwaway)
            try:
                _make_database(places)
            except psycopg.OperationalError as error:
                # A keeper that was just killed may hold its lock for a moment yet; one that lives starts
                # an engine that died again.
                if time.monotonic() > end:
                    raise EngineFailed(f"PostgreSQL of {data_dir} does not answer: {error}") from error
                time.sleep(0.1)
            else:
                return places
    except BaseException:
        users.close()
        raise
    finally:
        start.close()


def _is_kept(data_dir: Path) -> bool:
    """Say whether a keeper lives."""
    keeper = Lock(data_dir, "keeper")
    is_free = keeper.try_take()
    keeper.close()
    return not is_free


def _start_keeper(data_dir: Path, *, throwaway: bool) -> None:
    """Start the keeper in a session of its own (Ctrl-C is not for it) and wait for its word."""
    command = [sys.executable, "-m", "config.engine_keeper", str(data_dir), *(["--throwaway"] if throwaway else [])]
    with (data_dir / "run" / "keeper.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    with process.stdout or Path(os.devnull).open(encoding="utf-8") as answer:
        said = answer.readline().strip()
        if said == "ready":
            process.returncode = 0  # it outlives us by intention: no warning about a child that still runs
            return
        rest = answer.read()
    process.wait()
    trouble = f"{said.removeprefix('failed')}\n{rest}".strip() or (data_dir / "run" / "keeper.log").read_text()
    raise EngineFailed(
        f"The embedded engines of {data_dir} did not start.\n{trouble}\n"
        "Set DATA_DIR to another folder to begin afresh, or DATABASE_URL and REDIS_URL to running servers."
    )


def _make_database(places: Places) -> None:
    """Create our database the first time."""
    with psycopg.connect(
        host=str(places.sockets), user=PG_USER, dbname="postgres", port=5432, connect_timeout=10, autocommit=True
    ) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [PG_DATABASE]).fetchone():
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(PG_DATABASE)))


def _leave(data_dir: Path, users: Lock) -> None:
    """Stop being a user; when that was the last one, wait until the engines are gone."""
    users.release()
    keeper = Lock(data_dir, "keeper")
    others = 0
    end = time.monotonic() + 25
    while time.monotonic() < end and not keeper.try_take():
        # While the keeper stops the engines it holds `users` alone; else somebody shares it with us.
        shared = users.try_take(shared=True)
        others = others + 1 if shared else 0
        if shared:
            users.release()
        if others >= 5:
            break
        time.sleep(0.02)
    keeper.close()
    users.close()


@contextmanager
def engines_for_command(argv: Sequence[str]) -> Iterator[None]:
    """Give a `manage.py` command its engines, in `DATABASE_URL` and `REDIS_URL`, for its own time."""
    command = argv[1] if len(argv) > 1 else "help"
    real = os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith(".production")
    if real or command in WITHOUT_ENGINES or "--help" in argv or os.environ.get("RUN_MAIN"):
        yield
        return
    is_ours = not any(given_addresses())
    with engines(env.folder("DATA_DIR", BASE_DIR / "var")) as (database_url, redis_url):
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = database_url, redis_url
        if is_ours and command in WITH_TABLES:
            _make_tables()
        yield


def _make_tables() -> None:
    """Bring the tables of our own engines up to date, so that a command needs no other one before it."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
