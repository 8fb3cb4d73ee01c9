"""The pages as tests ask for them."""

from __future__ import annotations

import re
import uuid
from typing import Any

import requests

from tests.emulator.conftest import Call
from tests.emulator_fixture import RunningEmulator

ENVIRONMENT = "azureml:AzureML-sklearn-1.0:1"
EVIL = "<script>alert('x')</script>&"
"""What somebody may call a thing."""


def put(call: Call, command: str, **properties: Any) -> str:
    """Make a command job; its name."""
    name = f"studio-{uuid.uuid4().hex[:10]}"
    body = {"jobType": "Command", "experimentName": "pages", "environmentId": ENVIRONMENT, "command": command}
    status, answer = call("PUT", f"{{ws}}/jobs/{name}?api-version=2025-12-01", {"properties": {**body, **properties}})
    assert status == 201, answer
    return name


def log(call: Call, run: str, metrics: dict[str, list[float]], **params: str) -> None:
    """Log metrics of a run, a value for each step, and parameters."""
    rows = [
        {"key": key, "value": value, "step": step, "timestamp": step}
        for key, values in metrics.items()
        for step, value in enumerate(values)
    ]
    body = {"run_id": run, "metrics": rows, "params": [{"key": key, "value": value} for key, value in params.items()]}
    assert call("POST", "/mlflow/v1.0{ws}/api/2.0/mlflow/runs/log-batch", body)[0] == 200


def get(emulator: RunningEmulator, path: str, **headers: str) -> requests.Response:
    """Ask for a page."""
    return requests.get(f"{emulator['studio_url']}{path}", headers=headers, timeout=10)


def cell(text: str, name: str) -> str:
    """What stands beside a name in a table of a page."""
    found = re.search(rf'<th scope="row">{re.escape(name)}</th>\s*<td>(.*?)</td>', text, re.DOTALL)
    assert found, f"there is no {name!r}"
    return found[1].strip()
