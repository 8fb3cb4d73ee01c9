"""Reading values of JSON answers, whose keys are in camelCase on one route and in PascalCase on another; and looking
through values that are to be sent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_azureml.rest.flow import Json


def get_any_case(value: Json, *path: str) -> Json:
    """Look a value up by the keys that lead to it, without regard to case.

    None where a key is missing, or what should hold it is not a mapping.
    """
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value[name] if name in value else _find(value, name.lower())
    return value


def _find(value: Mapping[str, Json], name: str) -> Json:
    """The value of the first key that differs in case only; ``name`` is in lower case."""
    return next((item for key, item in value.items() if isinstance(key, str) and key.lower() == name), None)


def get_text(value: Json, *path: str) -> str | None:
    """Look a string up as ``get_any_case`` does; without a path, the value itself. None if it is empty or no string."""
    found = get_any_case(value, *path)
    return found if isinstance(found, str) and found else None


def finite(value: Json) -> float | None:
    """A finite float; None for NaN, the infinities (also spelled as words) and anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


HALF = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair, which is no character: UTF-8 cannot write it, and JSON can but as an escape that most
readers refuse."""


def place_of_half(value: object, around: tuple[int, ...] = ()) -> tuple[str | int, ...] | None:
    """Find the first text with half of a surrogate pair, in mappings and lists too: the keys and positions that lead to
    it, the last of which may itself be that text. None where there is none.

    :param around: the ids of what contains the value, so that a mapping may contain itself.
    """
    if isinstance(value, str):
        return () if not value.isascii() and HALF.search(value) else None
    if not isinstance(value, (Mapping, list, tuple)) or id(value) in around:
        return None
    around = (*around, id(value))
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        if place_of_half(key) is not None:
            return (key,)
        if (found := place_of_half(item, around)) is not None:
            return (key, *found)
    return None
