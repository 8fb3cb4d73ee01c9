"""Where the outputs of a job are: the given place, else what the service resolves, else the documented default."""

from __future__ import annotations

import re

from airflow_azureml.lifecycle.records import OutputRecord
from airflow_azureml.rest import history, workspace
from airflow_azureml.rest.errors import ServiceError, TransientError
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.history import Run
from airflow_azureml.rest.ids import DatastorePath, Workspace, parse_asset, parse_datastore_path
from airflow_azureml.rest.jobs import Job, JobOutput
from airflow_azureml.rest.redaction import without_query
from airflow_azureml.rest.storage import StorageAddress, parse_https
from airflow_azureml.rest.workspace import Datastore

FOLDERS = frozenset({"uri_folder", "mltable", "mlflow_model", "triton_model"})
"""Output types that are folders; a ``custom_model`` may be either, and keeps the spelling it came with."""

_NAME = re.compile(r"\$\{\{\s*name\s*\}\}")
_DEFAULT_DATASTORE = re.compile(r"\$\{\{\s*default_datastore\s*\}\}")
_OUTPUT_NAME = re.compile(r"\$\{\{\s*output_name\s*\}\}")

BEST_TRIAL = "best_child_run_id"
"""The property of a sweep that names the trial with the best metric. Source: azure-ai-ml 1.35.2, which reads it."""

SINGLE_RUN = frozenset({"Command", "Spark"})
"""Kinds of job whose outputs are written by the job's own run, so that their default place is known."""


class Outputs:
    """The outputs of one job."""

    def __init__(self, ws: Workspace, job: Job, run: Run) -> None:
        self._ws = ws
        self._job = job
        self._run = run
        self._datastores: dict[DatastorePath, Datastore | None] = {}

    def read(self) -> Steps[dict[str, OutputRecord]]:
        """Read all outputs, by name."""
        names = dict.fromkeys([*self._job.outputs, *self._run.outputs])
        resolved = yield from self._resolved()
        records: dict[str, OutputRecord] = {}
        for name in names:
            output = self._output(name)
            uri = self._given(output) or resolved.get(name) or (yield from self._default(name))
            if uri is not None:
                records[name] = yield from self.record(name, output, uri)
        return records

    def _output(self, name: str) -> JobOutput:
        """The output as the job describes it, or as run history does."""
        declared = self._job.outputs.get(name)
        return declared if declared is not None else JobOutput(self._run.outputs[name].kind)

    def _given(self, output: JobOutput) -> str | None:
        """The place that the job resource names; one with a placeholder is not a place yet."""
        return output.uri if output.uri and "${{" not in output.uri else None

    def _resolved(self) -> Steps[dict[str, str]]:
        """Ask the service for the places that the job resource does not name."""
        asked = {
            name: output
            for name, output in self._run.outputs.items()
            if name not in self._job.outputs or self._given(self._job.outputs[name]) is None
        }
        try:
            places = yield from history.resolve(self._ws, asked.values())
        except TransientError:
            raise
        except ServiceError:
            places = {}
        return {name: places[output.asset_id] for name, output in asked.items() if output.asset_id in places}

    def _default(self, name: str) -> Steps[str | None]:
        """The place that is documented for outputs without one.

        Source: published data-plane model (``azureml/{jobId}/{outputFolder}``) and azure-ai-ml 1.35.2's own probe.
        None for jobs whose outputs are written by another run, which only the service knows.
        """
        if name == "default":
            container = self._run.container or f"dcid.{self._job.name}"
            return f"azureml://datastores/workspaceartifactstore/paths/ExperimentRun/{container}/"
        if self._job.kind not in SINGLE_RUN:
            return None
        declared = self._job.outputs.get(name)
        if declared is not None and declared.uri:
            return (yield from self._filled(name, declared.uri))
        store = yield from workspace.default_datastore(self._ws)
        folder = f"azureml://datastores/{store.name}/paths/azureml/{self._job.name}/{name}/"
        return f"{folder}{name}" if self._output(name).kind == "uri_file" else folder

    def _filled(self, name: str, uri: str) -> Steps[str]:
        """Fill what the service fills in a place: the names of job, output and the workspace's default datastore.

        Source: Microsoft Learn, *Expressions in Azure Machine Learning SDK and CLI v2*: these work for all jobs.
        """
        uri = _NAME.sub(lambda _: self._job.name, _OUTPUT_NAME.sub(lambda _: name, uri))
        if not _DEFAULT_DATASTORE.search(uri):
            return uri
        store = yield from workspace.default_datastore(self._ws)
        return _DEFAULT_DATASTORE.sub(lambda _: store.name, uri)

    def record(self, name: str, output: JobOutput, uri: str) -> Steps[OutputRecord]:
        """Describe an output by the place where it is."""
        asset_id = self._asset_id(name, output)
        place = parse_datastore_path(uri)
        if place is None:
            # Nothing that an address carries in its query may reach XCom.
            return _spelled(output.kind, without_query(uri), parse_https(uri), asset_id)
        place = shaped(place, output.kind)
        store = yield from self.datastore(place)
        return _spelled(output.kind, place.long(self._ws), store.address(place.path) if store else None, asset_id)

    def datastore(self, place: DatastorePath) -> Steps[Datastore | None]:
        """Read a path's datastore, each once; None where that is refused: the path is right without it."""
        key = DatastorePath(place.datastore, "", place.workspace)
        if key not in self._datastores:
            try:
                self._datastores[key] = yield from workspace.datastore(place.workspace or self._ws, place.datastore)
            except TransientError:
                raise
            except ServiceError:
                self._datastores[key] = None
        return self._datastores[key]

    def _asset_id(self, name: str, output: JobOutput) -> str | None:
        """The ARM id of the asset that an output was registered as; None for one that was not.

        Run history shows every output as an asset; one that the service made by itself is called
        ``azureml_<run>_output_data_<output>`` (recorded answers). That it shows a registered output under its own
        name is unproven; where it does not, the id is known only when the job asked for a certain version.
        """
        if output.asset_name is None:
            return None
        run_output = self._run.outputs.get(name)
        asset = parse_asset(run_output.asset_id) if run_output is not None else None
        if asset is not None and asset.name == output.asset_name:
            return asset.arm_id(self._ws)
        if output.asset_version is None:
            return None
        kind = "models" if output.kind in history.MODEL_KINDS else "data"
        return f"{self._ws.path}/{kind}/{output.asset_name}/versions/{output.asset_version}"


def shaped(place: DatastorePath, kind: str) -> DatastorePath:
    """A place as an output of this type is written: a folder with a slash at its end, a file without."""
    if kind in FOLDERS:
        return place.as_folder()
    return place.as_file() if kind == "uri_file" else place


def _spelled(kind: str, path: str, address: StorageAddress | None, asset_id: str | None) -> OutputRecord:
    """The record of an output, with the other spellings of its place."""
    https_url, abfss_url = (address.https_url, address.abfss_url) if address is not None else (None, None)
    return OutputRecord(kind, path, https_url, abfss_url, asset_id)
