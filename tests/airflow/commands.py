"""A command job of the tests, and the document that an operator writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLJobOperator,
)

ENVIRONMENT = "azureml:sklearn:1"
START = datetime(2023, 1, 1, tzinfo=timezone.utc)


def command(**given: Any) -> AzureMLCommandJobOperator:
    """A command job that is right but for what is given."""
    return AzureMLCommandJobOperator(**{"task_id": "t", "command": "echo", "environment": ENVIRONMENT, **given})


def written(operator: AzureMLCommandJobOperator | AzureMLJobOperator) -> Mapping[str, Any]:
    """The document that an operator writes."""
    return operator.document({}).value
