"""Reading values of JSON answers, whose keys are in camelCase on one route and in PascalCase on another; and looking
through values that are to be sent."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any


def get_any_case(value: Any, *path: str) -> Any:
    """Look a value up by the keys that lead to it, without regard to case.

    None where a key is missing, or what should hold it is not a mapping.
    """
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value[name] if name in value else _find(value, name.lower())
    return value


def _find(value: Mapping[str, Any], name: str) -> Any:
    """The value of the first key that differs in case only; ``name`` is in lower case."""
    return next((item for key, item in value.items() if isinstance(key, str) and key.lower() == name), None)


def get_text(value: Any, *path: str) -> str | None:
    """Look a string up as ``get_any_case`` does; without a path, the value itself. None if it is empty or no string."""
    found = get_any_case(value, *path)
    return found if isinstance(found, str) and found else None


def finite(value: Any) -> float | None:
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


Place = tuple[str | int, ...]
"""Keys and positions that lead to a value; the last key may itself be that value."""


def place_of_half(value: object) -> Place | None:
    """Find the first text with half of a surrogate pair, in mappings and lists too; None where there is none."""
    return _place(value, lambda one: isinstance(one, str) and not one.isascii() and HALF.search(one) is not None)


def place_of_no_number(value: object) -> Place | None:
    """Find the first float that is infinite or no number, which JSON has not; None where there is none."""
    return _place(value, lambda one: isinstance(one, float) and not math.isfinite(one))


def _place(value: object, is_meant: Callable[[object], bool], around: tuple[int, ...] = ()) -> Place | None:
    """Find the first value that is meant.

    :param around: the ids of what contains the value, so that a mapping may contain itself.
    """
    if is_meant(value):
        return ()
    if not isinstance(value, (Mapping, list, tuple)) or id(value) in around:
        return None
    around = (*around, id(value))
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        if is_meant(key):
            return (key,)
        if (found := _place(item, is_meant, around)) is not None:
            return (key, *found)
    return None
