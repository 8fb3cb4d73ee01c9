"""How a job's metrics have developed, for the few that a page draws: two requests, and one for each curve.

A metric that was logged without a step, or once, has a last value and no curve: nothing is asked for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_azureml.lifecycle.children import PARENTS
from airflow_azureml.lifecycle.job_page.job import measured
from airflow_azureml.rest import history, jobs
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.history import Run
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.mlflow import metrics

MOST_CURVES = 6
"""Metrics that are drawn, the first by name."""

MOST_VALUES = 5000
"""Values of a metric that are asked for: those of its first steps."""

MOST_POINTS = 200
"""Points of a curve: of more, the highest and the lowest of each stretch stay."""

Point = tuple[int, float]
"""A step and the value there."""


def curves(ws: Workspace, name: str) -> Steps[dict[str, Any] | None]:
    """Read the curves of a job; of a sweep those of its best trial so far.

    :return: plain values, ``curves`` with points by the metric's name; None where there is no job of that name (yet).
    :raises AzureMLError: one of them cannot be read.
    """
    job = yield from jobs.find(ws, name)
    if job is None:
        return None
    run = (yield from history.run(ws, name)) if job.kind in PARENTS else Run(name)
    subject = measured(job, run)
    names = yield from metrics.stepped(ws, subject)
    drawn: dict[str, list[Point]] = {}
    for metric in names[:MOST_CURVES]:
        logged = yield from metrics.history(ws, subject, metric, MOST_VALUES)
        points = thinned([(step, value) for step, value in logged if value is not None])
        if len(points) > 1:
            drawn[metric] = points
    return {"phase": job.phase.value, "curves": drawn, "left_out": max(len(names) - MOST_CURVES, 0)}


def thinned(points: Sequence[Point]) -> list[Point]:
    """Some of many points, so that no peak is lost: the highest and the lowest of each stretch, and both ends."""
    if len(points) <= MOST_POINTS:
        return list(points)
    length = -(-2 * len(points) // (MOST_POINTS - 2))
    kept = {0, len(points) - 1}
    for start in range(0, len(points), length):
        stretch = range(start, min(start + length, len(points)))
        kept |= {choose(stretch, key=lambda at: points[at][1]) for choose in (min, max)}
    return [points[at] for at in sorted(kept)]
