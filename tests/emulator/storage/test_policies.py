"""Stored access policies of containers, and signatures that name one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    AccessPolicy,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from tests.emulator.storage.blobs import put, send
from tests.emulator_fixture import RunningEmulator

READ = ContainerSasPermissions(read=True)


@pytest.fixture
def signed(emulator: RunningEmulator, container: ContainerClient, key: str) -> Callable[..., ContainerClient]:
    """A client of the container with a signature that names the policy ``one``, and says what else it is given."""

    def client(**said: Any) -> ContainerClient:
        name = container.container_name
        query = generate_container_sas("emuacct", name, account_key=key, policy_id="one", **said)
        return ContainerClient(emulator["storage_url"], name, credential=query, retry_total=0)

    return client


def soon(minutes: float = 10) -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0) + timedelta(minutes=minutes)


def told(attempt: Callable[[], Any]) -> tuple[int | None, str | None]:
    with pytest.raises(HttpResponseError) as caught:
        attempt()
    return caught.value.status_code, caught.value.error_code


def test_policies_are_kept_replaced_and_removed(container: ContainerClient) -> None:
    start, expiry = soon(-10), soon()
    before = container.get_container_properties()
    whole = AccessPolicy(permission=ContainerSasPermissions(read=True, list=True), start=start, expiry=expiry)
    changed = container.set_container_access_policy({"one": whole, "none of it": AccessPolicy()})
    assert changed["etag"] != before.etag
    kept = container.get_container_access_policy()
    assert changed["etag"] == container.get_container_properties().etag
    one, empty = kept["signed_identifiers"]
    policy = one.access_policy
    moments = [datetime.fromisoformat(each.replace(".0000000Z", "+00:00")) for each in (policy.start, policy.expiry)]
    assert (one.id, policy.permission, moments) == ("one", "rl", [start, expiry])
    assert (empty.id, getattr(empty.access_policy, "permission", None)) == ("none of it", None)
    container.set_container_metadata({"a": "b"})
    assert len(container.get_container_access_policy()["signed_identifiers"]) == 2
    container.set_container_access_policy({"two": AccessPolicy(permission="r")})
    assert [each.id for each in container.get_container_access_policy()["signed_identifiers"]] == ["two"]
    container.set_container_access_policy({})
    assert container.get_container_access_policy()["signed_identifiers"] == []


def test_a_signature_does_what_its_policy_says(
    container: ContainerClient, signed: Callable[..., ContainerClient], key: str, emulator: RunningEmulator
) -> None:
    put(container, "x")
    container.set_container_access_policy({"one": AccessPolicy("rwt", start=soon(-1), expiry=soon())})
    client = signed()
    assert client.download_blob("x").readall() == b"hello"
    client.upload_blob("x", b"other", overwrite=True, tags={"a": "b"})
    assert told(lambda: client.delete_blob("x")) == (403, "AuthorizationPermissionMismatch")
    place = ("emuacct", container.container_name, "x")
    address = f"{container.get_blob_client('x').url}?{generate_blob_sas(*place, account_key=key, policy_id='one')}"
    assert send(container, "GET", address, {"Authorization": ""}).content == b"other"
    # What was taken back is so at once.
    container.set_container_access_policy({"one": AccessPolicy("r", expiry=soon())})
    assert client.download_blob("x").readall() == b"other"
    refused = told(lambda: client.upload_blob("x", b"", overwrite=True))
    assert refused == (403, "AuthorizationPermissionMismatch")
    container.set_container_access_policy({})
    assert told(lambda: client.download_blob("x")) == (403, "AuthenticationFailed")


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (AccessPolicy("r", start=soon(-20), expiry=soon(-10)), {}),
        (AccessPolicy("r", start=soon(10), expiry=soon(20)), {}),
        (AccessPolicy("r"), {}),  # neither says when it ends
        (AccessPolicy("r"), {"permission": READ, "expiry": soon()}),
        (AccessPolicy(expiry=soon()), {"permission": READ, "expiry": soon()}),
    ],
)
def test_a_signature_and_its_policy_say_each_thing_once(
    container: ContainerClient, signed: Callable[..., ContainerClient], policy: AccessPolicy, said: dict[str, Any]
) -> None:
    put(container, "x")
    container.set_container_access_policy({"one": policy})
    assert told(lambda: signed(**said).download_blob("x")) == (403, "AuthenticationFailed")
    container.set_container_access_policy({"one": AccessPolicy("r")})
    assert signed(expiry=soon()).download_blob("x").readall() == b"hello"


def test_no_signature_reads_or_writes_policies(
    container: ContainerClient, key: str, emulator: RunningEmulator, storage: BlobServiceClient
) -> None:
    everything = generate_account_sas("emuacct", key, "sco", "rwdlacupitf", soon())
    service = BlobServiceClient(emulator["storage_url"], credential=everything, retry_total=0)
    client = service.get_container_client(container.container_name)
    for attempt in (client.get_container_access_policy, lambda: client.set_container_access_policy({})):
        assert told(attempt) == (403, "AuthorizationPermissionMismatch")


ROW = "<SignedIdentifier><Id>{}</Id><AccessPolicy>{}</AccessPolicy></SignedIdentifier>"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("".join(ROW.format(each, "") for each in range(6)), "InvalidXmlDocument"),
        (ROW.format("a", "") * 2, "InvalidXmlDocument"),
        (ROW.format("a", "<Other>1</Other>"), "InvalidXmlDocument"),
        ("<Other/>", "InvalidXmlDocument"),
        (ROW.format("", ""), "InvalidXmlNodeValue"),
        (ROW.format("a" * 65, ""), "InvalidXmlNodeValue"),
        (ROW.format("a", "<Permission>rq</Permission>"), "InvalidXmlNodeValue"),
        (ROW.format("a", "<Expiry>tomorrow</Expiry>"), "InvalidXmlNodeValue"),
    ],
)
def test_what_is_no_policy_is_refused(container: ContainerClient, rows: str, expected: str) -> None:
    container.set_container_access_policy({"kept": AccessPolicy("r")})
    body = f"<SignedIdentifiers>{rows}</SignedIdentifiers>".encode()
    answer = send(container, "PUT", f"{container.url}?restype=container&comp=acl", {}, body)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, expected)
    assert [each.id for each in container.get_container_access_policy()["signed_identifiers"]] == ["kept"]


def test_moments_may_have_seven_digits_of_a_second(container: ContainerClient) -> None:
    rows = ROW.format("js", "<Expiry>2099-12-31T00:00:00.1234567Z</Expiry>")
    body = f"<SignedIdentifiers>{rows}</SignedIdentifiers>".encode()
    answer = send(container, "PUT", f"{container.url}?restype=container&comp=acl", {}, body)
    assert answer.status_code == 200
    kept = container.get_container_access_policy()["signed_identifiers"][0]
    assert kept.access_policy.expiry == "2099-12-31T00:00:00.1234560Z"


def test_nothing_becomes_public(container: ContainerClient) -> None:
    refused = told(lambda: container.set_container_access_policy({}, public_access="blob"))
    assert refused == (409, "PublicAccessNotPermitted")


def test_the_kind_of_account_can_be_asked_for_at_the_blob_services_address(container: ContainerClient) -> None:
    """As Arrow 26 asks with a signature."""
    for name, expected in (("/", 400), ("none/", 404)):
        address = f"{container.url}{name}?action=getAccessControl"
        assert send(container, "HEAD", address, {}).status_code == expected
