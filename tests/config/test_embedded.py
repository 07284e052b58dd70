"""The embedded engines: shared, stopped after the last user, and hard to kill."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from config.embedded import BASE_DIR, EngineFailed, engines
from config.engine_programs import engine_uid, locate, reachable
from config.engine_state import Lock, Places, recorded

HOLD = """
import sys
from pathlib import Path
from config.embedded import engines
with engines(Path(sys.argv[1])):
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a fresh data folder, with no addresses given; what it had elsewhere goes with it."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    yield tmp_path / "data"
    found = recorded(tmp_path / "data")
    if found:
        shutil.rmtree(found.home)
        shutil.rmtree(found.sockets)


@pytest.fixture
def another_user(data_dir: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Return a function that starts another process which uses the engines."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(data_dir)],
            cwd=BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield start
    for process in started:
        process.communicate()


def places(data_dir: Path) -> Places:
    found = recorded(data_dir)
    assert found is not None
    return found


def server_pid(data_dir: Path) -> int:
    return int((places(data_dir).postgres / "postmaster.pid").read_text().split()[0])


def is_kept(data_dir: Path) -> bool:
    lock = Lock(data_dir, "keeper")
    free = lock.try_take()
    lock.close()
    return not free


def eventually(check: Callable[[], bool]) -> None:
    limit = time.monotonic() + 20
    while not check():
        assert time.monotonic() < limit
        time.sleep(0.05)


def note(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (number int)")
        connection.execute("INSERT INTO note VALUES (1)")


def notes(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM note").fetchone()
    assert row is not None
    return int(row[0])


def test_data_stays_and_nothing_runs_afterwards(data_dir: Path) -> None:
    with engines(data_dir) as (database_url, redis_url):
        note(database_url)
        with redis.Redis.from_url(redis_url) as client:
            client.set("x", "1")
    assert not is_kept(data_dir)
    assert not (places(data_dir).postgres / "postmaster.pid").exists()
    with engines(data_dir) as (database_url, redis_url):
        assert notes(database_url) == 1
        with redis.Redis.from_url(redis_url) as client:
            assert client.get("x") == b"1"


def test_only_the_owner_can_reach_the_sockets(data_dir: Path) -> None:
    with engines(data_dir) as (database_url, _redis_url):
        assert places(data_dir).sockets.stat().st_mode & 0o077 == 0
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_the_engines_stop_after_the_last_user(
    data_dir: Path, another_user: Callable[[], subprocess.Popen[str]]
) -> None:
    process = another_user()
    with engines(data_dir) as (database_url, _redis_url):
        process.communicate()
        note(database_url)
        assert is_kept(data_dir)
    assert not is_kept(data_dir)


def test_a_user_who_leaves_does_not_stop_them_for_others(
    data_dir: Path, another_user: Callable[[], subprocess.Popen[str]]
) -> None:
    another_user()
    with engines(data_dir):
        first = server_pid(data_dir)
    with engines(data_dir):
        assert server_pid(data_dir) == first


def test_a_killed_user_leaves_nothing_running(
    data_dir: Path, another_user: Callable[[], subprocess.Popen[str]]
) -> None:
    process = another_user()
    process.kill()
    eventually(lambda: not is_kept(data_dir))
    assert not (places(data_dir).postgres / "postmaster.pid").exists()


def test_killing_everything_keeps_what_was_committed(
    data_dir: Path, another_user: Callable[[], subprocess.Popen[str]]
) -> None:
    process = another_user()
    found = places(data_dir)
    for _number in range(5):
        note(found.database_url)
    with redis.Redis.from_url(found.redis_url) as client:
        engine = int(client.info("server")["process_id"])
    keeper = int(subprocess.check_output(["ps", "-o", "ppid=", "-p", str(engine)]))
    for pid in (process.pid, keeper, server_pid(data_dir), engine):
        os.kill(pid, signal.SIGKILL)
    with engines(data_dir) as (database_url, _redis_url):
        assert notes(database_url) == 5


def test_an_engine_that_dies_is_started_again(data_dir: Path) -> None:
    with engines(data_dir) as (database_url, _redis_url):
        note(database_url)
        os.kill(server_pid(data_dir), signal.SIGKILL)

        def is_back() -> bool:
            try:
                return notes(database_url) == 1
            except psycopg.OperationalError:
                return False

        eventually(is_back)


def test_given_addresses_are_used_as_they_are(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@b/c")
    monkeypatch.setenv("REDIS_URL", "redis://d")
    with engines(data_dir) as addresses:
        assert addresses == ("postgresql://a@b/c", "redis://d")
    assert not data_dir.exists()


def test_a_wrong_place_for_the_programs_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MDK_PG_BINDIR", str(tmp_path))
    with pytest.raises(EngineFailed, match="MDK_PG_BINDIR"):
        locate()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "file").touch()
    with pytest.raises(EngineFailed, match="DATA_DIR"), engines(tmp_path / "file" / "data"):
        pass


def test_reachable_sees_private_folders(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert reachable(closed, None)
    assert not reachable(closed, 65534)


def test_root_runs_them_as_somebody_else() -> None:
    assert engine_uid() == (65534 if os.geteuid() == 0 else None)
