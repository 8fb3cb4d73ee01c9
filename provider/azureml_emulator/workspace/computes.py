"""Computes: the clusters and compute instances of the workspace. No HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.operations import DELETING, FAILED, SUCCEEDED, ManagedRecords, Record
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


INSTANCE = "ComputeInstance"
VIRTUAL_MACHINE = "VirtualMachine"
KUBERNETES = "Kubernetes"
CLUSTER = "AmlCompute"
NODE_COUNTS = ("maxNodeCount", "minNodeCount")
RUNNING, STOPPED = "Running", "Stopped"
"""The lasting states of a compute instance. Source: azure-ai-ml 1.35.2 ``ComputeInstanceState``."""

ON_THE_WAY = {"Creating": "Creating", "start": "Starting", "stop": "Stopping", "restart": "Restarting"}
"""What a compute instance shows while an operation on it goes on."""

NO_CORES = "ClusterMinNodesExceedCoreQuota"
"""The code of a cluster's trouble that has no cores: that of one that could not be made, with the same words, in
https://github.com/ansible-collections/azure/pull/2209."""


class Computes(ManagedRecords):
    """The computes in the store, by name."""

    def __init__(self, store: Store, transitions: Transitions) -> None:
        super().__init__(store, transitions, "compute", COMPUTES)
        self._troubles: dict[str, list[str]] = {}

    @contextlib.contextmanager
    def in_trouble(self, name: str | None, message: str) -> Iterator[None]:
        """Let a cluster say meanwhile what keeps its nodes from starting.

        :param name: None for serverless.
        """
        told = self._troubles.setdefault(name or "", [])
        told.append(message)
        try:
            yield
        finally:
            told.remove(message)

    def errors(self, name: str) -> list[dict[str, Any]] | None:
        """What a cluster says of its nodes, as it is shown; None where there is nothing to say."""
        rows = [{"error": {"code": NO_CORES, "message": text}} for text in self._troubles.get(name.lower(), ())]
        return rows or None

    async def until_ready(self, name: str) -> None:
        """Wait until jobs can run on a compute that is on its way there; also return when it is gone or has failed."""
        while (record := self.get(name)) is not None and waits_with(record):
            await asyncio.sleep(0.05)

    def add(self, record: Record) -> None:
        """Write a new compute that is ready for jobs."""
        ready = {**record, "state": SUCCEEDED, "modified_at": stamp(now())}
        self._store.put(self._kind, record["name"].lower(), ready)

    def put(self, record: Record) -> None:
        """Write what has changed of a compute beside its state."""
        self._store.put(self._kind, record["name"].lower(), {**record, "modified_at": stamp(now())})

    def create_defaults(self, region: str) -> None:
        """Write the clusters that every workspace has at first."""
        for name, (size, nodes) in BUILT_IN.items():
            self.add(cluster(region, name, size, nodes))


def instance_state(record: Record) -> str:
    """The state of a compute instance."""
    state, lasting = record.get("state", SUCCEEDED), str(record.get("lasting") or RUNNING)
    if state == DELETING:
        return "Deleting"
    if state == FAILED and record.get("begun") == "Creating":
        return "CreateFailed"
    return lasting if state in (SUCCEEDED, FAILED) else ON_THE_WAY.get(str(record.get("begun")), lasting)


def is_started_by_schedule(record: Record) -> bool:
    """Whether an enabled schedule starts a compute instance."""
    schedules = ((record["properties"]["properties"] or {}).get("schedules") or {}).get("computeStartStop") or []
    return any(row.get("action") == "Start" and row.get("status", "Enabled") == "Enabled" for row in schedules)


def refusal_of(record: Record) -> str | None:
    """Why no job is taken for a compute; None where one is.

    What the service does with a job for a compute instance that is stopped is undocumented: the emulator refuses it
    unless a schedule starts it, so that no job waits for ever.
    """
    if record.get("state") == DELETING:
        return "is being deleted"
    if record["properties"]["computeType"] != INSTANCE:
        return None
    state = instance_state(record)
    if state in (STOPPED, "Stopping") and not is_started_by_schedule(record):
        return f"is {state}, and no schedule starts it"
    return f"is {state}" if state == "CreateFailed" else None


def has_failed(record: Record | None) -> bool:
    """Whether making or changing a cluster has failed, so that no job runs on it."""
    return record is not None and record.get("state") == FAILED and record["properties"]["computeType"] != INSTANCE


def waits_with(record: Record) -> bool:
    """Whether jobs on a compute wait until it is ready."""
    if record["properties"]["computeType"] == INSTANCE:
        return instance_state(record) not in (RUNNING, "Deleting", "CreateFailed")
    return record.get("state") == "Creating"


def most_nodes(compute: dict[str, Any]) -> int | None:
    """The largest number of nodes of a compute; None for one without that setting."""
    if compute["properties"]["computeType"] == INSTANCE:
        return 1
    scale = (compute["properties"]["properties"] or {}).get("scaleSettings") or {}
    nodes: int | None = scale.get("maxNodeCount")
    return nodes


def scale_problems(scale: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the node counts of a cluster, by their keys.

    The published description has no bounds. That fewer nodes than none, and a minimum above the maximum, are refused is
    an assumption.
    """
    problems = [(key, f"{scale[key]} is less than 0.") for key in NODE_COUNTS if (scale.get(key) or 0) < 0]
    most, least = (scale.get(key) for key in NODE_COUNTS)
    if most is not None and least is not None and least > most:
        problems.append((NODE_COUNTS[1], f"{least} is more than {NODE_COUNTS[0]}, {most}."))
    return problems


def cluster_name(compute_id: str | None) -> str | None:
    """The name of a cluster in lower case; None for serverless."""
    name = compute_id.rpartition("/")[2].lower() if compute_id else "serverless"
    return None if name == "serverless" else name


def node_priority(compute: dict[str, Any] | None) -> str:
    """The priority of a compute's nodes."""
    settings = (compute or {"properties": {}})["properties"].get("properties") or {}
    return str(settings.get("vmPriority") or DEDICATED)


def cluster(region: str, name: str, size: str, nodes: int) -> dict[str, Any]:
    """A cluster at zero nodes."""
    properties = {
        "computeType": CLUSTER,
        "properties": {
            "vmSize": size,
            "vmPriority": DEDICATED,
            "scaleSettings": {"minNodeCount": 0, "maxNodeCount": nodes, "nodeIdleTimeBeforeScaleDown": "PT2M"},
        },
    }
    return compute(region, name, properties)


def compute(region: str, name: str, properties: dict[str, Any], tags: dict[str, str] | None = None) -> dict[str, Any]:
    """A compute's record before an operation on it begins: the request's properties with the service's defaults.

    Source: recorded AmlCompute answers.
    """
    moment = stamp(now())
    inner = dict(properties.get("properties") or {})
    if properties["computeType"] == CLUSTER:
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
