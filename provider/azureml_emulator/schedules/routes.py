"""Routes of schedules: get, list, the long-running put and delete, and to trigger one once."""

from __future__ import annotations

import re

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.core.errors import ServiceError, invalid_field
from azureml_emulator.core.operations import Record
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import invalid, read_properties
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import Problem
from azureml_emulator.endpoints.operations import delete_response, write_response
from azureml_emulator.schedules import times
from azureml_emulator.schedules.backend import Schedules
from azureml_emulator.schedules.responses import schedule_resource
from azureml_emulator.schedules.schemas import SCHEDULE
from azureml_emulator.schedules.zones import zone

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
"""The pattern of other names of the workspace; that of schedules is unproven."""


def find_schedule(schedules: Schedules, name: str, *, look: bool = False) -> Record:
    """A schedule, or a 404. Source: recording test_schedule_lifetime.

    :param look: a client looks at it.
    """
    value = schedules.records.get(name, look=look)
    if value is None:
        raise ServiceError(404, "UserError", f"Resource Trigger {name} not found", ("NotFound",))
    return value


async def list_schedules(schedules: Schedules, request: web.Request) -> web.Response:
    """Schedules - List; those that are enabled, unless ``listViewType`` says otherwise."""
    view = request.query.get("listViewType", "EnabledOnly").lower()
    wanted = {"all": (True, False), "disabledonly": (False,)}.get(view, (True,))
    rows = [value for value in schedules.records.all() if value["properties"]["isEnabled"] in wanted]
    return page(request, schedules.settings.base_url, [schedule_resource(schedules.settings, row) for row in rows])


async def get_schedule(schedules: Schedules, request: web.Request, name: str) -> web.Response:
    """Schedules - Get."""
    return web.json_response(schedule_resource(schedules.settings, find_schedule(schedules, name, look=True)))


async def put_schedule(schedules: Schedules, request: web.Request, name: str) -> web.Response:
    """Schedules - Create or update: also how one is enabled and disabled."""
    requested = read_properties(await read_object(request), SCHEDULE)
    if not NAME.fullmatch(name):
        raise invalid([Problem("name", f"{name!r}: letters, digits, '-' and '_', at most 255.")])
    before = schedules.records.get(name)
    value = {
        "name": before["name"] if before else name,
        "properties": schedules.complete(requested),
        **({"created_at": before["created_at"]} if before else {}),
    }
    answer = write_response(
        schedules, request, schedules.records, value["name"], value, schedule_resource, before, tells=False
    )
    schedules.changed()
    return answer


async def delete_schedule(schedules: Schedules, request: web.Request, name: str) -> web.Response:
    """Schedules - Delete: an operation; a missing one is 204. One that is enabled is refused: Microsoft's page says
    that it must be disabled first; the answer's form is ours."""
    value = schedules.records.get(name)
    if value and value["properties"]["isEnabled"]:
        message = f"The schedule {value['name']} is enabled; disable it before you delete it."
        raise ServiceError(400, "UserError", message, ("BadArgument", "ScheduleEnabled"))
    return delete_response(schedules, request, schedules.records, value, value["name"] if value else "")


async def trigger(schedules: Schedules, request: web.Request, name: str) -> web.Response:
    """Schedules - Trigger once (2024-01-01-preview): the name of the job. Source: azure-ai-ml 1.35.2
    ``ScheduleOperations.trigger``; that a disabled one is refused is unproven (its docstring says "an enabled
    schedule")."""
    value = find_schedule(schedules, name)
    if not value["properties"]["isEnabled"]:
        message = f"The schedule {value['name']} is disabled."
        raise ServiceError(400, "UserError", message, ("BadArgument", "ScheduleDisabled"))
    body = await read_object(request, optional=True)
    utc = zone("UTC")
    assert utc is not None
    try:
        due = times.moment("scheduleTime", body.get("scheduleTime"), utc) or now()
    except times.TriggerError as error:
        raise invalid_field(error.field, str(error), "InvalidScheduleTime") from None
    job = schedules.fire(value, due)
    request["job"] = job
    return web.json_response({"scheduleActionType": value["properties"]["action"]["actionType"], "submissionId": job})


ONE = "{ws}/schedules/{name}"
ROUTES = [
    Route("GET", "{ws}/schedules", list_schedules, Plane.ARM),
    Route("GET", ONE, get_schedule, Plane.ARM),
    Route("PUT", ONE, put_schedule, Plane.ARM),
    Route("DELETE", ONE, delete_schedule, Plane.ARM),
    Route("POST", f"{ONE}/trigger", trigger, Plane.ARM),
]
