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
from typing import Any, TypeVar, cast

Value = TypeVar("Value")

PLAIN = frozenset({str, bool, int, float, type(None)})

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
