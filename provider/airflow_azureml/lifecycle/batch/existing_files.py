"""A check for existing files in the output folder of a batch invocation: the service does not overwrite them.

Seen in public reports: a second run into the same folder succeeds, and the folder holds the scores of the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.rest import workspace
from airflow_azureml.rest.errors import AzureMLError
from airflow_azureml.rest.flow import News, Peek, Steps, StorageLocation
from airflow_azureml.rest.ids import Workspace, parse_datastore_path


def report(ws: Workspace, body: Mapping[str, Any]) -> Steps[None]:
    """Look into the folders that an invocation names for its outputs, and report files in them.

    What cannot be looked at is left alone: this is a help, and no reason to fail.

    :param body: of the invocation, without placeholders.
    """
    outputs = body["properties"].get("outputData") or {}
    for name, output in outputs.items():
        uri = output.get("uri")
        if str(output.get("jobOutputType")).lower() != "urifolder" or not isinstance(uri, str) or "${{" in uri:
            continue
        try:
            first = yield from _first(ws, uri)
        except AzureMLError:
            continue
        if first is not None:
            yield News(
                Warned(
                    f"outputs.{name}: {uri} already contains files, such as {first}. Azure ML does not overwrite "
                    "files, so scores of an earlier run may remain under the same names. Give each run a folder of "
                    "its own, such as …/{{ ts_nodash }}/."
                )
            )


def _first(ws: Workspace, uri: str) -> Steps[str | None]:
    """Find a file below a path of a datastore; None where there is none, or the path has no address."""
    place = parse_datastore_path(uri)
    if place is None:
        return None
    home = place.workspace or ws
    store = yield from workspace.datastore(home, place.datastore)
    address = store.address(place.as_folder().path)
    if address is None or store.kind == "AzureFile":
        return None

    def enter(anew: bool) -> Steps[StorageLocation]:
        return (yield from workspace.secret_of(home, store, anew=anew)).location(address)

    first: str | None = yield from workspace.move(enter, Peek)
    return first
