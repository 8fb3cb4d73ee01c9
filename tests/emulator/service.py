"""A plain HTTP client of the emulator for tests: real TLS, real tokens, no client library of Azure ML between."""

from __future__ import annotations

import http.client
import json
import select
import ssl
import threading
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azureml_emulator.core.store import Store
from azureml_emulator.jobs.models import Jobs
from tests.emulator_fixture import RunningEmulator

VERSION = "2025-12-01"
TERMINAL = {"Completed", "Failed", "Canceled"}
ENVIRONMENT = "azureml:AzureML-minimal:1"


@dataclass(frozen=True)
class Answer:
    """One answer: status, headers in lower case, raw body."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The body as JSON; None when it is empty."""
        return json.loads(self.content) if self.content else None

    @property
    def inner(self) -> list[str]:
        """The inner error codes of envelope A, from the outermost to the deepest."""
        rows = {row["type"]: row["info"] for row in self.body["error"]["additionalInfo"]}
        codes, node = [], rows.get("InnerError", {}).get("value")
        while node:
            codes.append(node["code"])
            node = node["innerError"]
        return codes


class Kept(threading.local):
    """The connections of a thread, each used for one request after the other, by host and port."""

    def __init__(self) -> None:
        self.connections: dict[str, http.client.HTTPSConnection] = {}


