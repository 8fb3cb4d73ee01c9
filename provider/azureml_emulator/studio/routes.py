"""Studio: small read-only pages over plain http, for a browser on this machine."""

from __future__ import annotations

import codecs
from pathlib import Path

from aiohttp import web

from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.mlflow.models import Metric
from azureml_emulator.studio.backend import Studio
from azureml_emulator.studio.pages import SCRIPT, STYLE, job_list, job_page, page

SHOWN = 256 * 1024
"""Bytes of a log's end that a page shows at first."""

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'"
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


async def index(studio: Studio, request: web.Request) -> web.Response:
    """The list of jobs; steps are on the pages of their pipelines."""
    return html(job_list(job for job in studio.jobs.all() if not job.belongs))


async def job(studio: Studio, request: web.Request, name: str) -> web.Response:
    """A job's page."""
    record = studio.jobs.get(name)
    if record is None:
        return html(page("Not found", "<h1>There is no such job.</h1>", active=False), 404)
    metrics: dict[str, list[Metric]] = {}
    for point in studio.tracking.points(name):
        metrics.setdefault(point.name, []).append(point)
    file = studio.log_file(record)
    size = file.stat().st_size if file.is_file() else 0
    log = read_text(file, max(0, size - SHOWN), record.ended)
    steps = studio.jobs.children(name)
    params = studio.tracking.params(name)
    return html(job_page(record, studio.compute(record), metrics, params, log, studio.logs(record), steps))


async def follow(studio: Studio, request: web.Request, name: str) -> web.Response:
    """The text of a job's log from a number of bytes on; ``X-Log-Offset`` is the number to ask for next."""
    record = studio.jobs.get(name)
    text = request.query.get("offset", "0")
    if record is None or not (text.isascii() and text.isdigit()):
        return plain("", 404 if record is None else 400)
    content, offset = read_text(studio.log_file(record), int(text), record.ended)
    return plain(content, headers={"X-Log-Offset": str(offset)})


async def one_log(studio: Studio, request: web.Request, name: str, file: str) -> web.StreamResponse:
    """One of a job's logs, whole."""
    record = studio.jobs.get(name)
    if record is None or file not in studio.logs(record):
        return plain("There is no such log.", 404)
    return web.FileResponse(
        studio.log_file(record, file), headers={**HEADERS, "Content-Type": "text/plain; charset=utf-8"}
    )


async def style(studio: Studio, request: web.Request) -> web.Response:
    """The pages' style."""
    return web.Response(text=STYLE, content_type="text/css", headers=HEADERS)


async def script(studio: Studio, request: web.Request) -> web.Response:
    """What keeps a page up to date."""
    return web.Response(text=SCRIPT, content_type="text/javascript", headers=HEADERS)


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


def html(text: str, status: int = 200) -> web.Response:
    """A page."""
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def plain(text: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Plain text."""
    return web.Response(text=text, status=status, content_type="text/plain", headers={**HEADERS, **(headers or {})})


ROUTES = [
    Route("GET", "/", index, Plane.STUDIO),
    Route("GET", "/studio.css", style, Plane.STUDIO),
    Route("GET", "/studio.js", script, Plane.STUDIO),
    Route("GET", "/runs/{name}", job, Plane.STUDIO),
    Route("GET", "/runs/{name}/log", follow, Plane.STUDIO),
    Route("GET", "/runs/{name}/logs/{file*}", one_log, Plane.STUDIO),
]
