"""Control: the emulator's own routes, with which its command line asks for faults."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from azureml_emulator.control.backend import Control
from azureml_emulator.control.faults import FaultError
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route


async def add_fault(control: Control, request: web.Request) -> web.Response:
    """Ask for a fault."""
    wanted = await read_object(request, Envelope.ARM)
    try:
        fault = control.faults.add(str(wanted.pop("kind", "")), **wanted)
    except FaultError as error:
        raise ServiceError(400, "InvalidFault", str(error), envelope=Envelope.ARM) from None
    return web.json_response(asdict(fault), status=201)


async def list_faults(control: Control, request: web.Request) -> web.Response:
    """The faults asked for, with how often each came."""
    return web.json_response({"value": control.faults.list()})


async def clear_faults(control: Control, request: web.Request) -> web.Response:
    """Forget all faults."""
    return web.json_response({"cleared": control.faults.clear()})


ROUTES = [
    Route("POST", "/emulator/faults", add_fault, Plane.CONTROL),
    Route("GET", "/emulator/faults", list_faults, Plane.CONTROL),
    Route("DELETE", "/emulator/faults", clear_faults, Plane.CONTROL),
]
