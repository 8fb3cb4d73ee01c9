"""Leases through azure-storage-blob's own client, and what becomes of one in time."""

from __future__ import annotations

import uuid

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient

from azureml_emulator.storage.blobs import leases
from tests.emulator.storage.blobs import put


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
