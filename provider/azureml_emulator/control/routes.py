"""Control: the emulator's own routes, with which its command line asks for faults and sets clocks."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from azureml_emulator.control.backend import Control
from azureml_emulator.control.kinds import FaultError
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.transitions import ClockError


async def add_fault(control: Control, request: web.Request) -> web.Response:
    """Ask for a fault; ``then`` is the list of those that follow it."""
    body = await read_object(request, Envelope.ARM)
    try:
        fault = control.faults.add(str(body.pop("kind", "")), **body)
    except FaultError as error:
        raise ServiceError(400, "InvalidFault", str(error), envelope=Envelope.ARM) from None
    return web.json_response(asdict(fault), status=201)


async def list_faults(control: Control, request: web.Request) -> web.Response:
    """The injected faults, with how often each occurred."""
    return web.json_response({"value": control.faults.list()})


async def clear_faults(control: Control, request: web.Request) -> web.Response:
    """Forget all faults, or with ``?scope=`` those of a scope."""
    return web.json_response({"cleared": control.faults.clear(request.query.get("scope"))})


async def list_clocks(control: Control, request: web.Request) -> web.Response:
    """The clock of everything that changes its state with time."""
    return web.json_response({"value": control.transitions.list()})


async def set_clock(control: Control, request: web.Request, kind: str) -> web.Response:
    """Change the clock of a kind; what is under way goes by the new one."""
    body = await read_object(request, Envelope.ARM)
    try:
        clock = control.transitions.set(kind, body)
    except ClockError as error:
        raise ServiceError(400, "InvalidClock", str(error), envelope=Envelope.ARM) from None
    return web.json_response({"kind": kind, **clock.to_dict()})


async def reset_clocks(control: Control, request: web.Request) -> web.Response:
    """Set all clocks to those of the start."""
    control.transitions.reset()
    return await list_clocks(control, request)


async def add_application(control: Control, request: web.Request) -> web.Response:
    """Another application with the same secret, for clients whose requests and jobs are to be told from others'."""
    return web.json_response({"client_id": control.applications.add()}, status=201)


ROUTES = [
    Route("POST", "/emulator/faults", add_fault, Plane.CONTROL),
    Route("GET", "/emulator/faults", list_faults, Plane.CONTROL),
    Route("DELETE", "/emulator/faults", clear_faults, Plane.CONTROL),
    Route("GET", "/emulator/clocks", list_clocks, Plane.CONTROL),
    Route("PUT", "/emulator/clocks/{kind}", set_clock, Plane.CONTROL),
    Route("DELETE", "/emulator/clocks", reset_clocks, Plane.CONTROL),
    Route("POST", "/emulator/applications", add_application, Plane.CONTROL),
]
