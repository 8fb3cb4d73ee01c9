"""Copies within the account, through azure-storage-blob: what they take over, who may read the source, conditions."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobSasPermissions,
    ContainerClient,
    ContentSettings,
    generate_blob_sas,
)

from azureml_emulator.storage import copies
from azureml_emulator.storage.blobs.blocks import Part
from azureml_emulator.storage.blobs.models import BlobStore
from azureml_emulator.storage.checksums import crc64
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.sources import Source
from tests.emulator.service import Service
from tests.emulator.storage.blobs import put, send
from tests.emulator_fixture import RunningEmulator

MIB = 1024 * 1024
STORAGE = "https://storage.azure.com"


@pytest.fixture
def key(service: Service) -> str:
    """The account's key."""
    return str(service.post("datastores/workspaceartifactstore/listSecrets", {}).body["key"])


@pytest.fixture
def signed(key: str) -> Callable[..., str]:
    """A blob's address with a signature in it."""

    def address(blob: BlobClient, permission: str = "r") -> str:
        name, container = str(blob.blob_name), str(blob.container_name)
        allowed = BlobSasPermissions.from_string(permission)
        until = datetime.now(timezone.utc) + timedelta(minutes=10)
        sas = generate_blob_sas("emuacct", container, name, account_key=key, permission=allowed, expiry=until)
        return f"{blob.url}?{sas}"

    return address


@pytest.fixture
def source(container: ContainerClient) -> BlobClient:
    """A blob with headers and metadata, of two blocks."""
    blob = container.get_blob_client("folder/ünï & co.txt")
    for number, content in enumerate((b"first,", b"second")):
        blob.stage_block(f"block-{number}", content)
    settings = ContentSettings(content_type="text/csv", cache_control="no-cache")
    blob.commit_block_list([BlobBlock("block-0"), BlobBlock("block-1")], settings, {"Made": "here"})
    return blob


def refusal(attempt: Callable[..., Any], *given: Any, **named: Any) -> tuple[int | None, str | None]:
    """Status and code of what a request is refused with."""
    with pytest.raises(HttpResponseError) as caught:
        attempt(*given, **named)
    return caught.value.status_code, caught.value.error_code


def test_a_copy_has_everything_that_its_source_has(container: ContainerClient, source: BlobClient) -> None:
    copy = container.get_blob_client("copies/one")
    copy.stage_block("block-9", b"waits")
    answer = copy.start_copy_from_url(source.url)
    assert answer["copy_status"] == "success"
    found = copy.get_blob_properties()
    assert copy.download_blob().readall() == b"first,second"
    assert (found.metadata, found.content_settings.content_type) == ({"Made": "here"}, "text/csv")
    assert found.content_settings.cache_control == "no-cache"
    assert [[block.id for block in blocks] for blocks in copy.get_block_list("all")] == [["block-0", "block-1"], []]
    assert (found.copy.id, found.copy.status, found.copy.progress) == (answer["copy_id"], "success", "12/12")
    assert found.copy.source == source.url
    assert found.etag != source.get_blob_properties().etag
    listed = {blob.name: blob.copy for blob in container.list_blobs(include=["copy"])}
    assert (listed["copies/one"].id, listed[str(source.blob_name)].id) == (answer["copy_id"], None)
    source.delete_blob()
    assert copy.download_blob().readall() == b"first,second"


def test_metadata_of_the_request_replaces_that_of_the_source(container: ContainerClient, source: BlobClient) -> None:
    copy = container.get_blob_client("copy")
    copy.start_copy_from_url(source.url, metadata={"own": "1"})
    assert copy.get_blob_properties().metadata == {"own": "1"}
    copy.set_blob_metadata({"other": "2"})
    assert copy.get_blob_properties().copy.status == "success"
    copy.set_http_headers(ContentSettings(content_type="text/plain"))
    assert copy.get_blob_properties().copy.status is None


