"""How much of workers something has taken, seen in ``/proc``: the processes that the scheduler has started."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

PROC = Path("/proc")
LOOK = 0.1
LINGER = 60.0
"""Seconds for which the end of the last processes is waited for."""

TICKS = os.sysconf("SC_CLK_TCK")


class Workers:
    """Watches the processes of tasks below a scheduler that begin between ``__enter__`` and ``__exit__``, to their end.

    LocalExecutor keeps a pool of processes below the scheduler, and each starts a process for each task, which takes a
    worker's slot while it lives. One that lived for less than ``LOOK`` seconds might be missed; Airflow's live longer.
    """

    def __init__(self, scheduler: int) -> None:
        self.scheduler = scheduler
        self._before: set[int] = set()
        self._first: dict[int, float] = {}
        self._last: dict[int, float] = {}
        self._cpu: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def starts(self) -> int:
        """How many processes of tasks there were."""
        return len(self._first)

    @property
    def seconds(self) -> float:
        """For how long they lived, together: the time for which workers were taken."""
        return sum(self._last[pid] - first for pid, first in self._first.items())

    @property
    def cpu_seconds(self) -> float:
        """The processor time that they took, as it was last seen of each."""
        return sum(self._cpu.values())

    def __enter__(self) -> Workers:
        # A task is a success before its process is gone.
        self._before = set(self._tasks())
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        deadline = time.monotonic() + LINGER
        while set(self._tasks()) & set(self._first) and time.monotonic() < deadline:
            time.sleep(LOOK)
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK):
            now = time.monotonic()
            for pid, cpu in self._tasks().items():
                if pid not in self._before:
                    self._first.setdefault(pid, now)
                    self._last[pid], self._cpu[pid] = now, cpu

    def _tasks(self) -> dict[int, float]:
        """The processes of tasks, with their processor time."""
        every = processes()
        pool = {pid for pid, (parent, _) in every.items() if parent == self.scheduler}
        return {pid: cpu for pid, (parent, cpu) in every.items() if parent in pool}


def processes() -> dict[int, tuple[int, float]]:
    """All processes: parent, and seconds of processor time with that of children which have ended."""
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                found[int(entry.name)] = int(fields[1]), sum(map(int, fields[11:15])) / TICKS
    return found
