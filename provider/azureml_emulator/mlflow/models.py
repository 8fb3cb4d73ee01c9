"""Tracking: what scripts log with MLflow, run by run: metrics, parameters, tags; runs that are no jobs; experiments."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azureml_emulator.core.clock import now
from azureml_emulator.core.store import Store, connect
from azureml_emulator.jobs.models import BEFORE_RUNNING, Job, Jobs, experiment_id, moment
from azureml_emulator.mlflow.schemas import Row, Schema

SCHEMA = """
CREATE TABLE IF NOT EXISTS metrics (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, timestamp INTEGER NOT NULL, step INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS metrics_of_run ON metrics (run, name);
CREATE TABLE IF NOT EXISTS schemas (run TEXT, name TEXT, kind TEXT, columns TEXT, PRIMARY KEY (run, name));
CREATE TABLE IF NOT EXISTS cells (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL, name TEXT NOT NULL, timestamp INTEGER NOT NULL, data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS cells_of_run ON cells (run, name);
CREATE TABLE IF NOT EXISTS params (run TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (run, key));
CREATE TABLE IF NOT EXISTS tags (run TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (run, key));
"""
DEFAULT_EXPERIMENT = "Default"
PARENT = "mlflow.parentRunId"
"""The tag that names the run above one. Source: MLflow 3.15, ``MLFLOW_PARENT_RUN_ID``."""

LOGGED_MODEL = "logged-model"
"""The kind under which the store keeps logged models."""

STATUSES = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED", "Running": "RUNNING"}
"""MLflow's status by a job's; a job whose command has not started is ``SCHEDULED``."""


@dataclass(frozen=True)
class Metric:
    """One point of a metric.

    :param timestamp: milliseconds since the epoch.
    """

    name: str
    value: float
    timestamp: int
    step: int


@dataclass(frozen=True)
class Run:
    """A run as MLflow sees it: a job, or one that a script began by itself.

    :param start, end: milliseconds since the epoch.
    :param parent: the run that it is a child of; of a job None.
    :param properties, description, error, warnings: what run history knows of a run that is no job.
    """

    id: str
    experiment: str
    status: str
    start: int
    end: int | None
    deleted: bool = False
    name: str = ""
    parent: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    description: str = ""
    error: dict[str, Any] | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)


class ParameterChangedError(Exception):
    """A parameter was logged again with another value, which MLflow does not allow."""


class Tracking:
    """Everything logged, in a database of its own; runs that are no jobs, experiments, logged models in the store."""

    def __init__(self, state: Path, store: Store, jobs: Jobs, workspace_id: str) -> None:
        self._store = store
        self._jobs = jobs
        self._workspace_id = workspace_id
        self._connection = connect(state / "tracking.sqlite", alone=True)
        self._connection.executescript(SCHEMA)
        self._lock = threading.RLock()

    def log(
        self, run: str, metrics: Iterable[Metric], params: Iterable[tuple[str, str]], tags: Iterable[tuple[str, str]]
    ) -> None:
        """Log points, parameters and tags of a run: all of them, or none.

        :raises ParameterChangedError: a parameter has another value already.
        """
        points = [(run, row.name, repr(row.value), row.timestamp, row.step) for row in metrics]
        key_values = list(params)
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._check(run, key_values)
                put = "INSERT INTO metrics (run, name, value, timestamp, step) VALUES (?, ?, ?, ?, ?)"
                self._connection.executemany(put, points)
                self._put("params", run, key_values)
                self._put("tags", run, tags)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _check(self, run: str, key_values: list[tuple[str, str]]) -> None:
        logged = self.params(run)
        for key, value in key_values:
            if logged.setdefault(key, value) != value:
                raise ParameterChangedError(
                    f"Changing param values is not allowed. Param with key='{key}' was already logged with "
                    f"value='{logged[key]}' for run ID='{run}'. Attempted logging new value '{value}'."
                )

    def _put(self, table: str, run: str, key_values: Iterable[tuple[str, str]]) -> None:
        rows = [(run, key, value) for key, value in key_values]
        self._connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", rows)

    def log_typed(self, run: str, name: str, schema: Schema, rows: Iterable[Row], points: Iterable[Metric]) -> None:
        """Log what the SDK of version 1 logs under one name: its schema, which replaces the one before, and its rows;
        numbers are points, as MLflow's are."""
        cells = [(run, name, row.timestamp, json.dumps(row.data)) for row in rows]
        with self._lock:
            self.log(run, points, [], [])
            columns = json.dumps(schema.columns)
            self._connection.execute(
                "INSERT OR REPLACE INTO schemas VALUES (?, ?, ?, ?)", (run, name, schema.kind, columns)
            )
            self._connection.executemany("INSERT INTO cells (run, name, timestamp, data) VALUES (?, ?, ?, ?)", cells)

    def schemas(self, run: str) -> dict[str, Schema]:
        """What a run's metrics were logged as by the SDK of version 1, by name."""
        query = "SELECT name, kind, columns FROM schemas WHERE run = ? ORDER BY rowid"
        with self._lock:
            rows = self._connection.execute(query, (run,)).fetchall()
        return {name: Schema(kind, json.loads(columns)) for name, kind, columns in rows}

    def rows(self, run: str, name: str) -> list[Row]:
        """The rows of a metric that MLflow does not know, in the order in which they were logged."""
        query = "SELECT timestamp, data FROM cells WHERE run = ? AND name = ? ORDER BY number"
        with self._lock:
            found = self._connection.execute(query, (run, name)).fetchall()
        return [Row(timestamp, json.loads(data)) for timestamp, data in found]

    def delete_tag(self, run: str, key: str) -> bool:
        """Remove a tag; True if there was one."""
        with self._lock:
            cursor = self._connection.execute("DELETE FROM tags WHERE run = ? AND key = ?", (run, key))
            return cursor.rowcount > 0

    def points(self, run: str, name: str | None = None) -> list[Metric]:
        """Every point of a run, or of one of its metrics, in the order in which they were logged."""
        query = "SELECT name, value, timestamp, step FROM metrics WHERE run = ?"
        values = (run,) if name is None else (run, name)
        with self._lock:
            rows = self._connection.execute(
                f"{query}{'' if name is None else ' AND name = ?'} ORDER BY number", values
            ).fetchall()
        return [Metric(name, float(value), timestamp, step) for name, value, timestamp, step in rows]

    def values(self, run: str, name: str) -> list[float]:
        """The values of a metric in the order in which they were logged."""
        return [row.value for row in self.points(run, name)]

    def metrics(self, run: str) -> dict[str, list[dict[str, Any]]]:
        """Every point of a run by metric: ``value``, ``step``, ``timestamp``."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self.points(run):
            found.setdefault(row.name, []).append({"value": row.value, "step": row.step, "timestamp": row.timestamp})
        return found

    def latest(self, run: str) -> list[Metric]:
        """The latest point of every metric: the highest step, then time, then the one logged last, as MLflow does."""
        last: dict[str, Metric] = {}
        for row in self.points(run):
            before = last.get(row.name)
            if before is None or (row.step, row.timestamp) >= (before.step, before.timestamp):
                last[row.name] = row
        return list(last.values())

    def params(self, run: str) -> dict[str, str]:
        """The parameters of a run."""
        return self._pairs("params", run)

    def tags(self, run: str) -> dict[str, str]:
        """The tags that were set through MLflow."""
        return self._pairs("tags", run)

    def _pairs(self, table: str, run: str) -> dict[str, str]:
        with self._lock:
            rows = self._connection.execute(f"SELECT key, value FROM {table} WHERE run = ?", (run,)).fetchall()
        return dict(rows)

    def run(self, run: str) -> Run | None:
        """A run by its id, which is the job's name where it is a job."""
        job = self._jobs.get(run)
        return run_of_job(job) if job else self.script_run(run)

    def script_run(self, run: str) -> Run | None:
        """A run that is no job, by its id."""
        value = self._store.get("run", run)
        return Run(**value) if value else None

    def runs(self) -> list[Run]:
        """All runs, jobs first."""
        return [*(run_of_job(job) for job in self._jobs.all()), *self.script_runs()]

    def script_runs(self) -> list[Run]:
        """All runs that are no jobs, the oldest first."""
        return [Run(**value) for _, value in self._store.list("run")]

    def put_run(self, run: Run) -> None:
        """Store a run that is no job."""
        self._store.put("run", run.id, vars(run))

    def logged_model(self, identifier: str) -> dict[str, Any] | None:
        """The record of a logged model by its id, or None."""
        record: dict[str, Any] | None = self._store.get(LOGGED_MODEL, identifier)
        return record

    def logged_models(self) -> list[dict[str, Any]]:
        """The records of all logged models, the oldest first."""
        return [record for _, record in self._store.list(LOGGED_MODEL)]

    def put_logged_model(self, record: dict[str, Any]) -> None:
        """Store a logged model by its ``model_id``."""
        self._store.put(LOGGED_MODEL, record["model_id"], record)

    def delete_logged_model(self, identifier: str) -> None:
        """Forget a logged model."""
        self._store.delete(LOGGED_MODEL, identifier)

    def experiment_id(self, name: str) -> str:
        """The id of an experiment: always the same one for a name."""
        return experiment_id(self._workspace_id, name)

    def experiments(self) -> dict[str, str]:
        """Names by id: those made through MLflow, those of jobs, and the default one."""
        of_scripts = self._store.texts("run", "$.experiment")
        names = [DEFAULT_EXPERIMENT, *self._store.keys("experiment"), *self._jobs.experiments(), *of_scripts]
        return {self.experiment_id(name): name for name in names}

    def experiment_tags(self, name: str) -> dict[str, str]:
        """The tags of an experiment."""
        return dict((self._store.get("experiment", name) or {}).get("tags", {}))

    def put_experiment(self, name: str, tags: dict[str, str]) -> str:
        """Make an experiment, or replace the tags of one; returns its id."""
        self._store.put("experiment", name, {"tags": tags})
        return self.experiment_id(name)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def run_of_job(job: Job) -> Run:
    """A job as MLflow sees it."""
    status = STATUSES.get(job.status, "SCHEDULED" if job.status in BEFORE_RUNNING else "RUNNING")
    start = milliseconds(job.started_at or job.created_at)
    name = str(job.definition.get("displayName") or job.name)
    return Run(job.name, job.experiment, status, start or 0, milliseconds(job.ended_at), name=name)


def milliseconds(text: str | None) -> int | None:
    """A recorded time in milliseconds since the epoch."""
    time = moment(text)
    return int(time.timestamp() * 1000) if time else None


def new_run_id() -> str:
    """An id for a run that is no job."""
    return str(uuid.uuid4())


def milliseconds_now() -> int:
    """The present moment in milliseconds since the epoch."""
    return int(now().timestamp() * 1000)
