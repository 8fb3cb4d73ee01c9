"""The emulator under the harness: faults are asked for until it takes them, and its records read as they grow."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from azureml_emulator.console.control_client import RemoteError, call
from azureml_emulator.jobs.models import Job, job_from
from tests.emulator_fixture import leave_out_public_roots
from tests.real_airflow import Service

METRICS = "/mlflow/runs/get"
"""The end of a path by which a job's metrics are read; it names no job."""

PATIENCE = 120.0
"""Seconds for which a fault is asked for while the emulator is away."""


@dataclass(frozen=True)
class Request:
    """A request that the emulator has received.

    :param status: None while it has no answer, and where it never had one.
    """

    number: int
    method: str
    path: str
    status: int | None


class ChaosService:
    """The emulator: hurt from outside, and read as ground truth.

    :param service: the process.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.endpoint = service.wait()
        self.jobs: dict[str, Job] = {}
        """Every job that was made, by its name."""
        self.requests: dict[str, list[Request]] = defaultdict(list)
        """The requests whose path names a job of a DAG, by that DAG; those for metrics by the end of their path."""
        self.restarts: list[tuple[float, float]] = []
        """When it was restarted, from and to."""
        self._newest_job = 0
        self.newest = 0
        """The number of the newest request."""
        self._open: set[int] = set()
        self._busy = threading.Lock()

    def fault(self, kind: str, **options: Any) -> None:
        """Ask for a fault."""
        self._ask("POST", "/emulator/faults", {"kind": kind, **options})

    def clear(self, scope: str) -> None:
        """Forget the faults of a scope."""
        self._ask("DELETE", f"/emulator/faults?{urlencode({'scope': scope})}")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                call(self.endpoint, method, path, body)
            except RemoteError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return

    @staticmethod
    def signal(pid: int, number: int) -> None:
        """Send a signal to a process, if it is there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def freeze(self, seconds: float) -> None:
        """Have it stand still."""
        with self._busy:
            assert self.service.process is not None
            pid = self.service.process.pid
            os.kill(pid, signal.SIGSTOP)
            try:
                time.sleep(seconds)
            finally:
                os.kill(pid, signal.SIGCONT)

    def restart(self, *, kill: bool = False) -> None:
        """Restart it, in order or after a kill; its jobs that ran have failed then."""
        with self._busy:
            began = time.time()
            assert self.service.process is not None
            if kill:
                self.service.process.kill()
                self.service.process.wait()
            else:
                self.service.stop()
            self.service.start()
            leave_out_public_roots(self.service.wait(120))
            self.restarts.append((began, time.time()))

    def refresh(self) -> None:
        """Read what is new."""
        with self._reading("state.sqlite") as database:
            active = [name for name, job in self.jobs.items() if not job.ended]
            marks = ",".join("?" * len(active))
            query = f"SELECT number, value FROM resources WHERE kind = 'job' AND (number > ? OR key IN ({marks}))"
            for number, text in database.execute(query, (self._newest_job, *active)).fetchall():
                job = job_from(json.loads(text))
                self.jobs[job.name] = job
                self._newest_job = max(self._newest_job, number)
        with self._reading("journal.sqlite") as database:
            query = "SELECT number, method, path, status FROM requests WHERE number > ? OR number IN ({})"
            marks = ",".join("?" * len(self._open))
            for row in database.execute(query.format(marks), (self.newest, *self._open)).fetchall():
                self._take(Request(*row))

    def _take(self, request: Request) -> None:
        self.newest = max(self.newest, request.number)
        dag = dag_of(request.path)
        if dag is None:
            return
        rows = self.requests[dag]
        for place in range(len(rows) - 1, -1, -1):
            if rows[place].number == request.number:
                rows[place] = request
                break
        else:
            rows.append(request)
        (self._open.add if request.status is None else self._open.discard)(request.number)

    @contextlib.contextmanager
    def _reading(self, name: str) -> Iterator[sqlite3.Connection]:
        place = self.service.state / name
        with contextlib.closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=30)) as database:
            yield database

    def of_run(self, run: str) -> list[Job]:
        """The jobs of a DAG run, the oldest first, without the steps of pipelines."""
        found = (job for job in list(self.jobs.values()) if job.parent is None and run in runs_of(job))
        return sorted(found, key=lambda job: job.created_at)

    def content(self, https_url: str, name: str) -> str | None:
        """A file of a folder that a result names, as storage has it; None where there is none."""
        _, *parts = urlsplit(https_url).path.strip("/").split("/")
        place = Path(self.service.state, "storage", *parts, name)
        return place.read_text(encoding="utf-8") if place.is_file() else None


def tags(job: Job) -> dict[str, str]:
    """The tags of a job."""
    return job.definition.get("tags") or {}


def runs_of(job: Job) -> tuple[str | None, ...]:
    """The DAG run that a job belongs to, by the operator's tag or, of a batch endpoint's, by that of its invocation."""
    return tags(job).get("airflow_run_id"), tags(job).get("chaos_run")


def dag_of(path: str) -> str | None:
    """The DAG whose job or batch endpoint a path names, ``METRICS`` for that; None for none."""
    if path.endswith(METRICS):
        return METRICS
    _, found, rest = path.partition("/scoring/chaos-batch-")
    if found:
        return f"chaos_batch_{rest.partition('/')[0]}"
    _, found, rest = path.partition("/chaos_")
    if not found:
        _, found, rest = path.partition(".chaos_")
    return f"chaos_{rest.partition('-')[0]}" if found and "-" in rest else None
