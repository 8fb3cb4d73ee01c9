"""Processes that emulated jobs start, found by the mark that they call themselves by."""

from __future__ import annotations

import time
from pathlib import Path


def processes(mark: str) -> list[int]:
    """The living processes that call themselves by a mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if line.startswith(mark.encode()) and state != "Z":
                found.append(int(entry.name))
    return found


def gone(mark: str, patience: float = 15) -> bool:
    """Whether the processes with a mark end in time."""
    deadline = time.monotonic() + patience
    while processes(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def eventually(mark: str, number: int, patience: float = 15) -> list[int]:
    """The processes with a mark, once there are as many as expected."""
    deadline = time.monotonic() + patience
    while len(found := processes(mark)) < number:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found
