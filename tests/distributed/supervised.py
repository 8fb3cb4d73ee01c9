"""An Airflow under a supervisor of processes: what dies is started again, as systemd or Kubernetes would do.

So its parts can be hurt one after the other and the rest of a test goes on. Asking is patient: an API server or a
database that is away is asked again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo import processes
from demo.airflow import AirflowError, ApiError, T
from demo.warm_python import WarmPython
from tests.real_airflow import PATIENT, RealAirflow, descendants

RESTARTED_AFTER = 2.0
"""Seconds from a part's end to its next start."""

PATIENCE = 180.0
"""Seconds for which an API server or a database that is away is asked again."""

GRACE = 20.0
"""Seconds from SIGTERM to SIGKILL in a rolling deployment."""


@dataclass(frozen=True)
class Part:
    """One process of Airflow.

    :param words: of Airflow's command line, or ``-m`` and a module with its own.
    :param settings: environment variables beside those of all parts.
    """

    words: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)


class SupervisedAirflow(RealAirflow):
    """Airflow whose parts are started again when they end."""

    forked = True

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._away: set[str] = set()
        self._ends = threading.Event()
        self._keeper: threading.Thread | None = None
        self.restarts: dict[str, int] = {}
        """How often each part was started again."""
        self.interpreters: dict[str, WarmPython] = {}
        """What parts of these names are forks of when they begin again, where that is not ``loaded``."""

    @property
    def parts(self) -> Mapping[str, Part]:
        """The parts by their names."""
        triggerer = Part(("triggerer", "--skip-serve-logs"))
        return {
            "scheduler": Part(("scheduler", "--skip-serve-logs")),
            "triggerer-1": triggerer,
            "triggerer-2": triggerer,
        }

    @property
    def triggerer_parts(self) -> list[str]:
        """The names of the triggerers."""
        return [name for name in self.parts if name.startswith("triggerer")]

    def start(self, *names: str) -> None:
        """Start the parts of these names, or all, and the supervisor."""
        for name in names or self.parts:
            self.running[name] = self.begin_part(name)
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, daemon=True)
            self._keeper.start()

    def begin_part(self, name: str) -> processes.Process:
        """Begin a part, its output added to a file of its name."""
        part, log = self.parts[name], self.home / f"{name}.log"
        words = part.words if part.words[0] == "-m" else ("-m", "airflow", *part.words)
        interpreter = self.interpreters.get(name) or self.loaded
        return interpreter.start(*words, cwd=self.home, outputs=[log, log], settings=part.settings, leads=True)

    def stop(self) -> None:
        """End the supervisor and all parts."""
        self._ends.set()
        if self._keeper is not None:
            self._keeper.join()
        super().stop()
        for interpreter in set(self.interpreters.values()):
            interpreter.close()

    def _keep(self) -> None:
        while not self._ends.wait(RESTARTED_AFTER):
            for name, process in list(self.running.items()):
                if name not in self._away and process.poll() is not None:
                    self.restarts[name] = self.restarts.get(name, 0) + 1
                    self.running[name] = self.begin_part(name)

    def crash(self, name: str, *, alone: bool = False) -> None:
        """Kill a part with SIGKILL, and all processes below it.

        :param alone: only itself.
        """
        first = self.running[name].pid
        kill_all([first, *([] if alone else descendants(first))])
        if not alone:
            kill_session(first)

    def roll(self, name: str) -> None:
        """End a part as a rolling deployment does: SIGTERM, and SIGKILL for what is left after ``GRACE`` seconds."""
        process = self.running[name]
        below = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        kill_all([process.pid, *below])
        kill_session(process.pid)

    @contextlib.contextmanager
    def away(self, name: str) -> Iterator[None]:
        """Have a part be away: killed, and not started again before the end."""
        self._away.add(name)
        try:
            self.crash(name)
            yield
        finally:
            self._away.discard(name)

    def until(self, what: str, probe: Callable[[], T | None], *, timeout: float = 240, pause: float = 0.3) -> T:
        """Ask ``probe`` until it answers something true; what is away meanwhile comes back."""
        deadline = time.monotonic() + timeout
        while not (answer := probe()):
            if time.monotonic() > deadline:
                raise AirflowError(f"No {what} within {timeout:.0f} s; Airflow's logs lie in {self.home}.")
            time.sleep(pause)
        return answer

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the REST API, again while the server is away or fails."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return super().api(method, path, body)
            except ApiError as error:
                if error.status < 500 or time.monotonic() > deadline:
                    raise
            except OSError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(1)


def kill_all(pids: Iterable[int]) -> None:
    """Kill processes with SIGKILL, those that are there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_session(leader: int) -> None:
    """Kill what is left of the session of a part that was killed, as systemd does with its control group.

    A process that was just being forked is in no list of its parent's. An executor's worker that lives on so holds the
    dead scheduler's connection to the database, with its transaction and the rows that are locked by it.
    """
    while left := [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if is_left(pid, leader)]:
        kill_all(left)
        time.sleep(0.05)


def is_left(pid: int, leader: int) -> bool:
    """Whether a process runs in the session of a leader; one that has died does so no longer."""
    try:
        state, _, _, session = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[:4]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" and int(session) == leader


class OlderAirflow(SupervisedAirflow):
    """Airflow 2.11 with LocalExecutor, two triggerers and SQLite, which waits for one who writes."""

    def __init__(self, *arguments: Any, preload: Sequence[str] = (), **keywords: Any) -> None:
        super().__init__(*arguments, major=2, **keywords)
        self.parser = (*self.parser, *preload)

    def make_database(self) -> None:
        """Lay an empty database in the home."""
        self.prepare(self.home.parent / "2.db")
        self.environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] += PATIENT
