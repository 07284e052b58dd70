"""`make demo`: the whole system on this machine, with demo people and data, until Ctrl-C."""

import json
import os
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path

from config import env
from config.demo_processes import Processes
from config.embedded import BASE_DIR, EngineFailed, engines
from config.engine_state import Lock

HOST = "127.0.0.1"
READY_WITHIN = 90
WEB = {"PYTHONWARNINGS": "ignore:StreamingHttpResponse must consume synchronous iterators"}
"""WhiteNoise's way of sending files; it works, and only warns, under ASGI."""

PEOPLE = (
    ("koordinator@demo.example", "coordinator"),
    ("ordforande@demo.example", "chair"),
    ("radiolog1@demo.example", "radiologist"),
    ("radiolog2@demo.example", "radiologist"),
    ("patolog1@demo.example", "pathologist"),
    ("lakare1@demo.example", "responsible clinician"),
    ("kssk1@demo.example", "contact nurse"),
    ("chef@demo.example", "manager"),
    ("admin@demo.example", "administrator"),
    ("frammande@demo.example", "coordinator of another hospital"),
)


def say(text: str) -> None:
    """Write one line of progress."""
    print(text, flush=True)  # noqa: T201 (a command line program)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Show a step and the seconds that it took."""
    begun = time.monotonic()
    print(f"{text} ...", end="", flush=True)  # noqa: T201 (a command line program)
    try:
        yield
    except BaseException:
        say("")
        raise
    say(f" {time.monotonic() - begun:.1f} s")


def check_port(port: int) -> None:
    """Stop with a sentence when somebody listens on the port already."""
    with socket.socket(socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SystemExit(
                f"Port {port} cannot be used ({error.strerror}). Take another one: make demo PORT={port + 1}"
            ) from error


def only_one(data_dir: Path, port: int) -> Lock:
    """Take the demo's lock on its data; stop with a sentence when another launcher has it."""
    lock = Lock(data_dir, "demo")
    note = data_dir / "run" / "demo.json"
    if not lock.try_take():
        lock.close()
        try:
            where = f"http://{HOST}:{json.loads(note.read_text(encoding='utf-8'))['port']}/"
        except (OSError, ValueError, KeyError):
            where = "another port"
        raise SystemExit(
            f"A demo of {data_dir} is running already at {where}. Use it, stop it with Ctrl-C where it runs, or start a "
            f"second one with data of its own: make demo PORT={port + 1} DATA_DIR=var2"
        )
    note.write_text(json.dumps({"port": port, "pid": os.getpid()}), encoding="utf-8")
    return lock


def prepare_data() -> None:
    """Bring tables, texts, definitions and demo data up to date, in this process."""
    import django
    from django.core.management import call_command, get_commands

    from config.translations import compile_all

    with step("Texts"):
        compile_all()
    django.setup()
    from django.conf import settings

    for folder in ("STATIC_ROOT", "MEDIA_ROOT", "EMAIL_FILE_PATH"):
        Path(getattr(settings, folder)).mkdir(parents=True, exist_ok=True)
    with step("Tables"):
        call_command("migrate", interactive=False, verbosity=0)
    with step("Definitions of the diagnoses"):
        call_command("load_definitions", verbosity=0, stdout=StringIO())
    if "seed" in get_commands():
        with step("Demo people and data"):
            call_command("seed", "--demo", verbosity=0, stdout=StringIO())


def is_ready(port: int) -> bool:
    """Say whether /readyz answers 200 (asked directly, whatever proxy the environment names)."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{HOST}:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def commands(port: int, data_dir: Path) -> dict[str, list[str]]:
    """Return what runs beside the engines: web, worker and beat."""
    celery = [sys.executable, "-m", "celery", "--app", "config.celery", "--quiet"]
    web = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", HOST, "--port", str(port)]
    return {
        "web": [*web, "--log-level", "warning", "--no-access-log", "--timeout-graceful-shutdown", "3"],
        "worker": [
            *celery,
            "worker",
            "--concurrency",
            "2",
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "INFO",
        ],
        "beat": [*celery, "beat", "--schedule", str(data_dir / "run" / "beat"), "--pidfile", "", "--loglevel", "INFO"],
    }


def run(port: int, data_dir: Path) -> None:
    """Start everything, say when it is ready, and stay until told to stop or something cannot be kept up."""
    begun = time.monotonic()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    os.environ |= {"MDK_DEMO": "1", "MDK_DEBUG": os.environ.get("MDK_DEBUG", "0"), "DATA_DIR": str(data_dir)}
    os.environ.setdefault("MDK_BASE_URL", f"http://{HOST}:{port}")
    with ExitStack() as stack:
        with step("PostgreSQL and Redis"):
            database_url, redis_url = stack.enter_context(engines(data_dir))
        stack.callback(say, "Stopping ...")
        os.environ |= {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        prepare_data()
        processes = Processes(data_dir / "run", {"web": WEB | {"MDK_DB_POOL": os.environ.get("MDK_DB_POOL", "10")}})
        with processes.running(commands(port, data_dir)):
            with step("Web, worker and beat"):
                limit = time.monotonic() + READY_WITHIN
                while not is_ready(port):
                    processes.look()
                    if time.monotonic() > limit:
                        raise SystemExit(f"Not ready after {READY_WITHIN} s. The logs are in {data_dir / 'run'}.")
                    time.sleep(0.05)
            say(f"\nready: http://{HOST}:{port}/   (after {time.monotonic() - begun:.1f} s)\n")
            say("Log in with the password `demo` as")
            for email, role in PEOPLE:
                say(f"  {email:28} {role}")
            say(f"\nData and logs are in {data_dir}. Ctrl-C stops everything; the next start keeps the data.")
            while True:
                processes.look()
                time.sleep(0.3)


def main() -> None:
    """Read PORT and DATA_DIR, and run until the end."""
    from config.demo_processes import stop_on_signals

    stop_on_signals()
    try:
        port = env.integer("PORT", 8000, least=1, most=65535)
        data_dir = env.folder("DATA_DIR", BASE_DIR / "var")
        lock = only_one(data_dir, port)
        check_port(port)
        try:
            run(port, data_dir)
        finally:
            lock.close()
    except (EngineFailed, env.BadSetting) as error:
        raise SystemExit(f"\n{error}") from error
    except KeyboardInterrupt:
        say("Stopped.")
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
