"""What holds files: a datastore, a version of an asset, an output of a job; and the means to enter its container."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from airflow_azureml.lifecycle.asset_versions import PLACES
from airflow_azureml.lifecycle.result import result
from airflow_azureml.rest import assets, jobs, workspace
from airflow_azureml.rest.errors import Problem, SpecError
from airflow_azureml.rest.flow import Steps, StorageLocation
from airflow_azureml.rest.ids import (
    AssetId,
    DatastorePath,
    JobOutputPath,
    Workspace,
    parse_datastore_path,
    parse_job_output_path,
)
from airflow_azureml.rest.json_values import get_text
from airflow_azureml.rest.storage import StorageAddress, parse_hadoop, parse_https

Origin: TypeAlias = "DatastorePath | AssetId | JobOutputPath"
"""A datastore's path is empty, as is that of an output of a job; an asset is one of ``data`` or ``models``."""

ENTERED = ("AzureBlob", "AzureDataLakeGen2")
"""Types of datastores whose files the blob service has; Data Lake Gen2 answers to its requests, too.

Source: https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-multi-protocol-access
"""

VERSION_KEPT_FOR = 600.0
"""Seconds for which a version of an asset is taken to be where it was: what it stands for never changes."""

ARTIFACTS = "artifacts"
"""What addresses call the output that is ``default`` elsewhere: the job's artifacts."""


@dataclass(frozen=True)
class Entrance:
    """A container with the means to enter it, and where in it something is.

    :param folder: a path without slashes around it; empty for the whole container. That of a single file is its own.
    :param address: the same place, without the means to enter.
    """

    container: StorageLocation
    folder: str
    address: StorageAddress


def place_of(ws: Workspace, origin: Origin) -> Steps[str]:
    """Find the address of an origin's files: of a datastore, or in Azure Storage.

    :param ws: of an origin that names no workspace.
    :raises SpecError: a job has no such output.
    :raises NotFoundError: there is no such asset or job.
    """
    home = origin.workspace or ws
    if isinstance(origin, DatastorePath):
        return origin.long(home)
    if isinstance(origin, JobOutputPath):
        return (yield from _place_of_output(home, origin))
    version = origin.version or (yield from assets.latest(home, origin.kind, origin.name))
    asset = yield from replace(assets.get(home, origin.kind, origin.name, version), kept_for=VERSION_KEPT_FOR)
    place = get_text(asset.properties, PLACES[origin.kind][1]) or ""
    output = parse_job_output_path(place)
    if output is None:
        return place
    return (yield from _place_of_output(output.workspace or home, output))


def enter(ws: Workspace, place: str, *, anew: bool = False) -> Steps[Entrance]:
    """Find the means to enter the container that an address leads to.

    :param ws: of an address of a datastore that names no workspace.
    :param anew: other means than those that were found before.
    :raises SpecError: the blob service does not have it.
    """
    path = parse_datastore_path(place)
    if path is None:
        address = parse_https(place) or parse_hadoop(place)
        if address is None or address.service == "file":
            raise _refused(f"{place or 'nowhere'} is not in blob storage: its files cannot be read here.")
        return _entrance(StorageLocation(replace(address, path="").https_url), address)
    home = path.workspace or ws
    store = yield from workspace.datastore(home, path.datastore)
    found = store.address(path.path)
    if store.kind not in ENTERED or found is None:
        kind = store.kind or "unknown"
        raise _refused(f"Datastore {path.datastore!r} is of type {kind}. Accepted: {', '.join(ENTERED)}.")
    secret = yield from workspace.secret_of(home, store, anew=anew)
    return _entrance(secret.location(replace(found, path="")), found)


def _place_of_output(home: Workspace, path: JobOutputPath) -> Steps[str]:
    job = yield from jobs.get(home, path.job)
    outputs = (yield from result(home, job)).outputs
    name = "default" if path.output.lower() == ARTIFACTS and path.output not in outputs else path.output
    if name not in outputs:
        names = ", ".join(outputs) or "none, the job has no outputs"
        raise _refused(f"{path.output!r} is not an output of job {path.job}. Accepted: {names}.")
    place = outputs[name].path
    return f"{place.rstrip('/')}/{path.path}" if path.path else place


def _entrance(container: StorageLocation, address: StorageAddress) -> Entrance:
    return Entrance(container, address.path.strip("/"), address)


def _refused(message: str) -> SpecError:
    return SpecError([Problem("path", message)])
