"""Collect: what a job left behind is brought to where clients look for it, and registered."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azureml_emulator.assets.models import KINDS
from azureml_emulator.assets.references import Place, Resolver
from azureml_emulator.assets.versions import Versions
from azureml_emulator.core.settings import Settings
from azureml_emulator.execution.staging import SINGLE_FILE, Output, Stage
from azureml_emulator.jobs.models import Job
from azureml_emulator.storage.models import BlobNameError, BlobStore

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

COLLECTED = ("outputs", "logs")
"""Folders below the working directory whose files become the job's artifacts."""

PASCAL = {
    "uri_file": "UriFile",
    "uri_folder": "UriFolder",
    "mltable": "MLTable",
    "mlflow_model": "MLFlowModel",
    "custom_model": "CustomModel",
    "triton_model": "TritonModel",
}
"""How run history spells the types. Source: recorded rundata answers."""


class CollectError(Exception):
    """An output cannot be registered; the text is the job's error message."""


def gather_artifacts(blobs: BlobStore, settings: Settings, job: Job, stage: Stage) -> None:
    """Move what lies in ``./outputs`` and ``./logs`` to the job's artifacts; files that MLflow wrote there already
    stay."""
    for name in COLLECTED:
        source = stage.code / name
        if source.is_dir():
            move_files(source, blobs.path(settings.artifact_container, f"ExperimentRun/{job.data_container}/{name}"))


def gather_outputs(blobs: BlobStore, stage: Stage) -> None:
    """Bring uploaded outputs to their places, and turn links in mounted ones into files, for storage knows no links."""
    for output in stage.outputs.values():
        target = blobs.path(output.target.container, output.target.path)
        if output.mode == "Upload" and output.local.exists():
            if output.kind in SINGLE_FILE:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(output.local, target)
            else:
                move_files(output.local, target)
        elif output.mode == "ReadWriteMount" and output.local.is_dir():
            settle_links(output.local)


def move_files(source: Path, target: Path) -> None:
    """Move every file below a folder to the same name below another; links are followed."""
    settle_links(source)
    for folder, _, files in os.walk(source):
        here = target / Path(folder).relative_to(source)
        for file in files:
            here.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(folder, file), here / file)


def settle_links(folder: Path) -> None:
    """Replace each link to a file by the file's content, and remove links to anything else."""
    for here, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(here, name)
            if path.is_symlink():
                content = path.read_bytes() if path.is_file() else None
                path.unlink()
                if content is not None:
                    path.write_bytes(content)


def register(em: Emulator, job: Job, stage: Stage) -> dict[str, dict[str, str]]:
    """Register each output as the asset that run history names, under the name asked for or the system's own.

    :returns: by output ``assetId``, ``type``, ``uri``, for the job's record.
    :raises CollectError: the version asked for exists with other data.
    """
    resolver = Resolver(em.settings, em.store)
    rows = {}
    for name, output in stage.outputs.items():
        given = job.definition["outputs"][name]
        rows[name] = register_one(em, resolver, job, name, given, output)
    place = Place(em.settings.artifact_container, f"ExperimentRun/{job.data_container}/")
    rows.setdefault("default", system_asset(em, resolver, job, "default", "uri_folder", place))
    return rows


def register_one(
    em: Emulator, resolver: Resolver, job: Job, name: str, given: Mapping[str, Any], output: Output
) -> dict[str, str]:
    """Register one output."""
    if not given.get("assetName"):
        return system_asset(em, resolver, job, name, output.kind, output.target)
    kind = "models" if output.kind.endswith("_model") else "data"
    version = given.get("assetVersion") or Versions(em.store).next_number(kind, given["assetName"])
    if Versions(em.store).get(kind, given["assetName"], version):
        message = f"outputs.{name}: {kind.removesuffix('s')} {given['assetName']}:{version} exists already."
        raise CollectError(message)
    return write_asset(
        em, resolver, job, kind, given["assetName"], version, output.kind, output.target, anonymous=False
    )


def system_asset(em: Emulator, resolver: Resolver, job: Job, name: str, kind: str, place: Place) -> dict[str, str]:
    """Register an output under the system's own name. That of a model is unproven."""
    model = kind.endswith("_model")
    title = f"azureml_{job.name}_output_{kind if model else 'data'}_{name}"
    return write_asset(em, resolver, job, "models" if model else "data", title, "1", kind, place, anonymous=True)


def write_asset(
    em: Emulator,
    resolver: Resolver,
    job: Job,
    kind: str,
    title: str,
    version: str,
    type_: str,
    place: Place,
    *,
    anonymous: bool,
) -> dict[str, str]:
    """Write an asset version and answer what run history says of it."""
    uri = resolver.uri_of(place)
    keys = ("modelType", "modelUri") if kind == "models" else ("dataType", "dataUri")
    given = {keys[0]: type_, keys[1]: uri, "isAnonymous": anonymous}
    properties = KINDS[kind].finish(em, title, version, given)
    if kind == "models":
        properties["jobName"] = job.name
    Versions(em.store).put(kind, title, version, properties, em.settings.client_id)
    own = em.settings
    asset_id = f"azureml://locations/{own.region}/workspaces/{own.workspace_id}/{kind}/{title}/versions/{version}"
    return {"assetId": asset_id, "type": PASCAL[type_], "uri": uri}


def prepare_places(blobs: BlobStore, settings: Settings, job: Job, name: str = "user_logs/std_log.txt") -> Path:
    """Make the job's artifact folder, and its log, empty; the log's path."""
    try:
        log = blobs.path(settings.artifact_container, f"ExperimentRun/{job.data_container}/{name}")
    except BlobNameError as error:
        raise CollectError(str(error)) from None
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    return log
