"""Access to storage: signatures, shared key, tokens, and that exactly one of them is shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.storage.blob import (
    BlobSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from tests.emulator_fixture import RunningEmulator


@pytest.fixture
def blob_url(container: ContainerClient) -> str:
    container.upload_blob("folder/x y.txt", b"content")
    return container.get_blob_client("folder/x y.txt").url


def soon(minutes: float = 10) -> datetime:
    return datetime.now(timezone.utc) + timedelta(minutes=minutes)


def account_names(emulator: RunningEmulator) -> list[str]:
    """The account as datastores answer it, as the path shows it, and plain."""
    segment = emulator["storage_url"].removeprefix("https://")
    return [segment.partition(".blob.")[0], segment.partition("/")[2], "emuacct"]


def get(emulator: RunningEmulator, url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, verify=emulator["ca_bundle"])


def code(answer: requests.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("x-ms-error-code")


@pytest.mark.parametrize("which", [0, 1, 2])
def test_signatures_of_microsofts_library_are_valid(
    emulator: RunningEmulator, container: ContainerClient, key: str, blob_url: str, which: int
) -> None:
    account, name = account_names(emulator)[which], container.container_name
    everything = ContainerSasPermissions(read=True, list=True, write=True, create=True, delete=True)
    signed = generate_container_sas(account, name, key, permission=everything, expiry=soon())
    client = ContainerClient(emulator["storage_url"], name, credential=signed)
    assert [blob.name for blob in client.list_blobs()] == ["folder/x y.txt"]
    client.upload_blob("new", b"1", metadata={"a": "b"})
    assert client.get_blob_client("new").get_blob_properties().metadata == {"a": "b"}
    client.delete_blob("new")
    one = generate_blob_sas(
        account, name, "folder/x y.txt", account_key=key, permission=BlobSasPermissions(read=True), expiry=soon()
    )
    assert get(emulator, f"{blob_url}?{one}").content == b"content"
    whole = generate_account_sas(account, key, "sco", "rl", soon())
    service = BlobServiceClient(emulator["storage_url"], credential=whole)
    assert name in {found.name for found in service.list_containers()}
    assert service.get_blob_client(name, "folder/x y.txt").download_blob().readall() == b"content"


def test_a_signature_is_for_one_place_and_one_time(
    emulator: RunningEmulator, container: ContainerClient, key: str, blob_url: str
) -> None:
    name = container.container_name
    container.upload_blob("other", b"secret")
    read = BlobSasPermissions(read=True)
    make: Callable[..., str] = generate_blob_sas
    signed = make("emuacct", name, "folder/x y.txt", account_key=key, permission=read, expiry=soon())
    other = container.get_blob_client("other").url
    assert code(get(emulator, f"{other}?{signed}")) == (403, "AuthenticationFailed")
    assert code(get(emulator, f"{blob_url}?{signed.replace('sp=r', 'sp=rw')}")) == (403, "AuthenticationFailed")
    for expiry, start in ((soon(-1), soon(-10)), (soon(20), soon(10))):
        late = make("emuacct", name, "folder/x y.txt", account_key=key, permission=read, expiry=expiry, start=start)
        answer = get(emulator, f"{blob_url}?{late}")
        assert code(answer) == (403, "AuthenticationFailed")
        assert "not valid in the specified time frame" in answer.text
        assert late.partition("sig=")[2] not in answer.text


def test_a_signature_may_be_for_some_addresses_only(
    emulator: RunningEmulator, container: ContainerClient, key: str, blob_url: str
) -> None:
    for address, expected in (
        ("127.0.0.1", (200, None)),
        ("127.0.0.0-127.0.0.9", (200, None)),
        ("10.0.0.1", (403, "AuthorizationSourceIPMismatch")),
        ("10.0.0.1-10.0.0.9", (403, "AuthorizationSourceIPMismatch")),
    ):
        signed = generate_container_sas(
            "emuacct", container.container_name, key, permission="r", expiry=soon(), ip=address
        )
        assert code(get(emulator, f"{blob_url}?{signed}")) == expected


def test_a_policy_that_is_not_stored_allows_nothing(
    emulator: RunningEmulator, container: ContainerClient, key: str, blob_url: str
) -> None:
    signed = generate_container_sas("emuacct", container.container_name, key, policy_id="kept", expiry=soon())
    assert code(get(emulator, f"{blob_url}?{signed}")) == (403, "AuthenticationFailed")


def test_a_signature_allows_what_it_says(
    emulator: RunningEmulator, container: ContainerClient, key: str, blob_url: str
) -> None:
    def client(**permissions: bool) -> ContainerClient:
        allowed = ContainerSasPermissions(**permissions)
        signed = generate_container_sas("emuacct", container.container_name, key, permission=allowed, expiry=soon())
        return ContainerClient(emulator["storage_url"], container.container_name, credential=signed, retry_total=0)

    attempts: dict[str, tuple[dict[str, bool], Callable[[ContainerClient], Any]]] = {
        "read": ({"list": True}, lambda each: each.download_blob("folder/x y.txt")),
        "list": ({"read": True}, lambda each: list(each.list_blobs())),
        "write": ({"read": True}, lambda each: each.upload_blob("new", b"")),
        "delete": ({"write": True}, lambda each: each.delete_blob("folder/x y.txt")),
        "overwrite": ({"create": True}, lambda each: each.upload_blob("folder/x y.txt", b"", overwrite=True)),
    }
    for permissions, attempt in attempts.values():
        with pytest.raises(HttpResponseError) as caught:
            attempt(client(**permissions))
        assert (caught.value.status_code, caught.value.error_code) == (403, "AuthorizationPermissionMismatch")
    client(create=True).upload_blob("created", b"")


def test_a_signature_of_a_container_does_not_open_the_container_itself(
    emulator: RunningEmulator, container: ContainerClient, key: str, blob_url: str
) -> None:
    address, name, everything = emulator["storage_url"], container.container_name, "racwdlt"
    of_container = generate_container_sas("emuacct", name, key, permission=everything, expiry=soon())
    of_account = generate_account_sas("emuacct", key, "co", everything, soon())
    own, account = (ContainerClient(address, name, credential=each) for each in (of_container, of_account))
    attempts: tuple[Callable[[ContainerClient], Any], ...] = (
        lambda each: each.exists(),
        lambda each: each.set_container_metadata({"a": "b"}),
        lambda each: each.acquire_lease().release(),
        lambda each: each.delete_container(),
        lambda each: each.create_container(),
    )
    for attempt in attempts:
        with pytest.raises(HttpResponseError) as caught:
            attempt(own)
        assert (caught.value.status_code, caught.value.error_code) == (403, "AuthorizationFailure")
        attempt(account)
    for client in (own, account, BlobServiceClient(address, credential=of_account)):
        assert client.get_account_information()["sku_name"] == "Standard_LRS"


def test_blocks_want_more_than_to_create(
    emulator: RunningEmulator, container: ContainerClient, key: str, blob_url: str
) -> None:
    signed = generate_container_sas("emuacct", container.container_name, key, permission="c", expiry=soon())
    client = ContainerClient(emulator["storage_url"], container.container_name, credential=signed)
    client.upload_blob("whole", b"1")
    blob = client.get_blob_client("blocks")
    for attempt in (lambda: blob.stage_block("0001", b"1"), lambda: blob.commit_block_list([])):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert caught.value.error_code == "AuthorizationPermissionMismatch"


def test_shared_key(emulator: RunningEmulator, container: ContainerClient, key: str, blob_url: str) -> None:
    for account in account_names(emulator):
        credential = {"account_name": account, "account_key": key}
        client = ContainerClient(emulator["storage_url"], container.container_name, credential=credential)
        client.upload_blob("shared ü", b"1", metadata={"upload_status": "completed", "name": "n"}, overwrite=True)
        assert len(list(client.list_blobs(include=["metadata"]))) == 2
        assert client.download_blob("folder/x y.txt").readall() == b"content"
    # Clients of Go, as rclone, write a space of the query as a plus, and sign the space.
    url = f"{emulator['storage_url']}/{container.container_name}?restype=container&comp=list&prefix=folder/x+"
    moment = format_datetime(datetime.now(timezone.utc), usegmt=True)
    path = url.partition("?")[0].removeprefix(emulator["endpoint"])
    lines = ["GET", *[""] * 11, f"x-ms-date:{moment}", "x-ms-version:2021-12-02", f"/emuacct{path}"]
    text = "\n".join([*lines, "comp:list", "prefix:folder/x ", "restype:container"])
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    signed = {"Authorization": f"SharedKey emuacct:{base64.b64encode(digest).decode()}", "x-ms-version": "2021-12-02"}
    answer = get(emulator, url, **signed, **{"x-ms-date": moment})
    assert answer.status_code == 200
    assert "folder/x y.txt" in answer.text
    wrong = {"account_name": "emuacct", "account_key": "AAAA"}
    with pytest.raises(ClientAuthenticationError) as caught:
        ContainerClient(emulator["storage_url"], container.container_name, credential=wrong).get_container_properties()
    assert caught.value.status_code == 403


def test_a_signature_and_a_token_together_are_refused(
    emulator: RunningEmulator,
    container: ContainerClient,
    key: str,
    blob_url: str,
    bearer: Callable[..., dict[str, str]],
) -> None:
    signed = generate_container_sas("emuacct", container.container_name, key, permission="r", expiry=soon())
    assert code(get(emulator, f"{blob_url}?{signed}")) == (200, None)
    both = get(emulator, f"{blob_url}?{signed}", **bearer("https://storage.azure.com"))
    assert code(both) == (403, "AuthenticationFailed")


def test_tokens_for_storage_and_no_others(
    emulator: RunningEmulator, blob_url: str, bearer: Callable[..., dict[str, str]]
) -> None:
    own = {"x-ms-version": "2017-11-09"}
    assert get(emulator, blob_url, **bearer("https://storage.azure.com"), **own).content == b"content"
    wrong = get(emulator, blob_url, **bearer(), **own)
    assert code(wrong) == (401, "InvalidAuthenticationInfo")
    nothing = get(emulator, blob_url)
    assert code(nothing) == (401, "NoAuthenticationInformation")
    assert "resource_id=https://storage.azure.com" in nothing.headers["WWW-Authenticate"]
