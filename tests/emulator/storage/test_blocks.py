"""Blobs made of blocks, and blobs that blocks are appended to."""

from __future__ import annotations

from base64 import b64encode

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobBlock, BlobClient, ContainerClient

from tests.emulator.storage.blobs import put, send
from tests.emulator_fixture import RunningEmulator


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
    second = blob.append_block(b"two\n", appendpos_condition=4)
    assert (second["blob_append_offset"], second["blob_committed_block_count"]) == ("4", 2)
    assert blob.get_blob_properties().append_blob_committed_block_count == 2
    assert blob.download_blob().readall() == b"one\ntwo\n"
    assert blob.get_blob_properties().blob_type == "AppendBlob"
    with pytest.raises(HttpResponseError) as caught:
        blob.append_block(b"x", appendpos_condition=3)
    assert caught.value.error_code == "AppendPositionConditionNotMet"
    blob.append_block(b"x", maxsize_condition=9)
    with pytest.raises(HttpResponseError) as caught:
        blob.append_block(b"x", maxsize_condition=9)
    assert (caught.value.status_code, caught.value.error_code) == (412, "MaxBlobSizeConditionNotMet")
    for header, content in (("x-ms-blob-condition-maxsize", b"x"), ("x-ms-blob-condition-appendpos", b"x"), ("x", b"")):
        answer = send(container, "PUT", f"{blob.url}?comp=appendblock", {header: "many"}, content)
        assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "InvalidHeaderValue")
    assert blob.download_blob().readall() == b"one\ntwo\nx"
    with pytest.raises(HttpResponseError) as caught:
        put(container, "block blob").append_block(b"x")
    assert caught.value.error_code == "InvalidBlobType"


def test_blocks_of_another_kind_of_blob(container: ContainerClient) -> None:
    """A list of blocks makes no block blob of an append blob: that would lose what was appended."""
    blob = container.get_blob_client("log.txt")
    blob.create_append_blob()
    blob.append_block(b"kept")
    for attempt in (lambda: blob.stage_block("block-0", b"x"), lambda: blob.commit_block_list([])):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert (caught.value.status_code, caught.value.error_code) == (409, "InvalidBlobType")
    assert blob.download_blob().readall() == b"kept"


def test_ids_of_one_length(container: ContainerClient) -> None:
    blob = container.get_blob_client("blocks")
    blob.stage_block("block-0", b"0")
    with pytest.raises(HttpResponseError) as caught:
        blob.stage_block("block-10", b"10")
    assert (caught.value.status_code, caught.value.error_code) == (400, "InvalidBlobOrBlock")
    blob.commit_block_list([BlobBlock("block-0")])
    blob.stage_block("block-10", b"10")
    _, staged = blob.get_block_list("all")
    assert [block.id for block in staged] == ["block-10"]


def test_a_whole_blob_ends_the_waiting_of_its_blocks(container: ContainerClient) -> None:
    blob = container.get_blob_client("blocks")
    blob.stage_block("block-0", b"0")
    blob.upload_blob(b"whole")
    assert blob.get_block_list("all") == ([], [])
    blob.stage_block("block-10", b"10")
    assert blob.download_blob().readall() == b"whole"


@pytest.mark.parametrize(
    ("header", "size", "code"), [("Content-MD5", 16, "Md5Mismatch"), ("x-ms-content-crc64", 8, "Crc64Mismatch")]
)
def test_a_list_is_compared_with_its_hash(container: ContainerClient, header: str, size: int, code: str) -> None:
    wrong = {header: b64encode(bytes(size)).decode()}
    answer = send(container, "PUT", f"{container.url}/x?comp=blocklist", wrong, b"<BlockList/>")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, code)
    assert not container.get_blob_client("x").exists()
