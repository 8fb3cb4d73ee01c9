"""One Airflow of some line beside one emulator, and one run of a DAG in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow_azureml.hooks.azureml import AzureMLHook
from demo.airflow import ApiError
from tests.airflow_harness import SETTINGS
from tests.lines.versions import Line
from tests.real_airflow import DATABASE, ENDED, PATIENT, RealAirflow, Service

DAGS = Path(__file__).resolve().parent / "dags"
PATIENCE = 240.0
"""Seconds for anything that is waited for: all scenarios of a line run at once."""


class Counted(Service):
    """An emulator whose jobs many threads ask for: one at a time, and once a second."""

    def __init__(self, bin: Path, home: Path, python: Path) -> None:
        super().__init__(bin, home, python)
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...], tuple[float, list[dict[str, Any]]]] = {}

    def _journal(self, *words: str) -> list[dict[str, Any]]:
        with self._lock:
            asked, rows = self._known.get(words, (0.0, []))
            if time.monotonic() - asked > 1:
                asked, rows = self._known[words] = time.monotonic(), super()._journal(*words)
            return rows


class WrongError(Exception):
    """A scenario went otherwise than it should; the text says how."""


class Run:
    """One run of a scenario's DAG.

    :param place: a folder that the jobs of this run share with the test.
    """

    def __init__(self, airflow: RealAirflow, dag: str, place: Path) -> None:
        self.airflow, self.dag, self.place, self.id = airflow, dag, place, f"run-{dag}"
        self.before = {job["name"] for job in airflow.service.made(dag)}
        place.mkdir(parents=True)

    def begin(self) -> None:
        """Start the DAG run."""
        self.airflow.trigger(self.dag, self.id, conf={"place": str(self.place)})

    def go(self) -> None:
        """Let jobs that wait for it end."""
        (self.place / "go").touch()

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs of this run, the oldest first."""
        return self.airflow.service.made(self.dag, besides=self.before)

    def statuses(self) -> list[str]:
        """Their statuses."""
        return [job["status"] for job in self.jobs()]

    def until(self, what: str, probe: Callable[[], Any]) -> Any:
        """Wait until a probe answers something true."""
        deadline = time.monotonic() + PATIENCE
        while not (found := probe()):
            if dead := self.airflow.dead():
                last_words = (self.airflow.home / f"{dead[0]}.log").read_text(errors="replace")[-500:]
                raise WrongError(f"Airflow's {' and '.join(dead)} ended by itself: {last_words}")
            if time.monotonic() > deadline:
                raise WrongError(f"no {what}; jobs {self.statuses()}, tasks {self.states()}")
            time.sleep(1)
        return found

    def wait_job(self, number: int, *statuses: str) -> str:
        """Wait until job ``number`` (from 0) has one of these statuses; its name."""
        self.until(
            f"job {number} {'/'.join(statuses)}",
            lambda: len(self.jobs()) > number and self.statuses()[number] in statuses,
        )
        return str(self.jobs()[number]["name"])

    def wait_waiting(self, task: str = "work") -> None:
        """Wait until a task waits for its job, and whoever waits has begun with it."""
        if self.dag.endswith("_worker"):
            self.until(f"{task} running", lambda: self.state(task) == "running")
            return
        self.until(f"{task} deferred", lambda: self.state(task) == "deferred")
        self.until("trigger begun", lambda: self.trigger_logs(task))

    def trigger_logs(self, task: str = "work") -> list[Path]:
        """What triggerers have written for a task, a file for each of its deferred tries."""
        place = f"logs/dag_id={self.dag}/run_id={self.id}/task_id={task}"
        return list(self.airflow.home.glob(f"{place}/**/*.trigger.*"))

    def end(self) -> str:
        """Wait until the run has ended; its state."""
        self.until("end", lambda: self.airflow.run_state(self.dag, self.id) in ENDED)
        return str(self.airflow.run_state(self.dag, self.id))

    def instances(self) -> list[dict[str, Any]]:
        """The run's task instances: ``task_id``, ``state``, ``try_number`` and, on 3.x, more."""
        if self.airflow.major == 2:
            query = "SELECT task_id, state, try_number FROM task_instance WHERE dag_id = ? AND run_id = ?"
            rows = self.airflow.sql(query, self.dag, self.id)
            return [dict(zip(("task_id", "state", "try_number"), row, strict=True)) for row in rows]
        found = self.airflow.find(f"/dags/{self.dag}/dagRuns/{self.id}/taskInstances?limit=100")
        return list((found or {}).get("task_instances", []))

    def states(self) -> dict[str, Any]:
        """The state of each task; of a mapped or looped one, that of one of its instances."""
        return {one["task_id"]: one["state"] for one in self.instances()}

    def state(self, task: str = "work") -> str | None:
        """The state of a task."""
        return self.states().get(task)

    def tries(self, task: str = "work") -> int:
        """Which try a task is in."""
        return int(next(one["try_number"] for one in self.instances() if one["task_id"] == task))

    def result(self, task: str = "work") -> dict[str, Any]:
        """What a task returned."""
        return self.airflow.xcom(self.dag, self.id, task) or {}

    @property
    def has_pages(self) -> bool:
        """Whether this Airflow has places for tabs of providers: 3.1 and later."""
        said = (self.airflow.find("/version") or {}).get("version", "2") if self.airflow.major > 2 else "2"
        return said.split(".")[:2] not in (["2"], ["3", "0"])

    def page(self, part: str, task: str = "work") -> dict[str, Any]:
        """What the tab of a task's page is given; empty where there is none."""
        return self.airflow.page(part, self.dag, self.id, task) or {}

    def iteration(self, task: str, index: int) -> dict[str, Any]:
        """One iteration's instance of a looped task; empty while there is none."""
        fits = (one for one in self.instances() if one["task_id"] == task and one["region_index"] == index)
        return next(fits, {})

    def kill_iteration(self, task: str, index: int) -> None:
        """Kill the process of a looped task's iteration that waits on a worker."""
        query = (
            "SELECT pid FROM task_instance "
            "WHERE dag_id = ? AND run_id = ? AND task_id = ? AND region_index = ? AND state = 'running'"
        )
        rows = self.until("process", lambda: self.airflow.sql(query, self.dag, self.id, task, index))
        os.kill(int(rows[0][0]), signal.SIGKILL)

    def notes(self) -> list[str]:
        """What the gates of a loop have written down of its iterations' results: the names of their jobs."""
        return [file.read_text(encoding="utf-8") for file in sorted(self.place.glob("result-*"))]

    def seconds_to_the_end_of_its_job(self, task: str = "work") -> float:
        """How long after a task's start its only job has ended."""
        began = datetime.fromisoformat(self.airflow.column("start_date", self.dag, self.id, task)).replace(tzinfo=None)
        ended = datetime.fromisoformat(str(self.jobs()[0]["ended_at"]).replace("Z", "+00:00")).replace(tzinfo=None)
        return (ended - began).total_seconds()

    def log(self, task: str = "work") -> str:
        """All that a task's tries and their triggers wrote; with ``*`` that of all tasks."""
        return self.airflow.log(self.dag, self.id, task)

    def clear(self, task: str = "work", **more: Any) -> None:
        """Clear a task, or with ``more`` one instance of it (3.x)."""
        body = {"dry_run": False, "dag_run_id": self.id, "only_failed": False, "reset_dag_runs": True, **more}
        for left in (2, 1, 0):
            try:
                if more:
                    self.airflow.api("POST", f"/dags/{self.dag}/clearTaskInstances", body)
                else:
                    self.airflow.clear(self.dag, self.id, task)
                return
            except ApiError as error:
                if error.status != 500 or not left:  # SQLite is locked at times where many tasks end at once
                    raise
                time.sleep(2)

    def mark(self, state: str, *, whole: bool = False) -> None:
        """Mark the task, or the ``whole`` DAG run (3.x)."""
        if whole:
            self.airflow.mark_run(self.dag, self.id, state)
        else:
            self.airflow.mark(self.dag, self.id, "work", state)

    def cancel(self, job: str) -> None:
        """Cancel a job, as somebody in Studio does."""
        AzureMLHook().cancel_job(job)


@contextlib.contextmanager
def running(line: Line, bin: Path, service: Service, settings: dict[str, str] | None = None) -> Iterator[RealAirflow]:
    """Run an Airflow of a line with the scenarios' DAGs; everything is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix=f"airflow-{line.name}-"))
    try:
        shutil.copytree(DAGS, home / "dags", ignore=shutil.ignore_patterns("__pycache__"))
        if not line.is_3_4:
            for file in ("loops.py", "overdue.py", "put_off.py"):
                (home / "dags" / file).unlink()
        given = {**SETTINGS, "AIRFLOW__CORE__PARALLELISM": "6", **(settings or {})}
        airflow = RealAirflow(bin, home / "home", home / "dags", major=line.major, settings=given)
        airflow.service = service
        airflow.environment["AIRFLOW_CONN_AZUREML_DEFAULT"] = service.wait()["airflow_connection"]
        airflow.prepare(home / "template.db")
        # All scenarios write at once: a scheduler that SQLite keeps waiting for longer than usual ends.
        airflow.environment[DATABASE] += PATIENT
        try:
            airflow.start()
            yield airflow
        finally:
            airflow.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