def test_a_blob_copied_onto_itself(source: BlobClient) -> None:
    before = source.get_blob_properties()
    source.start_copy_from_url(source.url, metadata={"new": "1"})
    after = source.get_blob_properties()
    assert (after.metadata, after.size) == ({"new": "1"}, before.size)
    assert after.etag != before.etag
    assert source.download_blob().readall() == b"first,second"


def test_an_append_blob_is_copied_as_one(container: ContainerClient) -> None:
    log = container.get_blob_client("log")
    log.create_append_blob()
    log.append_block(b"one")
    copy = container.get_blob_client("copy")
    copy.start_copy_from_url(log.url)
    appended = copy.append_block(b"two")
    assert (appended["blob_append_offset"], appended["blob_committed_block_count"]) == ("3", 2)
    assert copy.download_blob().readall() == b"onetwo"
    assert refusal(put(container, "block blob").start_copy_from_url, log.url) == (409, "InvalidBlobType")


def test_conditions_on_the_source_and_on_the_copy(container: ContainerClient, source: BlobClient) -> None:
    copy, found = container.get_blob_client("copy"), source.get_blob_properties()
    current: dict[str, Any] = {"source_etag": found.etag, "source_match_condition": MatchConditions.IfNotModified}
    other: dict[str, Any] = {"source_etag": found.etag, "source_match_condition": MatchConditions.IfModified}
    for wrong in (other, {"source_if_modified_since": found.last_modified + timedelta(hours=1)}):
        assert refusal(copy.start_copy_from_url, source.url, **wrong) == (412, "SourceConditionNotMet")
    assert not copy.exists()
    copy.start_copy_from_url(source.url, **current)
    etag = copy.get_blob_properties().etag
    with pytest.raises(ResourceModifiedError):
        copy.start_copy_from_url(source.url, etag="0x1", match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceExistsError):
        copy.start_copy_from_url(source.url, match_condition=MatchConditions.IfMissing)
    assert copy.get_blob_properties().etag == etag


def test_a_source_that_is_not_there(container: ContainerClient, source: BlobClient) -> None:
    copy = container.get_blob_client("copy")
    for url in (f"{source.url}x", f"{container.url}-none/x", f"{container.url}/a//b"):
        with pytest.raises(ResourceNotFoundError) as caught:
            copy.start_copy_from_url(url)
        assert caught.value.error_code == "CannotVerifyCopySource"
    assert not copy.exists()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://other.blob.core.windows.net/c/b", (501, "NotEmulated")),
        ("https://127.0.0.1:1/emuacct.blob.local/c/b", (501, "NotEmulated")),
        ("{origin}/subscriptions/x", (501, "NotEmulated")),
        ("{source}?snapshot=2026-01-01T00:00:00.0000000Z", (501, "NotEmulated")),
        ("/emuacct/c/b", (400, "InvalidHeaderValue")),
        ("https://127.0.0.1:port/c/b", (400, "InvalidHeaderValue")),
        ("https://[::1/c/b", (400, "InvalidHeaderValue")),
        ("", (400, "InvalidHeaderValue")),
    ],
)
def test_addresses_that_are_no_source_here(
    emulator: RunningEmulator, container: ContainerClient, source: BlobClient, address: str, expected: tuple[int, str]
) -> None:
    written = address.replace("{origin}", emulator["endpoint"]).replace("{source}", source.url)
    answer = send(container, "PUT", f"{container.url}/copy", {"x-ms-copy-source": written})
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == expected


