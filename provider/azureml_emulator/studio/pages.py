"""Pages: HTML from the templates beside this module, which escape everything that is put into them."""

from __future__ import annotations

import math
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.jobs.models import Job, moment
from azureml_emulator.studio.trials import text_of

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@cache
def environment() -> Environment:
    """The templates. The library is loaded with the first page: the emulator's start does not wait for it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        time=time, size=size, number=number, segment=segment, path=quote, address=address, value=text_of
    )
    made.globals.update(duration=duration)
    return made


def page(template: str, status: int = 200, **values: Any) -> web.Response:
    """A page.

    :param template: the name of a file in ``templates``, without ``.html``.
    """
    text = environment().get_template(f"{template}.html").render(values)
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def refusal(status: int, message: str) -> web.Response:
    """A page that says what is wrong."""
    return page("refusal", status, message=message)


def plain(text: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Plain text."""
    return web.Response(text=text, status=status, content_type="text/plain", headers={**HEADERS, **(headers or {})})


def time(value: str | datetime | None) -> str:
    """A time, to the second; those of records are texts."""
    parsed = moment(value) if isinstance(value, str) else value
    return f"{parsed:%Y-%m-%d %H:%M:%S} UTC" if parsed else ""


def duration(job: Job) -> str:
    """How long the command ran, or has been running."""
    start, end = moment(job.started_at), moment(job.ended_at)
    if start is None:
        return ""
    seconds = int(((end or now()) - start).total_seconds())
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def size(count: int) -> str:
    """A number of bytes."""
    if count < 1024:
        return f"{count} B"
    power = min(int(math.log(count, 1024)), 4)
    return f"{count / 1024**power:.1f} {'KMGT'[power - 1]}iB"


def number(value: float) -> str:
    """A number in a few digits."""
    return f"{value:.6g}"


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")


def address(text: str) -> str:
    """The address of data without its query, which may hold a signature."""
    return text.partition("?")[0]
