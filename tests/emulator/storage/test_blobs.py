"""Blobs through azure-storage-blob: what is written comes back, with its properties, by its conditions."""

from __future__ import annotations

import os
import threading
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobBlock, ContainerClient, ContentSettings, ImmutabilityPolicy, StandardBlobTier

from tests.emulator.storage.blobs import put, send
from tests.emulator_fixture import RunningEmulator

NAMES = [
    "line\nbreak",
    "carriage\rreturn",
    "control\x01",
    "plain.txt",
    "with space.txt",
    "a/b/c.bin",
    "ünïcode-漢字.txt",
    "per%20cent",
    "plus+and&amp;<x>'\".txt",
    "#q?.txt",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_and_content_come_back(container: ContainerClient, name: str) -> None:
    blob = put(container, name, name.encode())
    assert blob.download_blob().readall() == name.encode()
    assert [found.name for found in container.list_blobs()] == [name]
    blob.delete_blob()
    assert not blob.exists()
    assert list(container.list_blobs()) == []


def test_a_blob_is_a_file_where_jobs_find_it(emulator: RunningEmulator, container: ContainerClient) -> None:
    put(container, "folder/data.csv", b"1,2")
    place = emulator.state / "storage" / container.container_name / "folder"
    assert (place / "data.csv").read_bytes() == b"1,2"
    (place / "made by a job.txt").write_bytes(b"new")
    assert container.download_blob("folder/made by a job.txt").readall() == b"new"
    assert [blob.size for blob in container.list_blobs("folder/")] == [3, 3]


def test_properties_and_metadata_come_back(container: ContainerClient) -> None:
    blob = container.get_blob_client("x.json")
    settings = ContentSettings(content_type="application/json", cache_control="no-cache", content_language="de")
    blob.upload_blob(b"{}", content_settings=settings, metadata={"upload_status": "completed", "Name": "n"})
    found = blob.get_blob_properties()
    assert (found.size, found.blob_type, found.metadata) == (
        2,
        "BlockBlob",
        {"upload_status": "completed", "Name": "n"},
    )
    assert (found.content_settings.content_type, found.content_settings.content_language) == ("application/json", "de")
    before = found.etag
    blob.set_blob_metadata({"version": "1"})
    after = blob.get_blob_properties()
    assert after.metadata == {"version": "1"}
    assert after.etag != before
    assert after.content_settings.content_type == "application/json"
    blob.set_http_headers(ContentSettings(content_type="text/plain"))
    assert blob.get_blob_properties().content_settings.content_type == "text/plain"
    assert blob.get_blob_properties().metadata == {"version": "1"}


@pytest.mark.parametrize("name", ["x-ms-meta-a", "x-ms-blob-content-type", "Content-Type"])
def test_a_header_that_is_no_text_is_refused(container: ContainerClient, name: str) -> None:
    """Once kept, it would break every list that shows its blob."""
    headers: dict[str, Any] = {"x-ms-blob-type": "BlockBlob", name: b"a/\xff"}
    answer = send(container, "PUT", f"{container.url}/x", headers, b"1")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "InvalidHeaderValue")
    answer = send(container, "PUT", f"{container.url}/x", {**headers, name: "a/é".encode()}, b"1")
    assert answer.status_code == 201
    assert [blob.name for blob in container.list_blobs(include=["metadata"])] == ["x"]


def test_who_names_a_lease_has_lost_it(container: ContainerClient) -> None:
    blob = put(container, "x")
    identity: Any = "00000000-0000-0000-0000-000000000001"
    for attempt, code in (
        (lambda: blob.delete_blob(lease=identity), "LeaseNotPresentWithBlobOperation"),
        (lambda: blob.upload_blob(b"2", overwrite=True, lease=identity), "LeaseNotPresentWithBlobOperation"),
        (lambda: container.delete_container(lease=identity), "LeaseNotPresentWithContainerOperation"),
    ):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert (caught.value.status_code, caught.value.error_code) == (412, code)
    assert blob.download_blob().readall() == b"hello"


