"""Computes: the clusters of the workspace. No HTTP."""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.operations import SUCCEEDED, ManagedRecords
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import COMPUTES, Transitions

BUILT_IN = {
    "cpu-cluster": ("STANDARD_DS3_V2", 4),
    "gpu-cluster": ("STANDARD_NC6S_V3", 4),
}
"""Clusters that examples name: machine size and largest number of nodes."""

DEDICATED, LOW_PRIORITY = "Dedicated", "LowPriority"
"""Priorities of nodes: those of low priority may be taken away at any time. Source: azure-ai-ml 1.35.2
``VmPriority``."""


class Computes(ManagedRecords):
    """The computes in the store, by name."""

    def __init__(self, store: Store, transitions: Transitions) -> None:
        super().__init__(store, transitions, "compute", COMPUTES)

    def create_defaults(self, region: str) -> None:
        """Write the clusters that every workspace has at first."""
        for name, (size, nodes) in BUILT_IN.items():
            self._store.put(self._kind, name, cluster(region, name, size, nodes))


def most_nodes(compute: dict[str, Any]) -> int | None:
    """The largest number of nodes of a cluster; None for a compute without that setting."""
    scale = (compute["properties"]["properties"] or {}).get("scaleSettings") or {}
    nodes: int | None = scale.get("maxNodeCount")
    return nodes


def cluster_name(compute_id: str | None) -> str | None:
    """The name of a cluster in lower case; None for serverless."""
    name = compute_id.rpartition("/")[2].lower() if compute_id else "serverless"
    return None if name == "serverless" else name


def node_priority(compute: dict[str, Any] | None) -> str:
    """The priority of a compute's nodes."""
    settings = (compute or {"properties": {}})["properties"].get("properties") or {}
    return str(settings.get("vmPriority") or DEDICATED)


def cluster(region: str, name: str, size: str, nodes: int) -> dict[str, Any]:
    """A cluster at zero nodes, ready for jobs."""
    properties = {
        "computeType": "AmlCompute",
        "properties": {
            "vmSize": size,
            "vmPriority": DEDICATED,
            "scaleSettings": {"minNodeCount": 0, "maxNodeCount": nodes, "nodeIdleTimeBeforeScaleDown": "PT2M"},
        },
    }
    return {**compute(region, name, properties), "state": SUCCEEDED, "modified_at": stamp(now())}


def compute(region: str, name: str, properties: dict[str, Any], tags: dict[str, str] | None = None) -> dict[str, Any]:
    """A compute's record before an operation on it begins: the request's properties with the service's defaults.

    Source: recorded AmlCompute answers.
    """
    moment = stamp(now())
    inner = dict(properties.get("properties") or {})
    if properties["computeType"] == "AmlCompute":
        scale = {
            "minNodeCount": 0,
            "maxNodeCount": 1,
            "nodeIdleTimeBeforeScaleDown": "PT2M",
            **(inner.get("scaleSettings") or {}),
        }
        inner = {
            "vmSize": "STANDARD_DS3_V2",
            "vmPriority": DEDICATED,
            "osType": "Linux",
            "isolatedNetwork": False,
            "enableNodePublicIp": True,
            "remoteLoginPortPublicAccess": "NotSpecified",
            **inner,
            "scaleSettings": scale,
            "currentNodeCount": 0,
            "targetNodeCount": 0,
            "nodeStateCounts": dict.fromkeys(
                (
                    "preparingNodeCount",
                    "runningNodeCount",
                    "idleNodeCount",
                    "unusableNodeCount",
                    "leavingNodeCount",
                    "preemptedNodeCount",
                ),
                0,
            ),
            "allocationState": "Steady",
            "allocationStateTransitionTime": moment,
            "errors": None,
        }
    return {
        "name": name,
        "tags": tags,
        "location": region,
        "properties": {
            "description": None,
            "computeLocation": region,
            "disableLocalAuth": False,
            **{key: value for key, value in properties.items() if key != "properties"},
            "properties": inner,
            "provisioningErrors": None,
            "resourceId": properties.get("resourceId"),
            "isAttachedCompute": False,
            "createdOn": moment,
        },
    }
