"""Models logged in runs, as MLflow 3 has them; Azure ML does not have them."""

from __future__ import annotations

import uuid
from typing import Any

from azureml_emulator.mlflow.artifacts import folder_of, one_level
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.models import milliseconds_now
from azureml_emulator.mlflow.protocol import (
    integer,
    invalid,
    key_value_rows,
    key_values,
    missing,
    one_page,
    required,
    rows,
)
from azureml_emulator.mlflow.search import Facts, SearchError, in_order, read_filter


def create_logged_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Begin a logged model: its files lie where MLflow 2 would have put them, below its run's artifacts."""
    run = body.get("source_run_id") or ""
    name = str(body.get("name") or "model")
    identifier = f"m-{uuid.uuid4().hex}"
    path = f"{folder_of(run)}/{name}" if run else f"LoggedModels/{identifier}"
    mlflow.blobs.path(mlflow.settings.artifact_container, path)
    record = {
        "model_id": identifier,
        "experiment_id": str(body.get("experiment_id") or ""),
        "name": name,
        "model_type": str(body.get("model_type") or ""),
        "source_run_id": run,
        "status": "LOGGED_MODEL_PENDING",
        "created": milliseconds_now(),
        "path": path,
        "tags": dict(key_values(body.get("tags"))),
        "params": dict(key_values(body.get("params"), "params")),
    }
    mlflow.tracking.put_logged_model(record)
    return {"model": logged_row(mlflow, record)}


def find_logged_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """The logged model that a request names, or MLflow's 404."""
    record = mlflow.tracking.logged_model(required(body, "model_id"))
    if record is None:
        raise missing("Logged model with id", body["model_id"])
    return record


def get_logged_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """A logged model."""
    return {"model": logged_row(mlflow, find_logged_model(mlflow, body))}


def finalize_logged_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Set a logged model's status: ready or failed."""
    record = {**find_logged_model(mlflow, body), "status": str(body.get("status") or "LOGGED_MODEL_READY")}
    mlflow.tracking.put_logged_model(record)
    return {"model": logged_row(mlflow, record)}


def set_logged_model_tags(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Set tags of a logged model."""
    record = find_logged_model(mlflow, body)
    record["tags"] = {**record["tags"], **dict(key_values(body.get("tags")))}
    mlflow.tracking.put_logged_model(record)
    return {"model": logged_row(mlflow, record)}


def log_logged_model_params(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Log parameters of a logged model."""
    record = find_logged_model(mlflow, body)
    record["params"] = {**record["params"], **dict(key_values(body.get("params"), "params"))}
    mlflow.tracking.put_logged_model(record)
    return {}


def delete_logged_model_tag(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Remove a tag of a logged model."""
    record, key = find_logged_model(mlflow, body), required(body, "tag_key")
    if record["tags"].pop(key, None) is None:
        raise missing("Tag", key)
    mlflow.tracking.put_logged_model(record)
    return {}


def delete_logged_model(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Remove a logged model; its files stay, as in MLflow's own server."""
    mlflow.tracking.delete_logged_model(find_logged_model(mlflow, body)["model_id"])
    return {}


def list_logged_model_artifacts(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """The files and folders of a logged model, one level."""
    record = find_logged_model(mlflow, body)
    root = mlflow.blobs.path(mlflow.settings.artifact_container, record["path"])
    return {"root_uri": root.as_uri(), "files": one_level(root, str(body.get("artifact_directory_path") or ""))}


def note_metrics(mlflow: Mlflow, run: str, points: list[dict[str, Any]]) -> None:
    """Keep the latest value of each metric that was logged for a logged model as well.

    :param points: rows of a request that name a ``model_id``, as MLflow 3 sends them.
    """
    for point in points:
        record = find_logged_model(mlflow, point)
        known = record.setdefault("metrics", {})
        step = integer(point.get("step"), "step", 0)
        if step >= known.get(point["key"], {}).get("step", step):
            value, moment = float(point["value"]), integer(point.get("timestamp"), "timestamp", milliseconds_now())
            row = {"key": point["key"], "value": value, "timestamp": moment, "step": step, "run_id": run}
            known[point["key"]] = {**row, "model_id": record["model_id"]}
            mlflow.tracking.put_logged_model(record)


def search_logged_models(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """The logged models of some experiments that match a filter, the newest first."""
    experiment_ids = body.get("experiment_ids") or []
    try:
        conditions = read_filter(str(body.get("filter") or ""))
    except SearchError as error:
        raise invalid(str(error)) from None
    records = [record for record in mlflow.tracking.logged_models() if record["experiment_id"] in experiment_ids]
    matching = [record for record in reversed(records) if all(each.holds(facts(record)) for each in conditions)]
    try:
        matching = in_order(matching, facts, [order_clause(each) for each in rows(body.get("order_by"), "order_by")])
    except SearchError as error:
        raise invalid(str(error)) from None
    page = one_page(body, "models", matching, 100)
    return {**page, "models": [logged_row(mlflow, record) for record in page["models"]]}


def order_clause(row: dict[str, Any]) -> str:
    """An order of MLflow's search of logged models (``field_name``, ``ascending``) in the words of its other ones."""
    return f"{required(row, 'field_name')} {'DESC' if row.get('ascending') is False else 'ASC'}"


def facts(record: dict[str, Any]) -> Facts:
    """A logged model as filters see it."""
    values = {key: row["value"] for key, row in record.get("metrics", {}).items()}
    named = {"creation_timestamp": record["created"], "last_updated_timestamp": record["created"]}
    return {"attribute": {**record, **named}, "tag": record["tags"], "param": record["params"], "metric": values}


def logged_row(mlflow: Mlflow, record: dict[str, Any]) -> dict[str, Any]:
    """A logged model as MLflow answers it."""
    place = mlflow.blobs.path(mlflow.settings.artifact_container, record["path"])
    info = {key: record[key] for key in ("model_id", "experiment_id", "name", "model_type", "source_run_id", "status")}
    times = {"creation_timestamp_ms": record["created"], "last_updated_timestamp_ms": record["created"]}
    return {
        "info": {**info, **times, "artifact_uri": place.as_uri(), "tags": key_value_rows(record["tags"])},
        "data": {"params": key_value_rows(record["params"]), "metrics": list(record.get("metrics", {}).values())},
    }
