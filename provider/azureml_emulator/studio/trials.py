"""Trials of a sweep: their values and scores, and a drawing with an axis for each of them. No HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from azureml_emulator.jobs.models import Job
from azureml_emulator.studio.scales import Scale, Tick

BEST = "best_child_run_id"
"""The property of a sweep that names its best trial."""

TOP, BOTTOM = 34, 264
LEFT, APART = 60, 170
HEIGHT = 284
SHADES = 5
MOST_TEXTS = 12
"""Marks of an axis of texts: with more values only some are named."""


@dataclass(frozen=True)
class Trial:
    """A trial.

    :param values: by hyperparameter, as the sampler chose them.
    :param score: the best value of the primary metric so far; None as long as there is none.
    """

    job: Job
    number: int
    values: dict[str, Any]
    score: float | None
    best: bool


@dataclass(frozen=True)
class Axis:
    """A vertical axis."""

    name: str
    x: float
    ticks: list[Tick]


@dataclass(frozen=True)
class Line:
    """A trial's way from axis to axis.

    :param shade: from 0, the poorest score, to ``SHADES - 1``, the best.
    """

    trial: Trial
    points: str
    shade: int
    text: str


@dataclass(frozen=True)
class Plot:
    """Parallel coordinates: the hyperparameters and, at the end, the primary metric."""

    width: float
    axes: list[Axis]
    lines: list[Line]


def trials_of(sweep: Job, jobs: Iterable[Job], score: Callable[[Job], float | None]) -> list[Trial]:
    """The trials of a sweep, the best score first, those without one last."""
    tags = sweep.definition.get("tags") or {}
    best = (sweep.definition.get("properties") or {}).get(BEST)
    found = [
        Trial(job, number, values_in(tags.get(job.name)), score(job), job.name == best)
        for number, job in enumerate(jobs)
    ]
    sign = -1 if sweep.definition["objective"]["goal"] == "Maximize" else 1
    return sorted(found, key=lambda trial: (trial.score is None, sign * (trial.score or 0.0), trial.number))


def values_in(tag: Any) -> dict[str, Any]:
    """The values of a trial as the sweep's tag has them; whoever has edited it sees none."""
    try:
        values = json.loads(tag)
    except (TypeError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def plot(sweep: Job, trials: Sequence[Trial]) -> Plot | None:
    """The trials that have a score, as lines; None where there are less than two."""
    space = sweep.definition["searchSpace"]
    drawn = [trial for trial in trials if trial.score is not None and set(space) <= set(trial.values)]
    if len(drawn) < 2:
        return None
    metric = sweep.definition["objective"]["primaryMetric"]
    scores = [trial.score or 0.0 for trial in drawn]
    columns: list[tuple[str, Sequence[Any], bool]] = [
        (name, [trial.values[name] for trial in drawn], "log" in str(row[0])) for name, row in space.items()
    ]
    axes, heights = [], []
    for number, (name, values, logarithmic) in enumerate([*columns, (metric, scores, False)]):
        ticks, places = axis_of(values, logarithmic)
        axes.append(Axis(name, LEFT + number * APART, ticks))
        heights.append(places)
    lines = []
    for row, trial in enumerate(drawn):
        points = " ".join(f"{axis.x},{places[row]:g}" for axis, places in zip(axes, heights, strict=True))
        # They are sorted: the best is the first.
        shade = SHADES - 1 - row * SHADES // len(drawn)
        said = ", ".join(f"{name} {text_of(trial.values[name])}" for name in space)
        lines.append(Line(trial, points, shade, f"Trial {trial.number}: {metric} {trial.score:.6g}; {said}"))
    return Plot(LEFT * 2 + (len(axes) - 1) * APART, axes, lines[::-1])


def axis_of(values: Sequence[Any], logarithmic: bool) -> tuple[list[Tick], list[float]]:
    """The marks of an axis, and the place of each value: numbers by their size, others one after the other."""
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        scale = Scale.over(values, BOTTOM, TOP, logarithmic)
        return scale.ticks(), [scale(value) for value in values]
    texts = [text_of(value) for value in values]
    kinds = sorted(set(texts))
    scale = Scale(0, len(kinds) - 1, BOTTOM, TOP)
    named = range(0, len(kinds), -(-len(kinds) // MOST_TEXTS))
    return [Tick(scale(place), kinds[place][:16]) for place in named], [scale(kinds.index(text)) for text in texts]


def text_of(value: Any) -> str:
    """A value as it is shown."""
    return f"{value:.6g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)
