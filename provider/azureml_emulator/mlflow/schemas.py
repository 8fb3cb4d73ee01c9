"""What the SDK of version 1 logs beside the metrics that MLflow knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Schema:
    """What a metric was logged as by the SDK of version 1; MLflow's metrics have none.

    :param kind: such as ``azureml.v1.scalar`` or ``azureml.v1.table``.
    :param columns: the type of each column, such as ``double``, in the order in which they were logged.
    """

    kind: str
    columns: dict[str, str]


@dataclass(frozen=True)
class Row:
    """A row of a metric that MLflow does not know: of a table, a text, the place of an artifact.

    :param timestamp: milliseconds since the epoch.
    """

    timestamp: int
    data: dict[str, Any]
