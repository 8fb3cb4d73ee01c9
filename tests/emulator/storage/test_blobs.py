"""Blobs through azure-storage-blob: what is written comes back, in parts and whole, with properties and conditions."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from base64 import b64encode
from pathlib import Path

import pytest
import requests
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobBlock, BlobClient, BlobServiceClient, ContainerClient, ContentSettings

from tests.emulator_fixture import RunningEmulator

MIB = 1024 * 1024
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


def put(container: ContainerClient, name: str, content: bytes = b"hello") -> BlobClient:
    blob = container.get_blob_client(name)
    blob.upload_blob(content)
    return blob


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


def test_content_is_validated_both_ways(container: ContainerClient) -> None:
    content = os.urandom(3 * MIB)
    blob = container.get_blob_client("checked")
    blob.upload_blob(content, validate_content=True)
    assert blob.download_blob(validate_content=True).readall() == content
    url, headers = blob.url, {"x-ms-blob-type": "BlockBlob", "Content-MD5": b64encode(bytes(16)).decode()}
    answer = send(container, "PUT", f"{url}", headers, b"other")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "Md5Mismatch")
    assert blob.download_blob().readall() == content


def test_the_journal_names_a_download_before_it_has_ended(
    container: ContainerClient, emulator: RunningEmulator
) -> None:
    """Whoever has a part of an answer finds the request answered: no buffer holds the rest of this one."""
    blob = put(container, "long.bin", bytes(48 * MIB))
    with send(container, "GET", blob.url, {}, stream=True) as answer:
        assert answer.raw.read(1) == b"\0"
        assert [one["status"] for one in emulator.journal("long.bin") if one["method"] == "GET"] == [200]


def send(
    container: ContainerClient,
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes = b"",
    *,
    stream: bool = False,
) -> requests.Response:
    token = container.credential.get_token("https://storage.azure.com/.default").token
    sent = {"Authorization": f"Bearer {token}", "x-ms-version": "2021-12-02", **headers}
    bundle = os.environ["REQUESTS_CA_BUNDLE"]
    return requests.request(method, url, headers=sent, data=body, verify=bundle, stream=stream)


def test_large_blobs_come_in_parallel_blocks(container: ContainerClient, emulator: RunningEmulator) -> None:
    content = os.urandom(20 * MIB + 17)
    blob = container_client(container, emulator).get_blob_client("large.bin")
    blob.upload_blob(content, max_concurrency=4)
    assert any("/large.bin" in row["path"] and row["method"] == "PUT" for row in emulator.journal())
    assert blob.download_blob(max_concurrency=4).readall() == content


def container_client(container: ContainerClient, emulator: RunningEmulator) -> ContainerClient:
    """The same container through a client whose blocks are small, so that many are needed."""
    return ContainerClient(
        emulator["storage_url"],
        container.container_name,
        credential=container.credential,
        max_single_put_size=MIB,
        max_block_size=MIB,
        max_single_get_size=4 * MIB,
        max_chunk_get_size=MIB,
    )


def commit_raw(emulator: RunningEmulator, blob: BlobClient, *rows: tuple[str, str]) -> int:
    """Put Block List as written; the status. azure-storage-blob 12.31 calls every block ``Latest``."""
    ids = "".join(f"<{where}>{b64encode(block.encode()).decode()}</{where}>" for where, block in rows)
    token = blob.credential.get_token("https://storage.azure.com/.default").token
    headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2023-11-03"}
    body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{ids}</BlockList>'
    url = f"{blob.url}?comp=blocklist"
    return requests.put(url, body, headers=headers, verify=emulator["ca_bundle"], timeout=30).status_code


def test_a_list_can_take_over_the_blocks_of_a_blob(emulator: RunningEmulator, container: ContainerClient) -> None:
    blob = container.get_blob_client("grown")
    for number, content in enumerate((b"<first>", b"<second>")):
        blob.stage_block(f"block-{number}", content)
    blob.commit_block_list([BlobBlock("block-0"), BlobBlock("block-1")])
    blob.set_blob_metadata({"a": "b"})
    committed, _ = blob.get_block_list("committed")
    assert [(block.id, block.size) for block in committed] == [("block-0", 7), ("block-1", 8)]
    blob.stage_block("block-2", b"<third>")
    blob.stage_block("block-0", b"<other>")
    both = [[block.id for block in blocks] for blocks in blob.get_block_list("all")]
    assert both == [["block-0", "block-1"], ["block-0", "block-2"]]
    assert commit_raw(emulator, blob, ("Committed", "block-2")) == 400
    assert commit_raw(emulator, blob, ("Uncommitted", "block-1")) == 400
    assert (
        commit_raw(emulator, blob, ("Latest", "block-1"), ("Committed", "block-0"), ("Uncommitted", "block-2")) == 201
    )
    assert blob.download_blob().readall() == b"<second><first><third>"
    blob.commit_block_list([BlobBlock("block-0"), BlobBlock("block-2")])
    assert blob.download_blob().readall() == b"<first><third>"
    blob.upload_blob(b"whole", overwrite=True)
    assert blob.get_block_list("committed") == ([], [])


def test_blocks_follow_the_list_not_their_arrival(container: ContainerClient) -> None:
    blob = container.get_blob_client("blocks")
    for number in (2, 0, 1):
        blob.stage_block(f"block-{number}", f"<{number}>".encode())
    _, staged = blob.get_block_list("all")
    assert sorted((block.id, block.size) for block in staged) == [("block-0", 3), ("block-1", 3), ("block-2", 3)]
    assert not blob.exists()
    blob.commit_block_list([BlobBlock("block-1"), BlobBlock("block-0")], metadata={"a": "b"})
    assert blob.download_blob().readall() == b"<1><0>"
    assert blob.get_blob_properties().metadata == {"a": "b"}
    with pytest.raises(HttpResponseError) as caught:
        blob.commit_block_list([BlobBlock("block-9")])
    assert (caught.value.status_code, caught.value.error_code) == (400, "InvalidBlockList")


def test_appending(container: ContainerClient) -> None:
    blob = container.get_blob_client("log.txt")
    blob.create_append_blob()
    assert blob.append_block(b"one\n")["blob_append_offset"] == "0"
    assert blob.append_block(b"two\n", appendpos_condition=4)["blob_append_offset"] == "4"
    assert blob.download_blob().readall() == b"one\ntwo\n"
    assert blob.get_blob_properties().blob_type == "AppendBlob"
    with pytest.raises(HttpResponseError) as caught:
        blob.append_block(b"x", appendpos_condition=3)
    assert caught.value.error_code == "AppendPositionConditionNotMet"
    with pytest.raises(HttpResponseError) as caught:
        put(container, "block blob").append_block(b"x")
    assert caught.value.error_code == "InvalidBlobType"


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


@pytest.mark.parametrize("name", ["a/../b", "../x", "a//b", "./x", "folder/", "x" * 300])
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
        lambda: blob.set_blob_tags({"a": "b"}),
        lambda: container.get_blob_client("page").create_page_blob(512),
        lambda: container.get_blob_client("copy").start_copy_from_url(blob.url),
        lambda: container.get_blob_client("copy").upload_blob_from_url(blob.url),
        lambda: container.get_blob_client("copy").stage_block_from_url("block-0", blob.url),
        lambda: blob.upload_blob(b"other", overwrite=True, tags={"a": "b"}),
        lambda: blob.upload_blob(b"other", overwrite=True, if_tags_match_condition="a = 'b'"),
        lambda: blob.upload_blob(b"other", overwrite=True, encryption_scope="scope"),
        lambda: blob.download_blob(version_id="2026-01-01T00:00:00.0000000Z"),
        lambda: container.get_blob_client("x", snapshot="2026-01-01T00:00:00.0000000Z").delete_blob(),
        lambda: blob.delete_blob(delete_snapshots="only"),
    ):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert (caught.value.status_code, caught.value.error_code) == (501, "NotEmulated")
    lake = emulator["storage_url"].replace(".blob.", ".dfs.")
    assert send(container, "GET", f"{lake}/{container.container_name}/x", {}).status_code == 501


def test_an_upload_that_breaks_off_leaves_nothing(container: ContainerClient, emulator: RunningEmulator) -> None:
    import socket
    import ssl

    token = container.credential.get_token("https://storage.azure.com/.default").token
    host, port = "127.0.0.1", int(emulator["endpoint"].rsplit(":", 1)[1])
    path = f"/{emulator['storage_url'].rsplit('/', 1)[1]}/{container.container_name}/half"
    context = ssl.create_default_context(cafile=emulator["ca_bundle"])
    with context.wrap_socket(socket.create_connection((host, port)), server_hostname=host) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nx-ms-blob-type: BlockBlob\r\n"
        connection.sendall(f"{head}Content-Length: 1000\r\n\r\n{'x' * 10}".encode())
    assert not container.get_blob_client("half").exists()


ASYNCHRONOUS = """
import asyncio, os, sys
from azure.identity.aio import ClientSecretCredential
from azure.storage.blob.aio import ContainerClient

