"""Paging: how lists of ARM are cut into pages, lists beside ARM, and the reading of query values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem

PAGE = 100


def boolean(request: web.Request, key: str) -> bool | None:
    """A true/false query value, or None when it is absent."""
    value = request.query.get(key)
    return None if value is None else value.lower() == "true"


def whole_number(request: web.Request, key: str, default: int) -> int:
    """A query value that must be a whole number from zero.

    :raises ServiceError: the service's 400.
    """
    value = request.query.get(key)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit()):
        raise invalid([Problem(key, f"{value!r} is not a whole number.")])
    return int(value)


def page(
    request: web.Request,
    base_url: str,
    rows: list[Any],
    *,
    size_key: str = "$top",
    default: int = PAGE,
    show: Callable[[Any], Any] | None = None,
) -> web.Response:
    """One page of a list, with ``nextLink`` when more follows; ``$skip`` counts the rows before it.

    :param base_url: the origin that ``nextLink`` begins with.
    :param size_key: the query key that asks for a page size.
    :param show: makes what is shown of a row; None shows rows as they are.
    """
    start = whole_number(request, "$skip", 0)
    size = whole_number(request, size_key, default) or default
    shown = rows[start : start + size]
    body: dict[str, Any] = {"value": shown if show is None else [show(row) for row in shown]}
    # A limit from $top ends the list; other pages have a next one.
    if start + size < len(rows) and not (size_key == "$top" and "$top" in request.query):
        query = [(key, value) for key, value in request.query.items() if key != "$skip"]
        path = request.raw_path.partition("?")[0]
        body["nextLink"] = f"{base_url}{path}?{urlencode([*query, ('$skip', str(start + size))])}"
    return web.json_response(body)


def one_page(rows: list[Any]) -> web.Response:
    """A list of a service beside ARM, all of it on one page."""
    return web.json_response({"value": rows, "continuationToken": None, "nextLink": None})
