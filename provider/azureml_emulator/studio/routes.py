"""Studio: pages over plain http, for a browser on this machine. They only read."""

from __future__ import annotations

import asyncio
import codecs
from pathlib import Path
from typing import Any

from aiohttp import web

from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.jobs.models import STATUSES, Job
from azureml_emulator.studio import curves, graphs
from azureml_emulator.studio.backend import Studio
from azureml_emulator.studio.listing import ACTIVE, Search, listing
from azureml_emulator.studio.pages import FOLDER, HEADERS, page, plain, refusal, segment
from azureml_emulator.studio.views import data_rows, error_text

SHOWN = 256 * 1024
"""Bytes of a log's end that a page shows at first."""

STATIC = {"studio.css": "text/css", "studio.js": "text/javascript", "studio.svg": "image/svg+xml"}
NO_JOB = "There is no such job."


async def index(studio: Studio, request: web.Request) -> web.Response:
    """The list of jobs; steps are on the pages of their pipelines, unless they are asked for."""
    search = Search.of(request.query)
    # Of thousands of jobs it takes a second, in which others are to be answered.
    found = await asyncio.to_thread(lambda: listing(studio.jobs.all(), search))
    return page("index", search=search, found=found, statuses=(ACTIVE, *STATUSES))


async def job(studio: Studio, request: web.Request, name: str) -> web.Response:
    """A job's page."""
    record = studio.jobs.get(name)
    if record is None:
        return refusal(404, NO_JOB)
    metrics, children = curves.curves(studio.metrics(record)), studio.jobs.children(name)
    needs = studio.needs(record) if record.definition.get("jobType") == "Pipeline" else {}
    return page(
        "overview",
        **frame(studio, record, "overview"),
        compute=studio.compute(record),
        error=error_text(record),
        inputs=data_rows(record.definition.get("inputs"), {}),
        outputs=data_rows(record.definition.get("outputs"), record.outputs),
        files=set(studio.files.outputs(record)),
        metrics=metrics,
        params=studio.tracking.params(name),
        children=children,
        graph=graphs.drawing(record, needs, children) if needs else None,
        box=graphs,
        log=log_view(studio, record, studio.main_log(record)),
    )


async def metrics(studio: Studio, request: web.Request, name: str) -> web.Response:
    """The metrics of a job as curves."""
    record = studio.jobs.get(name)
    if record is None:
        return refusal(404, NO_JOB)
    drawn = curves.curves(studio.metrics(record))
    tables = studio.tables(record)
    return page("metrics", **frame(studio, record, "metrics"), metrics=drawn, tables=tables, box=curves)


async def logs(studio: Studio, request: web.Request, name: str) -> web.Response:
    """One of a job's logs, which is followed while the job runs."""
    record = studio.jobs.get(name)
    if record is None:
        return refusal(404, NO_JOB)
    names = studio.logs(record)
    chosen = request.query.get("file") or studio.main_log(record)
    if "file" in request.query and chosen not in names:
        return refusal(404, "There is no such log.")
    return page("logs", **frame(studio, record, "logs"), names=names, log=log_view(studio, record, chosen))


async def follow(studio: Studio, request: web.Request, name: str) -> web.Response:
    """The text of a job's log from a number of bytes on; ``X-Log-Offset`` is the number to ask for next."""
    record = studio.jobs.get(name)
    text, file = request.query.get("offset", "0"), request.query.get("file")
    if record is None or (file is not None and file not in (studio.main_log(record), *studio.logs(record))):
        return plain("", 404)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return plain("", 400)
    content, offset = read_text(studio.log_file(record, file), int(text), record.ended)
    return plain(content, headers={"X-Log-Offset": str(offset)})


async def one_log(studio: Studio, request: web.Request, name: str, file: str) -> web.StreamResponse:
    """One of a job's logs, whole."""
    record = studio.jobs.get(name)
    if record is None or file not in studio.logs(record):
        return plain("There is no such log.", 404)
    return web.FileResponse(
        studio.log_file(record, file), headers={**HEADERS, "Content-Type": "text/plain; charset=utf-8"}
    )


async def static(studio: Studio, request: web.Request, file: str) -> web.Response:
    """The pages' style, the script that keeps them up to date, their icon."""
    if file not in STATIC:
        return refusal(404, "There is no such file.")
    text = (FOLDER / "static" / file).read_text(encoding="utf-8")
    return web.Response(text=text, content_type=STATIC[file], headers=HEADERS)


def frame(studio: Studio, job: Job, tab: str) -> dict[str, Any]:
    """What all pages of a job show.

    :param tab: the page's own name among them.
    """
    token = studio.token(job) if studio.can_be_canceled(job) else ""
    return {
        "job": job,
        "tab": tab,
        "place": f"/runs/{segment(job.name)}",
        "cancel_token": token,
        "kind": str(job.definition.get("jobType") or ""),
    }


def log_view(studio: Studio, job: Job, name: str) -> dict[str, Any]:
    """The end of a log, the number of bytes of it up to there, and whether it was cut off in front."""
    file = studio.log_file(job, name)
    size = file.stat().st_size if file.is_file() else 0
    text, offset = read_text(file, max(0, size - SHOWN), job.ended)
    return {"name": name, "text": text, "offset": offset, "cut": size > SHOWN, "there": file.is_file()}


def read_text(file: Path, offset: int, complete: bool) -> tuple[str, int]:
    """Text from a number of bytes on, and the number of bytes up to its end.

    :param complete: nothing more will come; otherwise a character that is not whole yet is left for later.
    """
    try:
        with file.open("rb") as source:
            source.seek(offset)
            content = source.read()
    except OSError:
        return "", offset
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(content, complete)
    return text, offset + len(content) - len(decoder.getstate()[0])


ROUTES = [
    Route("GET", "/", index, Plane.STUDIO),
    Route("GET", "/static/{file}", static, Plane.STUDIO),
    Route("GET", "/runs/{name}", job, Plane.STUDIO),
    Route("GET", "/runs/{name}/metrics", metrics, Plane.STUDIO),
    Route("GET", "/runs/{name}/log", follow, Plane.STUDIO),
    Route("GET", "/runs/{name}/logs", logs, Plane.STUDIO),
    Route("GET", "/runs/{name}/logs/{file*}", one_log, Plane.STUDIO),
]
