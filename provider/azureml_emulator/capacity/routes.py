"""Routes of a region's capacity: sizes of machines, usages, quotas."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.capacity.backend import Capacity
from azureml_emulator.capacity.models import FAMILY_LIMIT, uses
from azureml_emulator.capacity.responses import quota_resources, size_resource, usage_resources, words_of
from azureml_emulator.capacity.schemas import UPDATE
from azureml_emulator.capacity.sizes import QUOTAS, SIZES
from azureml_emulator.core.api_versions import is_first_version
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.routing import Plane, Route


def check_region(capacity: Capacity, region: str) -> None:
    """Refuse another region than the workspace's, of which nothing is known here.

    :raises ServiceError: 501.
    """
    own = capacity.settings.region
    if region.replace(" ", "").lower() != own.lower():
        message = f"The region {region} is not emulated; the emulator is in {own}."
        raise ServiceError(501, "NotEmulated", message, envelope=Envelope.ARM)


async def list_sizes(capacity: Capacity, request: web.Request, region: str) -> web.Response:
    """Virtual Machine Sizes - List. The first api-version names the list otherwise.

    Source: VirtualMachineSizeListResult of azure-mgmt-machinelearningservices 1.0.0 and 1.0.1.
    """
    check_region(capacity, region)
    key = "amlCompute" if is_first_version(request) else "value"
    return web.json_response({key: [size_resource(size) for size in SIZES]})


async def list_usages(capacity: Capacity, request: web.Request, region: str) -> web.Response:
    """Usages - List."""
    check_region(capacity, region)
    computes = capacity.computes.all()
    return web.json_response({"value": usage_resources(capacity.settings, uses(computes), len(computes))})


async def list_quotas(capacity: Capacity, request: web.Request, region: str) -> web.Response:
    """Quotas - List."""
    check_region(capacity, region)
    return web.json_response({"value": quota_resources(capacity.settings, capacity.quotas.limits())})


async def update_quotas(capacity: Capacity, request: web.Request, region: str) -> web.Response:
    """Quotas - Update: each row says what became of it."""
    check_region(capacity, region)
    asked = read_body(await read_object(request), UPDATE)
    return web.json_response({"value": [updated(capacity, each) for each in asked["value"]]})


def updated(capacity: Capacity, asked: dict[str, Any]) -> dict[str, Any]:
    """What became of one row. Source of the words: ``Status`` of api-version 2025-12-01. Which of them the service has
    for another workspace, and for a negative limit, is unproven."""
    owner, _, name = asked["id"].rpartition("/quotas/")
    families = {words_of(family, "Dedicated").replace(" ", "_").lower(): family for family in QUOTAS}
    family = families.get(name.lower())
    if owner.lower() != capacity.settings.workspace_arm_id.lower() or asked["limit"] < 0:
        status = "Failure"
    elif family is None:
        status = "InvalidVMFamilyName"
    elif asked["limit"] > FAMILY_LIMIT:
        status = "InvalidQuotaExceedsSubscriptionLimit"
    else:
        capacity.quotas.set(family, asked["limit"])
        status = "Success"
    return {"id": asked["id"], "type": asked.get("type"), "limit": asked["limit"], "unit": "Count", "status": status}


ROUTES = [
    Route("GET", "{location}/vmSizes", list_sizes, Plane.ARM),
    Route("GET", "{location}/usages", list_usages, Plane.ARM),
    Route("GET", "{location}/quotas", list_quotas, Plane.ARM),
    Route("POST", "{location}/updateQuotas", update_quotas, Plane.ARM),
]
