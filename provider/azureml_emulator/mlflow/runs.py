"""MLflow runs, and what is logged to them. A job is the run of its own name."""

from __future__ import annotations

import json
import math
import uuid
from dataclasses import replace
from typing import Any

from azureml_emulator.core.request_body import read_json
from azureml_emulator.mlflow.artifacts import artifact_uri, folder_of, one_level
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.experiments import experiment_name
from azureml_emulator.mlflow.logged_models import note_metrics
from azureml_emulator.mlflow.models import (
    DEFAULT_EXPERIMENT,
    PARENT,
    Metric,
    ParameterChangedError,
    Run,
    milliseconds_now,
    new_run_id,
)
from azureml_emulator.mlflow.protocol import (
    integer,
    invalid,
    key_value_rows,
    key_values,
    missing,
    one_page,
    required,
    rows,
    texts,
)
from azureml_emulator.mlflow.search import Facts, SearchError, ordered, read_filter

MOST_RUNS = 50000
"""The largest page of a search."""


def run_id(body: dict[str, Any]) -> str:
    """The run that a request names, under its newer or older key."""
    return required({"run_id": body.get("run_id") or body.get("run_uuid")}, "run_id")


def find_run(mlflow: Mlflow, body: dict[str, Any]) -> Run:
    """The run that a request names, or MLflow's 404."""
    run = mlflow.tracking.run(run_id(body))
    if run is None:
        raise missing("Run with id", run_id(body))
    return run


