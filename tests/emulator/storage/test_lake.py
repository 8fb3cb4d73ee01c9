"""The Data Lake endpoint, as its clients ask it, at the same files as the blobs."""

from __future__ import annotations

import base64
import hashlib

import pytest
from azure.storage.blob import ContainerClient
from requests import Response

from tests.emulator.storage.blobs import send
from tests.emulator_fixture import RunningEmulator


def ask(container: ContainerClient, method: str, path: str, body: bytes = b"", /, **headers: str) -> Response:
    lake = container.url.replace(".blob.", ".dfs.")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(container, method, f"{lake}{path}", named, body)


def told(answer: Response) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("x-ms-error-code")


def test_what_is_appended_is_written_by_a_flush(container: ContainerClient) -> None:
    kept = base64.b64encode(b"v").decode()
    assert ask(container, "PUT", "/d/x?resource=file", x_ms_properties=f"k={kept}").status_code == 201
    for position, content in ((6, b"world"), (0, b"hello "), (6, b"there")):
        answer = ask(container, "PATCH", f"/d/x?action=append&position={position}", content)
        assert answer.status_code == 202
    for elsewhere in (8, 12):
        answer = ask(container, "PATCH", f"/d/x?action=flush&position={elsewhere}")
        assert told(answer) == (400, "InvalidFlushPosition")
    assert ask(container, "PATCH", "/d/x?action=flush&position=11").status_code == 200
    assert container.download_blob("d/x").readall() == b"hello there"
    assert container.get_blob_client("d/x").get_blob_properties().metadata == {"k": "v"}
    assert ask(container, "GET", "/d/x", Range="bytes=6-8").content == b"the"
    assert told(ask(container, "PATCH", "/none?action=append&position=0", b"x")) == (404, "PathNotFound")


@pytest.mark.parametrize(
    "change",
    [
        ("PATCH", "/x?action=append&position=3&flush=true", b"def"),
        ("PATCH", "/x?action=flush&position=3", b""),
        ("PATCH", "/x?action=setProperties", b""),
    ],
)
def test_the_hash_of_a_content_goes_with_it(container: ContainerClient, change: tuple[str, str, bytes]) -> None:
    """It stayed with what was appended, so that clients that compare it could not read the file."""
    ask(container, "PUT", "/x?resource=file")
    ask(container, "PATCH", "/x?action=append&position=0", b"abc")
    digest = base64.b64encode(hashlib.md5(b"abc", usedforsecurity=False).digest()).decode()
    ask(container, "PATCH", "/x?action=flush&position=3", x_ms_content_md5=digest, x_ms_content_type="text/x")
    assert ask(container, "HEAD", "/x").headers["Content-MD5"] == digest
    assert ask(container, *change).ok
    headers = ask(container, "HEAD", "/x").headers
    assert (headers.get("Content-MD5"), headers["Content-Type"]) == (None, "text/x")


FIRST, SECOND = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "00000000-7dec-11d0-a765-00a0c91e6bf6"
"""Ids of leases."""


def taken(id: str, action: str = "") -> dict[str, str]:
    """Headers by which a request takes a lease."""
    return {
        "x_ms_proposed_lease_id": id,
        "x_ms_lease_duration": "-1",
        **({"x_ms_lease_action": action} if action else {}),
    }


def state(container: ContainerClient, name: str) -> str:
    return str(container.get_blob_client(name).get_blob_properties().lease.state)


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_a_path_is_made_with_a_lease(container: ContainerClient, kind: str) -> None:
    make = f"/x?resource={kind}"
    for alone in taken(FIRST):
        answer = ask(container, "PUT", make, **{alone: taken(FIRST)[alone]})
        assert told(answer) == (400, "MissingRequiredHeader")
    assert told(ask(container, "PUT", make, **taken("none"))) == (400, "InvalidHeaderValue")
    assert told(ask(container, "HEAD", "/x")) == (404, "PathNotFound")
    assert ask(container, "PUT", make, **taken(FIRST)).status_code == 201
    assert state(container, "x") == "leased"
    assert told(ask(container, "DELETE", "/x")) == (412, "LeaseIdMissing")
    source = {"x_ms_rename_source": f"/{container.container_name}/x", "x_ms_source_lease_id": FIRST}
    assert told(ask(container, "PUT", "/y", **source, **taken(SECOND))) == (501, "NotEmulated")
    assert ask(container, "PUT", make, **taken(SECOND)).status_code == 201
    assert told(ask(container, "DELETE", "/x", x_ms_lease_id=FIRST)) == (412, "LeaseIdMismatch")
    assert ask(container, "DELETE", "/x", x_ms_lease_id=SECOND).status_code == 200


