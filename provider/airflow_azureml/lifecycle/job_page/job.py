"""A job at one glance: its status, times, data, metrics and children, by four to six requests and never by more pages.

The job itself must be readable; what else cannot be read is named instead. Once the service cannot be reached nothing
further is asked for, so that whoever waits for the page does not wait for one time-out after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from airflow_azureml.lifecycle.cancel_reason import beyond, limit_of, was_ended_by
from airflow_azureml.lifecycle.children import PARENTS
from airflow_azureml.lifecycle.outputs import BEST_TRIAL
from airflow_azureml.lifecycle.records import Failure
from airflow_azureml.lifecycle.result import failure
from airflow_azureml.rest import history, jobs
from airflow_azureml.rest.errors import AzureMLError, TransientError
from airflow_azureml.rest.flow import Flow, Steps
from airflow_azureml.rest.history import Run
from airflow_azureml.rest.ids import Workspace, data_kind, with_tenant
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.json_values import get_any_case, get_text
from airflow_azureml.rest.mlflow import metrics
from airflow_azureml.rest.redaction import redact
from airflow_azureml.rest.status import Phase
from airflow_azureml.rest.times import iso

T = TypeVar("T")

MOST_CHILDREN = 50
"""Children that are shown: those that run or failed before those that are done."""

LONGEST_VALUE = 500
"""Letters of an input's value that are shown."""


def show(ws: Workspace, name: str, *, tenant_id: str | None = None) -> Steps[dict[str, Any] | None]:
    """Read what there is to see of a job.

    :param tenant_id: added to the Studio links.
    :return: plain values, times in ISO 8601; None where there is no job of that name (yet).
    :raises AzureMLError: the job itself cannot be read.
    """
    job = yield from jobs.find(ws, name)
    if job is None:
        return None
    parts = _Parts()
    run = yield from parts.read("times", history.run(ws, name), Run(name))
    values = yield from parts.read("metrics", metrics.last_values(ws, measured(job, run)), {})
    runs: tuple[Run, ...] = ()
    if job.kind in PARENTS:
        runs = yield from parts.read("children", history.some_children(ws, name), runs)
    why = None
    if job.phase is Phase.FAILED:
        why = yield from parts.read("failure", failure(ws, job, tail=0), None)
    return {
        "name": job.name,
        "status": job.status,
        "phase": job.phase.value,
        "kind": job.kind,
        "display_name": job.display_name,
        "experiment_name": job.experiment_name,
        "studio_url": with_tenant(job.studio_url, tenant_id) if job.studio_url else None,
        "compute": job.compute_id.rpartition("/")[2] if job.compute_id else None,
        "created_at": _moment(run.created_at or job.created_at),
        "started_at": _moment(run.started_at),
        "ended_at": _moment(run.ended_at) if job.phase.is_terminal else None,
        "queue_message": run.queue_message if job.status == "Queued" else None,
        "why": _said_of(why) if why else _canceled(job, run),
        "inputs": _inputs(job),
        "outputs": {name: {"type": output.kind, "path": output.uri} for name, output in job.outputs.items()},
        "metrics": dict(values),
        "children": [_child(one) for one in _foremost(runs)],
        "children_left_out": max(len(runs) - MOST_CHILDREN, 0),
        "not_read": parts.missing,
    }


def measured(job: Job, run: Run) -> str:
    """The run whose metrics are the job's: its own, or a sweep's best trial so far."""
    return job.properties.get(BEST_TRIAL) or run.properties.get(BEST_TRIAL) or job.name


@dataclass
class _Parts:
    """What is read beside the job itself, and of which parts nothing is known."""

    missing: dict[str, str] = field(default_factory=dict)
    _is_away: bool = False

    def read(self, what: str, asked: Flow[T], otherwise: T) -> Steps[T]:
        """Ask for a part; note why it could not be read."""
        if self._is_away:
            self.missing[what] = "not asked for: the service does not answer"
            return otherwise
        try:
            return (yield from asked)
        except AzureMLError as error:
            self._is_away = isinstance(error, TransientError)
            self.missing[what] = str(error).partition("\n")[0]
            return otherwise


def _said_of(why: Failure) -> dict[str, Any]:
    return {"kind": why.kind, "code": why.code, "reason": redact(why.reason)}


def _canceled(job: Job, run: Run) -> dict[str, Any] | None:
    """What is said of the end of a canceled job."""
    if job.phase is not Phase.CANCELED:
        return None
    limit = limit_of(get_any_case(job.raw, "properties"))
    if limit is not None and was_ended_by(limit, run):
        return {"kind": "timeout", "code": None, "reason": beyond(limit)}
    return {"kind": None, "code": None, "reason": redact(run.cancel_reason or "")}


def _inputs(job: Job) -> dict[str, dict[str, Any]]:
    """The inputs by name: their type, and where the data is or what the value is."""
    given = get_any_case(job.raw, "properties", "inputs")
    rows = given.items() if isinstance(given, Mapping) else ()
    return {name: _input(value) for name, value in rows if isinstance(value, Mapping)}


def _input(value: Mapping[str, Any]) -> dict[str, Any]:
    kind = get_text(value, "jobInputType") or ""
    said = get_any_case(value, "uri") if get_any_case(value, "uri") is not None else get_any_case(value, "value")
    shown = "" if said is None else redact(str(said))
    if len(shown) > LONGEST_VALUE:
        shown = f"{shown[:LONGEST_VALUE]}…"
    return {"type": data_kind(kind) if kind else None, "value": shown}


def _foremost(runs: tuple[Run, ...]) -> list[Run]:
    """As many children as are shown, in their order; of too many those that are done are left out first."""
    if len(runs) <= MOST_CHILDREN:
        return list(runs)
    by_need = sorted(range(len(runs)), key=lambda number: (runs[number].status == "Completed", number))
    return [runs[number] for number in sorted(by_need[:MOST_CHILDREN])]


def _child(run: Run) -> dict[str, Any]:
    return {
        "name": run.id,
        "display_name": run.display_name or run.id,
        "status": run.status,
        "started_at": _moment(run.started_at),
        "ended_at": _moment(run.ended_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return iso(moment) if moment is not None else None
