"""Routes of the files of jobs: folders to walk through, files to look at and to keep."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.studio.backend import Studio
from azureml_emulator.studio.files import entries
from azureml_emulator.studio.pages import HEADERS, page, plain, refusal
from azureml_emulator.studio.routes import NO_JOB, frame

PREVIEW = 64 * 1024
"""Bytes of a text that its page shows."""

MOST_ENTRIES = 1000
"""Lines of a folder that its page shows."""

IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}
"""What a page shows as a picture. SVG is no such thing: it may hold scripts."""


async def outputs(studio: Studio, request: web.Request, name: str) -> web.Response:
    """The outputs of a job that there are files of."""
    record = studio.jobs.get(name)
    if record is None:
        return refusal(404, NO_JOB)
    return page("outputs", **frame(studio, record, "files"), names=studio.files.outputs(record))


async def browse(studio: Studio, request: web.Request, name: str, output: str, path: str = "") -> web.Response:
    """A folder, or a file with what can be shown of it."""
    record = studio.jobs.get(name)
    if record is None:
        return refusal(404, NO_JOB)
    found = studio.files.find(record, output, path)
    if found is None:
        return refusal(404, "There is no such file.")
    values = {**frame(studio, record, "files"), "output": output, "parts": [part for part in path.split("/") if part]}
    if found.is_dir():
        rows = entries(found)
        return page("folder", **values, rows=rows[:MOST_ENTRIES], left_out=max(0, len(rows) - MOST_ENTRIES))
    image = found.suffix.lower() in IMAGES
    text = None if image else preview(found)
    count = found.stat().st_size
    return page("file", **values, image=image, text=text, count=count, cut=count > PREVIEW)


async def download(studio: Studio, request: web.Request, name: str, output: str, path: str = "") -> web.StreamResponse:
    """A file's content, to be kept; a browser shows none of it but pictures."""
    record = studio.jobs.get(name)
    found = studio.files.find(record, output, path) if record else None
    if found is None or not found.is_file():
        return plain("There is no such file.", 404)
    kind = IMAGES.get(found.suffix.lower(), "application/octet-stream")
    attachment = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
    return web.FileResponse(found, headers={**HEADERS, "Content-Type": kind, "Content-Disposition": attachment})


def preview(file: Path) -> str | None:
    """The beginning of a text; None for a file that is none."""
    with file.open("rb") as source:
        content = source.read(PREVIEW)
    if b"\0" in content:
        return None
    # The last character may be cut in two.
    for end in range(len(content), max(-1, len(content) - 4), -1):
        try:
            return content[:end].decode()
        except UnicodeDecodeError:
            continue
    return None


ROUTES = [
    Route("GET", "/runs/{name}/files", outputs, Plane.STUDIO),
    Route("GET", "/runs/{name}/files/{output}", browse, Plane.STUDIO),
    Route("GET", "/runs/{name}/files/{output}/{path*}", browse, Plane.STUDIO),
    Route("GET", "/runs/{name}/download/{output}", download, Plane.STUDIO),
    Route("GET", "/runs/{name}/download/{output}/{path*}", download, Plane.STUDIO),
]