def test_who_may_read_the_source(
    container: ContainerClient, source: BlobClient, signed: Callable[..., str], key: str
) -> None:
    """Copy Blob reads within the account as its caller; what takes content from an address has to be let in by it."""
    copy = container.get_blob_client("copy")
    from_address: tuple[Callable[..., Any], ...] = (
        lambda url, **more: copy.start_copy_from_url(url, requires_sync=True, **more),
        lambda url, **more: copy.upload_blob_from_url(url, overwrite=True, **more),
        lambda url, **more: copy.stage_block_from_url("block-0", url, **more),
    )
    bearer = f"Bearer {container.credential.get_token(f'{STORAGE}/.default').token}"
    for take in from_address:
        with pytest.raises(ClientAuthenticationError) as caught:
            take(source.url)
        assert caught.value.error_code == "CannotVerifyCopySource"
        assert refusal(take, signed(source, "d")) == (403, "CannotVerifyCopySource")
        take(signed(source))
        take(source.url, source_authorization=bearer)
    with BlobClient.from_blob_url(signed(copy, "cw")) as client:
        assert refusal(client.start_copy_from_url, source.url) == (401, "CannotVerifyCopySource")
        client.start_copy_from_url(signed(source))
    assert copy.get_blob_properties().copy.source == source.url
    shared = {"account_name": "emuacct", "account_key": key}
    with BlobClient.from_blob_url(f"{container.url}/by key", credential=shared) as client:
        client.start_copy_from_url(source.url)
    assert container.download_blob("by key").readall() == b"first,second"


def test_the_largest_source_of_a_copy_that_is_waited_for(
    container: ContainerClient, signed: Callable[..., str], emulator: RunningEmulator
) -> None:
    big = put(container, "big")
    with (emulator.state / "storage" / container.container_name / "big").open("wb") as file:
        file.truncate(256 * MIB + 1)
    copy = container.get_blob_client("copy")
    assert refusal(copy.start_copy_from_url, signed(big), requires_sync=True) == (409, "CannotVerifyCopySource")


def test_a_blob_from_an_address(container: ContainerClient, source: BlobClient, signed: Callable[..., str]) -> None:
    copy, url = container.get_blob_client("copy"), signed(source)
    copy.upload_blob_from_url(url, metadata={"own": "1"}, content_settings=ContentSettings(content_language="de"))
    found = copy.get_blob_properties()
    assert copy.download_blob().readall() == b"first,second"
    assert (found.metadata, found.copy.status) == ({"own": "1"}, None)
    assert (found.content_settings.content_type, found.content_settings.content_language) == ("text/csv", "de")
    assert refusal(copy.upload_blob_from_url, url) == (409, "BlobAlreadyExists")
    copy.upload_blob_from_url(url, overwrite=True, include_source_blob_properties=False)
    assert copy.get_blob_properties().content_settings.content_type == "application/octet-stream"
    wrong = bytearray(16)
    refused = refusal(copy.upload_blob_from_url, url, overwrite=True, source_content_md5=wrong)
    assert refused == (400, "Md5Mismatch")


def test_a_blob_from_an_address_replaces_one_of_any_kind(
    container: ContainerClient, source: BlobClient, signed: Callable[..., str]
) -> None:
    log = container.get_blob_client("log")
    log.create_append_blob()
    log.append_block(b"one")
    block = put(container, "block")
    block.upload_blob_from_url(signed(log), overwrite=True)
    log.upload_blob_from_url(signed(source), overwrite=True)
    assert [each.get_blob_properties().blob_type for each in (block, log)] == ["BlockBlob", "BlockBlob"]
    assert [each.download_blob().readall() for each in (block, log)] == [b"one", b"first,second"]


def test_content_of_a_source_is_compared_with_its_hashes(
    container: ContainerClient, source: BlobClient, signed: Callable[..., str]
) -> None:
    right, wrong = crc64([b"first,second"]), "AAAAAAAAAAA="
    block = f"{container.url}/copy?comp=block&blockid={b64encode(b'block-0').decode()}"
    for url, more in ((f"{container.url}/copy", {"x-ms-blob-type": "BlockBlob"}), (block, {})):
        headers = {"x-ms-copy-source": signed(source), **more}
        for hashes, expected in (
            ({"x-ms-source-content-crc64": wrong}, (400, "Crc64Mismatch")),
            ({"x-ms-source-content-md5": b64encode(bytes(16)).decode()}, (400, "Md5Mismatch")),
            (
                {"x-ms-source-content-crc64": right, "x-ms-source-content-md5": wrong},
                (400, "BothCrc64AndMd5HeaderPresent"),
            ),
        ):
            refused = send(container, "PUT", url, {**headers, **hashes})
            assert (refused.status_code, refused.headers["x-ms-error-code"]) == expected
        taken = send(container, "PUT", url, {**headers, "x-ms-source-content-crc64": right})
        assert (taken.status_code, taken.headers["x-ms-content-crc64"]) == (201, right)


