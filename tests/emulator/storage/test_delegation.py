"""User delegation keys and what is signed with them, through azure-storage-blob and as written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.storage.blob import (
    BlobClient,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    UserDelegationKey,
    generate_blob_sas,
    generate_container_sas,
)

from azureml_emulator.storage.sas import delegated_key, delegated_text, signature
from tests.emulator.service import Service
from tests.emulator.storage.blobs import put, send

EVERYTHING = ContainerSasPermissions(read=True, list=True, write=True, create=True, delete=True)


def soon(minutes: float = 10) -> datetime:
    return datetime.now(timezone.utc) + timedelta(minutes=minutes)


@pytest.fixture
def key(storage: BlobServiceClient) -> UserDelegationKey:
    """A key that is good for some minutes."""
    return storage.get_user_delegation_key(soon(-5), soon())


def test_a_key_says_whose_it_is_and_how_long(key: UserDelegationKey, storage: BlobServiceClient) -> None:
    again = storage.get_user_delegation_key(soon(-5), soon(20))
    assert (key.signed_oid, key.signed_tid, key.signed_service) == (again.signed_oid, again.signed_tid, "b")
    assert key.value != again.value


def test_what_is_signed_with_it_opens_storage(container: ContainerClient, key: UserDelegationKey) -> None:
    name = container.container_name
    sas = generate_container_sas("emuacct", name, user_delegation_key=key, permission=EVERYTHING, expiry=soon())
    client = ContainerClient.from_container_url(f"{container.url}?{sas}")
    client.upload_blob("folder/x y.txt", b"content")
    assert [blob.name for blob in client.list_blobs()] == ["folder/x y.txt"]
    allowed = BlobSasPermissions(read=True)
    one = generate_blob_sas(
        "emuacct", name, "folder/x y.txt", user_delegation_key=key, permission=allowed, expiry=soon()
    )
    client.upload_blob("other", b"content")
    with BlobClient.from_blob_url(f"{container.url}/other?{one}") as other, pytest.raises(ClientAuthenticationError):
        other.download_blob()
    with BlobClient.from_blob_url(f"{container.url}/folder/x%20y.txt?{one}") as blob:
        assert blob.download_blob().readall() == b"content"
        with pytest.raises(HttpResponseError) as caught:
            blob.delete_blob()
    assert caught.value.error_code == "AuthorizationPermissionMismatch"


@pytest.mark.parametrize(("start", "expiry"), [(5, 10), (-10, -5)])
def test_one_that_is_not_good_now_opens_nothing(
    storage: BlobServiceClient, container: ContainerClient, start: float, expiry: float
) -> None:
    """Whatever the signature made with it says of its own time."""
    put(container, "x")
    other = storage.get_user_delegation_key(soon(start), soon(expiry))
    sas = generate_container_sas(
        "emuacct", container.container_name, user_delegation_key=other, permission=EVERYTHING, expiry=soon()
    )
    with pytest.raises(ClientAuthenticationError) as caught:
        list(ContainerClient.from_container_url(f"{container.url}?{sas}").list_blobs())
    assert caught.value.error_code == "AuthenticationFailed"


def test_a_key_of_ones_own_making_opens_nothing(container: ContainerClient, key: UserDelegationKey) -> None:
    key.signed_expiry = (datetime.now(timezone.utc) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    sas = generate_container_sas(
        "emuacct", container.container_name, user_delegation_key=key, permission=EVERYTHING, expiry=soon()
    )
    with pytest.raises(ClientAuthenticationError):
        list(ContainerClient.from_container_url(f"{container.url}?{sas}").list_blobs())


@pytest.mark.parametrize("version", ["2020-02-10", "2020-12-06", "2024-11-04", "2025-07-05", "2026-04-06"])
def test_signatures_of_every_version(container: ContainerClient, key: UserDelegationKey, version: str) -> None:
    """Each version signs other fields. That of the installed client is tried by the client itself."""
    put(container, "x")
    names = {"skoid": "oid", "sktid": "tid", "skt": "start", "ske": "expiry", "sks": "service", "skv": "version"}
    fields: dict[str, Any] = {field: getattr(key, f"signed_{name}") for field, name in names.items()}
    fields |= {"sv": version, "sr": "c", "sp": "r", "se": soon().strftime("%Y-%m-%dT%H:%M:%SZ"), "spr": "https"}
    count = {"2020-02-10": 23, "2020-12-06": 24, "2024-11-04": 24, "2025-07-05": 26, "2026-04-06": 28}[version]
    text = delegated_text(fields, f"/blob/emuacct/{container.container_name}")
    assert len(text.split("\n")) == count
    assert opened(container, {**fields, "sig": signature(str(key.value), text)}) == 200
    assert opened(container, {**fields, "sp": "rw", "sig": signature(str(key.value), text)}) == 403


def opened(container: ContainerClient, fields: Mapping[str, str]) -> int:
    """The status of a download by a signature."""
    return requests.get(f"{container.url}/x?{urlencode(fields)}", verify=os.environ["REQUESTS_CA_BUNDLE"]).status_code


def test_a_signature_for_one_user_says_that_it_is_not_here(container: ContainerClient, key: UserDelegationKey) -> None:
    fields = {"sv": "2025-07-05", "sr": "c", "sp": "r", "se": "2030-01-01T00:00:00Z", "skoid": "x", "sduoid": "y"}
    assert opened(container, {**fields, "sig": "x"}) == 501


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<KeyInfo><Start>{now}</Start><Expiry>{far}</Expiry></KeyInfo>", "InvalidXmlNodeValue"),
        ("<KeyInfo><Start>{soon}</Start><Expiry>{now}</Expiry></KeyInfo>", "InvalidXmlNodeValue"),
        ("<KeyInfo><Start>{now}</Start></KeyInfo>", "InvalidXmlNodeValue"),
        ("<KeyInfo><Expiry>tomorrow</Expiry></KeyInfo>", "InvalidXmlNodeValue"),
        ("<KeyInfo><Start>today</Start><Expiry>{soon}</Expiry></KeyInfo>", "InvalidXmlNodeValue"),
        ("<Other><Expiry>{soon}</Expiry></Other>", "InvalidXmlNodeValue"),
        ("<KeyInfo>", "InvalidXmlDocument"),
        ("<!DOCTYPE x><KeyInfo/>", "InvalidXmlDocument"),
        ("", "InvalidXmlDocument"),
    ],
)
def test_terms_that_no_key_has(storage: BlobServiceClient, container: ContainerClient, body: str, code: str) -> None:
    moments = {"now": 0.0, "soon": 10.0, "far": 8 * 24 * 60.0}
    written = body.format(**{name: soon(after).strftime("%Y-%m-%dT%H:%M:%SZ") for name, after in moments.items()})
    url = f"{storage.url}?restype=service&comp=userdelegationkey"
    answer = send(container, "POST", url, {}, written.encode())
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, code)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "no-such-encoding"])
def test_terms_in_every_encoding(storage: BlobServiceClient, container: ContainerClient, encoding: str) -> None:
    """Only UTF-8 is read, whatever the document says of itself: in another one its entities would go unseen."""
    expiry = soon().strftime("%Y-%m-%dT%H:%M:%SZ")
    written = f'<?xml version="1.0" encoding="{encoding}"?><KeyInfo><Expiry>{expiry}</Expiry></KeyInfo>'
    content = written.encode("utf-8" if encoding.startswith("no") else encoding)
    answer = send(container, "POST", f"{storage.url}?restype=service&comp=userdelegationkey", {}, content)
    assert answer.status_code == (400 if encoding == "utf-16" else 200)


def test_a_version_that_is_none(storage: BlobServiceClient, container: ContainerClient) -> None:
    expiry = soon().strftime("%Y-%m-%dT%H:%M:%SZ")
    terms = f"<KeyInfo><Expiry>{expiry}</Expiry></KeyInfo>".encode()
    url = f"{storage.url}?restype=service&comp=userdelegationkey"
    answer = send(container, "POST", url, {"x-ms-version": "<a>"}, terms)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "InvalidHeaderValue")


def test_only_who_signs_in_gets_a_key(storage: BlobServiceClient, service: Service) -> None:
    account_key = str(service.post("datastores/workspaceartifactstore/listSecrets", {}).body["key"])
    shared = {"account_name": "emuacct", "account_key": account_key}
    client = BlobServiceClient(storage.url, credential=shared, retry_total=0)
    with pytest.raises(ClientAuthenticationError) as caught:
        client.get_user_delegation_key(soon(-5), soon())
    assert caught.value.error_code == "AuthenticationFailed"
    assert delegated_key(account_key, {"skoid": "a"}) != delegated_key(account_key, {"skoid": "b"})
