"""Child processes that leave nobody behind: started in sessions of their own, marked, and ended to the last one.

Every child carries the variable ``AZUREML_DEMO_HOME`` with the folder it works for, and so do its own children. That
mark, not a process group, says who belongs to a run: Airflow puts each task into a group of its own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

MARK = "AZUREML_DEMO_HOME"
PROC = Path("/proc")


class Process(Protocol):
    """A child process, as :class:`subprocess.Popen` shows it."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and give back its exit code; ``subprocess.TimeoutExpired`` after ``timeout`` seconds."""

    def send_signal(self, number: int, /) -> None:
        """Send it a signal, unless it has ended."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


def inherited() -> dict[str, str]:
    """Give the shell's environment without what would steer an Airflow here, or keep byte code from being written."""
    unwanted = ("AIRFLOW_", "_AIRFLOW_")
    return {k: v for k, v in os.environ.items() if not k.startswith(unwanted) and k != "PYTHONDONTWRITEBYTECODE"}


def marked(home: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Add the mark of ``home`` to an environment; ``SPT_NOENV`` keeps process titles from writing over it."""
    return {**environment, MARK: str(home), "SPT_NOENV": "1"}


def start(
    command: Sequence[str | Path], *, home: Path, environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a command in ``home``, its output appended to ``log``.

    It leads a session of its own, so that Ctrl-C does not reach it.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(word) for word in command],
            cwd=home,
            env=marked(home, environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop(processes: Sequence[Process], *, patience: float = 15) -> None:
    """Ask the processes to end, all at once, and end those that have not after ``patience`` seconds."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + patience
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def members(home: Path) -> Iterator[int]:
    """Find the living processes that carry the mark of ``home``; none where the system has no /proc to read."""
    mark = f"{MARK}={home}".encode()
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name)


def sweep(home: Path, *, patience: float = 5) -> int:
    """End whoever still carries the mark of ``home`` and say how many there were."""
    found = set[int]()
    deadline = time.monotonic() + patience
    while (living := set(members(home))) and time.monotonic() < deadline:
        found |= living
        for pid in living:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    return len(found)
