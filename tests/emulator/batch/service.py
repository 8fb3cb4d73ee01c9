"""Batch endpoints over plain HTTP, for tests: what it takes to have one that scores."""

from __future__ import annotations

import json
import time
import urllib.parse
import uuid
from collections.abc import Mapping
from typing import Any

from tests.emulator.service import ENVIRONMENT, TERMINAL, Answer, Service
from tests.emulator_fixture import RunningEmulator

COUNTER = """
import os

def init():
    global factor
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "factor.txt")) as file:
        factor = int(file.read())

def run(mini_batch):
    rows = []
    for path in mini_batch:
        with open(path) as file:
            rows += [f"{os.path.basename(path)} {factor * int(line)}" for line in file]
    return rows
"""
"""A scoring script without any library: each number of a file times the model's factor."""


class BatchService(Service):
    """One emulator with what batch endpoints need."""

    def __init__(self, emulator: RunningEmulator) -> None:
        super().__init__(emulator)
        self.ml = str(emulator["cloud_metadata"]["aml_resource_id"])

    def follow(self, answer: Answer) -> None:
        """Follow a long-running operation to its end."""
        assert answer.status in (200, 201, 202), answer.content
        deadline = time.monotonic() + 60
        while (status := self.get(answer.headers["azure-asyncoperation"]).body["status"]) != "Succeeded":
            assert time.monotonic() < deadline, status
            time.sleep(0.02)

    def endpoint(self) -> str:
        """A new endpoint's name."""
        name = f"ep-{uuid.uuid4().hex[:10]}"
        self.follow(self.put(f"batchEndpoints/{name}", {"location": "eastus", "properties": {"authMode": "AADToken"}}))
        return name

    def scoring_endpoint(self, default: str, summing: str) -> str:
        """A new endpoint's name, with two deployments of a model: the default one, and one that only sums up."""
        name = self.endpoint()
        self.deployment(name, default)
        self.deployment(name, summing, outputAction="SummaryOnly")
        self.set_default(name, default)
        return name

    def set_default(self, endpoint: str, deployment: str | None) -> None:
        """Set the default deployment."""
        properties = {"authMode": "AADToken", "defaults": {"deploymentName": deployment}}
        self.follow(self.put(f"batchEndpoints/{endpoint}", {"location": "eastus", "properties": properties}))

    def model(self, files: Mapping[str, bytes], leaf: str, kind: str = "custom_model") -> str:
        """Register files as a model below a folder, or the one file that ``leaf`` names; its id."""
        folder = f"models/{uuid.uuid4().hex}"
        for name, content in files.items():
            self.upload(f"{folder}/{name}", content)
        uri = f"azureml://datastores/workspaceblobstore/paths/{folder}/{leaf}"
        name = f"model-{uuid.uuid4().hex[:10]}"
        answer = self.put(f"models/{name}/versions/1", {"properties": {"modelType": kind, "modelUri": uri}})
        assert answer.status == 201, answer.content
        return str(answer.body["id"])

    def deployment(self, endpoint: str, name: str, script: str = COUNTER, **properties: Any) -> None:
        """A model deployment with a scoring script; the model is a file ``factor.txt`` that says 10."""
        given = {
            "model": {"referenceType": "Id", "assetId": self.model({"factor.txt": b"10"}, "factor.txt")},
            "codeConfiguration": {"codeId": self.code({"score.py": script.encode()}), "scoringScript": "score.py"},
            "environmentId": ENVIRONMENT,
            "compute": f"{self.ws}/computes/cpu-cluster",
            "resources": {"instanceCount": 1},
            **properties,
        }
        path = f"batchEndpoints/{endpoint}/deployments/{name}"
        self.follow(self.put(path, {"location": "eastus", "properties": given}))

    def folder(self, files: Mapping[str, bytes]) -> str:
        """Upload files to a new folder; its short address."""
        folder = f"data/{uuid.uuid4().hex}"
        for name, content in files.items():
            self.upload(f"{folder}/{name}", content)
        return f"azureml://datastores/workspaceblobstore/paths/{folder}/"

    def scoring(self, method: str, url: str, body: Any = None, *, audience: str = "", **headers: str) -> Answer:
        """A request to the scoring host, with a token for Azure ML."""
        token = self.token(audience or self.ml)
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self._send(method, url, None if body is None else json.dumps(body).encode(), sent)

    def uri(self, endpoint: str) -> str:
        """An endpoint's scoring address, as its GET tells it."""
        return str(self.get(f"batchEndpoints/{endpoint}").body["properties"]["scoringUri"])

    def invoke(self, endpoint: str, properties: Mapping[str, Any], **headers: str) -> Answer:
        """Invoke an endpoint."""
        return self.scoring("POST", self.uri(endpoint), {"properties": dict(properties)}, **headers)

    def started(self, endpoint: str, uri: str, kind: str = "UriFolder", /, **properties: Any) -> str:
        """Invoke an endpoint with one data input; the job's name."""
        given = {"inputData": {"data": {"jobInputType": kind, "uri": uri}}, **properties}
        answer = self.invoke(endpoint, given)
        assert answer.status == 201, answer.content
        return str(answer.body["name"])

    def await_batch(self, endpoint: str, job: str, patience: float = 90) -> str:
        """Look at a batch job at the scoring host until it has ended; its last status."""
        url = f"{self.uri(endpoint)}/{urllib.parse.quote(job)}"
        deadline = time.monotonic() + patience
        while (status := self.scoring("GET", url).body["properties"]["status"]) not in TERMINAL:
            assert time.monotonic() < deadline, status
            time.sleep(0.05)
        return str(status)

    def child(self, job: str) -> str:
        """The name of the one child of a batch job, which earlier releases of azure-ai-ml find by its module's name."""
        rows = self.history("GET", f"runs/{job}/children").body["value"]
        assert [row["properties"]["azureml.moduleName"] for row in rows] == ["batchscoring"], rows
        return str(rows[0]["runId"])

    def scores(self, job: str, file: str = "predictions.csv") -> list[str]:
        """The lines of a batch job's result, found the way clients find it: the child's output ``score``."""
        uri = self.outputs(self.child(job))["score"]["uri"]
        return self.read(uri if not uri.endswith("/") else uri + file).decode().splitlines()
