"""What lists of ARM are asked for: tags and properties that rows must have, orders, and filters that are not here.

Source: the descriptions of the query keys in api-version 2025-12-01, as generated into azure-ai-ml 1.35.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from aiohttp import web

from azureml_emulator.core.errors import not_emulated
from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem

Row = TypeVar("Row")
Order = TypeVar("Order")


def has_all(request: web.Request, key: str, held: Mapping[str, Any] | None) -> bool:
    """Whether a row has what a query value names: "comma-separated list of tag names (and optionally values).
    Example: tag1,tag2=value2". Without the query value every row has.

    :param held: the row's tags or properties.
    """
    present = held or {}
    for text in filter(None, request.query.get(key, "").split(",")):
        name, equals, value = text.partition("=")
        if name not in present or (equals and present[name] != value):
            return False
    return True


def in_time_order(
    request: web.Request, rows: Iterable[Row], modified: Callable[[Row], str], *, newest_first: bool
) -> list[Row]:
    """Rows as ``$orderBy`` asks: ``createdtime`` or ``modifiedtime``, and ``asc`` or ``desc`` (if it says neither,
    ``desc``).

    :param rows: in the order in which they were created.
    :param modified: when a row was changed last.
    :param newest_first: their order where the query names none.
    """
    words = request.query.get("$orderBy", "").lower().split()
    shown = list(rows)
    if not words:
        return shown[::-1] if newest_first else shown
    if words[0] == "modifiedtime":
        shown.sort(key=modified)
    return shown if words[-1] == "asc" else shown[::-1]


def order_asked_for(request: web.Request, orders: Mapping[str, Order]) -> Order | None:
    """What ``orderBy`` asks for; None where the query names no order.

    :param orders: those that a list has, by their names in small letters.
    :raises ServiceError: the service's 400, with the names that there are.
    """
    given = request.query.get("orderBy")
    if given is None:
        return None
    if given.lower() not in orders:
        raise invalid([Problem("orderBy", f"{given!r} is not one of: {', '.join(orders)}.")])
    return orders[given.lower()]


def refuse(request: web.Request, *keys: str) -> None:
    """Refuse filters whose effect is not published, rather than answer what they should have left out.

    :raises ServiceError: 501, naming the filter.
    """
    for key in keys:
        if key in request.query:
            raise not_emulated(f"The filter {key!r} of this list is not emulated")
