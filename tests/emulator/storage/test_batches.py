"""Many blobs deleted in one request, through azure-storage-blob and as written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.storage.blob import (
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    PartialBatchErrorException,
    generate_container_sas,
)

from tests.emulator.service import Service
from tests.emulator.storage.blobs import put, send
from tests.emulator_fixture import RunningEmulator

NAMES = ["plain", "folder/ünï & co.txt", "per%20cent", "plus+"]


@pytest.fixture
def key(service: Service) -> str:
    """The account's key."""
    return str(service.post("datastores/workspaceartifactstore/listSecrets", {}).body["key"])


@pytest.fixture(params=["token", "key", "signature"])
def client(
    request: pytest.FixtureRequest, container: ContainerClient, key: str, emulator: RunningEmulator
) -> ContainerClient:
    """The container by each kind of credential."""
    name = container.container_name
    allowed = ContainerSasPermissions(read=True, write=True, delete=True, list=True)
    until = datetime.now(timezone.utc) + timedelta(minutes=10)
    credentials: dict[str, Callable[[], object]] = {
        "token": lambda: container.credential,
        "key": lambda: {"account_name": "emuacct", "account_key": key},
        "signature": lambda: generate_container_sas("emuacct", name, key, permission=allowed, expiry=until),
    }
    credential = credentials[request.param]()
    return ContainerClient(emulator["storage_url"], name, credential=credential, retry_total=0)  # type: ignore[arg-type]


def test_blobs_are_deleted_each_with_its_own_answer(client: ContainerClient) -> None:
    for name in [*NAMES, "stays"]:
        put(client, name)
    answers = list(client.delete_blobs(*NAMES, "absent", raise_on_any_failure=False))
    assert [answer.status_code for answer in answers] == [202, 202, 202, 202, 404]
    assert answers[-1].headers["x-ms-error-code"] == "BlobNotFound"
    assert [blob.name for blob in client.list_blobs()] == ["stays"]
    with pytest.raises(PartialBatchErrorException):
        client.delete_blobs("stays", "absent")
    assert list(client.list_blobs()) == []


def test_conditions_count_for_each(container: ContainerClient) -> None:
    first, second = put(container, "a"), put(container, "b")
    rows: list[dict[str, Any]] = [
        {"name": "a", "etag": "0x1", "match_condition": MatchConditions.IfNotModified},
        {"name": "b"},
    ]
    answers = list(container.delete_blobs(*rows, raise_on_any_failure=False))
    assert [answer.status_code for answer in answers] == [412, 202]
    assert (first.exists(), second.exists()) == (True, False)


def batch(*requests: str, boundary: str = "batch_1") -> bytes:
    """A batch's body of requests as written."""
    parts = [
        f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n{request}\r\n"
        for number, request in enumerate(requests)
    ]
    return ("".join(parts) + f"--{boundary}--\r\n").encode()


MIXED = "multipart/mixed; boundary=batch_1"


def test_each_needs_a_credential_of_its_own(container: ContainerClient, emulator: RunningEmulator) -> None:
    blob = put(container, "x")
    path = f"/{emulator['storage_url'].rsplit('/', 1)[1]}/{container.container_name}/x"
    url = f"{container.url}?restype=container&comp=batch"
    answer = send(container, "POST", url, {"Content-Type": MIXED}, batch(f"DELETE {path} HTTP/1.1\r\n\r\n"))
    assert (answer.status_code, "HTTP/1.1 401 Unauthorized" in answer.text) == (202, True)
    assert "Content-ID: 0\r\n" in answer.text
    assert blob.exists()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (MIXED, b""),
        (MIXED, batch("nothing")),
        (MIXED, batch("DELETE http://other/x HTTP/1.1\r\n\r\n")),
        (MIXED, batch("DELETE /only-a-container HTTP/1.1\r\n\r\n")),
        (MIXED, batch("DELETE /another-container/x HTTP/1.1\r\n\r\n")),
        (MIXED, batch(*["DELETE /c/x HTTP/1.1\r\n\r\n"] * 257)),
        ("application/json", b"{}"),
        ("multipart/mixed", b"--\r\n"),
    ],
)
def test_what_is_no_batch_is_refused(container: ContainerClient, kind: str, body: bytes) -> None:
    answer = send(container, "POST", f"{container.url}?restype=container&comp=batch", {"Content-Type": kind}, body)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "InvalidInput")


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ("DELETE /only-a-container HTTP/1.1", "InvalidInput"),
        ("PUT /c/x?comp=tier HTTP/1.1", "AllBatchSubRequestsShouldBeSameApi"),
    ],
)
def test_a_batch_that_is_refused_has_done_nothing(
    storage: BlobServiceClient, container: ContainerClient, second: str, code: str
) -> None:
    blob = put(container, "x")
    token = container.credential.get_token("https://storage.azure.com/.default").token
    path = container.url.partition("/emuacct")[2]
    first = f"DELETE /emuacct{path}/x HTTP/1.1\r\nAuthorization: Bearer {token}"
    body = batch(*(f"{each}\r\n\r\n" for each in (first, second)))
    answer = send(container, "POST", f"{storage.url}?comp=batch", {"Content-Type": MIXED}, body)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, code)
    assert blob.exists()


@pytest.mark.parametrize("header", [b"Authorization", b"Content-Type", b"x-ms-date"])
def test_a_batch_with_bytes_that_are_no_text(container: ContainerClient, header: bytes) -> None:
    body = batch("DELETE /c/x HTTP/1.1\r\nodd: value\r\n\r\n").replace(b"odd: value", header + b": \xff")
    answer = send(container, "POST", f"{container.url}?restype=container&comp=batch", {"Content-Type": MIXED}, body)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "InvalidInput")


def test_access_tiers_are_set(container: ContainerClient) -> None:
    blob = put(container, "x")
    answers = list(container.set_standard_blob_tier_blobs("Cool", "x", "absent", raise_on_any_failure=False))
    assert [answer.status_code for answer in answers] == [200, 404]
    assert blob.get_blob_properties().blob_tier == "Cool"


def test_what_else_cannot_be_in_a_batch(container: ContainerClient) -> None:
    token = container.credential.get_token("https://storage.azure.com/.default").token
    path = f"/emuacct{container.url.partition('/emuacct')[2]}/x"
    request = f"PUT {path}?comp=metadata HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    url = f"{container.url}?restype=container&comp=batch"
    answer = send(container, "POST", url, {"Content-Type": MIXED}, batch(request))
    assert (answer.status_code, "HTTP/1.1 501 Not Implemented" in answer.text) == (202, True)


@pytest.mark.parametrize("query", ["?comp=batch", "?comp=batch&restype=container"])
def test_a_batch_of_the_account(storage: BlobServiceClient, container: ContainerClient, query: str) -> None:
    """Microsoft's client for JavaScript writes the second."""
    put(container, "x")
    token = container.credential.get_token("https://storage.azure.com/.default").token
    path = container.url.partition("/emuacct")[2]
    request = f"DELETE /emuacct{path}/x HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    answer = send(container, "POST", f"{storage.url}{query}", {"Content-Type": MIXED}, batch(request))
    assert (answer.status_code, "HTTP/1.1 202 Accepted" in answer.text) == (202, True)
    assert list(container.list_blobs()) == []
