"""Members of enumerations in values made by program: each stands for its value.

``str()`` writes ``Stage.TEST`` for a member of a ``class Stage(str, Enum)``, and so do Airflow's templates, where JSON
has ``"test"``: what is sent must not depend on how a field is written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


def without_members(value: Any, around: tuple[int, ...] = ()) -> Any:
    """Swap members that are texts or numbers for their values, in mappings and lists too.

    Others, such as those of a plain ``Enum``, stay: they are no values of YAML, and are refused by name.

    :param around: the ids of what contains the value, so that a mapping may contain itself.
    :return: the value itself where there is nothing to swap.
    """
    if isinstance(value, Enum):
        return value.value if isinstance(value, (str, int, float)) else value
    if not isinstance(value, (Mapping, list, tuple)) or id(value) in around:
        return value
    around = (*around, id(value))
    if isinstance(value, Mapping):
        items = {without_members(key): without_members(item, around) for key, item in value.items()}
        same = all(new is key and items[new] is value[key] for new, key in zip(items, value, strict=False))
        return value if same and len(items) == len(value) else items
    parts = [without_members(item, around) for item in value]
    return value if all(new is old for new, old in zip(parts, value, strict=True)) else parts
