"""The download of a registered model: where its files are, and the credentials for them."""

from __future__ import annotations

from dataclasses import replace

from airflow_azureml.lifecycle.models.references import registered
from airflow_azureml.lifecycle.output_download import enter
from airflow_azureml.rest import workspace
from airflow_azureml.rest.flow import LocalFolder, Steps, StorageLocation, Transfer, Transferred
from airflow_azureml.rest.ids import AssetId, Workspace
from airflow_azureml.rest.json_values import get_text


def download(ws: Workspace, model: AssetId, target: LocalFolder) -> Steps[Transferred]:
    """Fetch the files of a model.

    :raises SpecError: there is no such model, or its files are in a kind of storage that cannot be read here.
    """
    home = model.workspace or ws
    found = yield from registered(home, model)
    uri = get_text(found.properties, "modelUri") or ""
    order = Transfer(StorageLocation(""), target)
    moved: Transferred = yield from workspace.move(
        lambda anew: enter(home, uri, uri, anew=anew), lambda location: replace(order, source=location)
    )
    return moved
