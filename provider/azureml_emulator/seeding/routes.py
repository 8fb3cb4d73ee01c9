"""Seeding while the emulator runs: the route with which the pytest plugin asks for it."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.seeding.backend import Seeding
from azureml_emulator.seeding.files import SeedError


async def seed(seeding: Seeding, request: web.Request) -> web.Response:
    """Register what the files of a folder of this machine describe."""
    body = await read_object(request, Envelope.ARM)
    try:
        rows, left_alone = await seeding.seed(Path(str(body.get("folder"))))
    except SeedError as error:
        raise ServiceError(400, "InvalidSeed", str(error), envelope=Envelope.ARM) from None
    others = [{"file": str(path), "reason": reason} for path, reason in left_alone.items()]
    return web.json_response({"value": rows, "left_alone": others})


ROUTES = [Route("POST", "/emulator/seed", seed, Plane.CONTROL)]
