"""A stand-in for the services at the edge of HTTP: it answers as the corpus says that its own did, and keeps a record.

It takes the place of ``requests``' adapter, so everything above it is the real thing: hook, drivers, azure-core,
azure-identity, azure-storage-blob.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

SUBSCRIPTION, GROUP, WORKSPACE = "11111111-2222-3333-4444-555555555555", "rg-under-test", "ws-under-test"
TENANT = "99999999-8888-7777-6666-555555555555"
HOME = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.MachineLearningServices"
    f"/workspaces/{WORKSPACE}"
)
CONTAINER = "azureml-blobstore-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
SAS = "sv=2023-01-03&sr=c&sp=rcwl&sig=REDACTED"

CONNECTION = {
    "conn_type": "azureml",
    "login": "client-under-test",
    "password": "secret-under-test",
    "extra": {
        "tenant_id": TENANT,
        "subscription_id": SUBSCRIPTION,
        "resource_group": GROUP,
        "workspace_name": WORKSPACE,
    },
}
"""An Airflow connection to it."""


class Pool:
    """Stands in for urllib3's pool of connections, where requests are sent without ``requests``."""

    proxy = object()
    """As behind a proxy, requests are sent by ``urlopen``."""

    def __init__(self, fake_azure: FakeAzure, base: str) -> None:
        self.fake_azure, self.base = fake_azure, base

    def urlopen(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str], **_: Any) -> Any:
        """Answer a request in the place of urllib3."""
        address = urljoin(self.base, target)
        request = requests.Request(method, address, headers=dict(headers), data=body or b"").prepare()
        answer = self.fake_azure.send(request)
        return SimpleNamespace(status=answer.status_code, headers=answer.headers, data=answer.content)


def stand_in(fake_azure: FakeAzure, replace: Callable[[type, str, Any], object]) -> None:
    """Have every request of our client answered.

    :param replace: puts a function in the place of a class's method.
    """
    from airflow_azureml.client.adapter import Adapter

    replace(HTTPAdapter, "send", lambda _, request, **options: fake_azure.send(request, **options))
    replace(Adapter, "pool", lambda _, base, **options: Pool(fake_azure, base))