def test_the_time_of_making_stays_with_a_blob(emulator: RunningEmulator, container: ContainerClient) -> None:
    blob = put(container, "x")
    made = blob.get_blob_properties().creation_time
    assert made == blob.get_blob_properties().last_modified
    place = emulator.state / "storage" / container.container_name / "x"
    os.utime(place, (made.timestamp() + 60, made.timestamp() + 60))
    blob.set_blob_metadata({"a": "b"})
    found = blob.get_blob_properties()
    assert (found.creation_time, found.last_modified - made) == (made, timedelta(minutes=1))
    assert [listed.creation_time for listed in container.list_blobs()] == [made]
    (place.parent / "made by a job").write_bytes(b"new")
    job = container.get_blob_client("made by a job").get_blob_properties()
    assert job.creation_time == job.last_modified


def test_access_tiers(container: ContainerClient) -> None:
    blob = put(container, "x")
    found = blob.get_blob_properties()
    assert (found.blob_tier, found.blob_tier_inferred, found.blob_tier_change_time) == ("Hot", True, None)
    blob.set_standard_blob_tier("Cool")
    changed = blob.get_blob_properties()
    assert (changed.blob_tier, changed.blob_tier_inferred, changed.etag) == ("Cool", None, found.etag)
    assert changed.blob_tier_change_time
    assert changed.blob_tier_change_time >= found.creation_time
    listed = next(iter(container.list_blobs()))
    told = listed.blob_tier, listed.blob_tier_inferred, listed.blob_tier_change_time
    assert told == ("Cool", None, changed.blob_tier_change_time)
    cold = container.get_blob_client("cold")
    cold.upload_blob(b"1", standard_blob_tier=StandardBlobTier.COLD)
    copy = container.get_blob_client("copy")
    copy.start_copy_from_url(cold.url, standard_blob_tier=StandardBlobTier.COOL)
    blocks = container.get_blob_client("blocks")
    blocks.stage_block("block-0", b"1")
    blocks.commit_block_list([BlobBlock("block-0")], standard_blob_tier=StandardBlobTier.COLD)
    address = container.get_blob_client("from an address")
    bearer = f"Bearer {container.credential.get_token('https://storage.azure.com/.default').token}"
    address.upload_blob_from_url(blocks.url, source_authorization=bearer, standard_blob_tier=StandardBlobTier.COOL)
    tiers = [each.get_blob_properties().blob_tier for each in (cold, copy, blocks, address)]
    assert tiers == ["Cold", "Cool", "Cold", "Cool"]
    for each in (cold, copy, blocks, address):
        found = each.get_blob_properties()
        assert found.blob_tier_change_time == found.creation_time
    cold.upload_blob(b"2", overwrite=True)
    assert cold.get_blob_properties().blob_tier == "Hot"
    log = container.get_blob_client("log")
    log.create_append_blob()
    assert log.get_blob_properties().blob_tier is None
    for wrong, tier, expected in (
        (log, "Cool", (400, "AccessTierNotSupportedForBlobType")),
        (blob, "Lukewarm", (400, "InvalidHeaderValue")),
        (blob, "Archive", (501, "NotEmulated")),
        (blob, "Smart", (501, "NotEmulated")),
    ):
        with pytest.raises(HttpResponseError) as caught:
            wrong.set_standard_blob_tier(tier)
        assert (caught.value.status_code, caught.value.error_code) == expected


def test_metadata_that_no_client_can_send_is_refused(container: ContainerClient) -> None:
    blob = put(container, "x")
    with pytest.raises(HttpResponseError) as caught:
        blob.set_blob_metadata({"not-a-name": "1"})
    assert (caught.value.status_code, caught.value.error_code) == (400, "InvalidMetadata")


