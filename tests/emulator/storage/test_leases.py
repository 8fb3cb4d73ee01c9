"""Leases through azure-storage-blob's own client, and what becomes of one in time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, ContainerClient

from azureml_emulator.storage.blobs import leases
from tests.emulator.storage.blobs import put, send
from tests.emulator_fixture import RunningEmulator


def test_who_has_the_lease_alone_writes(container: ContainerClient) -> None:
    blob = put(container, "a")
    lease = blob.acquire_lease(15)
    for attempt in (
        lambda: blob.upload_blob(b"other", overwrite=True),
        blob.delete_blob,
        lambda: blob.set_blob_metadata({"a": "b"}),
        lambda: blob.stage_block("aaaa", b"x"),
    ):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert (caught.value.status_code, str(caught.value.error_code.value)) == (412, "LeaseIdMissing")
    blob.upload_blob(b"other", overwrite=True, lease=lease)
    assert blob.get_blob_properties().lease.state == "leased"
    lease.change(str(uuid.uuid4()))
    lease.renew()
    lease.release()
    blob.delete_blob()


@pytest.mark.parametrize("kind", ["block", "append", "lake"])
def test_who_takes_a_lease_while_a_content_arrives(container: ContainerClient, kind: str) -> None:
    """The content was written all the same."""
    blob = container.get_blob_client("x")
    method, url, headers = "PUT", blob.url, {"x-ms-blob-type": "BlockBlob"}
    if kind == "lake":
        assert lake(container, "PUT", "x?resource=file") == 201
        method, url = "PATCH", f"{blob.url.replace('.blob.', '.dfs.')}?action=append&position=0&flush=true"
    elif kind == "append":
        blob.create_append_blob()
        url = f"{blob.url}?comp=appendblock"
    else:
        blob.upload_blob(b"")

    def content() -> Iterator[bytes]:
        # More than sockets hold: when it has gone, what comes first is over.
        yield bytes(32 * 1024 * 1024)
        blob.acquire_lease()
        yield b"end"

    answer = send(container, method, url, headers, content())
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (412, "LeaseIdMissing")
    assert blob.get_blob_properties().size == 0


def test_a_container_is_deleted_by_who_has_its_lease(container: ContainerClient) -> None:
    lease = container.acquire_lease()
    with pytest.raises(HttpResponseError, match="LeaseIdMissing"):
        container.delete_container()
    container.upload_blob("x", b"1")
    lease.break_lease()
    assert container.get_container_properties().lease.state == "broken"


def test_what_becomes_of_a_lease_in_time() -> None:
    taken = leases.acquire(None, 0, 15, "a")
    assert [taken.state(moment) for moment in (14, 15)] == ["leased", "expired"]
    assert leases.renew(taken, 20, "a").state(34) == "leased"
    broken, seconds = leases.end(taken, 5, 60)
    assert (seconds, broken.state(14), broken.state(15)) == (10, "breaking", "broken")
    with pytest.raises(leases.LeaseError, match="LeaseLost"):
        leases.check(taken, 15, "a", "Blob", required=True)


def lake(container: ContainerClient, method: str, path: str, **headers: str) -> int:
    """The status of a request to the Data Lake endpoint of the same container."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return send(container, method, f"{container.url.replace('.blob.', '.dfs.')}/{path}", named).status_code


def test_what_is_leased_in_a_folder_stays_so_under_its_new_name(
    container: ContainerClient, emulator: RunningEmulator
) -> None:
    job = emulator.state / "storage" / container.container_name / "d" / "job"
    job.parent.mkdir()
    job.write_bytes(b"1")
    leases = [put(container, "d/x").acquire_lease(), container.get_blob_client("d/job").acquire_lease()]
    put(container, "d-e").acquire_lease()
    source = f"/{container.container_name}/d"
    assert lake(container, "PUT", "e", x_ms_rename_source=source) == 201
    for name, lease in zip(("e/x", "e/job"), leases, strict=True):
        blob = container.get_blob_client(name)
        with pytest.raises(HttpResponseError, match="LeaseIdMissing"):
            blob.delete_blob()
        blob.delete_blob(lease=lease.id)
    assert container.get_blob_client("d-e").get_blob_properties().lease.state == "leased"
    put(container, "d/x").delete_blob()


def test_a_folder_goes_with_what_is_leased_in_it(container: ContainerClient, emulator: RunningEmulator) -> None:
    blob = put(container, "d/x")
    blob.acquire_lease()
    assert lake(container, "DELETE", "d?recursive=true") == 200
    job = emulator.state / "storage" / container.container_name / "d" / "x"
    job.parent.mkdir()
    job.write_bytes(b"new")
    assert blob.get_blob_properties().lease.state == "available"


def test_a_file_system_goes_with_its_leases(storage: BlobServiceClient, emulator: RunningEmulator) -> None:
    """They stayed: a container of the same name that was made later could not be deleted."""
    container = storage.create_container(f"test-{uuid.uuid4().hex}")
    put(container, "x").acquire_lease()
    lease = container.acquire_lease()
    assert lake(container, "DELETE", "?resource=filesystem", x_ms_lease_id=lease.id) == 202
    container.create_container()
    (emulator.state / "storage" / container.container_name / "x").write_bytes(b"of a job")
    assert container.get_blob_client("x").get_blob_properties().lease.state == "available"
    container.delete_container()


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_leased_file_of_the_data_lake_names_its_lease(container: ContainerClient, method: str) -> None:
    assert lake(container, "PUT", "f?resource=file") == 201
    lease = container.get_blob_client("f").acquire_lease()
    path = "f" if method == "DELETE" else "f?action=setProperties"
    assert lake(container, method, path) == 412
    assert lake(container, method, path, x_ms_lease_id=str(uuid.uuid4())) == 412
    source = f"/{container.container_name}/f"
    assert lake(container, "PUT", "g", x_ms_rename_source=source) == 412
    assert lake(container, method, path, x_ms_lease_id=lease.id) == 200
