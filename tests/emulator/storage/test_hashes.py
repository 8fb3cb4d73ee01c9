"""The hashes of contents: sent with them, compared, kept and told."""

from __future__ import annotations

import os
from base64 import b64encode
from hashlib import md5

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient, ContentSettings

from azureml_emulator.storage.checksums import crc64
from tests.emulator.storage.blobs import put, send

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"", 0), (b"123456789", 0xAE8B14860A799888), (b"hello world", 0x8D29D5C3F6EA8EBE)],
)
def test_the_crc_of_microsofts_clients(content: bytes, expected: int) -> None:
    """The second is the check value of CRC-64/NVME in the catalogue of parametrised CRC algorithms."""
    assert crc64([content[:3], content[3:]]) == b64encode(expected.to_bytes(8, "little")).decode()


@pytest.mark.parametrize("size", [10, MIB + 1])
def test_content_is_compared_with_its_crc(container: ContainerClient, size: int) -> None:
    content = os.urandom(size)
    right, wrong = {"x-ms-content-crc64": crc64([content])}, {"x-ms-content-crc64": "AAAAAAAAAAA="}
    url, block = f"{container.url}/x", f"{container.url}/x?comp=block&blockid={b64encode(b'0').decode()}"
    for target, more in ((url, {"x-ms-blob-type": "BlockBlob"}), (block, {})):
        refused = send(container, "PUT", target, {**more, **wrong}, content)
        assert (refused.status_code, refused.headers["x-ms-error-code"]) == (400, "Crc64Mismatch")
        taken = send(container, "PUT", target, {**more, **right}, content)
        assert (taken.status_code, taken.headers["x-ms-content-crc64"]) == (201, right["x-ms-content-crc64"])
    asked = {"x-ms-range": "bytes=2-6", "x-ms-range-get-content-crc64": "true"}
    assert send(container, "GET", url, asked).headers["x-ms-content-crc64"] == crc64([content[2:7]])


def test_texts_that_are_no_hashes(container: ContainerClient) -> None:
    made = {"x-ms-blob-type": "BlockBlob"}
    for header, code in (
        ("Content-MD5", "InvalidMd5"),
        ("x-ms-blob-content-md5", "InvalidMd5"),
        ("x-ms-content-crc64", "InvalidHeaderValue"),
    ):
        for text in ("none", "AAAA"):
            answer = send(container, "PUT", f"{container.url}/x", {**made, header: text}, b"1")
            assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, code)


def test_a_block_blob_says_the_hash_that_its_content_has(container: ContainerClient) -> None:
    """Any hash was kept that came with a content, so that clients that compare it could not read the blob."""
    blob = container.get_blob_client("x")
    right = md5(b"hello", usedforsecurity=False).digest()
    with pytest.raises(HttpResponseError) as caught:
        blob.upload_blob(b"hallo", content_settings=ContentSettings(content_md5=bytearray(right)))
    assert (caught.value.status_code, caught.value.error_code) == (400, "Md5Mismatch")
    assert not blob.exists()
    blob.upload_blob(b"hello", content_settings=ContentSettings(content_md5=bytearray(right)))
    assert bytes(blob.get_blob_properties().content_settings.content_md5 or b"") == right


def test_one_hash_of_a_content_at_a_time(container: ContainerClient) -> None:
    blob = put(container, "x")
    both = {"x-ms-content-crc64": crc64([b"other"]), "Content-MD5": b64encode(bytes(16)).decode()}
    refused = send(container, "PUT", blob.url, {"x-ms-blob-type": "BlockBlob", **both}, b"other")
    assert (refused.status_code, refused.headers["x-ms-error-code"]) == (400, "BothCrc64AndMd5HeaderPresent")
    ranges = {"x-ms-range-get-content-md5": "true", "x-ms-range-get-content-crc64": "true"}
    refused = send(container, "GET", blob.url, {"x-ms-range": "bytes=0-1", **ranges})
    assert (refused.status_code, refused.headers["x-ms-error-code"]) == (400, "BothCrc64AndMd5RangeHeaderPresent")
    for name in ranges:
        refused = send(container, "GET", blob.url, {name: "true"})
        assert (refused.status_code, refused.headers["x-ms-error-code"]) == (400, "InvalidHeaderValue")
    assert blob.download_blob().readall() == b"hello"


def test_content_is_validated_both_ways(container: ContainerClient) -> None:
    content = os.urandom(3 * MIB)
    blob = container.get_blob_client("checked")
    blob.upload_blob(content, validate_content=True)
    assert blob.download_blob(validate_content=True).readall() == content
    url, headers = blob.url, {"x-ms-blob-type": "BlockBlob", "Content-MD5": b64encode(bytes(16)).decode()}
    answer = send(container, "PUT", f"{url}", headers, b"other")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "Md5Mismatch")
    assert blob.download_blob().readall() == content
