"""MLflow experiments: those that jobs name, those that scripts make."""

from __future__ import annotations

import re
from typing import Any

from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.mlflow.artifacts import artifact_uri
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.models import DEFAULT_EXPERIMENT
from azureml_emulator.mlflow.protocol import invalid, key_value_rows, key_values, missing, one_page, required, texts
from azureml_emulator.mlflow.search import Facts, SearchError, in_order, read_filter

PAGE = 1000
"""Experiments on a page where a search names no number. Source: MLflow 2.22, ``SEARCH_MAX_RESULTS_DEFAULT``."""

TIMES = re.compile(r"\s*(attributes?\.)?`?(creation_time|last_update_time)`?\b")


def experiment_name(mlflow: Mlflow, identifier: str) -> str:
    """The experiment of an id; MLflow's own default is ``0``."""
    name = DEFAULT_EXPERIMENT if identifier == "0" else mlflow.tracking.experiments().get(identifier)
    if name is None:
        raise missing("Experiment with id", identifier)
    return name


def experiment_row(mlflow: Mlflow, name: str) -> dict[str, Any]:
    """An experiment."""
    tags = mlflow.tracking.experiment_tags(name)
    return {
        "experiment_id": mlflow.tracking.experiment_id(name),
        "name": name,
        "artifact_location": artifact_uri(mlflow, "", name),
        "lifecycle_stage": "active",
        "tags": key_value_rows(tags),
    }


def create_experiment(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Make an experiment."""
    name = required(body, "name")
    if name in mlflow.tracking.experiments().values():
        text = f"Experiment '{name}' already exists."
        raise ServiceError(400, "RESOURCE_ALREADY_EXISTS", text, envelope=Envelope.MLFLOW)
    return {"experiment_id": mlflow.tracking.put_experiment(name, dict(key_values(body.get("tags"))))}


def get_experiment(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """An experiment by its id."""
    return {"experiment": experiment_row(mlflow, experiment_name(mlflow, required(body, "experiment_id")))}


def get_experiment_by_name(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """An experiment by its name."""
    name = required(body, "experiment_name")
    if name not in mlflow.tracking.experiments().values():
        raise missing("Experiment with name", name)
    return {"experiment": experiment_row(mlflow, name)}


def search_experiments(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """All experiments, or those whose name and tags match a filter, in an order, page by page. None is ever deleted.

    Source: MLflow's REST API, Search Experiments. The times by which it can sort, too, are not kept here.

    :raises ServiceError: 400 for what cannot be read, 501 for an order by time.
    """
    order_by = texts(body, "order_by")
    if any(TIMES.match(each) for each in order_by):
        text = "The emulator does not know when experiments were made or changed. It sorts by name or experiment_id."
        raise ServiceError(501, "NOT_IMPLEMENTED", text, envelope=Envelope.MLFLOW)
    names = [] if body.get("view_type") == "DELETED_ONLY" else mlflow.tracking.experiments().values()
    rows = [experiment_row(mlflow, name) for name in names]
    try:
        conditions = read_filter(str(body.get("filter") or ""))
        rows = [row for row in rows if all(condition.holds(facts(row)) for condition in conditions)]
        rows = in_order(rows, facts, order_by)
    except SearchError as error:
        raise invalid(str(error)) from None
    return one_page(body, "experiments", rows, PAGE)


def facts(row: dict[str, Any]) -> Facts:
    """An experiment as filters and orders see it."""
    tags = {tag["key"]: tag["value"] for tag in row["tags"]}
    known = {key: row[key] for key in ("name", "experiment_id")}
    return {"attribute": known, "tag": tags, "metric": {}, "param": {}}


def set_experiment_tag(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Set a tag of an experiment."""
    name = experiment_name(mlflow, required(body, "experiment_id"))
    tags = {**mlflow.tracking.experiment_tags(name), required(body, "key"): str(body.get("value", ""))}
    mlflow.tracking.put_experiment(name, tags)
    return {}
