"""Sampling: which values of the hyperparameters the next trial gets. No HTTP, no files.

Source: Microsoft's *Hyperparameter tuning a model* for the algorithms and what each takes; a public record of a run's
``get_hyperparameters()`` for random sampling of a space of 196 combinations, of which 80 trials tried 80.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from azureml_emulator.sweeps import sobol
from azureml_emulator.sweeps.distributions import Distribution

Values = dict[str, Any]
"""One value for each hyperparameter."""

Space = Mapping[str, Distribution]

TRIES = 10_000
"""How often a combination is drawn that was tried before, until the space counts as used up."""


class Sampler(ABC):
    """Chooses the values of trials, one after another."""

    @abstractmethod
    def next(self, number: int) -> Values | None:
        """The values of the trial with this number, counted from 0; None when there are no others left."""

    def tell(self, number: int, score: float | None) -> None:  # noqa: B027 - most learn nothing
        """Learn how good the values of a trial were.

        :param score: the best value of the primary metric; None when the trial has none.
        """


class Drawn(Sampler):
    """Values for points of a unit cube. A combination that was tried is not tried again."""

    def __init__(self, space: Space, points: Iterator[tuple[float, ...]]) -> None:
        self._space = space
        self._points = points
        self._tried: set[str] = set()

    def next(self, number: int) -> Values | None:
        """The values at the next point that gives new ones."""
        if len(self._tried) == size_of(self._space):
            return None
        for point in itertools.islice(self._points, TRIES):
            shares = zip(self._space.items(), point, strict=True)
            values = {name: distribution.at(share) for (name, distribution), share in shares}
            key = json.dumps(values, sort_keys=True)
            if key not in self._tried:
                self._tried.add(key)
                return values
        return None


class Grid(Sampler):
    """Every combination once; the last hyperparameter changes fastest."""

    def __init__(self, space: Space) -> None:
        self._names = list(space)
        self._combinations = itertools.product(*(row.options or () for row in space.values()))

    def next(self, number: int) -> Values | None:
        """The next combination."""
        combination = next(self._combinations, None)
        return None if combination is None else dict(zip(self._names, combination, strict=True))


def random_points(coordinates: int, seed: int | None) -> Iterator[tuple[float, ...]]:
    """Random points of a unit cube, always the same ones for a seed."""
    source = random.Random(seed)
    while True:
        yield tuple(source.random() for _ in range(coordinates))


def sobol_points(coordinates: int, seed: int | None) -> Iterator[tuple[float, ...]]:
    """Sobol's points, shifted by the seed; coordinates beyond those of the sequence are random."""
    source, known = random.Random(seed), min(coordinates, sobol.MOST)
    shift = tuple(source.getrandbits(sobol.BITS) for _ in range(known))
    for point in sobol.points(known, shift):
        yield (*point, *(source.random() for _ in range(coordinates - known)))


def size_of(space: Space) -> int | None:
    """How many combinations of values there are, or None when they cannot be counted."""
    options = [row.options for row in space.values()]
    counted = [len(each) for each in options if each is not None]
    return math.prod(counted) if len(counted) == len(options) else None
