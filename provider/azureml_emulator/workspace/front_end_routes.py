"""Routes by which azureml-core, mltable and azureml-fsspec find datastores: their older description, with the secret.

Source: the models ``DataStore`` and ``AzureStorage`` of azureml-core 1.61.0.post4 and its
``operations/data_stores_operations.py``, and what azureml-fsspec 1.4.0 asks.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.core.errors import Envelope, ServiceError, not_emulated
from azureml_emulator.core.paging import one_page
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.workspace.backend import Workspace
from azureml_emulator.workspace.routes import find_datastore

LIFETIME = 3600.0
"""Seconds that a signature is good for; how long the service's are is not published."""

NO_SECRET: dict[str, Any] = {"credentialType": "None", "credential": None, "isSas": False}
KEYS = ("accountName", "containerName", "endpoint", "protocol", "subscriptionId", "resourceGroup")


def secret_of(workspace: Workspace, datastore: dict[str, Any]) -> dict[str, Any]:
    """The secret of a datastore. Those in the emulator's own account are signed for: their address, which is a path,
    is no name of an account that a client could sign with its key."""
    properties, secrets = datastore["properties"], datastore["secrets"] or {}
    if properties["credentials"]["credentialsType"] == "None":
        return NO_SECRET
    token = secrets.get("sasToken")
    if not secrets and properties.get("accountName") == workspace.settings.account_name:
        token = workspace.storage.signer.sign(properties["containerName"], "racwdl", lifetime=LIFETIME)
    if token:
        return {"credentialType": "Sas", "credential": token, "sasToken": token, "isSas": True}
    if key := secrets.get("key"):
        return {"credentialType": "AccountKey", "credential": key, "accountKey": key, "isSas": False}
    raise undescribed(datastore, "its credentials")


def undescribed(datastore: dict[str, Any], what: str) -> ServiceError:
    """501 for a datastore that has no such description here."""
    return not_emulated(f"Describing the datastore {datastore['name']} with {what} is not emulated", Envelope.HISTORY)


def description(workspace: Workspace, datastore: dict[str, Any]) -> dict[str, Any]:
    """A datastore of blobs.

    :raises ServiceError: 501 for another.
    """
    properties = datastore["properties"]
    if properties["datastoreType"] != "AzureBlob":
        raise undescribed(datastore, f"its type {properties['datastoreType']}")
    place = {key: properties.get(key) for key in KEYS}
    return {
        "name": datastore["name"],
        "dataStoreType": "AzureBlob",
        "hasBeenValidated": True,
        "tags": properties.get("tags") or {},
        "azureStorageSection": {**place, **secret_of(workspace, datastore)},
    }


async def get_datastore(workspace: Workspace, request: web.Request, name: str) -> web.Response:
    """A datastore of blobs; others are 501."""
    return web.json_response(description(workspace, find_datastore(workspace, name)))


async def list_datastores(workspace: Workspace, request: web.Request) -> web.Response:
    """All datastores on one page, whatever ``count`` asks for; 501 where there is one that is not of blobs."""
    rows = [description(workspace, datastore) for datastore in workspace.datastores.all()]
    return one_page(rows)


async def get_default_datastore(workspace: Workspace, request: web.Request) -> web.Response:
    """The default datastore."""
    return web.json_response(description(workspace, find_datastore(workspace, workspace.datastores.default_name())))


DATASTORE = "/datastore/v1.0{ws}"
ROUTES = [
    Route("GET", f"{DATASTORE}/datastores", list_datastores, Plane.DATA),
    Route("GET", f"{DATASTORE}/datastores/{{name}}", get_datastore, Plane.DATA),
    Route("GET", f"{DATASTORE}/default", get_default_datastore, Plane.DATA),
]
