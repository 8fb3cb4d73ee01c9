"""The Data Lake endpoint, as its clients ask it, at the same files as the blobs."""

from __future__ import annotations

import base64

from azure.storage.blob import ContainerClient
from requests import Response

from tests.emulator.storage.blobs import send
from tests.emulator_fixture import RunningEmulator


def ask(container: ContainerClient, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
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


def test_leases_that_come_and_go_with_what_is_written_are_refused(container: ContainerClient) -> None:
    """They were passed over: a lease that was to be released stayed."""
    ask(container, "PUT", "/x?resource=file")
    for query in ("append&position=0", "append&position=0&flush=true", "flush&position=0"):
        for action in ("auto-renew", "release"):
            answer = ask(container, "PATCH", f"/x?action={query}", x_ms_lease_action=action)
            assert told(answer) == (501, "NotEmulated")


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
