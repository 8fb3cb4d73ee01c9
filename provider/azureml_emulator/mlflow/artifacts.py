"""Where artifacts of runs are in storage, and the addresses under which MLflow finds them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from azureml_emulator.assets.references import Place
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.protocol import invalid

RUNS = "ExperimentRun"
"""The first part of the addresses of runs' artifacts."""

OF_RUN = re.compile(r"azureml://.+/experiments/[^/]+/runs/(?P<run>[^/]+)/artifacts(?:/(?P<path>.*))?", re.I)
OF_FOLDER = re.compile(r"azureml://artifacts/(?P<path>.+)", re.I)
"""The forms in which azureml-mlflow 1.62 names artifacts: of a run, and of a folder that it uploaded by itself."""


def folder_of(run: str) -> str:
    """The folder of a run's artifacts in the container of artifacts."""
    return f"{RUNS}/dcid.{run}"


def artifact_uri(mlflow: Mlflow, run: str, experiment: str) -> str:
    """Where MLflow finds a run's artifacts, or those of an experiment's runs when ``run`` is empty.

    ``azureml://<host>/mlflow/v2.0<workspace>/experiments/<experiment id>/runs/<run>/artifacts``, which the plugin
    reads, or a folder of this machine where plain MLflow shall be enough. Source: the address that the service answered
    in https://github.com/mlflow/mlflow/issues/9495. That of an experiment is unproven; clients do not follow it.
    """
    if mlflow.settings.mlflow_direct:
        name = folder_of(run) if run else RUNS
        return mlflow.blobs.path(mlflow.settings.artifact_container, name).as_uri()
    host = mlflow.settings.api.removeprefix("https://")
    place = f"azureml://{host}/mlflow/v2.0{mlflow.settings.workspace_arm_id}/experiments/{mlflow.tracking.experiment_id(experiment)}"
    return f"{place}/runs/{run}/artifacts" if run else place


def place_of(mlflow: Mlflow, address: str) -> Place | None:
    """The place in storage of artifacts by an address of the plugin ``azureml-mlflow``; None: not in its forms."""
    match = OF_RUN.fullmatch(address)
    if match:
        return Place(mlflow.settings.artifact_container, f"{folder_of(match['run'])}/{match['path'] or ''}")
    match = OF_FOLDER.fullmatch(address)
    return Place(mlflow.settings.artifact_container, match["path"]) if match else None


def address_of(mlflow: Mlflow, place: Place) -> str:
    """The address by which the plugin finds artifacts: the reverse of ``place_of``.

    What the service answers for files that are no artifacts (of the default datastore) is unproven: here the same form,
    and the artifact routes look there, too.
    """
    if mlflow.settings.mlflow_direct:
        return mlflow.blobs.path(place.container, place.path).as_uri()
    run, _, path = place.path.removeprefix(f"{RUNS}/dcid.").partition("/")
    logged_run = mlflow.tracking.run(run)
    if place.container == mlflow.settings.artifact_container and logged_run:
        return f"{artifact_uri(mlflow, run, logged_run.experiment)}/{path}"
    return f"azureml://artifacts/{place.path}"


def one_level(root: Path, folder: str) -> list[dict[str, Any]]:
    """The files and folders in a folder of artifacts, as MLflow lists them.

    :param folder: below ``root``; empty: ``root`` itself.
    :raises ServiceError: it leads out of ``root``.
    """
    top = root.resolve()
    place = (top / folder).resolve()
    if not place.is_relative_to(top):
        raise invalid("Invalid path")
    return [
        {
            "path": each.relative_to(top).as_posix(),
            "is_dir": each.is_dir(),
            **({} if each.is_dir() else {"file_size": each.stat().st_size}),
        }
        for each in (sorted(place.iterdir()) if place.is_dir() else [])
    ]
