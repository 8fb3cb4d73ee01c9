"""The route of a sweep's trials."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.studio import trials as box
from azureml_emulator.studio.backend import Studio
from azureml_emulator.studio.pages import page, refusal
from azureml_emulator.studio.routes import NO_JOB, frame


async def trials(studio: Studio, request: web.Request, name: str) -> web.Response:
    """The trials of a sweep, as a drawing and as a table."""
    record = studio.jobs.get(name)
    if record is None:
        return refusal(404, NO_JOB)
    if record.definition.get("jobType") != "Sweep":
        return refusal(404, "The job is no sweep.")
    found = box.trials_of(record, studio.jobs.children(name), partial(studio.score, record))
    return page(
        "trials",
        **frame(studio, record, "trials"),
        trials=found,
        plot=box.plot(record, found),
        box=box,
        objective=record.definition["objective"],
        space=list(record.definition["searchSpace"]),
    )


ROUTES = [Route("GET", "/runs/{name}/trials", trials, Plane.STUDIO)]
