"""Updates of a batch deployment that exists: Microsoft's client reads it, sets attributes and puts it; our operator is
given what changes. What is not given must be the same on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.corpus.fake_azure import HOME
from tests.oracle.judge import Case
from tests.oracle.resources import Changed

THERE: dict[str, Any] = {
    "id": f"{HOME}/batchEndpoints/cards/deployments/blue",
    "name": "blue",
    "type": "Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments",
    "location": "eastus",
    "tags": {"team": "risk"},
    "systemData": {"createdAt": "2026-01-01T00:00:00Z"},
    "properties": {
        "provisioningState": "Succeeded",
        "description": "d",
        "properties": {"p": "q"},
        "model": {"referenceType": "Id", "assetId": f"{HOME}/models/m/versions/1"},
        "codeConfiguration": {"codeId": f"{HOME}/codes/c/versions/1", "scoringScript": "score.py"},
        "environmentId": f"{HOME}/environments/e/versions/1",
        "environmentVariables": {"A": "b"},
        "compute": f"{HOME}/computes/cpu",
        "resources": {"instanceCount": 2, "instanceType": "s", "properties": {}},
        "outputAction": "AppendRow",
        "outputFileName": "x.csv",
        "errorThreshold": 4,
        "retrySettings": {"maxRetries": 7, "timeout": "PT30S"},
        "loggingLevel": "Debug",
        "miniBatchSize": 9,
        "maxConcurrencyPerInstance": 3,
    },
}

CHANGES: dict[str, dict[str, Any]] = {
    "mini_batch_size": {"mini_batch_size": 5},
    "description": {"description": "other"},
    "tags": {"tags": {"team": "risk", "day": "1"}},
    "properties": {"properties": {"p": "other"}},
    "output_file_name": {"output_file_name": "y.csv"},
    "error_threshold": {"error_threshold": -1},
    "logging_level": {"logging_level": "info"},
    "max_concurrency_per_instance": {"max_concurrency_per_instance": 1},
    "environment_variables": {"environment_variables": {"A": "c"}},
    "instance_count": {"instance_count": 5},
    "compute": {"compute": f"{HOME}/computes/gpu"},
    "model": {"model": f"{HOME}/models/m/versions/2"},
    "environment": {"environment": f"{HOME}/environments/e/versions/2"},
    "several": {"mini_batch_size": 5, "description": "e", "error_threshold": 1, "tags": {"team": "x"}},
}


def cases() -> Iterator[Case]:
    """All of them, and each two together."""
    for name, change in CHANGES.items():
        yield Changed(f"update: {name}", change, there=THERE)
    names = [name for name in CHANGES if name != "several"]
    for first in names:
        for second in names:
            if first < second:
                yield Changed(f"update: {first} and {second}", {**CHANGES[first], **CHANGES[second]}, there=THERE)