async def main():
    tenant, client, secret = (os.environ[f"AZURE_{name}"] for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"))
    async with ClientSecretCredential(tenant, client, secret, disable_instance_discovery=True) as credential:
        async with ContainerClient(sys.argv[1], sys.argv[2], credential=credential) as container:
            await container.upload_blob("async/file", b"x" * 100000)
            stream = await container.download_blob("async/file")
            print(len(await stream.readall()), [blob.name async for blob in container.list_blobs()])

asyncio.run(main())
"""


def test_the_asynchronous_client(container: ContainerClient, emulator: RunningEmulator) -> None:
    command = [sys.executable, "-c", ASYNCHRONOUS, emulator["storage_url"], container.container_name]
    environment = {**os.environ, **emulator.env}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "100000 ['async/file']"


@pytest.mark.parametrize("suffix", ["core.windows.net", "local", "core.usgovcloudapi.net"])
def test_any_suffix_of_the_account_leads_here(
    emulator: RunningEmulator, credential: ClientSecretCredential, container: ContainerClient, suffix: str
) -> None:
    put(container, "x")
    url = emulator["storage_url"].replace(".blob.local", f".blob.{suffix}")
    with ContainerClient(url, container.container_name, credential=credential) as client:
        assert client.download_blob("x").readall() == b"hello"


def test_a_large_file_is_streamed(container: ContainerClient, tmp_path: Path, emulator: RunningEmulator) -> None:
    file = tmp_path / "large"
    with file.open("wb") as out:
        out.truncate(200 * MIB)
    with file.open("rb") as source:
        container.upload_blob("large", source, length=200 * MIB)
    assert container.get_blob_client("large").get_blob_properties().size == 200 * MIB
    received = sum(len(piece) for piece in container.download_blob("large").chunks())
    assert received == 200 * MIB
    assert emulator.process
    status = Path(f"/proc/{emulator.process.pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    assert peak < 180 * 1024
