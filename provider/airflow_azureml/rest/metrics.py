"""Metrics of a job: the last value of each, by the MLflow route of the workspace."""

from __future__ import annotations

import math
from collections.abc import Mapping

from airflow_azureml.rest.faults import get as look_up
from airflow_azureml.rest.flow import Call, Json, Plane, Reply
from airflow_azureml.rest.ids import Workspace


def last_values(ws: Workspace, run: str) -> Call[dict[str, float | None]]:
    """Read the last value of every metric of a run; one that is no finite number reads as None.

    Sources: MLflow REST API, Get Run; azureml-mlflow 1.62 for the address (``/mlflow/v2.0``) and the ARM audience.
    """
    path = f"/mlflow/v2.0{ws.path}/api/2.0/mlflow/runs/get"
    return Call("GET", path, _parse, plane=Plane.DATA, query={"run_id": run}, ok=(200,))


def _parse(reply: Reply) -> dict[str, float | None]:
    """Read ``run.data.metrics``: rows of key, value, timestamp and step; the latest row of a key counts."""
    rows = look_up(look_up(look_up(reply.json(), "run"), "data"), "metrics")
    named = [row for row in rows if isinstance(look_up(row, "key"), str)] if isinstance(rows, list) else []
    ordered = sorted(named, key=_moment)
    return {row["key"]: _finite(look_up(row, "value")) for row in ordered}


def _moment(row: Mapping[str, Json]) -> tuple[float, float]:
    """Order rows of a key as MLflow does: by step, then by time; both may come as text."""
    return _finite(look_up(row, "step")) or 0.0, _finite(look_up(row, "timestamp")) or 0.0


def _finite(value: Json) -> float | None:
    """A finite float; None for NaN, the infinities (also spelled as words) and anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
