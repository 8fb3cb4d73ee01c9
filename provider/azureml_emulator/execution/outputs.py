"""Outputs: each gets a place before the job's command starts; what the job wrote is brought there and registered."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from azureml_emulator.assets.data_types import PASCAL
from azureml_emulator.assets.references import Page, Place, below
from azureml_emulator.execution.backend import Execution
from azureml_emulator.execution.staging import SINGLE_FILE, Stage, StagingError, naming
from azureml_emulator.jobs.artifacts import Artifacts, JobError, default_output
from azureml_emulator.jobs.models import Job

ARTIFACTS = "artifacts"
"""The output of a step that holds its artifacts, ``outputs/`` among them. Source: Microsoft's example
``cli/jobs/basics/hello-pipeline-default-artifacts.yml`` in Azure/azureml-examples."""

COLLECTED = ("outputs", "logs")
"""Folders below the working directory whose files become the job's artifacts."""


@dataclass(frozen=True)
class Output:
    """Where an output goes.

    :param target: its place in storage; the folder of a ``uri_folder``, the file itself of a ``uri_file``.
    :param local: the path that the command gets: the place itself for a mounted output, a scratch place for an uploaded
        one.
    :param value: the text that replaces ``${{outputs.<name>}}``: the local place, or the address of a ``Direct``
        output.
    """

    target: Place
    local: Path
    value: str
    data_type: str
    mode: str


class Outputs:
    """The outputs of one job. Preparing and gathering them is file work: call it in a thread."""

    def __init__(self, execution: Execution, artifacts: Artifacts, job: Job, stage: Stage) -> None:
        self._blobs = execution.blobs
        self._assets = execution.assets
        self._default_container = execution.settings.default_container
        self._artifacts = artifacts
        self._job = job
        self._stage = stage
        self._outputs: dict[str, Output] = {}

    @property
    def values(self) -> dict[str, str]:
        """By output the text that replaces ``${{outputs.<name>}}``."""
        return {name: output.value for name, output in self._outputs.items()}

    def prepare(self) -> None:
        """Choose a place for each output, and make the folder in which the command writes it.

        :raises StagingError: one cannot be where the job wants it.
        """
        for name, row in self._job.definition["outputs"].items():
            if row != default_output(self._job.name):
                with naming(f"outputs.{name}"):
                    self._outputs[name] = self._output(name, row)

    def _output(self, name: str, row: Mapping[str, Any]) -> Output:
        data_type, mode = row["jobOutputType"], row.get("mode", "ReadWriteMount")
        target = self._place(name, row)
        real = self._blobs.path(target.container, target.path)
        local = real if mode == "ReadWriteMount" else self._stage.root / "outputs" / name
        if data_type in SINGLE_FILE:
            local = local if mode == "ReadWriteMount" else local / real.name
            local.parent.mkdir(parents=True, exist_ok=True)
        else:
            make_folder(local)
        value = self._assets.resolver.uri_of(target) if mode == "Direct" else str(local)
        return Output(target, local, value, data_type, mode)

    def _place(self, name: str, row: Mapping[str, Any]) -> Place:
        """The place that an output's ``uri`` names, or ``azureml/<job>/<output>/`` of the default datastore.

        A ``uri_file`` without a ``uri`` becomes a file of the output's name in that folder: clients look below it for
        what they download. The file's name is unproven. The output ``artifacts`` of a step is the job's artifacts.
        """
        single = row["jobOutputType"] in SINGLE_FILE
        uri = row.get("uri")
        if not uri and self._job.node and name == ARTIFACTS and not single:
            return self._artifacts.place(self._job)
        if not uri:
            base = Place(self._default_container, f"azureml/{self._job.name}/{name}/")
            return below(base, name) if single else base
        uri = re.sub(r"\$\{\{\s*name\s*\}\}", self._job.name, uri)
        uri = re.sub(r"\$\{\{\s*output_name\s*\}\}", name, uri)
        uri = re.sub(r"\$\{\{\s*default_datastore\s*\}\}", self._assets.resolver.default_datastore(), uri)
        place = self._assets.resolver.place(uri)
        if isinstance(place, Page):
            raise StagingError(f"{uri!r} is not a datastore address.")
        return replace(place, path=place.path.rstrip("/") + ("" if single else "/"))

    def gather_artifacts(self) -> None:
        """Move what lies in ``./outputs`` and ``./logs`` to the job's artifacts; files that MLflow wrote there already
        stay."""
        for name in COLLECTED:
            source = self._stage.code / name
            if source.is_dir():
                move_files(source, self._artifacts.path(self._job, name))

    def gather(self) -> None:
        """Bring uploaded outputs to their places, and turn links in mounted ones into files, for storage has no
        links."""
        for output in self._outputs.values():
            target = self._blobs.path(output.target.container, output.target.path)
            if output.mode == "Upload" and output.local.exists():
                if output.data_type in SINGLE_FILE:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(output.local, target)
                else:
                    move_files(output.local, target)
            elif output.mode == "ReadWriteMount" and output.local.is_dir():
                settle_links(output.local)

    def register(self) -> dict[str, dict[str, str]]:
        """Register each output as the asset that run history names, under the requested name or the system's own.

        :returns: by output ``assetId``, ``type``, ``uri``, for the job's record.
        :raises JobError: the requested version exists already.
        """
        job_rows = self._job.definition["outputs"]
        rows = {name: self._register(name, job_rows[name], output) for name, output in self._outputs.items()}
        rows.setdefault("default", self._system_asset("default", "uri_folder", self._artifacts.place(self._job)))
        return rows

    def _register(self, name: str, row: Mapping[str, Any], output: Output) -> dict[str, str]:
        title = row.get("assetName")
        if not title:
            return self._system_asset(name, output.data_type, output.target)
        asset_kind = "models" if output.data_type.endswith("_model") else "data"
        version = row.get("assetVersion") or self._assets.versions.next_number(asset_kind, title)
        if self._assets.versions.get(asset_kind, title, version):
            raise JobError(f"outputs.{name}: {asset_kind.removesuffix('s')} {title}:{version} exists already.")
        return self._write_asset(title, version, output.data_type, output.target, anonymous=False)

    def _system_asset(self, name: str, data_type: str, place: Place) -> dict[str, str]:
        """Register an output under the system's own name. That of a model is unproven."""
        word = data_type if data_type.endswith("_model") else "data"
        title = f"azureml_{self._job.name}_output_{word}_{name}"
        return self._write_asset(title, "1", data_type, place, anonymous=True)

    def _write_asset(
        self, title: str, version: str, data_type: str, place: Place, *, anonymous: bool
    ) -> dict[str, str]:
        """Write an asset version and return the job's record of it."""
        uri = self._assets.resolver.uri_of(place)
        if data_type.endswith("_model"):
            properties = {"modelType": data_type, "modelUri": uri, "isAnonymous": anonymous}
            asset = self._assets.register("models", title, version, properties, jobName=self._job.name)
        else:
            properties = {"dataType": data_type, "dataUri": uri, "isAnonymous": anonymous}
            asset = self._assets.register("data", title, version, properties)
        return {"assetId": self._assets.resolver.located_id(asset), "type": PASCAL[data_type], "uri": uri}


def make_folder(folder: Path) -> None:
    """Make a folder with its parents.

    :raises StagingError: a file is in its way.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StagingError("a file is where the output's folder would be.") from None


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