class Service:
    """Requests to one emulator, with its own application's tokens."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator = emulator
        self.base = emulator["endpoint"].rstrip("/")
        self.ws = (
            f"/subscriptions/{emulator['subscription_id']}/resourceGroups/{emulator['resource_group']}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{emulator['workspace_name']}"
        )
        self._context = ssl.create_default_context(cafile=emulator["ca_bundle"])
        self._tokens: dict[str, str] = {}
        self._kept = Kept()

    def token(self, audience: str) -> str:
        """A token for an audience."""
        if audience not in self._tokens:
            form = {
                "client_id": self.emulator["client_id"],
                "client_secret": self.emulator["client_secret"],
                "grant_type": "client_credentials",
                "scope": f"{audience}/.default",
            }
            url = f"{self.base}/{self.emulator['tenant_id']}/oauth2/v2.0/token"
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._send("POST", url, urllib.parse.urlencode(form).encode(), headers)
            self._tokens[audience] = answer.body["access_token"]
        return self._tokens[audience]

    def request(
        self, method: str, path: str, body: Any = None, /, *, headers: Mapping[str, str] | None = None, **query: str
    ) -> Answer:
        """One request with a token for ARM; ``path`` may be relative to the workspace, to the host, or a whole URL."""
        url = urllib.parse.urljoin(f"{self.base}{self.ws}/", path)
        if "?" not in url:
            url += "?" + urllib.parse.urlencode({"api-version": VERSION, **query})
        content = None if body is None else json.dumps(body).encode()
        own = {"Authorization": f"Bearer {self.token(self.base)}", "Content-Type": "application/json"}
        sent = {**own, **(headers or {})}
        return self._send(method, url, content, sent)

    def connection(self, host: str = "") -> http.client.HTTPSConnection:
        """A new connection, on which a request can be sent piece by piece.

        :param host: with its port; default: the emulator's.
        """
        return http.client.HTTPSConnection(host or self.base.partition("//")[2], context=self._context, timeout=60)

    def get(self, path: str, /, **query: str) -> Answer:
        """GET."""
        return self.request("GET", path, None, headers=None, **query)

    def put(self, path: str, body: Any, **options: Any) -> Answer:
        """PUT."""
        return self.request("PUT", path, body, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        """POST."""
        return self.request("POST", path, body, **options)

    def operation_end(self, answer: Answer) -> str:
        """How the operation of an answer ended: ``Succeeded`` or ``Failed``."""
        deadline, address = time.monotonic() + 60, answer.headers["azure-asyncoperation"]
        while (status := self.get(address).body["status"]) not in ("Succeeded", "Failed"):
            assert time.monotonic() < deadline, status
            time.sleep(0.02)
        return str(status)

    def history(self, method: str, where: str, body: Any = None, /, **query: str) -> Answer:
        """A request to run history."""
        return self.request(method, f"/history/v1.0{self.ws}/{where}", body, headers=None, **query)

    def submit(self, name: str, command: str, **properties: Any) -> Answer:
        """PUT a command job."""
        given = {"jobType": "Command", "command": command, "environmentId": ENVIRONMENT, **properties}
        return self.put(f"jobs/{name}", {"properties": given})

    def job(self, name: str) -> dict[str, Any]:
        """A job's properties."""
        return dict(self.get(f"jobs/{name}").body["properties"])

    def wait(self, name: str, *statuses: str, patience: float = 60) -> dict[str, Any]:
        """Look at a job until it has one of the statuses, or has ended."""
        deadline = time.monotonic() + patience
        while True:
            job = self.job(name)
            if job["status"] in (statuses or TERMINAL) or job["status"] in TERMINAL:
                return job
            assert time.monotonic() < deadline, job["status"]
            time.sleep(0.03)

    def statuses(self, name: str) -> list[str]:
        """All statuses that a job has had: those, too, that no look has seen."""
        return [status for status, _ in walk(self.emulator, name)]

    def run(self, name: str, command: str, **properties: Any) -> dict[str, Any]:
        """Submit a job and wait for its end."""
        answer = self.submit(name, command, **properties)
        assert answer.status == 201, answer.content
        return self.wait(name)

    def details(self, name: str) -> dict[str, Any]:
        """A run's details."""
        return dict(self.history("GET", f"runs/{name}/details").body)

    def log(self, name: str) -> str:
        """A job's log, read through its signed address."""
        url = self.details(name)["logFiles"]["user_logs/std_log.txt"]
        return self._send("GET", url, None, {}).content.decode()

    def printed(self, name: str) -> str:
        """What a job's command printed: its log without the emulator's own lines."""
        lines = self.log(name).splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("[azureml-emulator] "))

    def signed(self, url: str, method: str = "GET", content: bytes | None = None, **headers: str) -> Answer:
        """A request to a signed address, without a token."""
        return self._send(method, url, content, {name.replace("_", "-"): value for name, value in headers.items()})

    def upload(self, path: str, content: bytes) -> str:
        """Write a blob to the default datastore; its short address."""
        store = self.get("datastores/workspaceblobstore").body["properties"]
        secret = self.post("datastores/workspaceblobstore/listSecrets", {"expirableSecret": True}).body["sasToken"]
        url = f"{self.emulator['storage_url']}/{store['containerName']}/{urllib.parse.quote(path)}?{secret}"
        answer = self.signed(url, "PUT", content, x_ms_blob_type="BlockBlob", x_ms_version="2021-12-02")
        assert answer.status == 201, answer.content
        return f"azureml://datastores/workspaceblobstore/paths/{path}"

    def code(self, files: Mapping[str, bytes]) -> str:
        """Register code; its id."""
        place = self.post("codes/c0de/versions/1/startPendingUpload", {}).body["blobReferenceForConsumption"]
        address, _, secret = place["credential"]["sasUri"].partition("?")
        for name, content in files.items():
            url = f"{address}/src/{urllib.parse.quote(name)}?{secret}"
            assert self.signed(url, "PUT", content, x_ms_blob_type="BlockBlob").status == 201
        name = place["blobUri"].rpartition("/")[2]
        answer = self.put(f"codes/{name}/versions/1", {"properties": {"codeUri": f"{place['blobUri']}/src"}})
        assert answer.status == 201, answer.content
        return str(answer.body["id"])

    def read(self, uri: str) -> bytes:
        """The content of a blob by its datastore address."""
        store, _, path = uri.partition("/datastores/")[2].partition("/paths/")
        container = self.get(f"datastores/{store}").body["properties"]["containerName"]
        headers = {"Authorization": f"Bearer {self.token('https://storage.azure.com')}", "x-ms-version": "2021-12-02"}
        url = f"{self.emulator['storage_url']}/{container}/{urllib.parse.quote(path)}"
        answer = self._send("GET", url, None, headers)
        if answer.status != 200:
            raise FileNotFoundError(f"{uri}: {answer.status}")
        return answer.content

    def outputs(self, name: str) -> dict[str, dict[str, str]]:
        """A job's outputs: type, asset id and address of each, as run history and the data plane tell them."""
        asked = {"runId": name, "selectRunMetadata": True, "selectRunDefinition": True, "selectJobSpecification": True}
        rows = self.history("POST", "rundata", asked).body["runMetadata"]["outputs"]
        ids = [row["assetId"] for row in rows.values()]
        data = self.post(f"/data/v1.0{self.ws}/dataversion/batchGetResolvedUris", {"values": ids}).body["values"]
        models = self.post(f"/modelregistry/v1.0{self.ws}/models/batchGetResolvedUris", {"values": ids}).body["values"]
        places = {**{key: row["uri"] for key, row in data.items()}, **{key: row["path"] for key, row in models.items()}}
        return {name: {**row, "uri": places[row["assetId"]]} for name, row in rows.items()}

    def _send(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        address = urllib.parse.urlsplit(url)
        kept = self._kept.connections
        connection = kept.setdefault(address.netloc, self.connection(address.netloc))
        if connection.sock and select.select([connection.sock], [], [], 0)[0]:
            connection.close()  # the emulator has ended meanwhile: the next request is sent on a new one
        try:
            connection.request(method, address._replace(scheme="", netloc="").geturl(), content, dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, lower(answer.headers), answer.read())
        except BaseException:
            connection.close()
            raise


def walk(emulator: RunningEmulator, name: str) -> list[tuple[str, datetime]]:
    """The statuses that a job has had, each with the time at which it began, as the emulator has written them down."""
    store = Store(emulator.state / "state.sqlite")
    job = Jobs(store).get(name)
    store.close()
    assert job is not None
    # Python 3.10 reads six digits of a second, the service writes seven.
    return [(status, datetime.fromisoformat(time.replace("0+00:00", "+00:00"))) for status, time in job.walk]


def lower(headers: Any) -> dict[str, str]:
    """Headers by their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}