@pytest.mark.parametrize("kind", [{}, {"x-ms-blob-type": "BlockBlob"}])
@pytest.mark.parametrize("wrong", [{"x-ms-access-tier": "Lukewarm"}, {"x-ms-meta-not-a-name": "1"}])
def test_a_copy_that_is_refused_leaves_nothing(
    container: ContainerClient,
    source: BlobClient,
    signed: Callable[..., str],
    emulator: RunningEmulator,
    kind: dict[str, str],
    wrong: dict[str, str],
) -> None:
    before = set((emulator.state / "incoming").iterdir())
    headers = {"x-ms-copy-source": signed(source), **kind, **wrong}
    assert send(container, "PUT", f"{container.url}/copy", headers).status_code == 400
    assert set((emulator.state / "incoming").iterdir()) <= before


@pytest.mark.parametrize("then", [b"other", None])
def test_a_source_that_changes_while_it_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: bytes | None
) -> None:
    blobs = BlobStore(tmp_path)
    blobs.create_container("c")
    found = blobs.put_bytes("c", "source", b"content")
    place = blobs.path("c", "source")
    join = blobs.blocks.join

    def slow(parts: Iterable[Part]) -> Path:
        file = join(parts)
        _ = blobs.put_bytes("c", "source", then) if then else blobs.delete("c", "source")
        return file

    monkeypatch.setattr(blobs.blocks, "join", slow)
    request: Any = make_mocked_request("PUT", "/c/copy")
    taken = copies.take(SimpleNamespace(blobs=blobs), request, Source("c", found, place, ""), Part(place, 0, 7))  # type: ignore[arg-type]
    with pytest.raises(BlobError) as caught:
        asyncio.run(taken)
    assert (caught.value.code, caught.value.cause and caught.value.cause.code) == (
        "CannotVerifyCopySource",
        "ConditionNotMet",
    )
    assert list(blobs.incoming.iterdir()) == []
    blobs.close()


def test_blocks_from_an_address(container: ContainerClient, source: BlobClient, signed: Callable[..., str]) -> None:
    copy, url = container.get_blob_client("copy"), signed(source)
    copy.stage_block_from_url("block-0", url, source_offset=6, source_length=6)
    copy.stage_block_from_url("block-1", url, source_offset=0, source_length=5)
    copy.commit_block_list([BlobBlock("block-0"), BlobBlock("block-1")])
    assert copy.download_blob().readall() == b"secondfirst"
    assert refusal(copy.stage_block_from_url, "block-2", url, 12, 1) == (416, "InvalidRange")
    log = container.get_blob_client("log")
    log.create_append_blob()
    assert log.append_block_from_url(url, 0, 6)["blob_append_offset"] == "0"
    assert log.append_block_from_url(url, 6, 3, appendpos_condition=6)["blob_committed_block_count"] == 2
    assert log.download_blob().readall() == b"first,sec"
    refused = refusal(log.append_block_from_url, url, 0, 3, appendpos_condition=6)
    assert refused == (412, "AppendPositionConditionNotMet")


def test_there_is_no_copy_to_abort(container: ContainerClient, source: BlobClient) -> None:
    copy = container.get_blob_client("copy")
    identity = str(copy.start_copy_from_url(source.url)["copy_id"])
    assert refusal(copy.abort_copy, identity) == (409, "NoPendingCopyOperation")


def test_other_ranges_of_a_source(container: ContainerClient, source: BlobClient, signed: Callable[..., str]) -> None:
    url = f"{container.url}/copy?comp=block&blockid={b64encode(b'block-0').decode()}"
    for text, status in (("bytes=0-", 201), ("bytes=-5", 400), ("0-5", 400), ("bytes=5-2", 416), ("bytes=2-99", 201)):
        answer = send(container, "PUT", url, {"x-ms-copy-source": signed(source), "x-ms-source-range": text})
        assert answer.status_code == status, text
