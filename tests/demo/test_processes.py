"""What the demo starts it can find and end again, however far it has run away."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from demo import processes

RUNAWAY = """
import os, sys, time
if os.fork():
    sys.exit()
os.setsid()
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(600)
"""

pytestmark = pytest.mark.skipif(not processes.PROC.is_dir(), reason="Only where /proc tells of processes.")


def test_a_runaway_is_found_and_ended(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    words: list[str | Path] = [sys.executable, "-c", RUNAWAY, told]
    child = processes.start(words, home=tmp_path, environment=os.environ, log=tmp_path / "log")
    child.wait()
    deadline = time.monotonic() + 20
    while not (told.exists() and told.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)

    assert list(processes.members(tmp_path)) == [int(told.read_text())]
    assert processes.sweep(tmp_path) == 1
    assert list(processes.members(tmp_path)) == []


def test_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    own, other = (
        subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(600)"],
            env=processes.marked(tmp_path / name, os.environ),
        )
        for name in ("home", "other")
    )
    # One that has ended and is not reaped carries no mark, but the kernel may still name it.
    threading.Thread(target=own.wait, daemon=True).start()
    try:
        assert processes.sweep(tmp_path / "home") == 1
        assert own.wait(20) < 0
        assert other.poll() is None
    finally:
        for process in (own, other):
            process.kill()
            process.wait()


def test_the_shell_does_not_steer_an_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "Other")
    monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", "{}")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("KEPT", "1")

    environment = processes.inherited()

    assert environment["KEPT"] == "1"
    assert not {"AIRFLOW__CORE__EXECUTOR", "AIRFLOW_CONN_AZUREML_DEFAULT", "PYTHONDONTWRITEBYTECODE"} & set(environment)
