"""Defaults: the datastores and computes that every workspace has from the start."""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.settings import STORAGE_SUFFIX, Settings
from azureml_emulator.core.store import Store
from azureml_emulator.workspace.computes import cluster

DEFAULT_DATASTORE = "workspaceblobstore"
ARTIFACT_DATASTORE = "workspaceartifactstore"

COMPUTES = {
    "cpu-cluster": ("STANDARD_DS3_V2", 4),
    "gpu-cluster": ("STANDARD_NC6S_V3", 4),
}
"""Clusters that examples name: machine size and largest number of nodes."""


def furnish(store: Store, settings: Settings) -> None:
    """Write the built-in datastores anew, for the account's address may have changed, and the clusters at the first
    start."""
    containers = {DEFAULT_DATASTORE: settings.default_container, ARTIFACT_DATASTORE: settings.artifact_container}
    with store.transaction():
        for name, container in containers.items():
            store.put("datastore", name, datastore(settings, name, container))
        if not store.get("workspace", "furnished"):
            for name, (size, nodes) in COMPUTES.items():
                store.put("compute", name, cluster(settings.region, name, size, nodes))
            store.put("workspace", "furnished", stamp(now()))


def datastore(settings: Settings, name: str, container: str) -> dict[str, Any]:
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
