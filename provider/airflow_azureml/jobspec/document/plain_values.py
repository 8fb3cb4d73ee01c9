"""Members of enumerations in values made by program: each stands for its value.

``str()`` writes ``Stage.TEST`` for a member of a ``class Stage(str, Enum)``, and so do Airflow's templates, where JSON
has ``"test"``: what is sent must not depend on how a field is written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar, cast

Value = TypeVar("Value")


def without_members(value: Value, around: tuple[int, ...] = ()) -> Value:
    """Swap members that are texts or numbers for their values, in mappings and lists too.

    Others, such as those of a plain ``Enum``, stay: they are no values of YAML, and are refused by name.

    :param around: the ids of what contains the value, so that a mapping may contain itself.
    :return: the value itself where there is nothing to swap.
    """
    if isinstance(value, Enum):
        return cast("Value", value.value) if isinstance(value, (str, int, float)) else value
    if not isinstance(value, (Mapping, list, tuple)) or id(value) in around:
        return value
    around = (*around, id(value))
    swapped: Any
    if isinstance(value, Mapping):
        swapped = {without_members(key): without_members(item, around) for key, item in value.items()}
        same = all(new is key and swapped[new] is value[key] for new, key in zip(swapped, value, strict=False))
        same = same and len(swapped) == len(value)
    else:
        swapped = [without_members(item, around) for item in value]
        same = all(new is old for new, old in zip(swapped, value, strict=True))
    return value if same else cast("Value", swapped)
