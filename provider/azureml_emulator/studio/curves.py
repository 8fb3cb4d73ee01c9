"""Curves: the points of a metric as a line. No HTTP."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from azureml_emulator.mlflow.models import Metric
from azureml_emulator.studio.scales import Scale, Tick

WIDTH, HEIGHT = 420, 220
LEFT, RIGHT, TOP, BOTTOM = 62, 408, 12, 190
MOST = 400
"""More points than this are thinned out, so that the highest and the lowest of each stretch remain."""
MOST_DOTS = 50
"""With more points than this the line stands alone."""


@dataclass(frozen=True)
class Dot:
    """A point of a curve."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Curve:
    """A metric.

    :param points: all that were logged, for a table.
    :param line: the points of a polyline.
    :param across: what the horizontal axis counts: ``step``, or ``point`` where all were logged with one step.
    """

    name: str
    last: float
    points: Sequence[Metric]
    line: str = ""
    dots: Sequence[Dot] = ()
    x_ticks: Sequence[Tick] = ()
    y_ticks: Sequence[Tick] = ()
    across: str = "step"


def curves(metrics: Mapping[str, Sequence[Metric]]) -> list[Curve]:
    """The curves of a job, by name."""
    return [curve(name, metrics[name]) for name in sorted(metrics)]


def curve(name: str, logged: Sequence[Metric]) -> Curve:
    """The curve of one metric; without a line when it has less than two finite values."""
    points = sorted(logged, key=lambda point: (point.step, point.timestamp))
    last = points[-1].value
    across = "step" if points[0].step != points[-1].step else "point"
    numbered = [
        (float(point.step if across == "step" else index), point.value)
        for index, point in enumerate(points)
        if math.isfinite(point.value)
    ]
    if len(numbered) < 2:
        return Curve(name, last, points)
    kept = thinned(numbered)
    x = Scale.over([place for place, _ in kept], LEFT, RIGHT)
    y = Scale.over([value for _, value in kept], BOTTOM, TOP)
    dots = [Dot(x(place), y(value), f"{across} {place:g}: {value:.6g}") for place, value in kept]
    line = " ".join(f"{dot.x:g},{dot.y:g}" for dot in dots)
    shown = dots if len(dots) <= MOST_DOTS else ()
    return Curve(name, last, points, line, shown, x.ticks(), y.ticks(), across)


def thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """At most about ``MOST`` points, with the extremes of every stretch."""
    if len(points) <= MOST:
        return points
    width = -(-len(points) * 2 // MOST)
    kept = []
    for start in range(0, len(points), width):
        stretch = points[start : start + width]
        ends = {stretch.index(each) for each in (min(stretch, key=value_of), max(stretch, key=value_of))}
        kept += [stretch[index] for index in sorted(ends)]
    return kept


def value_of(point: tuple[float, float]) -> float:
    """The value of a point."""
    return point[1]
