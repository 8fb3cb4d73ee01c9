"""Containers, and the listing of what is in them."""

from __future__ import annotations

import os
import time
import uuid
from datetime import timedelta

import pytest
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobServiceClient, ContainerClient, ContainerEncryptionScope

from tests.emulator.storage.blobs import put
from tests.emulator_fixture import RunningEmulator


def test_containers(storage: BlobServiceClient, emulator: RunningEmulator, container: ContainerClient) -> None:
    with pytest.raises(ResourceExistsError):
        storage.create_container(container.container_name)
    names = {found.name for found in storage.list_containers()}
    assert {container.container_name, "azureml"} < names
    assert any(name.startswith("azureml-blobstore-") for name in names)
    assert container.exists()
    missing = storage.get_container_client("missing-one")
    assert not missing.exists()
    for attempt in (
        lambda: list(missing.list_blobs()),
        lambda: missing.upload_blob("x", b"x"),
        missing.delete_container,
    ):
        with pytest.raises(ResourceNotFoundError) as caught:
            attempt()
        assert caught.value.error_code == "ContainerNotFound"
    with pytest.raises(HttpResponseError) as refused:
        storage.create_container("Not_A_Name")
    assert refused.value.error_code == "InvalidResourceName"


def test_listing(container: ContainerClient) -> None:
    names = ["a.txt", "a/1", "a/2", "a/sub/3", "ab", "b & c/<x>"]
    for name in names:
        put(container, name)
    container.get_blob_client("a/1").set_blob_metadata({"Key": "<&>"})
    assert [blob.name for blob in container.list_blobs()] == sorted(names)
    assert [blob.name for blob in container.list_blobs("a/")] == ["a/1", "a/2", "a/sub/3"]
    assert [blob.name for blob in container.list_blobs("a")] == ["a.txt", "a/1", "a/2", "a/sub/3", "ab"]
    assert sorted(item.name for item in container.walk_blobs()) == ["a.txt", "a/", "ab", "b & c/"]
    assert sorted(item.name for item in container.walk_blobs("a/")) == ["a/1", "a/2", "a/sub/"]
    assert [item.name for item in container.list_blobs("nothing/")] == []
    described = {blob.name: blob.metadata for blob in container.list_blobs(include=["metadata"])}
    assert described["a/1"] == {"Key": "<&>"}


@pytest.mark.parametrize("size", [1, 2, 100])
def test_listing_page_by_page(container: ContainerClient, size: int) -> None:
    names = [f"n{number:02}" for number in range(5)] + ["dir/x", "dir/y"]
    for name in names:
        put(container, name)
    pages = [[blob.name for blob in page] for page in container.list_blobs(results_per_page=size).by_page()]
    assert [name for page in pages for name in page] == sorted(names)
    assert all(len(page) <= size for page in pages)
    level = [[item.name for item in page] for page in container.walk_blobs(results_per_page=size).by_page()]
    assert sorted(name for page in level for name in page) == ["dir/", *sorted(names[:5])]


def test_metadata_of_containers(storage: BlobServiceClient) -> None:
    client = storage.create_container(f"test-{uuid.uuid4().hex}", metadata={"Made": "here"})
    assert client.get_container_properties().metadata == {"Made": "here"}
    client.set_container_metadata({"a": "<&>"})
    assert client.get_container_properties().metadata == {"a": "<&>"}
    name = client.container_name
    assert [found.metadata for found in storage.list_containers(name, include_metadata=True)] == [{"a": "<&>"}]
    assert [found.metadata for found in storage.list_containers(name)] == [None]
    client.delete_container()
    storage.create_container(name)
    assert client.get_container_properties().metadata == {}
    client.delete_container()


def test_how_containers_are_kept(storage: BlobServiceClient, container: ContainerClient) -> None:
    """An encryption scope of the caller's own was passed over."""
    listed = next(iter(storage.list_containers(container.container_name)))
    for told in (listed, container.get_container_properties()):
        scope = told.encryption_scope
        assert scope
        assert scope.default_encryption_scope == "$account-encryption-key"
        protected = told.has_legal_hold, told.has_immutability_policy, told.immutable_storage_with_versioning_enabled
        assert (scope.prevent_encryption_scope_override, *protected) == (False,) * 4
    name = f"{container.container_name[:40]}-own"
    alone = ContainerEncryptionScope("$account-encryption-key", prevent_encryption_scope_override=True)
    for scope in ContainerEncryptionScope("own"), alone:
        with pytest.raises(HttpResponseError) as caught:
            storage.create_container(name, container_encryption_scope=scope)
        assert (caught.value.status_code, caught.value.error_code) == (501, "NotEmulated")
    made = storage.create_container(name, container_encryption_scope=listed.encryption_scope)
    made.delete_container()


def test_a_container_changes_with_its_metadata_only(container: ContainerClient, emulator: RunningEmulator) -> None:
    before = container.get_container_properties()
    place = emulator.state / "storage" / container.container_name
    put(container, "x")
    os.utime(place, (time.time() + 60, time.time() + 60))
    after = container.get_container_properties()
    assert (after.etag, after.last_modified) == (before.etag, before.last_modified)
    container.set_container_metadata({"a": "b"})
    assert container.get_container_properties().etag != before.etag


def test_conditions_on_containers(container: ContainerClient) -> None:
    made = container.get_container_properties().last_modified
    for attempt in (
        lambda: container.delete_container(if_modified_since=made + timedelta(hours=1)),
        lambda: container.delete_container(if_unmodified_since=made - timedelta(hours=1)),
        lambda: container.set_container_metadata({"a": "b"}, if_modified_since=made + timedelta(hours=1)),
    ):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert (caught.value.status_code, caught.value.error_code) == (412, "ConditionNotMet")
    assert container.get_container_properties().metadata == {}


def test_nobody_reads_without_a_credential(storage: BlobServiceClient, container: ContainerClient) -> None:
    with pytest.raises(ResourceExistsError) as caught:
        storage.create_container(f"test-{uuid.uuid4().hex}", public_access="container")
    assert caught.value.error_code == "PublicAccessNotPermitted"
    assert container.get_container_access_policy() == {"public_access": None, "signed_identifiers": []}


def test_what_the_account_is(storage: BlobServiceClient, container: ContainerClient) -> None:
    for client in (storage, container, container.get_blob_client("x")):
        found = client.get_account_information()
        assert (found["sku_name"], found["account_kind"]) == ("Standard_LRS", "StorageV2")
        assert str(found["is_hns_enabled"]) == "False"
