"""Quotas: what a job wants of cores, and what the service says when there are none for it (fault ``quota``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from azureml_emulator.core.errors import ServiceError
from azureml_emulator.workspace.computes import Computes, cluster_name

NO_QUOTA = (
    "Job submission to AzureML Compute encountered an Exception with status code {code}, The specified subscription "
    "has a {family} vCPU quota of 0 and is less than the requested job node count of {nodes} which maps to {cores} "
    "vCPUs. Talk to your Subscription Admin or refer to "
    "https://docs.microsoft.com/azure/machine-learning/how-to-manage-quotas#request-quota-increases to increase the "
    "{family} vCPU quota"
)
"""Source: https://github.com/MicrosoftLearning/mslearn-dp100/issues/35. The outer code of the error and the
inner ones are undocumented."""

QUOTA_CODE = "JobNodeCountExceedsCoreQuota"

WAITS_FOR_QUOTA = (
    "The specified subscription has a {family} vCPU quota of 0 and cannot accomodate for at least {nodes} requested "
    "managed compute nodes which maps to {cores} vCPUs."
)
"""Source: what a compute says that cannot grow, https://github.com/ansible-collections/azure/pull/2209 (the spelling is
the service's). That a job waits with these words is undocumented; that it waits is reported in
https://github.com/dotnet/machinelearning-modelbuilder/issues/546."""

SMALL = {"1": 1, "2": 2, "3": 4, "4": 8, "5": 16, "11": 2, "12": 4, "13": 8, "14": 16, "15": 20}
"""vCPUs by the number in sizes of the first two generations of D and DS; in all others the number is that of the vCPUs.

Source: https://github.com/microsoft/aspire/blob/main/src/Aspire.Hosting.Azure.Kubernetes/AksNodeVmSizes.cs."""


def no_quota(computes: Computes, properties: Mapping[str, Any]) -> ServiceError:
    """Why a job failed, or was refused, for which there are no cores."""
    message = NO_QUOTA.format(code=QUOTA_CODE, **wanted(computes, properties))
    return ServiceError(400, "UserError", message)


def wanted(computes: Computes, properties: Mapping[str, Any]) -> dict[str, Any]:
    """What a job wants: ``nodes``, their ``cores`` together, and the ``family`` of their size.

    Without a known size, as on serverless compute, one core is counted for each node, of a family ``total``.
    """
    resources = properties.get("resources") or {}
    nodes = resources.get("instanceCount") or 1
    cluster = cluster_name(properties.get("computeId"))
    compute = computes.get(cluster) if cluster else None
    found = ((compute or {}).get("properties", {}).get("properties") or {}).get("vmSize")
    family, cores = family_and_cores(str(found or resources.get("instanceType") or ""))
    return {"nodes": nodes, "cores": nodes * cores, "family": family}


def family_and_cores(size: str) -> tuple[str, int]:
    """The family of a size and its vCPUs, by its name: ``STANDARD_DS3_V2`` is ``Standard DSv2 family``, 4."""
    match = re.fullmatch(r"(?:Standard_)?([A-Z]+)(\d+)(?:-\d+)?([a-z]*?)(?:_[A-Z]\d+)??(?:_(v\d+))?", size, re.I)
    if not match:
        return "total", 1
    letters, number, features, version = match.groups()
    version = (version or "").lower()
    cores = SMALL.get(number) if letters.upper() in ("D", "DS") and version in ("", "v2") else None
    name = f"{letters.upper()}{features.upper()}{version}"
    return f"Standard {name} family", cores or int(number)
