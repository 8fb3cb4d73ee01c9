"""MLflow experiments: those that jobs name, those that scripts make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.mlflow.models import DEFAULT_EXPERIMENT
from azureml_emulator.mlflow.places import artifact_uri
from azureml_emulator.mlflow.protocol import as_rows, invalid, missing, needed, pairs
from azureml_emulator.mlflow.search import Facts, SearchError, read_filter

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator


def experiment_name(em: Emulator, identifier: str) -> str:
    """The experiment of an id; MLflow's own default is ``0``."""
    name = DEFAULT_EXPERIMENT if identifier == "0" else em.tracking.experiments().get(identifier)
    if name is None:
        raise missing("Experiment with id", identifier)
    return name


def experiment_row(em: Emulator, name: str) -> dict[str, Any]:
    """An experiment."""
    tags = em.tracking.experiment_tags(name)
    return {
        "experiment_id": em.tracking.experiment_id(name),
        "name": name,
        "artifact_location": artifact_uri(em, "", name),
        "lifecycle_stage": "active",
        "tags": as_rows(tags),
    }


def create_experiment(em: Emulator, given: dict[str, Any]) -> dict[str, Any]:
    """Make an experiment."""
    name = needed(given, "name")
    if name in em.tracking.experiments().values():
        text = f"Experiment '{name}' already exists."
        raise ServiceError(400, "RESOURCE_ALREADY_EXISTS", text, envelope=Envelope.MLFLOW)
    return {"experiment_id": em.tracking.put_experiment(name, dict(pairs(given.get("tags"))))}


def get_experiment(em: Emulator, given: dict[str, Any]) -> dict[str, Any]:
    """An experiment by its id."""
    return {"experiment": experiment_row(em, experiment_name(em, needed(given, "experiment_id")))}


def get_experiment_by_name(em: Emulator, given: dict[str, Any]) -> dict[str, Any]:
    """An experiment by its name."""
    name = needed(given, "experiment_name")
    if name not in em.tracking.experiments().values():
        raise missing("Experiment with name", name)
    return {"experiment": experiment_row(em, name)}


def search_experiments(em: Emulator, given: dict[str, Any]) -> dict[str, Any]:
    """All experiments, or those that a filter on name and tags lets through."""
    try:
        conditions = read_filter(str(given.get("filter") or ""))
    except SearchError as error:
        raise invalid(str(error)) from None
    rows = []
    for name in em.tracking.experiments().values():
        tags = em.tracking.experiment_tags(name)
        facts: Facts = {"attribute": {"name": name}, "tag": tags, "metric": {}, "param": {}}
        if all(condition.holds(facts) for condition in conditions):
            rows.append(experiment_row(em, name))
    return {"experiments": rows}


def set_experiment_tag(em: Emulator, given: dict[str, Any]) -> dict[str, Any]:
    """Set a tag of an experiment."""
    name = experiment_name(em, needed(given, "experiment_id"))
    tags = {**em.tracking.experiment_tags(name), needed(given, "key"): str(given.get("value", ""))}
    em.tracking.put_experiment(name, tags)
    return {}
