"""The folders, locks and addresses of the embedded engines of one data folder."""

import fcntl
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.engine_programs import EngineFailed, engine_uid, reachable

PG_USER = "mdk"
PG_DATABASE = "mdk"
PG_SOCKET = ".s.PGSQL.5432"
REDIS_SOCKET = "redis.sock"
LONGEST_SOCKET = 100
"""Bytes that a socket's path may have: 104 on macOS, 108 on Linux, the final zero among them."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the engines of a data folder keep their files.

    `home` holds the databases (below the data folder, or elsewhere when the engines' user cannot walk
    there), `sockets` is a short private folder, `run` holds locks, logs and this record.
    """

    data_dir: Path
    home: Path
    sockets: Path

    @property
    def run(self) -> Path:
        """The folder of locks and logs."""
        return self.data_dir / "run"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data."""
        return self.home / "postgres"

    @property
    def redis(self) -> Path:
        """Redis' data."""
        return self.home / "redis"

    @property
    def database_url(self) -> str:
        """The address of the database, for `DATABASE_URL`."""
        return f"postgresql://{PG_USER}@/{PG_DATABASE}?host={self.sockets}"

    @property
    def redis_url(self) -> str:
        """The address of Redis, for `REDIS_URL`."""
        return f"unix://{self.sockets / REDIS_SOCKET}"

    def log(self, engine: str) -> Path:
        """Return the log file of `engine`."""
        return self.run / f"{engine}.log"


def _record(data_dir: Path) -> Path:
    return data_dir / "run" / "engines.json"


def recorded(data_dir: Path) -> Places | None:
    """Return the places that an earlier start recorded; None when there was none or they are gone."""
    try:
        known = json.loads(_record(data_dir).read_text(encoding="utf-8"))
        places = Places(data_dir, Path(known["home"]), Path(known["sockets"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return places


def places_of(data_dir: Path) -> Places:
    """Return the places of `data_dir`, made and recorded when they are missing; call with the start lock held."""
    known = recorded(data_dir)
    home = known.home if known and known.home.is_dir() else _new_home(data_dir)
    sockets = known.sockets if known and _private(known.sockets) else _new_sockets()
    places = Places(data_dir, home, sockets)
    if places != known:
        text = json.dumps({"home": str(home), "sockets": str(sockets)})
        temporary = _record(data_dir).with_suffix(".new")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(_record(data_dir))
    return places


def _new_home(data_dir: Path) -> Path:
    """Return a folder for the databases that the engines' user can walk to, and give it to that user.

    Root's project may stand in a private folder (mode 0700), where the unprivileged user cannot go; its
    databases are then kept in /var/lib, under a name that the record remembers.
    """
    uid = engine_uid()
    home = data_dir / "engines"
    if reachable(data_dir, uid):
        home.mkdir(mode=0o700, exist_ok=True)
    else:
        base = Path("/var/lib") if os.access("/var/lib", os.W_OK) else Path(tempfile.gettempdir())
        home = Path(tempfile.mkdtemp(prefix="mdk-data-", dir=base))
    if uid is not None:
        os.chown(home, uid, uid)
    return home


def _new_sockets() -> Path:
    """Return a new private folder with a path short enough for sockets."""
    uid = engine_uid()
    bases = [tempfile.gettempdir(), "/tmp"]  # noqa: S108 (a fresh private folder is made in it)
    if uid is None and os.environ.get("XDG_RUNTIME_DIR"):
        bases.insert(0, os.environ["XDG_RUNTIME_DIR"])
    for base in bases:
        usable = os.access(base, os.W_OK) and reachable(Path(base), uid)
        if usable and len(f"{base}/mdk-xxxxxxxx/{PG_SOCKET}".encode()) <= LONGEST_SOCKET:
            folder = Path(tempfile.mkdtemp(prefix="mdk-", dir=base))
            if uid is not None:
                os.chown(folder, uid, uid)
            return folder
    raise EngineFailed(f"No folder for sockets: {', '.join(bases)} cannot be used. Set TMPDIR to a short folder.")


def _private(folder: Path) -> bool:
    """Say whether `folder` is still there, ours (or the engines' user's) and closed to others."""
    try:
        info = folder.lstat()
    except OSError:
        return False
    owner = engine_uid()
    return folder.is_dir() and info.st_uid == (os.geteuid() if owner is None else owner) and not info.st_mode & 0o077


class Lock:
    """A lock of the operating system on a file: gone with its holder, however that one ends."""

    def __init__(self, data_dir: Path, name: str) -> None:
        run = data_dir / "run"
        try:
            run.mkdir(parents=True, exist_ok=True)
            self._file = (run / f"{name}.lock").open("a")
        except OSError as error:
            raise EngineFailed(
                f"{run} cannot be written ({error.strerror}). Set DATA_DIR to a folder of your own."
            ) from error

    def take(self, *, shared: bool = False) -> None:
        """Wait for the lock and take it."""
        fcntl.flock(self._file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def try_take(self, *, shared: bool = False) -> bool:
        """Take the lock unless somebody holds it; say whether it was taken."""
        try:
            fcntl.flock(self._file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Give the lock back; it can be taken again."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the lock back for good."""
        self._file.close()
