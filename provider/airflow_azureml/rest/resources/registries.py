"""Registries: where one is, models in it, and taking over a model of a workspace.

Undocumented. Source: azure-ai-ml 1.35.2, ``_utils/_registry_utils.py`` for addresses and versions,
``entities/_assets/workspace_asset_reference.py`` and ``ModelOperations.share`` for what is sent. It asks one region of
the cloud where a registry is; here the workspace's own data plane is asked. On which host a registry answers is nowhere
listed: like every host that an answer names, it gets a token where it is the cloud's or one of ``trusted_hosts``.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from airflow_azureml.rest.assets import Asset
from airflow_azureml.rest.errors import NoAnswerError
from airflow_azureml.rest.flow import Call, Plane, Reply
from airflow_azureml.rest.ids import segment
from airflow_azureml.rest.json_values import get_text

VERSION = {"api-version": "2021-10-01-dataplanepreview"}


@dataclass(frozen=True)
class Registry:
    """Where a registry is.

    :param address: of the registry itself, at the front end of its first region.
    """

    name: str
    address: str

    @classmethod
    def from_reply(cls, reply: Reply) -> Registry:
        """Read the answer of discovery.

        :raises NoAnswerError: it does not say where the registry is.
        """
        value = reply.json()
        keys = ("registryName", "primaryRegionResourceProviderUri", "subscriptionId", "resourceGroup")
        name, base, subscription, group = (get_text(value, key) or "" for key in keys)
        if not (name and base and subscription and group):
            raise NoAnswerError("Discovery does not say where the registry is.") from None
        above = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices"
        return cls(name, f"{base.rstrip('/')}/mferp/managementfrontend{above}/registries/{name}")


def discover(name: str) -> Call[Registry]:
    """Ask where a registry is. Undocumented. Source: azure-ai-ml 1.35.2, ``_utils/_registry_utils.py``."""
    path = f"/registrymanagement/v1.0/registries/{quote(name, safe='')}/discovery"
    return Call("GET", path, Registry.from_reply, plane=Plane.DATA)


def get_model(registry: Registry, name: str, version: str) -> Call[Asset]:
    """Read one version of a model. Undocumented. Source: azure-ai-ml 1.35.2, ``_utils/_registry_utils.py``."""
    path = f"{registry.address}/models/{segment(name)}/versions/{segment(version)}"
    return Call("GET", path, Asset.from_reply, plane=Plane.REGISTRY, query=VERSION)


def begin_import(registry: Registry, source: str, name: str, version: str) -> Call[Reply]:
    """Begin to take over an asset: 202 with ``Location``, which answers 202 until it is done.

    Undocumented. Source: azure-ai-ml 1.35.2, ``_utils/_registry_utils.py``.

    :param source: ``azureml://locations/…/workspaces/<GUID>/models/…/versions/…``.
    """
    wanted = {"destinationName": name, "destinationVersion": version}
    body = {"properties": {"referenceType": "Id", **wanted, "sourceAssetId": source}}
    path = f"{registry.address}/import"
    return Call("POST", path, lambda reply: reply, plane=Plane.REGISTRY, query=VERSION, body=body)
