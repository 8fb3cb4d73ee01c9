"""Datastores: named containers of storage accounts, and the two that every workspace has. No HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.settings import STORAGE_SUFFIX, Settings
from azureml_emulator.core.store import Store

DEFAULT_DATASTORE = "workspaceblobstore"
ARTIFACT_DATASTORE = "workspaceartifactstore"

CONTAINERS = {"AzureBlob": "containerName", "AzureDataLakeGen2": "filesystem"}
"""Types of datastores whose data can lie in the workspace's own account, and what names their container."""

DATASTORE = "datastore"
"""The kind under which the store keeps datastores; keys are names in lower case."""


class Datastores:
    """The datastores in the store. Names are compared without regard to case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, name: str) -> dict[str, Any] | None:
        """A datastore's record, or None."""
        value: dict[str, Any] | None = self._store.get(DATASTORE, name.lower())
        return value

    def all(self) -> list[dict[str, Any]]:
        """Every datastore, the oldest first."""
        return [value for _, value in self._store.list(DATASTORE)]

    def default_name(self) -> str:
        """The name of the default datastore."""
        return next(str(row["name"]) for row in self.all() if row["properties"]["isDefault"])

    def put(self, name: str, requested: dict[str, Any]) -> dict[str, Any]:
        """Write a datastore and answer its record. A default one takes the place of the former default.

        :param requested: its properties; secrets in their credentials are stored separately.
        """
        before = self.get(name)
        moment = stamp(now())
        credentials = requested.get("credentials") or {"credentialsType": "None"}
        value = {
            "name": before["name"] if before else name,
            "created_at": before["created_at"] if before else moment,
            "modified_at": moment,
            "secrets": credentials.get("secrets"),
            "properties": {
                "description": None,
                "tags": {},
                "properties": {},
                "isDefault": False,
                "endpoint": None,
                "protocol": "https",
                "serviceDataAccessAuthIdentity": "None",
                **requested,
                "credentials": {key: each for key, each in credentials.items() if key != "secrets"},
            },
        }
        with self._store.transaction():
            if requested.get("isDefault"):
                for key, other in self._store.list(DATASTORE):
                    properties = {**other["properties"], "isDefault": False}
                    self._store.put(DATASTORE, key, {**other, "properties": properties})
            self._store.put(DATASTORE, name.lower(), value)
        return value

    def delete(self, name: str) -> bool:
        """Remove a datastore; True if there was one."""
        return self._store.delete(DATASTORE, name.lower())

    def create_defaults(self, settings: Settings) -> list[dict[str, Any]]:
        """Write the two built-in datastores anew, for the account's address may have changed, and answer them."""
        containers = {DEFAULT_DATASTORE: settings.default_container, ARTIFACT_DATASTORE: settings.artifact_container}
        rows = [built_in(settings, name, container) for name, container in containers.items()]
        for row in rows:
            self._store.put(DATASTORE, row["name"], row)
        return rows


def container_of(properties: Mapping[str, Any]) -> str | None:
    """The container, or file system, of a datastore; None for types that have none."""
    key = CONTAINERS.get(str(properties.get("datastoreType")))
    return properties.get(key) if key else None


def built_in(settings: Settings, name: str, container: str) -> dict[str, Any]:
    """A blob datastore of the workspace's own account."""
    moment = stamp(now())
    return {
        "name": name,
        "created_at": moment,
        "modified_at": moment,
        "secrets": None,
        "properties": {
            "description": None,
            "tags": {},
            "properties": {},
            "isDefault": name == DEFAULT_DATASTORE,
            "credentials": {"credentialsType": "AccountKey"},
            "intellectualProperty": None,
            "subscriptionId": settings.subscription_id,
            "resourceGroup": settings.resource_group,
            "datastoreType": "AzureBlob",
            "accountName": settings.account_name,
            "containerName": container,
            "endpoint": STORAGE_SUFFIX,
            "protocol": "https",
            "serviceDataAccessAuthIdentity": "None",
        },
    }
