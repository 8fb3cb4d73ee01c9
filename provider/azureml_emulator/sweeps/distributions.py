"""Distributions: from what the values of one hyperparameter are drawn. No HTTP, no randomness.

A distribution turns a share between 0 and 1 into the value below which that share of its values lies; what chooses the
shares is in ``sampling.py``. Source: azure-ai-ml 1.35.2 ``entities/_job/sweep/search_space.py`` for names and
arguments, Microsoft's *Hyperparameter tuning a model* and *CLI (v2) sweep job YAML schema* for what they mean: a
quantized value is ``round(x / q) * q``, the bounds of logarithmic ones are those of the exponent, ``randint`` excludes
its upper bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

EDGE = 2.0**-53
"""The nearest that a share comes to 0 and 1, where normal distributions have no value."""

ARGUMENTS = {
    "choice": ("values",),
    "randint": ("upper",),
    "uniform": ("min_value", "max_value"),
    "loguniform": ("min_value", "max_value"),
    "quniform": ("min_value", "max_value", "q"),
    "qloguniform": ("min_value", "max_value", "q"),
    "normal": ("mu", "sigma"),
    "lognormal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "qlognormal": ("mu", "sigma", "q"),
}
"""The names of distributions, each with those of its arguments in their order."""


@dataclass(frozen=True)
class Distribution:
    """The distribution of one hyperparameter.

    :param kind: its name, a key of ``ARGUMENTS``.
    :param arguments: the values of its arguments in their order.
    :param base: that of logarithmic distributions.
    """

    kind: str
    arguments: tuple[Any, ...]
    base: float = math.e

    @property
    def options(self) -> Sequence[Any] | None:
        """All values there are, or None when they cannot be counted."""
        if self.kind == "choice":
            return list(self.arguments[0])
        return range(self.arguments[0]) if self.kind == "randint" else None

    def at(self, share: float) -> Any:
        """The value below which a share of the distribution lies.

        :param share: from 0 up to, but without, 1.
        :raises OverflowError: it is greater than any number.
        """
        if self.options is not None:
            return self.options[int(share * len(self.options))]
        first, second, *rest = self.arguments
        if self.kind.endswith("uniform"):
            value = first + (second - first) * share
        else:
            value = NormalDist(first, second).inv_cdf(min(max(share, EDGE), 1 - EDGE))
        if "log" in self.kind:
            value = self.base**value
        return round(value / rest[0]) * rest[0] if rest else value

    def problem(self) -> str | None:
        """What is wrong with the arguments, or None."""
        named = dict(zip(ARGUMENTS[self.kind], self.arguments, strict=True))
        if self.kind == "choice":
            return None if named["values"] else "values must not be empty."
        if self.kind == "randint" and named["upper"] < 1:
            return f"upper must be at least 1, got {named['upper']}."
        if named.get("min_value", 0) > named.get("max_value", math.inf):
            return f"min_value {named['min_value']} is greater than max_value {named['max_value']}."
        for name in ("sigma", "q"):
            if named.get(name, 1) <= 0:
                return f"{name} must be greater than 0, got {named[name]}."
        try:
            self.at(1 - EDGE)
        except OverflowError:
            return "its values are greater than any number."
        return None


def distribution_of(row: Sequence[Any], base: float = math.e) -> Distribution:
    """The distribution that a request describes as ``[name, [arguments]]``; the row fits ``schemas.distribution``."""
    name, arguments = row
    return Distribution(name, tuple(arguments), base)
