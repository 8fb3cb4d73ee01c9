"""Requests of the blob service as they are written: what Microsoft's Azurite answered otherwise."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
import requests
from azure.storage.blob import ContainerClient

from tests.emulator.storage.blobs import put, send
from tests.emulator_fixture import RunningEmulator

BLOCK = {"x-ms-blob-type": "BlockBlob"}


def code(answer: requests.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("x-ms-error-code")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
@pytest.mark.parametrize("content", [gzip.compress(b"text"), os.urandom(2 * 1024 * 1024)], ids=["small", "large"])
def test_a_content_is_kept_as_it_was_encoded(container: ContainerClient, encoding: str, content: bytes) -> None:
    url = f"{container.url}/encoded"
    assert send(container, "PUT", url, {**BLOCK, "Content-Encoding": encoding}, content).status_code == 201
    answer = send(container, "GET", url, {}, stream=True)
    assert answer.headers["Content-Encoding"] == encoding
    assert answer.raw.read(decode_content=False) == content


def test_a_body_says_of_its_blob_what_its_own_headers_do_not(container: ContainerClient) -> None:
    plain = {"Cache-Control": "max-age=1", "Content-Encoding": "br", "Content-Language": "fr", "Content-Type": "a/b"}
    own = {"x-ms-blob-content-language": "de"}
    assert send(container, "PUT", f"{container.url}/a", {**BLOCK, **plain, **own}, b"x").status_code == 201
    kept = send(container, "HEAD", f"{container.url}/a", {}).headers
    assert {name: kept[name] for name in plain} == {**plain, "Content-Language": "de"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ab", (400, "OutOfRangeInput")),
        ("a" * 64, (400, "OutOfRangeInput")),
        ("Not_A_Name", (400, "InvalidResourceName")),
        ("two--hyphens", (400, "InvalidResourceName")),
        ("$root", (501, "NotEmulated")),
    ],
)
def test_what_can_be_no_container_is_refused_by_its_name(
    container: ContainerClient, name: str, expected: tuple[int, str]
) -> None:
    wrong = container.url.replace(container.container_name, name)
    for method, url in (
        ("PUT", f"{wrong}?restype=container"),
        ("GET", f"{wrong}?restype=container"),
        ("GET", f"{wrong}?restype=container&comp=list"),
        ("PUT", f"{wrong}/blob"),
        ("GET", f"{wrong}/blob"),
    ):
        assert code(send(container, method, url, BLOCK)) == expected, url
    lake = f"{wrong.replace('.blob.', '.dfs.')}?resource=filesystem"
    assert code(send(container, "PUT", lake, {})) == expected


def test_a_list_includes_what_there_is_to_include(container: ContainerClient) -> None:
    put(container, "a")
    for url, known in (
        (f"{container.url}?restype=container&comp=list", "metadata,snapshots,uncommittedblobs,deleted"),
        (f"{container.url.rpartition('/')[0]}?comp=list", "metadata,deleted,system"),
    ):
        assert send(container, "GET", f"{url}&include={known}", {}).status_code == 200
        assert send(container, "GET", f"{url}&include=", {}).status_code == 200
        refused = send(container, "GET", f"{url}&include=metadata,tag", {})
        assert code(refused) == (400, "InvalidQueryParameterValue")
        assert "include: tag" in refused.text


def test_a_list_of_containers_says_what_it_was_asked_for(container: ContainerClient) -> None:
    url = f"{container.url.rpartition('/')[0]}?comp=list&prefix={container.container_name}&maxresults=7"
    root = ElementTree.fromstring(send(container, "GET", url, {}).content)
    assert (root.findtext("Prefix"), root.findtext("MaxResults")) == (container.container_name, "7")
    assert root.find("Marker") is None


def test_an_append_blob_has_no_blocks_and_begins_empty(container: ContainerClient) -> None:
    url = f"{container.url}/log"
    kind = {"x-ms-blob-type": "AppendBlob"}
    assert code(send(container, "PUT", url, kind, b"x")) == (400, "InvalidHeaderValue")
    assert not container.get_blob_client("log").exists()
    assert send(container, "PUT", url, kind).status_code == 201
    assert code(send(container, "GET", f"{url}?comp=blocklist", {})) == (409, "InvalidBlobType")


def test_a_word_for_snapshots_that_is_none_deletes_nothing(container: ContainerClient) -> None:
    blob = put(container, "a")
    answer = send(container, "DELETE", f"{container.url}/a", {"x-ms-delete-snapshots": "all"})
    assert code(answer) == (400, "InvalidHeaderValue")
    assert blob.exists()


def test_a_version_is_a_date(container: ContainerClient) -> None:
    put(container, "a")
    answer = send(container, "GET", f"{container.url}/a", {"x-ms-version": "latest"})
    assert code(answer) == (400, "InvalidHeaderValue")


def test_tokens_need_a_version_that_knows_them(
    emulator: RunningEmulator, container: ContainerClient, bearer: Callable[..., dict[str, str]]
) -> None:
    put(container, "a")
    lake = container.url.replace(".blob.", ".dfs.")
    token = bearer("https://storage.azure.com")
    for url, version, expected in (
        (container.url, {}, 403),
        (container.url, {"x-ms-version": "2017-07-29"}, 403),
        (container.url, {"x-ms-version": "2017-11-09"}, 200),
        (lake, {}, 200),
    ):
        answer = requests.get(f"{url}/a", headers={**token, **version}, verify=emulator["ca_bundle"])
        assert answer.status_code == expected
    refused = requests.get(f"{container.url}/a", headers=token, verify=emulator["ca_bundle"])
    assert "Authentication scheme Bearer is not supported in this version." in refused.text
