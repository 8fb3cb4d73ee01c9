"""Routes of the metric service: what a run logged, by name."""

from __future__ import annotations

import math
import uuid
from datetime import datetime, timezone
from typing import Any

from aiohttp import web

from azureml_emulator.core.clock import stamp
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.history.backend import History
from azureml_emulator.history.routes import find_run

KIND = "azureml.v1.scalar"


def logged(history: History, run: str) -> dict[str, list[dict[str, Any]]]:
    """What a run logged: value, step and timestamp (milliseconds) of each point, by metric."""
    return history.tracking.metrics(run)


async def list_metrics(history: History, request: web.Request, run: str) -> web.Response:
    """Metrics - List: the names that were logged. Value formats are unproven."""
    find_run(history, run)
    await read_object(request, Envelope.HISTORY, optional=True)
    rows = [
        {
            "metricKey": {"namespace": None, "name": name, "labels": [], "columnNames": [name]},
            "columns": {name: "Double"},
            "properties": {"uxMetricType": KIND},
        }
        for name in logged(history, run)
    ]
    return web.json_response({"value": rows, "continuationToken": None, "nextLink": None})


async def full_metric(history: History, request: web.Request, run: str) -> web.Response:
    """Metrics - Get in full fidelity: every point of one metric, 404 for one that was not logged."""
    job = find_run(history, run)
    name = (await read_object(request, Envelope.HISTORY)).get("metricName")
    points = logged(history, run).get(str(name))
    if points is None:
        message = f"Metric {name!r} of run {run} was not found."
        raise ServiceError(404, "UserError", message, ("NotFoundError",), Envelope.HISTORY, component="metric")
    rows = [
        {
            "metricId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{run}/{name}/{number}")),
            "createdUtc": instant(point.get("timestamp")),
            "step": point.get("step"),
            "data": {name: finite(point.get("value"))},
        }
        for number, point in enumerate(points)
    ]
    body = {
        "dataContainerId": job.data_container,
        "name": name,
        "columns": {name: "Double"},
        "properties": {"uxMetricType": KIND},
        "namespace": None,
        "standardSchemaId": None,
        "value": rows,
        "continuationToken": None,
        "nextLink": None,
    }
    return web.json_response(body)


def finite(value: Any) -> Any:
    """A number as JSON can carry it: what is not finite as text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def instant(milliseconds: Any) -> str | None:
    """A time that MLflow logged, as the service writes times; None where it is beyond the years that have dates."""
    if not isinstance(milliseconds, int | float):
        return None
    try:
        return stamp(datetime.fromtimestamp(milliseconds / 1000, timezone.utc))
    except (OverflowError, ValueError):
        return None


METRIC = "/metric/v2.0{ws}/runs/{run}"
ROUTES = [
    Route("POST", f"{METRIC}/list", list_metrics, Plane.DATA),
    Route("POST", f"{METRIC}/full", full_metric, Plane.DATA),
]
