"""What is said about the emulator's own workspace, which is made with the emulator: read, changed, answered."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.core.errors import not_emulated
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import read_body
from azureml_emulator.core.schema import Shape
from azureml_emulator.workspace.backend import Workspace
from azureml_emulator.workspace.responses import workspace_resource
from azureml_emulator.workspace.schemas import CHANGEABLE, NOT_HERE, OWN, WORKSPACE_PATCH, WORKSPACE_PUT


async def read_description(workspace: Workspace, request: web.Request, shape: Shape) -> dict[str, Any]:
    """What a request says about the workspace.

    :raises ServiceError: the service's 400; 501 for what would make another workspace of it.
    """
    said = read_body(await read_object(request), shape)
    properties = said.get("properties") or {}
    own = workspace_resource(workspace.settings)["properties"]
    refused = [key for key in NOT_HERE if properties.get(key)]
    refused += [key for key in OWN if str(properties.get(key) or own[key]).lower() != own[key].lower()]
    if refused:
        raise not_emulated(f"Setting {', '.join(refused)} of the workspace is not emulated")
    kept = {key: each for key, each in properties.items() if key in CHANGEABLE}
    return {**{key: said[key] for key in ("tags", "sku", "identity") if key in said}, "properties": kept}


def shown(workspace: Workspace) -> dict[str, Any]:
    """The workspace as ARM answers it."""
    return workspace_resource(workspace.settings, workspace.description.get())


def answer(workspace: Workspace) -> web.Response:
    """The workspace as it is now: a change is over at once."""
    return web.json_response(shown(workspace))


async def patch_workspace(workspace: Workspace, request: web.Request) -> web.Response:
    """Workspaces - Update. That tags are given as a whole is an assumption; azure-ai-ml 1.35.2 sends all of them."""
    workspace.description.change(await read_description(workspace, request, WORKSPACE_PATCH))
    return answer(workspace)


async def put_workspace(workspace: Workspace, request: web.Request) -> web.Response:
    """Workspaces - Create or update, of the one that is there. What the service alone sets, is passed over."""
    workspace.description.replace(await read_description(workspace, request, WORKSPACE_PUT))
    return answer(workspace)
