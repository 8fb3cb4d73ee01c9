"""An output whose folder is the same for all attempts and tries of a task, so that a script goes on where it was."""

from __future__ import annotations

from dataclasses import replace

from airflow_azureml.lifecycle.submission import Prepared
from airflow_azureml.rest import workspace
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import DatastorePath, Workspace

FOLDER = "airflow-checkpoints"
"""Where these folders lie in the workspace's default datastore."""


def with_checkpoint(ws: Workspace, prepared: Prepared, output: str, stem: str) -> Steps[Prepared]:
    """Give an output of a job its lasting folder.

    :param stem: of the job's name, without the attempt's number; it ends in the hash of one generation of one task.
    """
    store = yield from workspace.default_datastore(ws)
    address = DatastorePath(store.name, f"{FOLDER}/{stem.rpartition('-')[2]}/").short
    properties = prepared.body["properties"]
    outputs = {**properties["outputs"], output: {**properties["outputs"][output], "uri": address}}
    return replace(prepared, body={**prepared.body, "properties": {**properties, "outputs": outputs}})
