"""Absolute addresses from answers (``nextLink``, ``Location``, ``Azure-AsyncOperation``) and lists that come in pages.

Such an address becomes a call in one place, ``follow``; whether its host may have a token is the driver's to check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from airflow_azureml.rest.flow import Call, Json, Plane, Reply, Steps
from airflow_azureml.rest.json_values import get_any_case

T = TypeVar("T")


def follow(
    url: str, parse: Callable[[Reply], T], plane: Plane = Plane.ARM, ok: tuple[int, ...] = (200, 202)
) -> Call[T]:
    """Ask for an address that an answer gave, keeping its own query.

    Sources: https://learn.microsoft.com/rest/api/azureml/jobs/list for ``nextLink``,
    https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations for the headers.
    """
    if parts_of(url) is None:
        return Call("GET", url, parse, plane=plane, ok=ok)  # the driver refuses it
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Call("GET", urlunsplit(parts._replace(query="", fragment="")), parse, plane=plane, query=query, ok=ok)


def collect(first: Call[Json]) -> Steps[tuple[Mapping[str, Json], ...]]:
    """Read a list through all its pages: ``{"value": [...], "nextLink": ...}``.

    Entries that are not objects are left out. A link that was followed before ends the list: a service that repeats
    itself must not hold a worker for ever.

    Source: https://learn.microsoft.com/rest/api/azureml/jobs/list
    """
    rows: list[Mapping[str, Json]] = []
    seen: set[str] = set()
    page = yield from first
    while True:
        value = get_any_case(page, "value")
        rows += [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
        link = get_any_case(page, "nextLink")
        if not isinstance(link, str) or not link or link in seen:
            return tuple(rows)
        seen.add(link)
        page = yield from follow(link, Reply.json, first.plane)


def parts_of(address: str) -> SplitResult | None:
    """Take an address apart, also one that begins with its host; None where its host or its port can be none."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        return parts if parts.port is None or parts.port > 0 else None
    except ValueError:  # a port beyond 65535, or brackets around what is no address
        return None
