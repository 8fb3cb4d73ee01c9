"""Routes of the metric service: what a run logged, by name, and what the SDK of version 1 logs."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from aiohttp import web

from azureml_emulator.core.clock import stamp
from azureml_emulator.core.errors import Envelope, ServiceError, history_body
from azureml_emulator.core.paging import one_page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.history.backend import History
from azureml_emulator.history.lookup import find_logged
from azureml_emulator.history.metric_bodies import SCALAR, Entry, joined, read_batch, wrong
from azureml_emulator.mlflow.schemas import Schema

DOUBLE = "Double"
"""The type of what was logged with MLflow."""

OF_TYPE = {"int": int, "bool": bool}
"""How a number is answered, by its column's type: points are doubles."""


def schemas(history: History, run: str) -> dict[str, Schema]:
    """What a run logged: by metric its kind and its columns. What was logged with MLflow is a scalar."""
    mlflow = {point.name: Schema(SCALAR, {point.name: DOUBLE}) for point in history.tracking.points(run)}
    return {**mlflow, **history.tracking.schemas(run)}


def schema_of(history: History, run: str, name: str) -> Schema | None:
    """The same of one metric; None where it was not logged."""
    found = history.tracking.schemas(run).get(name)
    return found or (Schema(SCALAR, {name: DOUBLE}) if history.tracking.points(run, name) else None)


async def list_metrics(history: History, request: web.Request, run: str) -> web.Response:
    """Metrics - List: the names that were logged. Value formats are unproven."""
    find_logged(history, run)
    await read_object(request, Envelope.HISTORY, optional=True)
    rows = [
        {
            "metricKey": {"namespace": None, "name": name, "labels": [], "columnNames": list(schema.columns)},
            "columns": schema.columns,
            "properties": {"uxMetricType": schema.kind},
        }
        for name, schema in schemas(history, run).items()
    ]
    return one_page(rows)


async def full_metric(history: History, request: web.Request, run: str) -> web.Response:
    """Metrics - Get in full fidelity: every point of one metric, 404 for one that was not logged."""
    find_logged(history, run)
    name = str((await read_object(request, Envelope.HISTORY)).get("metricName"))
    schema = schema_of(history, run, name)
    if schema is None:
        message = f"Metric {name!r} of run {run} was not found."
        raise ServiceError(404, "UserError", message, ("NotFoundError",), Envelope.HISTORY, component="metric")
    rows = [
        {
            "metricId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{run}/{name}/{number}")),
            "createdUtc": instant(timestamp),
            "step": step,
            "data": data,
        }
        for number, (timestamp, step, data) in enumerate(values(history, run, name, schema))
    ]
    job = history.jobs.get(run)
    body = {
        "dataContainerId": job.data_container if job else f"dcid.{run}",
        "name": name,
        "columns": schema.columns,
        "properties": {"uxMetricType": schema.kind},
        "namespace": None,
        "standardSchemaId": None,
        "value": rows,
        "continuationToken": None,
        "nextLink": None,
    }
    return web.json_response(body)


def values(history: History, run: str, name: str, schema: Schema) -> Iterator[tuple[int, int | None, dict[str, Any]]]:
    """The values of a metric: timestamp, step and data of each, the numbers first."""
    convert = OF_TYPE.get(schema.columns.get(name, ""), float)
    for point in history.tracking.points(run, name):
        value = convert(point.value) if math.isfinite(point.value) else point.value
        yield point.timestamp, point.step, {name: finite(value)}
    for row in history.tracking.rows(run, name):
        yield row.timestamp, None, {column: finite(value) for column, value in row.data.items()}


def finite(value: Any) -> Any:
    """A value as JSON can carry it: a number that is not finite as text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def instant(milliseconds: int) -> str | None:
    """A logged time as the service writes times; None where it is beyond the years that have dates."""
    try:
        return stamp(datetime.fromtimestamp(milliseconds / 1000, timezone.utc))
    except (OverflowError, ValueError):
        return None


async def log_metrics(history: History, request: web.Request, run: str) -> web.Response:
    """Metrics - Log a batch: 200, or 207 with those that were refused; the others are logged all the same.

    Source: ``post_run_metrics`` of azureml-core 1.61, which reads a body at 207 only. It sends what is not finite as
    the words ``NaN`` and ``Infinity``. That they are taken is assumed: ``get_cell_v2`` makes numbers of texts again.
    """
    entries = read_batch(await read_object(request, Envelope.HISTORY, not_finite=True))
    find_logged(history, run)
    errors = [refusal for entry in entries for refusal in log_entry(history, run, entry)]
    return web.json_response({"errors": errors}, status=207) if errors else web.json_response(None)


def log_entry(history: History, run: str, entry: Entry) -> Iterator[dict[str, Any]]:
    """Log one metric, or tell why not: it was logged as something else before."""
    before = history.tracking.schemas(run).get(entry.name)
    schema = joined(before, entry.schema)
    if schema is not None:
        history.tracking.log_typed(run, entry.name, schema, entry.rows(), entry.points())
    elif before is not None:
        message = f"{entry.name} is {described(entry.schema)}; it was logged before as {described(before)}."
        yield {"metric": entry.given, "errorResponse": history_body(wrong(message), history.settings.region)}


def described(schema: Schema) -> str:
    """A kind of metric with its columns."""
    return f"{schema.kind} of {', '.join(f'{name}: {kind}' for name, kind in schema.columns.items())}"


async def wait_for_ingest(history: History, request: web.Request, run: str, experiment: str) -> web.Response:
    """Metrics - Wait until all are taken in: here they are at once.

    Source: ``wait_on_ingest`` of azureml-core 1.61, which asks again at ``Location`` while the answer is 202.
    """
    find_logged(history, run)
    return web.json_response({})


METRIC = "/metric/v2.0{ws}/runs/{run}"
ROUTES = [
    Route("POST", f"{METRIC}/list", list_metrics, Plane.DATA),
    Route("POST", f"{METRIC}/full", full_metric, Plane.DATA),
    Route("POST", f"{METRIC}/batch", log_metrics, Plane.DATA),
    Route(
        "GET",
        "/history/v1.0{ws}/experiments/{experiment}/runs/{run}/metricsingest/wait",
        wait_for_ingest,
        Plane.DATA,
    ),
]
