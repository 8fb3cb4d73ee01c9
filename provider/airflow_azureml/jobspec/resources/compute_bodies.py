"""Computes in the service's words, made of the values that their tables have read.

Source: azure-ai-ml 1.35.2, ``entities/_compute/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

SIZE = "STANDARD_DS3_V2"
"""The size of machines where none is given, as Microsoft's client sends it."""

SSH_PORT = 22
"""The port of an attached machine where none is given, as Microsoft's client sends it."""

IDLE = "nodeIdleTimeBeforeScaleDown"
NO_TIME = ""
"""Stands for a time of zero, which Microsoft's client does not send, though where none is given it sends its own."""
SCALE = {"minNodeCount": 0, "maxNodeCount": 4, IDLE: "PT2M"}
"""How far a cluster scales where nothing is given, as Microsoft's client sends it."""


def _cluster(body: dict[str, Any]) -> dict[str, Any]:
    scale = {**SCALE, **{key: body.pop(key) for key in SCALE if key in body}}
    if scale[IDLE] == NO_TIME:
        del scale[IDLE]
    access = body.pop("ssh_access", None)
    properties = {
        "osType": "Linux",
        "vmSize": SIZE,
        "remoteLoginPortPublicAccess": "NotSpecified" if access is None else "Enabled" if access else "Disabled",
        "scaleSettings": scale,
        **body,
    }
    return {
        "computeType": "AmlCompute",
        "disableLocalAuth": "userAccountCredentials" not in body,
        "properties": properties,
    }


def _instance(body: dict[str, Any]) -> dict[str, Any]:
    access, key = body.pop("ssh_access", None), body.pop("adminPublicKey", None)
    if access is not None or key is not None:
        body["sshSettings"] = {"sshPublicAccess": "Enabled" if access else "Disabled"}
        if key and key.get("key"):
            body["sshSettings"]["adminPublicKey"] = key["key"]
    if "assignedUser" in body:
        body["personalComputeInstanceSettings"] = {"assignedUser": body.pop("assignedUser")}
    idle, minutes = body.pop("idle", None), body.pop("idle_minutes", None)
    if minutes or idle:
        body["idleTimeBeforeShutdown"] = f"PT{minutes}M" if minutes else idle
    if "setupScripts" in body:
        body["setupScripts"] = {"scripts": body["setupScripts"]}
    shared = {"applicationSharingPolicy": "Shared", "computeInstanceAuthorizationType": "personal"}
    return {
        "computeType": "ComputeInstance",
        "disableLocalAuth": not access,
        "properties": {"vmSize": SIZE, "enableSSO": True, **shared, **body},
    }


def _kubernetes(body: dict[str, Any]) -> dict[str, Any]:
    properties = {**body.get("properties", {}), "namespace": body.get("namespace", "default")}
    return {"computeType": "Kubernetes", "properties": properties}


def _machine(body: dict[str, Any]) -> dict[str, Any]:
    account = {"sshPort": SSH_PORT, **body.get("ssh", {})}
    return {
        "computeType": "VirtualMachine",
        "properties": {"sshPort": account.pop("sshPort"), "administratorAccount": account},
    }


def _spark(body: dict[str, Any]) -> dict[str, Any]:
    return {"computeType": "SynapseSpark"}


MADE: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "amlcompute": _cluster,
    "computeinstance": _instance,
    "kubernetes": _kubernetes,
    "virtualmachine": _machine,
    "synapsespark": _spark,
}
"""What makes the service's words of each type."""
