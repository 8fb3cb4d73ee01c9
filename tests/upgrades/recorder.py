"""What a release leaves behind, as JSON: run with that release on the path, never with this one.

Triggers with each of their arguments set and with those alone that they must have; events of each outcome; the
description of a task that starts in the triggerer; names and tags of jobs; a result. Of the oldest releases some are
missing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
import json
import pkgutil
import typing
from datetime import datetime, timezone
from typing import Any

from airflow.triggers.base import BaseTrigger

import airflow_azureml.triggers

SAMPLES: dict[str, Any] = {
    "job_name": "JOB",
    "azureml_conn_id": "azureml_default",
    "subscription_id": None,
    "resource_group": None,
    "workspace_name": None,
    "patience": 120.0,
    "try_number": 1,
    "poll_interval": 0.2,
    "deadline": 4102444800.0,
    "cancel_on_kill": True,
    "looped": False,
    "queue_timeout": 86400.0,
    "steady": True,
    "experiment_name": "d",
    "log_copy": {"files": ["user_logs/*"], "kind": "command", "since": 0.0},
    "end": None,
    "kind": "compute",
    "name": "mine",
    "endpoint": "scores",
    "state": "Succeeded",
    "stage": "Production",
    "statuses": ["Completed"],
    "late": {"jobs": {"names": ["EARLIER"]}, "at": [4102444800.0]},
    "url": "URL",
    "header": "Azure-AsyncOperation",
    "pause": 0.1,
    "step": 0,
    "stream_logs": True,
}
"""A value for each argument that any release's triggers have had; JOB and URL are put in by the tests."""

FACTS: list[dict[str, Any]] = [
    {},
    {"map_index": 7},
    {"generation": 2, "try_number": 3},
    {"dag_id": "Ä dag/with:signs", "task_id": "group.task"},
    {"run_started": None},
]


def kinds() -> list[type[BaseTrigger]]:
    """The triggers of ours that tasks and assets are left with."""
    found = []
    for module in pkgutil.iter_modules(airflow_azureml.triggers.__path__):
        loaded = importlib.import_module(f"airflow_azureml.triggers.{module.name}")
        classes: list[tuple[str, Any]] = inspect.getmembers(loaded, inspect.isclass)
        for _, cls in classes:
            own = cls.__module__ == loaded.__name__ and issubclass(cls, BaseTrigger) and cls.__name__[0] != "_"
            if own and not inspect.isabstract(cls) and cls.__name__ != "AzureMLStartTrigger":
                found.append(cls)
    return found


def triggers() -> list[dict[str, Any]]:
    """The serialised form of each trigger of ours."""
    found = []
    for cls in kinds():
        taken = inspect.signature(cls).parameters
        must = {name for name, one in taken.items() if one.default is one.empty}
        for names in (must, set(taken)):
            with contextlib.suppress(KeyError):  # an argument of which there is no sample
                path, kwargs = cls(**{name: SAMPLES[name] for name in names}).serialize()
                found.append({"classpath": path, "kwargs": kwargs})
    return found


def events() -> list[dict[str, Any]]:
    """An event of each kind and outcome."""
    found: list[dict[str, Any]] = []
    for path, kind in (
        ("lifecycle.records", "JobEvent"),
        ("lifecycle.resources.operations", "OperationEvent"),
        ("lifecycle.operations", "OperationEvent"),
    ):
        with contextlib.suppress(ImportError, AttributeError):
            module = importlib.import_module(f"airflow_azureml.{path}")
            record = getattr(module, kind)
            for outcome in typing.get_args(module.Outcome):
                given = {"job_name": "JOB", "step": 0, "outcome": outcome, "message": "" if _good(outcome) else "Said."}
                names = {field.name for field in dataclasses.fields(record)}
                event = record(**{name: value for name, value in given.items() if name in names})
                found.append({"kind": kind, "event": event.to_dict()})
    with contextlib.suppress(ImportError):
        deferral = importlib.import_module("airflow_azureml.task.deferral")
        found.append({"kind": "Handover", "event": deferral.Handover("why", True, 1).to_event()})
    return found


def _good(outcome: str) -> bool:
    return outcome in ("finished", "done")


def names() -> list[dict[str, Any]]:
    """The names and tags of the first and the ninth job of some task instances; later names have changed."""
    naming = importlib.import_module("airflow_azureml.lifecycle.naming")
    known = {field.name for field in dataclasses.fields(naming.TaskFacts)}
    started = datetime(2025, 1, 31, 10, 0, 0, 123456, tzinfo=timezone.utc)
    found = []
    for facts in FACTS:
        whole: dict[str, Any] = {"dag_id": "d", "run_id": "r", "run_started": started, "task_id": "t", **facts}
        if set(whole) <= known:
            identity = naming.identify(naming.TaskFacts(**whole))
            jobs = [{"name": identity.name(number), "tags": identity.tags(number)} for number in (1, 9)]
            shown = None if whole["run_started"] is None else started.isoformat()
            whole["run_started"] = shown
            found.append({"facts": whole, "jobs": jobs})
    return found


def start() -> dict[str, Any] | None:
    """A task that starts in the triggerer, as it is stored."""
    try:
        description = importlib.import_module("airflow_azureml.task.description")
        operators = importlib.import_module("airflow_azureml.operators")
    except ImportError:
        return None
    task = operators.AzureMLCommandJobOperator(
        task_id="t",
        command="echo {{ ds }} ${{inputs.x}}",
        environment={"image": "docker.io/python"},
        inputs={"x": 1},
        start_in_trigger=True,
        finish_in_trigger=True,
    )
    return {"classpath": description.TRIGGER, "kwargs": {"task_json": description.describe(task)}}


def result() -> dict[str, Any]:
    """What a task has left in XCom."""
    records = importlib.import_module("airflow_azureml.lifecycle.records")
    output = records.OutputRecord("uri_folder", "azureml://subscriptions/s/datastores/d/paths/x/", "https://x/", None)
    times = ("2025-01-31T10:00:00+00:00", "2025-01-31T11:00:00+00:00")
    record = records.JobResult("JOB", "Completed", "d", "https://studio/JOB", *times, {"out": output}, {"auc": 0.5})
    found: dict[str, Any] = record.to_dict()
    return found


if __name__ == "__main__":
    parts = {"triggers": triggers(), "events": events(), "names": names(), "start": start(), "result": result()}
    print(json.dumps(parts, indent=1, sort_keys=True))
