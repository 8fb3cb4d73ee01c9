"""The datasets that a job reads: where its inputs lie, as far as the workspace tells; never an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_azureml.lifecycle.asset_versions import PLACES
from airflow_azureml.lifecycle.lineage import names
from airflow_azureml.lifecycle.lineage.names import Name
from airflow_azureml.rest import assets, workspace
from airflow_azureml.rest.errors import AzureMLError
from airflow_azureml.rest.flow import Json, Steps
from airflow_azureml.rest.ids import AssetId, Workspace, parse_asset, parse_datastore_path
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.json_values import get_any_case, get_text

MOST_DATASETS = 50
"""Inputs of a job that are named, at most: each may take two requests."""

TABLES = ("trainingData", "validationData", "testData")
"""What an AutoML job reads beside its inputs (``taskDetails`` of the REST reference)."""


@dataclass(frozen=True)
class Dataset:
    """Data that a job reads or writes.

    :param version: of the asset that it is.
    :param asset: the name of that asset.
    """

    name: Name
    version: str | None = None
    asset: Name | None = None


def read_by(ws: Workspace, job: Job) -> Steps[tuple[Dataset, ...]]:
    """Find what a job reads, each once; what cannot be looked up is named by what the job says."""
    found: dict[Name, Dataset] = {}
    for uri in dict.fromkeys(_uris(get_any_case(job.raw, "properties"))):
        if len(found) == MOST_DATASETS:
            break
        dataset = yield from _dataset(ws, uri)
        if dataset is not None:
            found.setdefault(dataset.name, dataset)
    return tuple(found.values())


def written(ws: Workspace, outputs: Mapping[str, Any]) -> tuple[Dataset, ...]:
    """What a job has written, by the outputs of its result; its own artifacts are none of the data."""
    return tuple(_output(ws, output) for name, output in outputs.items() if name != "default")


def _output(ws: Workspace, output: Mapping[str, Any]) -> Dataset:
    name, identity = names.of_result(output), output.get("asset_id")
    if name is None:
        place = parse_datastore_path(str(output["path"]))
        name = names.of_datastore(place, ws) if place is not None else Name(names.home(ws), str(output["path"]))
    asset = parse_asset(identity) if isinstance(identity, str) else None
    return Dataset(name) if asset is None else Dataset(name, asset.version, names.of_asset(asset, ws))


def _uris(definition: Json) -> Iterator[str]:
    """The places and assets that a job names as its inputs, a pipeline's nodes included; bindings name none."""
    steps = get_any_case(definition, "jobs")
    nodes = steps.values() if isinstance(steps, Mapping) else ()
    details = get_any_case(definition, "taskDetails")
    inputs = [get_any_case(owner, "inputs") for owner in (definition, *nodes)]
    rows = [row for group in inputs if isinstance(group, Mapping) for row in group.values()]
    for row in (*rows, *(get_any_case(details, table) for table in TABLES)):
        uri = get_text(row, "uri")
        if uri and "${{" not in uri:
            yield uri


def _dataset(ws: Workspace, uri: str) -> Steps[Dataset | None]:
    asset = parse_asset(uri) or _short(uri)
    if asset is not None:
        return (yield from _of_asset(ws, asset))
    name = yield from _place(ws, uri)
    return None if name is None else Dataset(name)


def _short(uri: str) -> AssetId | None:
    """A data asset as jobs may name one of their own workspace: ``azureml:name:version``."""
    scheme, _, edition = uri.partition(":")
    name, _, version = edition.rpartition(":")
    if scheme != "azureml" or "/" in edition or not name or not version:
        return None
    return AssetId("data", name, version)


def _of_asset(ws: Workspace, asset: AssetId) -> Steps[Dataset]:
    alias = names.of_asset(asset, ws)
    kind = asset.kind.lower()
    if asset.registry or asset.workspace_guid or asset.version is None or kind not in PLACES:
        return Dataset(alias, asset.version)
    try:
        found = yield from assets.get(asset.workspace or ws, kind, asset.name, asset.version)
    except AzureMLError:
        return Dataset(alias, asset.version)
    uri = get_text(found.properties, PLACES[kind][1])
    name = (yield from _place(asset.workspace or ws, uri)) if uri else None
    return Dataset(name or alias, asset.version, alias)


def _place(ws: Workspace, uri: str) -> Steps[Name | None]:
    place = parse_datastore_path(uri)
    if place is None:
        return names.of_address(uri)
    try:
        store = yield from workspace.datastore(place.workspace or ws, place.datastore)
    except AzureMLError:
        store = None
    address = store.address(place.path) if store is not None else None
    return names.of_datastore(place, ws) if address is None else names.of_storage(address)
