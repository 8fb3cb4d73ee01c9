"""What every rendered submission is, whatever the job: words that the service knows, whole ids, nothing lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

JOB_TYPES = {"AutoML", "Command", "Distillation", "FineTuning", "Pipeline", "Spark", "Sweep"}
"""``jobType`` in the REST API. Source: REST reference, Jobs - Create Or Update."""

INPUT_TYPES = {
    *("literal", "uri_file", "uri_folder", "mltable", "custom_model", "mlflow_model", "triton_model"),
}
OUTPUT_TYPES = INPUT_TYPES - {"literal"}
NODE_TYPES = {"automl", "command", "parallel", "pipeline", "spark", "sweep"}

OURS = re.compile(r"/subscriptions/s/resourceGroups/g/providers/Microsoft\.MachineLearningServices/workspaces/w/")
ASSET = re.compile(
    OURS.pattern
    + r"(?:(?:environments|data|models|components|codes)/[^/]+/(?:versions|labels)/[^/]+|computes/.+|datastores/.+)",
    re.DOTALL,
)
"""What an id of ours is, with the workspace ``s/g/w``."""

LEAKS = re.compile(r"INVALID|<[\w.]+ object at 0x|\bGap\(|\bSpot\(|\bRegister\(")
"""What only a fault of ours can write."""


def check(shown: Mapping[str, Any]) -> None:
    """Check what ``render`` gives.

    :raises AssertionError: says what is wrong.
    """
    text = json.dumps(shown, allow_nan=False)
    assert not LEAKS.search(text), LEAKS.findall(text)
    body = shown["body"]["properties"]
    assert body["jobType"] in JOB_TYPES, body["jobType"]
    _ports(body)
    for request in shown["requests"]:
        assert request["method"] == "PUT"
        assert text.count(json.dumps(request["path"])[1:-1]) > 1, f"nobody needs {request['path']}"
        assert isinstance(request["body"]["properties"], dict)
    for upload in shown["uploads"]:
        assert text.count(json.dumps(upload["target"])[1:-1]) > 1, f"nobody needs {upload['target']}"
    put = {request["path"] for request in shown["requests"]}
    for value in _texts([shown["body"], [request["body"] for request in shown["requests"]]]):
        plain = value.removeprefix("azureml:")
        if OURS.match(plain):
            assert ASSET.fullmatch(plain), f"not an id: {value!r}"
            anonymous = "/CliV2AnonymousEnvironment/" in plain or "/azureml_anonymous/" in plain
            assert not anonymous or plain in put, f"nobody makes {plain}"
    if body["jobType"] == "Pipeline":
        for name, node in (body.get("jobs") or {}).items():
            assert node["type"] in NODE_TYPES, f"{name}: {node['type']!r}"
            assert node["type"] == "automl" or node.get("componentId") or node.get("trial"), f"{name} runs nothing"


def _ports(body: Mapping[str, Any]) -> None:
    for name, port in (body.get("inputs") or {}).items():
        assert port["jobInputType"] in INPUT_TYPES, f"{name}: {port}"
        assert isinstance(port["value" if port["jobInputType"] == "literal" else "uri"], str), f"{name}: {port}"
    for name, port in (body.get("outputs") or {}).items():
        assert port["jobOutputType"] in OUTPUT_TYPES, f"{name}: {port}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)
