"""What a run has measured, from the workspace's tracking server.

Sources: https://mlflow.org/docs/latest/rest-api.html; azureml-mlflow 1.62 for the address (``/mlflow/v2.0``) and the
ARM audience.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from airflow_azureml.rest.flow import Call, Json, Plane, Reply
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.json_values import finite, get_any_case

T = TypeVar("T")


def last_values(ws: Workspace, run: str) -> Call[dict[str, float | None]]:
    """Read the last value of every metric of a run; one that is not a finite number reads as None.

    Source: https://mlflow.org/docs/latest/rest-api.html#get-run
    """
    return _of_run(ws, run, lambda rows: {row["key"]: finite(get_any_case(row, "value")) for row in rows})


def stepped(ws: Workspace, run: str) -> Call[list[str]]:
    """Read the names of those metrics of a run that have got beyond their first step, in order.

    Source: https://mlflow.org/docs/latest/rest-api.html#get-run
    """
    return _of_run(ws, run, lambda rows: sorted({row["key"] for row in rows if _moment(row)[0] > 0}))


def history(ws: Workspace, run: str, metric: str, most: int) -> Call[list[tuple[int, float | None]]]:
    """Read the values of a metric, each with its step, in order; what is not a finite number reads as None.

    :param most: values that the server is asked for; it may give more.

    Source: https://mlflow.org/docs/latest/rest-api.html#get-metric-history
    """
    path = f"/mlflow/v2.0{ws.path}/api/2.0/mlflow/metrics/get-history"
    query = {"run_id": run, "metric_key": metric, "max_results": str(most)}
    return Call("GET", path, _history, plane=Plane.DATA, query=query, ok=(200,))


def _of_run(ws: Workspace, run: str, read: Callable[[list[Any]], T]) -> Call[T]:
    """Ask for a run and read ``run.data.metrics``: rows of key, value, timestamp and step, the latest of a key last."""

    def parse(reply: Reply) -> T:
        return read(_rows(get_any_case(reply.json(), "run", "data", "metrics")))

    path = f"/mlflow/v2.0{ws.path}/api/2.0/mlflow/runs/get"
    return Call("GET", path, parse, plane=Plane.DATA, query={"run_id": run}, ok=(200,))


def _history(reply: Reply) -> list[tuple[int, float | None]]:
    """Read ``metrics``: rows as those of a run, all of one key."""
    rows = _rows(get_any_case(reply.json(), "metrics"))
    return [(int(_moment(row)[0]), finite(get_any_case(row, "value"))) for row in rows]


def _rows(rows: Json) -> list[Any]:
    """Those with a key, in their order."""
    named = [row for row in rows if isinstance(get_any_case(row, "key"), str)] if isinstance(rows, list) else []
    return sorted(named, key=_moment)


def _moment(row: Mapping[str, Json]) -> tuple[float, float]:
    """Order rows of a key as MLflow does: by step, then by time; both may come as text."""
    return finite(get_any_case(row, "step")) or 0.0, finite(get_any_case(row, "timestamp")) or 0.0