def create_run(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Begin a run that is no job: of a script outside jobs, or a nested one."""
    experiment = experiment_name(mlflow, str(body.get("experiment_id") or "0"))
    tags = dict(key_values(body.get("tags")))
    name = str(body.get("run_name") or tags.get("mlflow.runName") or "")
    start = integer(body.get("start_time"), "start_time", milliseconds_now())
    run = Run(new_run_id(), experiment, "RUNNING", start, None, name=name, parent=tags.get(PARENT))
    mlflow.tracking.put_run(run)
    tags.setdefault("mlflow.runName", name)
    tags.setdefault("mlflow.user", str(body.get("user_id") or ""))
    mlflow.tracking.log(run.id, [], [], tags.items())
    return {"run": run_row(mlflow, run)}


def get_run(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """A run with the latest value of each metric."""
    return {"run": run_row(mlflow, find_run(mlflow, body))}


def update_run(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Change a run's status, end and name. A job's status is its command's: it is not changed."""
    run = find_run(mlflow, body)
    name = body.get("run_name")
    if isinstance(name, str) and name:
        mlflow.tracking.log(run.id, [], [], [("mlflow.runName", name)])
    if mlflow.jobs.get(run.id) is None:
        end = integer(body["end_time"], "end_time", 0) if body.get("end_time") else run.end
        run = replace(run, status=str(body.get("status") or run.status), end=end, name=str(name or run.name))
        mlflow.tracking.put_run(run)
    return {"run_info": run_row(mlflow, run)["info"]}


def delete_run(mlflow: Mlflow, body: dict[str, Any], *, deleted: bool = True) -> dict[str, Any]:
    """Mark a run as deleted, or restore it; a job is deleted by its own route only."""
    run = find_run(mlflow, body)
    if mlflow.jobs.get(run.id):
        raise invalid(f"Run '{run.id}' is a job; delete the job.")
    mlflow.tracking.put_run(replace(run, deleted=deleted))
    return {}


def restore_run(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Restore a deleted run."""
    return delete_run(mlflow, body, deleted=False)


def log_metric(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Log one point."""
    return log(mlflow, find_run(mlflow, body), metrics=[body])


def log_parameter(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Log one parameter."""
    return log(mlflow, find_run(mlflow, body), params=[body])


def set_tag(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Set one tag."""
    return log(mlflow, find_run(mlflow, body), tags=[body])


def log_batch(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Log many points, parameters and tags: all, or none."""
    return log(mlflow, find_run(mlflow, body), body.get("metrics"), body.get("params"), body.get("tags"))


def log_batch_async(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """The same, as azureml-mlflow asks for it. Only points may come later in the service, so only where there are some
    is there an id to ask by. Source: azureml-mlflow 1.62, ``AzureMLRestStore.log_batch_async``."""
    log_batch(mlflow, body)
    return {"batch_tracking_id": str(uuid.uuid4()) if body.get("metrics") else ""}


def run_data_status(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Whether what was logged asynchronously is stored: always, in the emulator."""
    find_run(mlflow, body)
    required(body, "batch_tracking_id")
    return {"is_complete": True}


def log(mlflow: Mlflow, run: Run, metrics: Any = None, params: Any = None, tags: Any = None) -> dict[str, Any]:
    """Log to a run.

    :raises ServiceError: something cannot be read, or a parameter would change.
    """
    given = rows(metrics, "metrics")
    points = [point(row) for row in given]
    try:
        mlflow.tracking.log(run.id, points, key_values(params, "params"), key_values(tags))
    except ParameterChangedError as error:
        raise invalid(str(error)) from None
    if mlflow.settings.mlflow_direct:
        note_metrics(mlflow, run.id, [row for row in given if row.get("model_id")])
    return {}


def point(row: dict[str, Any]) -> Metric:
    """One point of a metric; what is not finite arrives as text."""
    try:
        value = float(row["value"])
    except (KeyError, TypeError, ValueError):
        raise invalid(f"Got invalid value {row.get('value')!r} for metric '{row.get('key')}'.") from None
    timestamp, step = (
        integer(row.get("timestamp"), "timestamp", milliseconds_now()),
        integer(row.get("step"), "step", 0),
    )
    return Metric(required(row, "key"), value, timestamp, step)


def delete_tag(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Remove a tag."""
    run = find_run(mlflow, body)
    if not mlflow.tracking.delete_tag(run.id, required(body, "key")):
        raise missing("Tag", body["key"])
    return {}


def accept_inputs(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Inputs and outputs of a run (data sets, models): accepted, and not stored."""
    find_run(mlflow, body)
    return {}


def log_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Note a logged model in the run's history of them, as MLflow's server does."""
    run = find_run(mlflow, body)
    try:
        history = json.loads(mlflow.tracking.tags(run.id).get("mlflow.log-model.history", "[]"))
        history.append(read_json(required(body, "model_json").encode()))
    except ValueError:
        raise invalid("Malformed model info: model_json is not valid JSON.") from None
    mlflow.tracking.log(run.id, [], [], [("mlflow.log-model.history", json.dumps(history))])
    return {}


def metric_history(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """The points of one metric: all of them, unless ``max_results`` asks for fewer."""
    run = find_run(mlflow, body)
    points = [metric_row(row) for row in mlflow.tracking.points(run.id, required(body, "metric_key"))]
    return one_page(body, "metrics", points, max(len(points), 1))


def search_runs(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Runs of some experiments that match a filter, page by page."""
    try:
        conditions = read_filter(str(body.get("filter") or ""))
        described = [run_row(mlflow, run) for run in candidates(mlflow, body)]
        matching = [row for row in described if all(condition.holds(facts(row)) for condition in conditions)]
        matching = ordered(matching, facts, texts(body, "order_by"))
    except SearchError as error:
        raise invalid(str(error)) from None
    return one_page(body, "runs", matching, 1000, MOST_RUNS)


def candidates(mlflow: Mlflow, body: dict[str, Any]) -> list[Run]:
    """The runs of the experiments that a search names, deleted ones only where it asks for them."""
    default = mlflow.tracking.experiment_id(DEFAULT_EXPERIMENT)
    experiment_ids = {default if each == "0" else each for each in texts(body, "experiment_ids")}
    view = body.get("run_view_type") or "ACTIVE_ONLY"
    return [
        run
        for run in mlflow.tracking.runs()
        if mlflow.tracking.experiment_id(run.experiment) in experiment_ids
        and view in ("ALL", "DELETED_ONLY" if run.deleted else "ACTIVE_ONLY")
    ]


def facts(row: dict[str, Any]) -> Facts:
    """A run as filters see it."""
    data = row["data"]
    return {
        "metric": {each["key"]: float(each["value"]) for each in data["metrics"]},
        "param": {each["key"]: each["value"] for each in data["params"]},
        "tag": {each["key"]: each["value"] for each in data["tags"]},
        "attribute": row["info"],
    }


def list_artifacts(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """The files and folders of a run, one level."""
    run = find_run(mlflow, body)
    root = mlflow.blobs.path(mlflow.settings.artifact_container, folder_of(run.id))
    files = one_level(root, str(body.get("path") or ""))
    return {"root_uri": artifact_uri(mlflow, run.id, run.experiment), "files": files}


def metric_row(row: Metric) -> dict[str, Any]:
    """One point; what is not finite is text, as in protocol buffers' JSON."""
    value: Any = row.value
    if not math.isfinite(row.value):
        value = "NaN" if math.isnan(row.value) else "Infinity" if row.value > 0 else "-Infinity"
    return {"key": row.name, "value": value, "timestamp": row.timestamp, "step": row.step}


def run_row(mlflow: Mlflow, run: Run) -> dict[str, Any]:
    """A run with all its data. A job's own tags show as tags, too."""
    job = mlflow.jobs.get(run.id)
    job_tags = dict(job.definition.get("tags") or {}) if job else {}
    tags = {"mlflow.runName": run.name, **job_tags, **mlflow.tracking.tags(run.id)}
    info = {
        "run_id": run.id,
        "run_uuid": run.id,
        "run_name": tags["mlflow.runName"],
        "experiment_id": mlflow.tracking.experiment_id(run.experiment),
        "user_id": tags.get("mlflow.user", ""),
        "status": run.status,
        "start_time": run.start,
        "artifact_uri": artifact_uri(mlflow, run.id, run.experiment),
        "lifecycle_stage": "deleted" if run.deleted else "active",
        **({"end_time": run.end} if run.end else {}),
    }
    data = {
        "metrics": [metric_row(row) for row in mlflow.tracking.latest(run.id)],
        "params": key_value_rows(mlflow.tracking.params(run.id)),
        "tags": key_value_rows(tags),
    }
    return {"info": info, "data": data, "inputs": {"dataset_inputs": [], "model_inputs": []}}