def test_ranges(container: ContainerClient) -> None:
    blob = put(container, "ten", b"0123456789")
    assert blob.download_blob(offset=3, length=4).readall() == b"3456"
    assert blob.download_blob(offset=8).readall() == b"89"
    assert blob.download_blob(offset=5, length=100).readall() == b"56789"
    with pytest.raises(HttpResponseError) as caught:
        blob.download_blob(offset=10, length=1)
    assert (caught.value.status_code, caught.value.error_code) == (416, "InvalidRange")


def test_an_empty_blob_downloads(container: ContainerClient) -> None:
    blob = put(container, "empty", b"")
    assert blob.download_blob().readall() == b""


def test_conditions(container: ContainerClient) -> None:
    blob = put(container, "x", b"1")
    with pytest.raises(ResourceExistsError) as exists:
        blob.upload_blob(b"2")
    assert exists.value.error_code == "BlobAlreadyExists"
    etag = blob.get_blob_properties().etag
    blob.upload_blob(b"2", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceModifiedError) as modified:
        blob.upload_blob(b"3", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
    assert modified.value.error_code == "ConditionNotMet"
    found = blob.get_blob_properties()
    for condition in (
        {"etag": found.etag, "match_condition": MatchConditions.IfModified},
        {"if_modified_since": found.last_modified},
    ):
        with pytest.raises(HttpResponseError) as current:
            blob.download_blob(**condition)
        assert current.value.status_code == 304
    with pytest.raises(ResourceModifiedError):
        blob.delete_blob(etag=etag, match_condition=MatchConditions.IfNotModified)
    assert blob.download_blob().readall() == b"2"


def test_if_none_match_with_any_etag(container: ContainerClient) -> None:
    """Only what makes a blob answers that it exists; a read was told that its copy is current."""
    blob = put(container, "x")
    anything = {"If-None-Match": "*"}

    def asked(method: str, query: str = "", **headers: str) -> tuple[int, str | None]:
        answer = send(container, method, f"{blob.url}{query}", {**anything, **headers})
        return answer.status_code, answer.headers.get("x-ms-error-code")

    made = {"x-ms-blob-type": "BlockBlob"}
    assert asked("PUT", **made) == (409, "BlobAlreadyExists")
    assert send(container, "PUT", f"{blob.url}-new", {**anything, **made}).status_code == 201
    for query in ("?comp=metadata", "?comp=properties"):
        assert asked("PUT", query) == (412, "ConditionNotMet")
    lease = {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"}
    assert asked("PUT", "?comp=lease", **lease) == (412, "ConditionNotMet")
    assert asked("DELETE") == (412, "ConditionNotMet")
    for method in ("GET", "HEAD"):
        assert asked(method) == (400, "UnsatisfiableCondition")
    assert blob.get_blob_properties().lease.state == "available"


def test_conditions_that_no_write_may_name_together(container: ContainerClient) -> None:
    blob = put(container, "x")
    properties = blob.get_blob_properties()
    since = {"If-Unmodified-Since": format_datetime(properties.last_modified, usegmt=True)}
    for headers, status in (
        ({"If-Match": properties.etag, **since}, 200),
        ({"If-None-Match": '"0x1"', **since}, 400),
        ({"If-Match": f'{properties.etag}, "0x1"'}, 400),
    ):
        assert send(container, "PUT", f"{blob.url}?comp=metadata", headers).status_code == status
        properties = blob.get_blob_properties()
    assert send(container, "GET", blob.url, {"If-Match": f'"0x1", {properties.etag}', **since}).status_code == 200


def test_one_of_many_writers_wins(container: ContainerClient) -> None:
    outcomes: list[str] = []

    def write(number: int) -> None:
        try:
            container.get_blob_client("once").upload_blob(str(number).encode())
            outcomes.append("made")
        except ResourceExistsError:
            outcomes.append("exists")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["exists"] * 7 + ["made"]


def test_a_missing_blob(container: ContainerClient) -> None:
    blob = container.get_blob_client("folder/")
    put(container, "folder/file")
    for missing in (blob, container.get_blob_client("folder"), container.get_blob_client("none")):
        assert not missing.exists()
        with pytest.raises(ResourceNotFoundError) as caught:
            missing.download_blob()
        assert caught.value.error_code == "BlobNotFound"
        with pytest.raises(ResourceNotFoundError):
            missing.delete_blob()


@pytest.mark.parametrize(
    "name", ["a/../b", "../x", "a//b", "./x", "folder/", "x" * 300, pytest.param("a/" * 2000 + "b", id="long")]
)
def test_names_that_are_no_files_are_refused(container: ContainerClient, emulator: RunningEmulator, name: str) -> None:
    url = f"{emulator['storage_url']}/{container.container_name}/{name.replace('.', '%2E').replace('/', '%2F')}"
    answer = send(container, "PUT", url, {"x-ms-blob-type": "BlockBlob"}, b"x")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "InvalidResourceName")
    assert list(container.list_blobs()) == []


def test_a_blob_cannot_be_a_folder_of_another(container: ContainerClient) -> None:
    put(container, "a")
    put(container, "b/c")
    for name in ("a/b", "b"):
        with pytest.raises(ResourceExistsError) as caught:
            put(container, name)
        assert caught.value.error_code == "PathConflict"
    assert container.download_blob("a").readall() == b"hello"


def test_operations_that_are_not_here_say_so(container: ContainerClient, emulator: RunningEmulator) -> None:
    blob = put(container, "x")
    for attempt in (
        blob.create_snapshot,
        lambda: container.get_blob_client("page").create_page_blob(512),
        lambda: blob.upload_blob(b"other", overwrite=True, encryption_scope="scope"),
        lambda: blob.download_blob(version_id="2026-01-01T00:00:00.0000000Z"),
        lambda: container.get_blob_client("x", snapshot="2026-01-01T00:00:00.0000000Z").delete_blob(),
        lambda: blob.delete_blob(delete_snapshots="only"),
    ):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert (caught.value.status_code, caught.value.error_code) == (501, "NotEmulated")


def test_what_would_protect_or_seal_a_blob_or_make_pages_of_it_is_refused(container: ContainerClient) -> None:
    """It was passed over: a blob that was to be kept could be deleted, and a new length emptied all its headers."""
    blob = container.get_blob_client("x")
    blob.upload_blob(b"hello", content_settings=ContentSettings(content_type="text/x"))
    later = datetime.now(timezone.utc) + timedelta(days=1)
    policy = ImmutabilityPolicy(expiry_time=later, policy_mode="Unlocked")
    for attempt in (
        lambda: blob.upload_blob(b"other", overwrite=True, immutability_policy=policy),
        lambda: blob.upload_blob(b"other", overwrite=True, legal_hold=True),
        lambda: container.get_blob_client("y").start_copy_from_url(blob.url, seal_destination_blob=True),
        lambda: blob.resize_blob(512),
        lambda: blob.set_sequence_number("update", "3"),
    ):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert (caught.value.status_code, caught.value.error_code) == (501, "NotEmulated")
    found = [(each.name, each.size, each.content_settings.content_type) for each in container.list_blobs()]
    assert found == [("x", 5, "text/x")]
    blob.upload_blob(b"other", overwrite=True, legal_hold=False)


@pytest.mark.parametrize("suffix", ["core.windows.net", "local", "core.usgovcloudapi.net"])
def test_any_suffix_of_the_account_leads_here(
    emulator: RunningEmulator, credential: ClientSecretCredential, container: ContainerClient, suffix: str
) -> None:
    put(container, "x")
    url = emulator["storage_url"].replace(".blob.local", f".blob.{suffix}")
    with ContainerClient(url, container.container_name, credential=credential) as client:
        assert client.download_blob("x").readall() == b"hello"
