"""Routes of the images of environments, of Azure ML's v1 API: whether there is one, its build and its log.

Source: azureml-core 1.61.0, ``_restclient/environment_client.py`` and ``core/environment.py``; what else the service
answers is unproven.
"""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.execution.image_builds import ImageBuilds

IMAGE = "{ws}/environments/{name}/versions/{version}/image"
BUILD = "/environment/v1.0{ws}/imagebuilds/{build}"
"""The address of a build; that of the service is unproven."""


async def get_image(builds: ImageBuilds, request: web.Request, name: str, version: str) -> web.Response:
    """The details of an image, as far as clients read them."""
    found = builds.assets.find("environments", name, version)
    image = {"name": f"azureml/azureml_{found.name}", "registry": {"address": None}}
    return web.json_response({"imageExistsInRegistry": builds.exists(found), "dockerImage": image})


async def build_image(builds: ImageBuilds, request: web.Request, name: str, version: str) -> web.Response:
    """Begin to build an image: 202 with the address of the build in its body."""
    await read_object(request, optional=True)
    number = builds.begin(f"{request.method} {request.path}", builds.assets.find("environments", name, version))
    path = BUILD.format(ws=builds.settings.workspace_arm_id, build=number)
    return web.json_response({"location": f"{builds.settings.base_url}{path}"}, status=202)


async def get_build(builds: ImageBuilds, request: web.Request, build: str) -> web.Response:
    """The state of a build, and where its log is."""
    found = builds.builds.get(build)
    if found is None:
        message = f"The image build {build} was not found."
        raise ServiceError(404, "UserError", message, ("NotFound",), Envelope.HISTORY)
    return web.json_response({"status": found.status, "logUrl": builds.log_address(found)})


ROUTES = [
    Route("GET", f"/environment/v1.0{IMAGE}", get_image, Plane.DATA),
    Route("POST", f"/environment/v2.0{IMAGE}", build_image, Plane.DATA),
    Route("GET", BUILD, get_build, Plane.DATA),
]