@dataclass(frozen=True)
class Sent:
    """One request as it left the process."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None
    content: bytes = b""


@dataclass
class FakeAzure:
    """The services of one case.

    :ivar sent: The requests that arrived, but for those about tokens.
    :ivar answered: Status and body of the answer to each of them.
    :ivar scripted: Answers to give to some requests, each with its ``method``, ``path``, ``status`` and ``body``.
    """

    sent: list[Sent] = field(default_factory=list)
    answered: list[tuple[int, Any]] = field(default_factory=list)
    scripted: Sequence[Mapping[str, Any]] = ()
    codes: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str | None] = field(default_factory=dict)
    blobs: dict[str, dict[str, str]] = field(default_factory=dict)
    containers: int = 0

    def __post_init__(self) -> None:
        # These are new services: what our client knows of others, where it is loaded, does not hold.
        kept = sys.modules.get("airflow_azureml.client.kept_client")
        if kept is not None:
            kept.forget()

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        """Answer a request in the place of ``HTTPAdapter.send``."""
        parts = urlsplit(str(request.url))
        raw: Any = request.body
        raw = raw.read() if hasattr(raw, "read") else raw
        content = raw.encode() if isinstance(raw, str) else bytes(raw or b"")
        kind = str(request.headers.get("Content-Type", ""))
        body = json.loads(content) if content and kind.startswith("application/json") else None
        sent = Sent(
            str(request.method),
            parts.netloc,
            unquote(parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {str(name): str(value) for name, value in request.headers.items()},
            body,
            content,
        )
        if "login" not in sent.host:
            self.sent.append(sent)
        status, answer, headers = self.scripted_answer(sent) or self.answer(sent)
        if "login" not in sent.host:
            self.answered.append((status, answer))
        response = requests.Response()
        response.status_code, response.url, response.request = status, str(request.url), request
        response.reason = "said the stand-in"
        text = b"" if answer is None else json.dumps(answer).encode()
        response.headers = requests.structures.CaseInsensitiveDict(
            {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}
        )
        response.raw = BytesIO(text)
        return response

    def scripted_answer(self, sent: Sent) -> tuple[int, Any, dict[str, str]] | None:
        """Give the answer that is scripted for a request, if one is."""
        for row in self.scripted:
            if (row["method"], row["path"]) == (sent.method, sent.path):
                body = row.get("body")
                return row["status"], body if body is None else {"id": sent.path, **body}, {}
        return None

    def answer(self, sent: Sent) -> tuple[int, Any, dict[str, str]]:
        """Choose an answer."""
        if "login" in sent.host:
            return 200, self.login(sent), {}
        if ".blob." in sent.host:
            return self.blob(sent)
        if sent.path.startswith(HOME):
            return self.resource(sent, sent.path.removeprefix(HOME).strip("/").split("/"))
        return 404, {"error": {"code": "NotFound", "message": f"{sent.method} {sent.path}"}}, {}

    def login(self, sent: Sent) -> Any:
        """Answer azure-identity."""
        base = f"https://login.microsoftonline.com/{TENANT}"
        if "openid-configuration" in sent.path:
            return {
                "issuer": f"{base}/v2.0",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            }
        return {
            "token_type": "Bearer",
            "expires_in": 3600,
            "access_token": "token-under-test",
            "tenant_discovery_endpoint": base,
        }

    def blob(self, sent: Sent) -> tuple[int, Any, dict[str, str]]:
        """Answer blob storage."""
        marks = {key[10:]: value for key, value in sent.headers.items() if key.lower().startswith("x-ms-meta-")}
        stamps = {"ETag": '"0x1"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        if sent.method == "PUT":
            self.blobs[sent.path] = marks
            return (200 if sent.query.get("comp") == "metadata" else 201), None, stamps
        if sent.path in self.blobs:
            return 200, None, {**stamps, **{f"x-ms-meta-{key}": value for key, value in self.blobs[sent.path].items()}}
        return 404, None, {"x-ms-error-code": "BlobNotFound"}

    def resource(self, sent: Sent, parts: list[str]) -> tuple[int, Any, dict[str, str]]:
        """Answer ARM below the workspace."""
        missing = any(part.startswith("no-such") for part in parts)
        if missing or (parts[0] == "jobs" and sent.method == "GET"):
            return 404, {"error": {"code": "UserError", "message": f"{sent.path} not found."}}, {}
        if sent.method == "PUT":
            if parts[0] == "codes":
                digest = sent.body["properties"].get("properties", {}).get("hash_sha256")
                self.codes[digest] = sent.path
                self.addresses[sent.path] = sent.body["properties"].get("codeUri")
            return 201, self.made(sent, parts), {}
        match parts:
            case ["codes", _, "versions"]:
                found = self.codes.get(sent.query["hash"])
                return 200, {"value": [{"id": found}] if found else []}, {}
            case ["codes", _, "versions", _]:
                return 200, {"id": sent.path, "properties": {"codeUri": self.addresses.get(sent.path)}}, {}
            case ["codes", name, "versions", _, "startPendingUpload"]:
                self.containers += 1
                url = f"https://stundertest.blob.core.windows.net:443/aaaaaaaa-{name}-{self.containers}"
                place = {"blobUri": url, "credential": {"credentialType": "SAS", "sasUri": f"{url}?{SAS}"}}
                return 200, {"blobReferenceForConsumption": place}, {}
            case ["datastores"]:
                return 200, {"value": [self.store("workspaceblobstore")]}, {}
            case ["datastores", name]:
                return 200, self.store(name), {}
            case ["datastores", _, "listSecrets"]:
                return 200, {"secretsType": "Sas", "sasToken": SAS}, {}
            case [_, _]:
                return 200, {"id": sent.path, "properties": {"latestVersion": "7", "nextVersion": "8"}}, {}
            case [_, _, "versions"]:
                return 200, {"value": [{"id": f"{sent.path}/7", "name": "7", "properties": {}}]}, {}
            case _:
                return 200, {"id": sent.path, "name": parts[-1], "properties": {}}, {}

    def made(self, sent: Sent, parts: list[str]) -> Any:
        """Echo what was put; an anonymous component gets an address of the service's own choice."""
        path = sent.path
        if parts[:2] == ["components", "azureml_anonymous"]:
            path = f"{HOME}/components/azureml_anonymous/versions/{hashlib.md5(path.encode()).hexdigest()}"
        services = {"Studio": {"endpoint": "https://ml.azure.com/runs/x"}}
        own = {"status": "Starting", "services": services} if parts[0] == "jobs" else {}
        return {"id": path, "name": path.rsplit("/", 1)[-1], "properties": {**sent.body["properties"], **own}}

    def row(self, sent: Sent) -> dict[str, Any]:
        """Say of a request what is compared."""
        row: dict[str, Any] = {"method": sent.method, "path": sent.path, "body": sent.body}
        if sent.method == "PUT" and ".blob." in sent.host and "comp" not in sent.query:
            row["content_hash"] = hashlib.sha256(sent.content).hexdigest()
        if sent.method == "PUT" and sent.body:
            row["id"] = self.made(sent, sent.path.removeprefix(HOME).strip("/").split("/"))["id"]
        return row

    def store(self, name: str) -> Any:
        """Describe a datastore."""
        container = CONTAINER if name == "workspaceblobstore" else name
        properties = {
            "datastoreType": "AzureBlob",
            "accountName": "stundertest",
            "containerName": container,
            "endpoint": "core.windows.net",
            "isDefault": name == "workspaceblobstore",
            "credentials": {"credentialsType": "AccountKey"},
        }
        return {"id": f"{HOME}/datastores/{name}", "name": name, "properties": properties}
