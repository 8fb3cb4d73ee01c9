"""A check for existing files where a batch invocation is to write: the service does not overwrite them.

Seen in public reports: a second run into the same place succeeds, and it holds the scores of the first. Microsoft's
*Troubleshoot batch endpoints* says so of the file of predictions.
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
    """Look at the files and into the folders that an invocation names for its outputs, and report what is there.

    What cannot be looked at is left alone: this is a help, and no reason to fail.

    :param body: of the invocation, without placeholders.
    """
    outputs = body["properties"].get("outputData") or {}
    for name, output in outputs.items():
        uri = output.get("uri")
        kind = str(output.get("jobOutputType")).lower()
        if kind not in ("urifolder", "urifile") or not isinstance(uri, str) or "${{" in uri:
            continue
        try:
            first = yield from _first(ws, uri, is_file=kind == "urifile")
        except AzureMLError:
            continue
        if first is not None:
            what = "already exists" if kind == "urifile" else f"already contains files, such as {first}"
            yield News(
                Warned(
                    f"outputs.{name}: {uri} {what}. Azure ML does not overwrite "
                    "files, so scores of an earlier run may remain under the same names. Give each run a folder of "
                    "its own, such as …/{{ ts_nodash }}/."
                )
            )


def _first(ws: Workspace, uri: str, *, is_file: bool) -> Steps[str | None]:
    """Find the file of a datastore's path, or one below it; None where there is none, or the path has no address."""
    place = parse_datastore_path(uri)
    if place is None:
        return None
    home = place.workspace or ws
    store = yield from workspace.datastore(home, place.datastore)
    address = store.address(place.path if is_file else place.as_folder().path)
    if address is None or store.kind == "AzureFile":
        return None

    def enter(anew: bool) -> Steps[StorageLocation]:
        return (yield from workspace.secret_of(home, store, anew=anew)).location(address)

    first: str | None = yield from workspace.move(enter, Peek)
    # Names that go on where the file's ends are others, and come after it.
    return first if not is_file or first == address.path else None
