"""What sizes of machines, usages and quotas look like. Sources: the published examples of Virtual Machine Sizes - List,
Usages - List, Quotas - List and Quotas - Update."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from azureml_emulator.capacity.models import (
    CLUSTERS_LIMIT,
    FAMILY_LIMIT,
    NO_LIMIT,
    PRIORITIES,
    TOTAL_LIMIT,
    Use,
)
from azureml_emulator.capacity.sizes import CLUSTERS, QUOTAS, Size
from azureml_emulator.core.settings import Settings

PROVIDER = "Microsoft.MachineLearningServices"
DISK_OF_SYSTEM = 1047552
"""Megabytes of the disk of the operating system, which is the same for all sizes."""


def size_resource(size: Size) -> dict[str, Any]:
    """A size of machine; its prices are not known here."""
    return {
        "name": size.name,
        "family": size.family,
        "vCPUs": size.cores,
        "gpus": size.gpus,
        "osVhdSizeMB": DISK_OF_SYSTEM,
        "maxResourceVolumeMB": size.disk * 1024,
        "memoryGB": float(size.memory),
        "lowPriorityCapable": True,
        "premiumIO": True,
        "estimatedVMPrices": None,
        "supportedComputeTypes": list(CLUSTERS),
    }


def words_of(family: str, priority: str) -> str:
    """The name of what is counted of a family."""
    return f"Standard {family} Family Cluster {priority} vCPUs"


def row(owner: str, what: str, kind: str, name: str, limit: int, **more: Any) -> dict[str, Any]:
    """A row of a list.

    :param owner: the id of what has it.
    :param what: ``usages`` or ``quotas``.
    :param kind: what has it, as the type spells it.
    """
    return {
        "id": f"{owner}/{what}/{name.replace(' ', '_')}",
        "type": f"{PROVIDER}/{kind}/{what}",
        **more,
        "limit": limit,
        "name": {"value": name, "localizedValue": name},
        "unit": "Count",
    }


def total(settings: Settings, kind: str, name: str, value: int, limit: int) -> dict[str, Any]:
    """A usage of the whole subscription, whose id does not name it."""
    subscription = f"/subscriptions/{settings.subscription_id}"
    return {**row(subscription, "usages", kind, name, limit, currentValue=value), "id": f"{subscription}/usages"}


def usage_resources(settings: Settings, used: Iterable[Use], clusters: int) -> list[dict[str, Any]]:
    """The usages of the subscription: of each family, and below it of the workspace and its computes of that family.

    :param clusters: how many computes there are.
    """
    subscription, workspace = f"/subscriptions/{settings.subscription_id}", settings.workspace_arm_id
    rows = [total(settings, "totalCores", "Clusters", clusters, CLUSTERS_LIMIT)]
    each_use = list(used)
    for priority in PRIORITIES:
        of_priority = [use for use in each_use if use.priority == priority]
        name = f"Total Cluster {priority} Regional vCPUs"
        kind = f"{priority[0].lower()}{priority[1:]}Cores"
        rows.append(total(settings, kind, name, sum(use.cores for use in of_priority), TOTAL_LIMIT[priority]))
        for family in QUOTAS:
            of_family = [use for use in of_priority if use.family == family]
            cores = sum(use.cores for use in of_family)
            limit = FAMILY_LIMIT if priority == "Dedicated" else NO_LIMIT
            name = words_of(family, priority)
            rows.append(row(subscription, "usages", "vmFamily", name, limit, currentValue=cores))
            if of_family:
                rows.append(row(workspace, "usages", "workspaces", name, limit, currentValue=cores))
            for use in of_family:
                owner = f"{workspace}/computes/{use.compute}"
                rows.append(row(owner, "usages", "workspaces/computes", name, limit, currentValue=use.cores))
    return rows


def quota_resources(settings: Settings, limits: dict[str, int]) -> list[dict[str, Any]]:
    """The quotas of dedicated cores: of each family that of the subscription and that of the workspace."""
    rows = []
    for family, limit in limits.items():
        name = words_of(family, "Dedicated")
        rows.append(row(f"/subscriptions/{settings.subscription_id}", "quotas", "vmFamily", name, FAMILY_LIMIT))
        rows.append(row(settings.workspace_arm_id, "quotas", "workspaces", name, limit))
    return rows
