"""Microsoft's client, asked by another process: takes ``{"file", "folder"}`` a line, answers with what it sent.

Runs with the interpreter of ``.venvs/sdk``. The service's answers are the stand-in's; nothing of the network is asked.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import logging
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
os.environ |= {"AZURE_ML_DISABLE_ON_DISK_CACHE": "1", "AZUREML_LOG_DISABLED": "1"}
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
    from azure.ai.ml import MLClient, load_job
    from azure.core.credentials import AccessToken
    from requests.adapters import HTTPAdapter

from tests.corpus.standin import GROUP, HOME, SUBSCRIPTION, TENANT, WORKSPACE, Sent, StandIn  # noqa: E402

SERVICE = "https://eastus.api.azureml.ms"
MADE = "2026-01-01T00:00:00Z"


class Credential:
    """A credential without a service: the client reads tenant and audience from its tokens."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Give a token."""
        claims = {"aud": scopes[0].removesuffix("/.default"), "tid": TENANT}
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": "none"}, claims)
        ]
        return AccessToken(".".join([*parts, "eHh4eA"]), int(time.time()) + 3600)


class Service(StandIn):
    """The stand-in, with what only Microsoft's client looks up."""

    def answer(self, sent: Sent) -> tuple[int, Any, dict[str, str]]:
        """Choose an answer."""
        if sent.path == "/discovery":
            return 200, {"api": SERVICE}, {}
        if sent.path == HOME:
            properties = {"workspaceId": "g", "discoveryUrl": f"{SERVICE}/discovery"}
            return 200, {"id": HOME, "name": WORKSPACE, "location": "eastus", "properties": properties}, {}
        if sent.method == "GET" and "no-such" not in sent.path:
            found = self.looked_up(sent.path, sent.path.removeprefix(HOME).strip("/").split("/"))
            if found:
                return 200, found, {}
        return super().answer(sent)

    def looked_up(self, path: str, parts: list[str]) -> Any:
        """Describe a compute, an environment or a component."""
        match parts:
            case ["computes", name]:
                properties = {"computeType": "AmlCompute", "properties": {"vmSize": "x"}}
                return {"id": path, "name": name, "location": "eastus", "properties": properties}
            case ["environments" | "components" as kind, name, "versions"]:
                return {"value": [self.asset(f"{path}/7", kind, name)]}
            case ["environments" | "components" as kind, name, "versions", _]:
                return self.asset(path, kind, name)
        return None

    def asset(self, path: str, kind: str, name: str) -> Any:
        """Describe an environment or a component."""
        properties: dict[str, Any] = {"isAnonymous": False}
        if kind == "environments":
            properties["image"] = "x"
        else:
            properties["componentSpec"] = {
                "$schema": "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json",
                "name": name,
                "version": "7",
                "type": "command",
                "command": "echo",
                "environment": "azureml:e:1",
                "inputs": {},
                "outputs": {},
            }
        return {"id": path, "name": path.rsplit("/", 1)[-1], "properties": properties}

    def made(self, sent: Sent, parts: list[str]) -> Any:
        """Echo what was put, with what this client wants to read of it."""
        return super().made(sent, parts) | {"systemData": {"createdAt": MADE}}


def submit(file: str) -> dict[str, Any]:
    """Submit a job file; gives back the job's body or the error, and all that was put besides."""
    service = Service()
    HTTPAdapter.send = lambda _, request, **options: service.send(request, **options)
    answer: dict[str, Any] = {"rows": []}
    try:
        client = MLClient(Credential(), SUBSCRIPTION, GROUP, WORKSPACE, enable_telemetry=False)
        job = load_job(file)
        job.name = job.name or "job-under-test"
        client.jobs.create_or_update(job)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
        answer["error"] = f"{type(error).__name__}: {error}"[:2000]
    for sent in service.sent:
        if sent.method != "PUT" or (".blob." in sent.host and "comp" in sent.query):
            continue
        if sent.path.startswith(f"{HOME}/jobs/"):
            answer |= {"body": sent.body, "name": sent.path.rsplit("/", 1)[-1]}
            answer["token"] = "x-azureml-token" in {name.lower() for name in sent.headers}
            continue
        answer["rows"].append(service.row(sent))
    return answer


def main() -> None:
    """Answer until the input ends."""
    out = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        asked = json.loads(line)
        os.chdir(asked["folder"])
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            answer = submit(asked["file"])
        print(json.dumps(answer, default=str), file=out, flush=True)


main()