def test_leases_that_come_and_go_with_what_is_written(container: ContainerClient) -> None:
    ask(container, "PUT", "/x?resource=file")
    append, flush = "/x?action=append&position=", "/x?action=flush&position="
    assert ask(container, "PATCH", f"{append}0", b"a", **taken(FIRST, "acquire")).status_code == 202
    assert state(container, "x") == "leased"
    refused = ask(container, "PATCH", f"{append}1", b"b", **taken(SECOND, "acquire"))
    assert told(refused) == (409, "LeaseAlreadyPresent")
    renewed = {"x_ms_lease_action": "auto-renew", "x_ms_lease_id": FIRST}
    answer = ask(container, "PATCH", f"{append}1", b"b", **renewed)
    assert (answer.status_code, answer.headers["x-ms-lease-renewed"]) == (202, "true")
    released = {"x_ms_lease_action": "release", "x_ms_lease_id": FIRST}
    assert told(ask(container, "PATCH", f"{append}2", b"c", **released)) == (400, "InvalidHeaderValue")
    assert told(ask(container, "PATCH", f"{flush}9", **released)) == (400, "InvalidFlushPosition")
    assert state(container, "x") == "leased"
    assert ask(container, "PATCH", f"{flush}2", **released).status_code == 200
    assert state(container, "x") == "available"
    both = taken(SECOND, "acquire-release")
    assert ask(container, "PATCH", f"{append}2&flush=true", b"d", **both).status_code == 202
    assert (state(container, "x"), container.download_blob("x").readall()) == ("available", b"abd")
    assert ask(container, "PATCH", f"{flush}3", **taken(SECOND, "acquire")).status_code == 200
    assert state(container, "x") == "leased"
    assert told(ask(container, "PATCH", f"{flush}3", **taken(FIRST, "acquire-release"))) == (409, "LeaseAlreadyPresent")


def test_a_lease_of_a_write_that_says_nothing_readable(container: ContainerClient) -> None:
    ask(container, "PUT", "/x?resource=file")
    append = "/x?action=append&position=0"
    for headers, code in (
        ({"x_ms_lease_action": "other"}, "InvalidHeaderValue"),
        (taken(FIRST), "InvalidHeaderValue"),
        ({"x_ms_lease_action": "acquire", "x_ms_lease_duration": "15"}, "MissingRequiredHeader"),
        ({"x_ms_lease_action": "acquire", "x_ms_proposed_lease_id": FIRST}, "MissingRequiredHeader"),
        ({"x_ms_lease_action": "auto-renew"}, "MissingRequiredHeader"),
    ):
        assert told(ask(container, "PATCH", append, b"a", **headers)) == (400, code)
    assert told(ask(container, "PATCH", "/x?action=flush&position=1")) == (400, "InvalidFlushPosition")
    assert state(container, "x") == "available"
    answer = ask(container, "PATCH", "/x?action=setProperties", **taken(FIRST, "acquire"))
    assert told(answer) == (501, "NotEmulated")


def test_a_path_is_leased_at_its_own_address(container: ContainerClient) -> None:
    """As Hadoop asks, and not the blob service."""
    ask(container, "PUT", "/d/x?resource=file")
    for path in ("/d/x", "/d"):
        lease = ask(container, "POST", path, **taken(FIRST, "acquire"))
        assert (lease.status_code, lease.headers["x-ms-lease-id"]) == (201, FIRST)
        change = {"x_ms_lease_action": "change", "x_ms_lease_id": FIRST, "x_ms_proposed_lease_id": SECOND}
        assert ask(container, "POST", path, **change).headers["x-ms-lease-id"] == SECOND
        assert ask(container, "POST", path, x_ms_lease_action="renew", x_ms_lease_id=SECOND).status_code == 200
        refused = ask(container, "POST", path, x_ms_lease_action="release", x_ms_lease_id=FIRST)
        assert told(refused) == (409, "LeaseIdMismatchWithLeaseOperation")
        broken = ask(container, "POST", path, x_ms_lease_action="break", x_ms_lease_break_period="0")
        assert (broken.status_code, broken.headers["x-ms-lease-time"]) == (202, "0")
        assert ask(container, "HEAD", path).headers["x-ms-lease-state"] == "broken"
    assert told(ask(container, "POST", "/none", **taken(FIRST, "acquire"))) == (404, "PathNotFound")


def test_paths_are_listed_renamed_and_deleted(container: ContainerClient, emulator: RunningEmulator) -> None:
    ask(container, "PUT", "/d/empty?resource=directory")
    container.upload_blob("d/x", b"1", metadata={"k": "v"})
    listing = "?resource=filesystem&recursive=true&maxResults=2"
    first = ask(container, "GET", listing)
    names = [path["name"] for path in first.json()["paths"]]
    rest = ask(container, "GET", f"{listing}&continuation={first.headers['x-ms-continuation']}").json()["paths"]
    assert [*names, *(path["name"] for path in rest)] == ["d", "d/empty", "d/x"]
    source = f"/{container.container_name}/d"
    assert ask(container, "PUT", "/e", x_ms_rename_source=source).status_code == 201
    assert (emulator.state / "storage" / container.container_name / "e" / "empty").is_dir()
    assert container.download_blob("e/x").readall() == b"1"
    assert container.get_blob_client("e/x").get_blob_properties().metadata == {"k": "v"}
    assert told(ask(container, "DELETE", "/e")) == (409, "DirectoryNotEmpty")
    assert ask(container, "DELETE", "/e?recursive=true").status_code == 200
    assert list(container.list_blobs()) == []


def test_a_renamed_file_of_a_job_takes_nothing_of_the_one_it_replaces(
    container: ContainerClient, emulator: RunningEmulator
) -> None:
    container.upload_blob("old", b"1", metadata={"k": "v"})
    (emulator.state / "storage" / container.container_name / "new").write_bytes(b"2")
    source = f"/{container.container_name}/new"
    assert ask(container, "PUT", "/old", x_ms_rename_source=source).status_code == 201
    blob = container.get_blob_client("old")
    assert (blob.download_blob().readall(), blob.get_blob_properties().metadata) == (b"2", {})


def test_access_control_lists_are_of_hierarchical_accounts(container: ContainerClient) -> None:
    answer = ask(container, "HEAD", "/?action=getAccessControl")
    assert told(answer) == (400, "HierarchicalNamespaceNotEnabled")
