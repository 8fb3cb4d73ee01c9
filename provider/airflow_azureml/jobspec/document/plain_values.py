"""Values made by program as the plain ones that they stand for: members of enumerations, numbers of other libraries.

``str()`` writes ``Stage.TEST`` for a member of a ``class Stage(str, Enum)``, and so do Airflow's templates, where JSON
has ``"test"``: what is sent must not depend on how a field is written down. A number of numpy or of a database is no
``int`` or ``float`` and means one: what Python's own ``numbers`` know as whole or real, and ``Decimal``, is taken, and
so is numpy's true or false.
"""

from __future__ import annotations

import numbers
import operator
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from enum import Enum
from typing import Any, TypeGuard, TypeVar, cast

Value = TypeVar("Value")

PLAIN = frozenset({str, bool, int, float, type(None)})

OUTPUT_KEYS = frozenset({"type", "path", "https_url", "abfss_url", "asset_id"})
"""What an output of one of our tasks may have, see ``lifecycle.records``; the result of a registration has more."""

LARGEST_EXPONENT = 308
"""Of a float. The digits of ``Decimal("1E+1000000000")`` would not even fit into memory."""


def plain_values(value: Value, around: tuple[int, ...] = ()) -> Value:
    """Swap members that are texts or numbers for their values, and numbers for ints and floats, in mappings and lists.

    Others, such as members of a plain ``Enum``, stay: they are no values of YAML, and are refused by name.

    :param around: the ids of what contains the value, so that a mapping may contain itself.
    :return: the value itself where there is nothing to swap.
    """
    if type(value) in PLAIN:
        return value
    if isinstance(value, Enum):
        return cast("Value", value.value) if isinstance(value, (str, int, float)) else value
    if isinstance(value, numbers.Number):
        return cast("Value", plain_number(value))
    if is_truth_value(value):
        return cast("Value", bool(value))
    if not isinstance(value, (Mapping, list, tuple)) or id(value) in around:
        return value
    around = (*around, id(value))
    swapped: Any
    if isinstance(value, Mapping):
        swapped = {plain_values(key): plain_values(item, around) for key, item in value.items()}
        same = all(new is key and swapped[new] is value[key] for new, key in zip(swapped, value, strict=False))
        same = same and len(swapped) == len(value)
    else:
        swapped = [plain_values(item, around) for item in value]
        same = all(new is old for new, old in zip(swapped, value, strict=True))
    return value if same else cast("Value", swapped)


def job_values(value: Value, key: object = "") -> Value:
    """Swap as ``plain_values``, and in inputs an output that stands as ``path`` for the output with what is beside it:
    ``{"path": output, "mode": "download"}`` is the output, downloaded.

    :param key: what the value stands under, a dotted path too: of ``inputs.NAME.path`` an output's own path is taken.
    """
    return cast("Value", _laid(key, plain_values(value), ()))


def _laid(key: object, value: object, around: tuple[int, ...]) -> object:
    way = str(key).split(".")
    if way[-3:-2] == ["inputs"] and way[-1] == "path" and is_output(value):
        return value["path"]
    if way[-2:-1] == ["inputs"]:
        return with_output_under(value)
    if not isinstance(value, dict) or id(value) in around:
        return value
    around = (*around, id(value))
    prefix = "inputs." if way[-1] == "inputs" else ""
    found = {name: _laid(f"{prefix}{name}", entry, around) for name, entry in value.items()}
    return found if any(found[name] is not value[name] for name in value) else value


def with_output_under(value: Value) -> Value:
    """An input whose ``path`` is an output as that output with what is beside it; any other as it is."""
    path = value.get("path") if isinstance(value, Mapping) else None
    laid = {**path, **value, "path": path["path"]} if is_output(path) and isinstance(value, Mapping) else value
    return cast("Value", laid)


def is_output(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value is an output of one of our tasks."""
    return isinstance(value, Mapping) and bool(value.get("path")) and OUTPUT_KEYS.issuperset(value)


def plain_number(value: object) -> object:
    """Take a number for the int or float that it means; one that is neither stays, to be refused by name.

    A ``Decimal`` without a fraction is a whole number, also as ``Decimal("1E+2")``. One with more digits than a float
    holds is none that it means, and neither is an infinite one.
    """
    with suppress(TypeError, ValueError, OverflowError):
        if isinstance(value, numbers.Integral):
            return operator.index(value)  # numpy calls its spans of time whole numbers, too; they have no such thing
        if isinstance(value, numbers.Real):
            return float(value)
        if isinstance(value, Decimal):
            exponent = value.as_tuple().exponent
            if isinstance(exponent, int) and 0 <= exponent <= LARGEST_EXPONENT:
                return int(value)
            if value.is_finite() and Decimal(repr(found := float(value))) == value:
                return found
    return value


def is_truth_value(value: object) -> bool:
    """Whether a value is numpy's true or false, which is neither ``bool`` nor one of Python's ``numbers``."""
    return getattr(getattr(value, "dtype", None), "kind", None) == "b" and getattr(value, "ndim", None) == 0
