"""Bodies of the metric service: what the SDK of version 1 logs, read and told apart. No state.

Source: the models ``BatchMetricV2Dto``, ``MetricV2Dto`` and ``MetricV2Value`` of azureml-core 1.61, and
``core/_metrics.py``, which makes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.jobs.models import moment
from azureml_emulator.mlflow.models import Metric, milliseconds_now
from azureml_emulator.mlflow.schemas import Row, Schema

SCALAR, LIST = "azureml.v1.scalar", "azureml.v1.list"

NUMBERS = frozenset({"int", "float", "double", "bool"})
"""Types of columns whose values MLflow shows: a truth value as 0 or 1, a text not at all.

Source: https://learn.microsoft.com/azure/machine-learning/reference-migrate-sdk-v1-mlflow-tracking
"""
WIDER = frozenset({"int", "float", "double"})
"""Types that may take each other's place: ``run.log("loss", 1)`` and then ``run.log("loss", 0.5)``."""


@dataclass(frozen=True)
class Entry:
    """What one call of the SDK logged under one name.

    :param given: as it came, for an answer that refuses it.
    """

    name: str
    schema: Schema
    values: list[dict[str, Any]]
    given: dict[str, Any]

    @property
    def is_number(self) -> bool:
        """Whether MLflow shows it as a metric."""
        return self.schema.kind in (SCALAR, LIST) and set(self.schema.columns.values()) <= NUMBERS

    def points(self) -> Iterator[Metric]:
        """The numbers as points; one that was logged without a step has the step 0, as one of MLflow has.

        That lists are points of one step is how Microsoft's page (see ``NUMBERS``) logs them with MLflow.
        """
        for value in self.values if self.is_number else []:
            yield Metric(self.name, float(value["data"][self.name]), instant(value), int(value.get("step") or 0))

    def rows(self) -> Iterator[Row]:
        """What MLflow does not show, row by row."""
        for value in [] if self.is_number else self.values:
            yield Row(instant(value), value["data"])


def instant(value: dict[str, Any]) -> int:
    """When a value was logged, in milliseconds since the epoch; now where it does not say."""
    time = moment(value.get("createdUtc"))
    return int(time.timestamp() * 1000) if time else milliseconds_now()


def read_batch(body: dict[str, Any]) -> list[Entry]:
    """The entries of a batch.

    :raises ServiceError: 400: it is none. The service's own words are unproven.
    """
    values = body.get("values")
    if not isinstance(values, list):
        raise wrong("values must be an array of metrics.")
    return [read_entry(given, f"values[{number}]") for number, given in enumerate(values)]


def read_entry(given: Any, place: str) -> Entry:
    """One metric with its columns and values."""
    if not isinstance(given, dict) or not isinstance(given.get("name"), str) or not given["name"]:
        raise wrong(f"{place} must be an object with a name.")
    columns, values = given.get("columns"), given.get("value")
    kind = (given.get("properties") or {}).get("uxMetricType")
    if not isinstance(columns, dict) or not all(isinstance(each, str) for each in columns.values()):
        raise wrong(f"{place}.columns must be an object with the type of each column.")
    if not isinstance(kind, str):
        raise wrong(f"{place}.properties.uxMetricType must be a kind of metric, such as {SCALAR}.")
    if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
        raise wrong(f"{place}.value must be an array of objects.")
    entry = Entry(given["name"], Schema(kind, columns), values, given)
    for number, value in enumerate(values):
        check_value(entry, value, f"{place}.value[{number}]")
    return entry


def check_value(entry: Entry, value: dict[str, Any], place: str) -> None:
    """Refuse a value that does not have what its columns say.

    :raises ServiceError: 400.
    """
    data, step, columns = value.get("data"), value.get("step"), entry.schema.columns
    if not isinstance(data, dict) or set(data) != set(columns):
        raise wrong(f"{place}.data must have the columns {', '.join(columns)}.")
    if step is not None and (isinstance(step, bool) or not isinstance(step, int)):
        raise wrong(f"{place}.step must be a whole number.")
    if entry.is_number and (set(columns) != {entry.name} or not isinstance(data[entry.name], int | float)):
        raise wrong(f"{place}.data must have one number, {entry.name}.")


def joined(before: Schema | None, schema: Schema) -> Schema | None:
    """The schema of a metric that is logged again; None where the two do not go together.

    That a metric keeps its kind and its columns is assumed: which rows the service refuses is unproven. The SDK reads
    every row of a metric by the columns of the whole.
    """
    if before is None:
        return schema
    if before.kind != schema.kind or set(before.columns) != set(schema.columns):
        return None
    columns = {}
    for name, earlier in before.columns.items():
        later = schema.columns[name]
        if earlier != later and not {earlier, later} <= WIDER:
            return None
        columns[name] = earlier if earlier == later else "double"
    return Schema(before.kind, columns)


def wrong(message: str) -> ServiceError:
    """The metric service's 400."""
    return ServiceError(400, "UserError", message, ("BadArgument",), Envelope.HISTORY, component="metric")
