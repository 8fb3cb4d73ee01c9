"""What batch endpoints, deployments and batch jobs look like."""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.operations import Record
from azureml_emulator.core.settings import Settings
from azureml_emulator.endpoints.responses import identity, tracked
from azureml_emulator.jobs.models import Job
from azureml_emulator.jobs.responses import studio_page, tracking_address

TYPE = "Microsoft.MachineLearningServices/workspaces/batchEndpoints"

EARLY = frozenset({"NotStarted", "Starting"})
"""Statuses that the scoring host shows as ``Preparing``."""


def endpoint_resource(settings: Settings, value: Record) -> dict[str, Any]:
    """An endpoint as ARM answers it: without a scoring address while it is being created. Source: recorded answers.

    ``defaults`` is there without a default, too: by Microsoft's article on deploying pipelines with batch endpoints, a
    new endpoint's ``endpoint.defaults.deployment_name`` can be set.
    """
    creating = value["state"] == "Creating"
    uri = f"{settings.base_url}/scoring/{value['name']}/jobs"
    properties = {
        "description": None,
        "properties": {},
        **value["properties"],
        "defaults": {"deploymentName": None, **(value["properties"].get("defaults") or {})},
        "authMode": "AADToken",
        "keys": None,
        "scoringUri": None if creating else uri,
        "swaggerUri": None,
        "provisioningState": value["state"],
    }
    return {
        **tracked(settings, value, f"{settings.workspace_arm_id}/batchEndpoints/{value['name']}", TYPE),
        "identity": identity(settings, value),
        "properties": properties,
    }


def deployment_resource(settings: Settings, value: Record) -> dict[str, Any]:
    """A deployment as ARM answers it. Source: recorded answers."""
    path = f"{settings.workspace_arm_id}/batchEndpoints/{value['endpoint']}/deployments/{value['name']}"
    properties = {**value["properties"], "provisioningState": value["state"]}
    return {**tracked(settings, value, path, f"{TYPE}/deployments"), "properties": properties}


def batch_resource(settings: Settings, record: Record, job: Job) -> dict[str, Any]:
    """A batch job as the scoring host and the data plane show it. Source: recorded answers to invocations.

    :param record: what its invocation left of itself.
    """
    path = f"{settings.workspace_arm_id}/batchEndpoints/{record['endpoint']}/deployments/{record['deployment']}"
    addresses = {"Studio": studio_page(settings, job.name), "Tracking": tracking_address(settings)}
    return {
        "id": f"{path}/jobs/{job.name}",
        "name": job.name,
        "type": f"{TYPE}/deployments/jobs",
        "properties": {
            **record["shown"],
            "name": job.definition["displayName"],
            "description": job.definition.get("description"),
            "provisioningState": "Succeeded",
            "status": "Preparing" if job.status in EARLY else job.status,
            "interactionEndpoints": {
                name: {"jobEndpointType": name, "port": None, "endpoint": address, "properties": None}
                for name, address in addresses.items()
            },
            "tags": job.definition["tags"],
            "properties": job.definition["properties"],
        },
        "systemData": {"createdAt": job.created_at, "createdBy": job.created_by, "createdByType": "Application"},
    }
