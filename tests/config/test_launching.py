"""The launcher and what it stands on: sentences for what can go wrong, and a Python library and nothing else."""

import ast
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config import bootstrap, demo
from config.demo_processes import Processes
from config.embedded import BASE_DIR


def test_making_the_environment_needs_the_standard_library_alone() -> None:
    tree = ast.parse((BASE_DIR / "config" / "bootstrap.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)


def test_a_lock_that_is_installed_is_not_installed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = tmp_path / "stamp"
    stamp.write_text(bootstrap.mark_of(bootstrap.DEV_LOCK), encoding="utf-8")
    monkeypatch.setattr(bootstrap, "STAMP", stamp)
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))

    def install(lock: Path) -> None:
        raise AssertionError(lock)

    monkeypatch.setattr(bootstrap, "install", install)
    bootstrap.main([])
    bootstrap.main(["--dev"])


def test_a_changed_lock_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = tmp_path / "stamp"
    stamp.write_text("3.11 another", encoding="utf-8")
    monkeypatch.setattr(bootstrap, "STAMP", stamp)
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(bootstrap, "make_venv", lambda: None)
    installed: list[Path] = []
    monkeypatch.setattr(bootstrap, "install", installed.append)
    bootstrap.main([])
    assert installed == [bootstrap.RUN_LOCK]
    assert stamp.read_text(encoding="utf-8").strip() == bootstrap.mark_of(bootstrap.RUN_LOCK)


def test_a_failed_installation_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "run_pip", lambda command, total: (1, "ERROR: no route to host"))
    with pytest.raises(SystemExit, match=r"no route to host[\s\S]*Run the same command again[\s\S]*HTTPS_PROXY"):
        bootstrap.install(bootstrap.RUN_LOCK)


def test_a_port_that_is_taken_is_named_with_another() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(SystemExit, match=rf"Port {port} cannot be used .*make demo PORT={port + 1}"):
            demo.check_port(port)


def test_a_second_demo_of_the_same_data_is_told_where_the_first_is(tmp_path: Path) -> None:
    first = demo.only_one(tmp_path, 8100)
    with pytest.raises(SystemExit, match=r"running already at http://127\.0\.0\.1:8100/"):
        demo.only_one(tmp_path, 8200)
    first.close()
    demo.only_one(tmp_path, 8200).close()


@pytest.mark.parametrize("port", ["x", "0", "70000"])
def test_a_wrong_port_is_a_sentence(port: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "config.demo"],
        env=os.environ | {"PORT": port, "DATA_DIR": str(tmp_path)},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.strip() == f"PORT is '{port}'. Set it to a whole number from 1 to 65535."


def test_a_process_that_dies_young_again_and_again_stops_the_demo(tmp_path: Path) -> None:
    processes = Processes(tmp_path, {})
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]

    def watch() -> None:
        with processes.running({"worker": command}):
            while True:
                processes.look()

    with pytest.raises(SystemExit, match=r"The worker process does not stay up[\s\S]*no such thing"):
        watch()


def test_processes_end_with_the_block(tmp_path: Path) -> None:
    processes = Processes(tmp_path, {"web": {"WORD": "hello"}})
    command = [
        sys.executable,
        "-c",
        "import os, time; print(os.environ['WORD'], os.getpid(), flush=True); time.sleep(60)",
    ]
    with processes.running({"web": command}):
        while not (line := processes.log("web").read_text()).endswith("\n"):
            processes.look()
    word, pid = line.split()
    assert word == "hello"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
