"""The only thing that the pages change: a job is canceled.

What asks for it is a form of the job's own page. Another site can send such a form, too, but neither name this one as
its origin nor read the token in the page: the pages answer under loopback's names only
(``identity/authorization.py``), and no answer lets other origins read it.
"""

from __future__ import annotations

from aiohttp import web

from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.studio.backend import Studio
from azureml_emulator.studio.pages import HEADERS, refusal, segment
from azureml_emulator.studio.routes import NO_JOB

MOST = 4096
"""Bytes of a form."""


async def cancel(studio: Studio, request: web.Request, name: str) -> web.Response:
    """Cancel a job, and lead back to its page."""
    if request.headers.get("Origin") != f"http://{request.host}":
        return refusal(403, "A job is canceled from its own page only.")
    if request.content_type != "application/x-www-form-urlencoded" or (request.content_length or 0) > MOST:
        return refusal(400, "This is not the form of a job's page.")
    record = studio.jobs.get(name)
    if record is None:
        return refusal(404, NO_JOB)
    if not studio.is_token(record, str((await request.post()).get("token", ""))):
        return refusal(403, "The page was out of date. Load it again, then cancel the job.")
    try:
        studio.cancel(record)
    except ServiceError as error:
        return refusal(409, error.message)
    return web.Response(status=303, headers={**HEADERS, "Location": f"/runs/{segment(name)}"})


ROUTES = [Route("POST", "/runs/{name}/cancel", cancel, Plane.STUDIO)]
