"""Routes that list the resources of the subscription and of its resource group."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from azureml_emulator.core.errors import not_emulated
from azureml_emulator.core.routing import SUBSCRIPTION, Plane, Route
from azureml_emulator.subscriptions.backend import Subscriptions
from azureml_emulator.subscriptions.responses import account_resource

SHOWN = ("id", "name", "type", "location", "kind", "sku", "tags", "identity")
"""What a list shows of a resource. Source: the model ``GenericResourceExpanded`` of azure-mgmt-resource 26.0.0."""

OF_TYPE = re.compile(r"\s*resourceType\s+eq\s+'([^']+)'\s*", re.I)


async def list_resources(room: Subscriptions, request: web.Request) -> web.Response:
    """Resources - List, and List By Resource Group: the storage account, workspaces and registries, of a type.

    :raises ServiceError: 501 for other filters than ``resourceType eq '…'``.
    """
    rows: list[dict[str, Any]] = [account_resource(room.settings), *room.workspaces(), *room.registries()]
    asked = request.query.get("$filter")
    if asked:  # az sends an empty one where it has no filter
        wanted = OF_TYPE.fullmatch(asked)
        if wanted is None:
            raise not_emulated(f"The filter {asked!r} of resources is not emulated, resourceType eq '…' is")
        rows = [row for row in rows if row["type"].lower() == wanted[1].lower()]
    return web.json_response({"value": [{key: row.get(key) for key in SHOWN} for row in rows]})


ROUTES = [
    Route("GET", "{sub}/resources", list_resources, Plane.ARM),
    Route("GET", f"{SUBSCRIPTION}/resourceGroups/{{group_}}/resources", list_resources, Plane.ARM),
]
