"""Scales: how numbers become places in a drawing. No HTTP."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Tick:
    """A mark beside an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Scale:
    """From the numbers ``low`` to ``high`` to the places ``start`` to ``end``.

    :param logarithmic: equal factors are equally far from each other; the numbers are greater than 0.
    """

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float, logarithmic: bool = False) -> Scale:
        """A scale that holds all these numbers."""
        return cls(min(values), max(values), start, end, logarithmic and min(values) > 0)

    def __call__(self, value: float) -> float:
        """The place of a number; the middle where all numbers are the same."""
        low, high, value = (math.log(each) if self.logarithmic else each for each in (self.low, self.high, value))
        # Halved first: the difference of two floats may be greater than any float.
        whole, part = high / 2 - low / 2, value / 2 - low / 2
        return round(self.start + (self.end - self.start) * (part / whole if whole else 0.5), 2)

    def ticks(self) -> list[Tick]:
        """A few marks at round numbers."""
        numbers = [self.low] if self.low == self.high else round_numbers(self.low, self.high)
        if self.logarithmic and self.high / self.low >= 100:
            powers = range(math.ceil(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
            numbers = [10.0**power for power in powers][:: max(1, len(powers) // 5)]
        return [Tick(self(number), f"{number:.4g}") for number in numbers]


def round_numbers(low: float, high: float) -> list[float]:
    """About four round numbers from ``low`` to ``high``."""
    rough = high / 4 - low / 4
    if not (math.isfinite(rough) and rough > 0 and rough > abs(high) * 1e-12):
        return [low, high]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((each * power for each in (1, 2, 5) if each * power >= rough), 10 * power)
    first = math.ceil(low / step - 1e-9)
    return [(first + index) * step for index in range(math.floor(high / step + 1e-9) - first + 1)]
