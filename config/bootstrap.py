"""Makes .venv and installs the locked packages; runs with any Python 3.11 and nothing but its own library.

`python3 config/bootstrap.py` installs what the system needs to run, with `--dev` what its tests need too.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[1]
VENV = BASE_DIR / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed-lock"
RUN_LOCK = BASE_DIR / "requirements.lock"
DEV_LOCK = BASE_DIR / "requirements-dev.lock"


def say(text: str) -> None:
    """Write one line of progress."""
    print(text, flush=True)  # noqa: T201 (a command line program)


def mark_of(lock: Path) -> str:
    """Return what the stamp says when `lock` is installed for this kind of Python."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    return f"{sys.version_info.major}.{sys.version_info.minor} {digest}"


def make_venv() -> None:
    """Make .venv, or make it anew when its Python is gone or another one."""
    wanted = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if PYTHON.exists() and (VENV / "lib" / wanted).is_dir() and (VENV / "bin" / "pip").exists():
        return
    say("Making .venv ...")
    if VENV.is_symlink():
        raise SystemExit(".venv is a link. Remove it, then run the command again.")
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.run([sys.executable, "-m", "venv", VENV], check=False).returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SystemExit(
            "Python could not make a virtual environment (its own words are above). On Debian and Ubuntu the part "
            "that does it is the package python3-venv; or set PYTHON to another Python 3.11 or newer: "
            "make demo PYTHON=/path/to/python3"
        )


def run_pip(command: list[str], total: int) -> tuple[int, str]:
    """Run pip, count the packages as they come, and return its exit status and what it said last."""
    environment = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0", "PYTHONWARNINGS": "", "PYTHONUNBUFFERED": "1"}
    said: list[str] = []
    done = 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment
    ) as process:
        for line in process.stdout or ():
            if not line.startswith("WARNING: Location"):
                said.append(line.rstrip())
            if line.startswith(("Collecting ", "Processing ", "Requirement already")):
                done += 1
                if sys.stdout.isatty():
                    sys.stdout.write(f"\r  {done} of {total} packages found ")
                    sys.stdout.flush()
                elif done % 20 == 0:
                    say(f"  {done} of {total} packages found")
            elif line.startswith("Installing collected"):
                say(f"{chr(13) if sys.stdout.isatty() else ''}  {done} of {total} packages fetched; unpacking them ...")
    return process.returncode, "\n".join(said[-15:])


def install(lock: Path) -> None:
    """Install `lock`, every file checked against its hash, wheels alone (no compiler is needed)."""
    say(f"Installing the packages of {lock.name} (the first time: some minutes on a slow line) ...")
    begun = time.monotonic()
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]
    command += ["--progress-bar", "off", "--require-hashes", "--only-binary", ":all:", "--requirement", str(lock)]
    total = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())
    status, said = run_pip(command, total)
    if status != 0:
        raise SystemExit(
            f"\n{said}\n\nThe packages could not be installed (pip's own words are above). Run the same command again "
            "once this is mended; what has been fetched is kept:\n"
            "  no network, or a proxy     set HTTPS_PROXY, or PIP_INDEX_URL to your mirror\n"
            "  a certificate is refused   set PIP_CERT to your organisation's certificates\n"
            "  a hash differs             the mirror altered the file: use another one\n"
            "  no wheel is found          Linux (x86-64, ARM) and macOS with Python 3.11 to 3.13 have one for every package"
        )
    say(f"Installed in {time.monotonic() - begun:.0f} s.")


def main(arguments: list[str]) -> None:
    """Bring .venv up to date with the lock that is asked for; nothing is done when it is."""
    if sys.version_info < (3, 11):  # noqa: UP036 (this file is what tells it to people with an old Python)
        raise SystemExit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Try PYTHON=python3.12")
    lock = DEV_LOCK if "--dev" in arguments else RUN_LOCK
    good = {mark_of(DEV_LOCK), mark_of(lock)}
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8").strip() in good:
        return
    make_venv()
    install(lock)
    STAMP.write_text(mark_of(lock) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
