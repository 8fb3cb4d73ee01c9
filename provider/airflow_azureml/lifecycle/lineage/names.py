"""Names of datasets, as other tools name the same data: a namespace and a name in it.

Source: https://openlineage.io/docs/spec/naming: ``abfss://{container}@{account}.dfs.core.windows.net`` and the path.
That OpenLineage's own clients write the path without slashes at either end, and folders as files, is seen in
``ObjectStorageDatasetExtractor`` of its Java client. The page has ``wasbs://`` beside it, for the same data: what is
one place has one name here, that of ``abfss``. For file shares, assets and Azure ML's own addresses it has no rule.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from airflow_azureml.rest.ids import AssetId, DatastorePath, Workspace
from airflow_azureml.rest.redaction import without_query
from airflow_azureml.rest.storage import StorageAddress, parse_https

_HADOOP = re.compile(
    r"(?:abfss?|wasbs?)://(?P<container>[^@/]+)@(?P<account>[^./]+(?:\.z\d\d)?)\.(?:dfs|blob)\.(?P<suffix>[^/]+)"
    r"(?:/(?P<path>[^?#]*))?",
    re.IGNORECASE,
)


class Name(NamedTuple):
    """A dataset's name."""

    namespace: str
    name: str


def of_storage(address: StorageAddress) -> Name:
    """The name of a place in a storage account; the emulator's accounts have a host in front, which names nothing."""
    account = address.account.rpartition("/")[2]
    path = address.path.strip("/")
    if address.service == "file":
        return Name(f"https://{account}.file.{address.suffix}", f"{address.container}/{path}".rstrip("/"))
    return Name(f"abfss://{address.container}@{account}.dfs.{address.suffix}", path or "/")


def of_address(address: str) -> Name | None:
    """The name of what an address names, in storage or elsewhere in the web; never with its query."""
    storage = parse_https(address)
    if storage is not None:
        return of_storage(storage)
    found = _HADOOP.fullmatch(address)
    if found is not None:
        place = StorageAddress("dfs", found["account"], found["suffix"], found["container"], found["path"] or "")
        return of_storage(place)
    parts = urlsplit(without_query(address))
    if not parts.scheme or not parts.hostname or parts.scheme == "azureml":
        return None
    return Name(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", unquote(parts.path).strip("/") or "/")


def of_datastore(place: DatastorePath, ws: Workspace) -> Name:
    """The name of a place in a datastore of which nobody tells where it lies."""
    return Name(home(place.workspace or ws), f"datastores/{place.datastore}/paths/{place.path}".rstrip("/"))


def of_asset(asset: AssetId, ws: Workspace) -> Name:
    """The name of an asset, whichever its version."""
    where = f"azureml://registries/{asset.registry.lower()}" if asset.registry else home(asset.workspace or ws)
    return Name(where, f"{asset.kind.lower()}/{asset.name}")


def of_result(output: Any) -> Name | None:
    """The name of an output as a task's result describes it; None for anything else."""
    if not isinstance(output, dict):
        return None
    for key in ("abfss_url", "https_url", "path"):
        name = of_address(output[key]) if isinstance(output.get(key), str) else None
        if name is not None:
            return name
    return None


def home(ws: Workspace) -> str:
    """The namespace of what only a workspace knows."""
    return (
        f"azureml://subscriptions/{ws.subscription_id}/resourcegroups/{ws.resource_group}/workspaces/{ws.name}".lower()
    )
