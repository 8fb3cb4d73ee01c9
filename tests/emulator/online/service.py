"""Online endpoints over plain HTTP, for tests: what it takes to have one that scores."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from tests.emulator.batch.service import BatchService
from tests.emulator.service import ENVIRONMENT, Answer

DOUBLER = """
import json, os

def init():
    global factor
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "factor.txt")) as file:
        factor = int(file.read())
    print("loaded the factor", factor, flush=True)

def run(raw_data):
    numbers = json.loads(raw_data)["data"]
    return [factor * number for number in numbers]
"""
"""A scoring script without any library: each number times the model's factor."""


class OnlineService(BatchService):
    """One emulator with what online endpoints need."""

    def online(self, mode: str = "Key", **properties: Any) -> str:
        """A new endpoint's name."""
        name = f"on-{uuid.uuid4().hex[:10]}"
        self.set_online(name, authMode=mode, **properties)
        return name

    def set_online(self, name: str, **properties: Any) -> None:
        """Write an endpoint."""
        body = {"location": "eastus", "properties": {"authMode": "Key", **properties}}
        self.follow(self.put(f"onlineEndpoints/{name}", body))

    def deploy(self, endpoint: str, name: str, script: str = DOUBLER, *, factor: str = "2", **properties: Any) -> str:
        """Write a deployment and wait for the end of its operation; its state then."""
        answer = self.begin_deploy(endpoint, name, script, factor=factor, **properties)
        assert answer.status in (200, 201), answer.content
        return str(self.ended(answer)["status"])

    def begin_deploy(
        self, endpoint: str, name: str, script: str = DOUBLER, *, factor: str = "2", **properties: Any
    ) -> Answer:
        """Write a deployment with a scoring script; the model is a file ``factor.txt``."""
        sku = properties.pop("sku", {"name": "Default", "capacity": 1})
        given = {
            "endpointComputeType": "Managed",
            "instanceType": "Standard_DS3_v2",
            "model": self.model({"factor.txt": factor.encode()}, "factor.txt"),
            "codeConfiguration": {"codeId": self.code({"score.py": script.encode()}), "scoringScript": "score.py"},
            "environmentId": ENVIRONMENT,
            **properties,
        }
        path = f"onlineEndpoints/{endpoint}/deployments/{name}"
        return self.put(path, {"location": "eastus", "sku": sku, "properties": given})

    def ended(self, answer: Answer) -> dict[str, Any]:
        """The state of an operation once it is over."""
        deadline = time.monotonic() + 60
        while (row := self.get(answer.headers["azure-asyncoperation"]).body)["status"] == "Updating":
            assert time.monotonic() < deadline, row
            time.sleep(0.03)
        return dict(row)

    def keys(self, endpoint: str) -> dict[str, str]:
        """An endpoint's keys."""
        return dict(self.post(f"onlineEndpoints/{endpoint}/listKeys").body)

    def scored(
        self,
        endpoint: str,
        data: Any = None,
        *,
        credential: str | None = None,
        method: str = "POST",
        query: str = "",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Invoke an endpoint, with its first key unless a credential is given."""
        uri = self.get(f"onlineEndpoints/{endpoint}").body["properties"]["scoringUri"]
        shown = self.keys(endpoint)["primaryKey"] if credential is None else credential
        sent = {"Content-Type": "application/json", **({"Authorization": f"Bearer {shown}"} if shown else {})}
        body = content if content is not None else None if data is None else json.dumps(data).encode()
        return self._send(method, uri + query, body, {**sent, **(headers or {})})

    def logs(self, endpoint: str, deployment: str, **asked: Any) -> str:
        """What a deployment's container printed."""
        return str(self.post(f"onlineEndpoints/{endpoint}/deployments/{deployment}/getLogs", asked).body["content"])
