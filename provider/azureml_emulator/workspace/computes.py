"""Clusters: the computes of the workspace, and the short time that creating, changing or deleting one takes. No
HTTP."""

from __future__ import annotations

import uuid
from typing import Any

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.store import Store

GONE = "Deleting"


class Computes:
    """The computes in the store. What an operation began is finished by the first look after its time.

    :param pause: seconds that an operation takes.
    """

    def __init__(self, store: Store, pause: float) -> None:
        self._store = store
        self._pause = pause

    def get(self, name: str) -> dict[str, Any] | None:
        """A compute's record, or None. Names are compared without regard to case."""
        value: dict[str, Any] | None = self._store.get("compute", name.lower())
        return self._settled(value) if value else None

    def all(self) -> list[dict[str, Any]]:
        """Every compute, the oldest first."""
        rows = (self._settled(value) for _, value in self._store.list("compute"))
        return [row for row in rows if row]

    def begin(self, value: dict[str, Any], state: str) -> str:
        """Write a compute that is about to settle, and answer the operation's id.

        :param state: ``Creating``, ``Updating`` or ``Deleting``.
        """
        moment = now()
        value["properties"].update(provisioningState=state, modifiedOn=stamp(moment))
        value["settles"] = moment.timestamp() + self._pause
        operation = str(uuid.uuid4())
        with self._store.transaction():
            self._store.put("compute", value["name"].lower(), value)
            self._store.put("operation", operation, {"compute": value["name"], "started": stamp(moment)})
        return operation

    def under_way(self, operation: str) -> tuple[str, bool] | None:
        """When an operation began and whether it goes on; None: there is no such operation."""
        record = self._store.get("operation", operation)
        if record is None:
            return None
        value = self.get(record["compute"])
        return record["started"], bool(value and value.get("settles"))

    def _settled(self, value: dict[str, Any]) -> dict[str, Any] | None:
        if value.get("settles") and now().timestamp() >= value["settles"]:
            if value["properties"]["provisioningState"] == GONE:
                self._store.delete("compute", value["name"].lower())
                return None
            value["settles"] = None
            value["properties"]["provisioningState"] = "Succeeded"
            self._store.put("compute", value["name"].lower(), value)
        return value


def cluster(region: str, name: str, size: str, nodes: int) -> dict[str, Any]:
    """A cluster at zero nodes, ready for jobs."""
    given = {
        "computeType": "AmlCompute",
        "properties": {
            "vmSize": size,
            "vmPriority": "Dedicated",
            "scaleSettings": {"minNodeCount": 0, "maxNodeCount": nodes, "nodeIdleTimeBeforeScaleDown": "PT2M"},
        },
    }
    return compute(region, name, given, "Succeeded")


def compute(
    region: str, name: str, given: dict[str, Any], state: str, tags: dict[str, str] | None = None
) -> dict[str, Any]:
    """A compute's record: what was asked for, with what the service fills in. Source: recorded AmlCompute answers."""
    moment = stamp(now())
    inner = dict(given.get("properties") or {})
    if given["computeType"] == "AmlCompute":
        scale = {
            "minNodeCount": 0,
            "maxNodeCount": 1,
            "nodeIdleTimeBeforeScaleDown": "PT2M",
            **(inner.get("scaleSettings") or {}),
        }
        inner = {
            "vmSize": "STANDARD_DS3_V2",
            "vmPriority": "Dedicated",
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
            **{key: value for key, value in given.items() if key != "properties"},
            "properties": inner,
            "provisioningState": state,
            "provisioningErrors": None,
            "resourceId": given.get("resourceId"),
            "isAttachedCompute": False,
            "createdOn": moment,
            "modifiedOn": moment,
        },
    }
