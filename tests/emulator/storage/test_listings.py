"""Listings page by page: the same as one listing of all, and no more of the container is read than a page needs."""

from __future__ import annotations

import os
import re
import shutil
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path

import pytest
import requests
from azure.storage.blob import BlobBlock, BlobPrefix, BlobServiceClient, ContainerClient, generate_container_sas

from azureml_emulator.storage.blobs import walks
from azureml_emulator.storage.blobs.models import BlobStore
from azureml_emulator.storage.blobs.walks import Position
from tests.emulator.service import Service
from tests.emulator.storage.blobs import send
from tests.emulator_fixture import RunningEmulator

FILES = ("a", "b-c", "b-c/x", "b/c/d/e", "b/c/f", "b/c0", "b/g-h/i", "b0", "c/x", "c/y", "d/é", "dd")
MARKS = ("b/c/empty", "b/empty", "c/z/", "e/")
"""Blobs that stand for folders: names in both of the forms that clients give them."""


def expected(names: list[str], prefix: str, delimiter: str) -> list[str]:
    """What the service lists: names, and instead of those with a delimiter behind the prefix what they begin with."""
    rows = set()
    for name in (name for name in names if name.startswith(prefix)):
        rest, cut, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name[len(prefix) :], "", "")
        rows.add(prefix + rest + cut)
    return sorted(rows)


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("delimiter", ["", "/", "-", "c/"])
@pytest.mark.parametrize("prefix", ["", "b", "b/", "b/c/", "c/z", "none/"])
def test_pages_hold_what_lies_there(
    emulator: RunningEmulator, container: ContainerClient, prefix: str, delimiter: str, size: int
) -> None:
    root = emulator.state / "storage" / container.container_name
    files = [name for name in FILES if name != "b-c"]  # a file and a folder at once
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    (root / "nothing" / "here").mkdir(parents=True)
    for name in MARKS:
        metadata = {} if name.endswith("/") else {"hdi_isfolder": "true"}
        container.upload_blob(name, b"", metadata=metadata)
    if delimiter:
        pages = container.walk_blobs(prefix, delimiter=delimiter, results_per_page=size).by_page()
    else:
        pages = container.list_blobs(prefix, results_per_page=size).by_page()
    # The client puts the folders of a page first.
    found = [sorted(page, key=lambda row: str(row.name)) for page in pages]
    assert [row.name for page in found for row in page] == expected([*files, *MARKS], prefix, delimiter)
    assert all(len(page) == size for page in found[:-1])
    groups = [row.name for page in found for row in page if isinstance(row, BlobPrefix)]
    assert all(delimiter and name.endswith(delimiter) for name in groups)


@pytest.mark.parametrize("recursive", [True, False])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_pages_of_the_data_lake(
    emulator: RunningEmulator, container: ContainerClient, recursive: bool, size: int
) -> None:
    root = emulator.state / "storage" / container.container_name
    for name in ("b-c", "b/c/d/e", "b/c/f", "b/c0", "b0"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    (root / "b" / "empty").mkdir()
    url = f"{container.url.replace('.blob.', '.dfs.')}?resource=filesystem&recursive={recursive}&maxResults={size}"
    names, marker = [], ""
    while True:
        answer = send(container, "GET", url + marker, {})
        page = answer.json()["paths"]
        names += [(path["name"], path.get("isDirectory") == "true") for path in page]
        if "x-ms-continuation" not in answer.headers:
            break
        assert len(page) == size
        marker = f"&continuation={answer.headers['x-ms-continuation']}"
    deeper = ["b/c/", "b/c/d/", "b/c/d/e", "b/c/f", "b/c0", "b/empty/"] if recursive else []
    every = ["b-c", "b/", *deeper, "b0"]
    assert names == [(name.rstrip("/"), name.endswith("/")) for name in every]


def test_a_page_reads_only_folders_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job's output may have thousands of folders: each page of a listing would read them all again."""
    store = BlobStore(tmp_path)
    store.create_container("con")
    for number in range(9):
        store.put_bytes("con", f"out/{number}/x", b"")
    read: list[str] = []
    children = walks.children

    def noted(top: str, lead: str) -> list[str]:
        read.append(lead)
        return children(top, lead)

    monkeypatch.setattr(walks, "children", noted)
    assert list(islice(store.walk("con", "out/", Position("out/4/x")), 3)) == ["out/4/x", "out/5/", "out/5/x"]
    assert read == ["out/", "out/4/", "out/5/"]
    read.clear()
    position = Position()
    levels = []
    for name in store.walk("con", "out/", position):
        levels.append(name)
        position.leave(name)
    assert (len(levels), read) == (9, ["out/"])
    store.close()


def test_a_walk_passes_over_what_is_removed_meanwhile(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.create_container("con")
    for name in ("a/b/c", "a/d/e", "f"):
        store.put_bytes("con", name, b"")
    names = store.walk("con", "", Position())
    found = [next(names)]
    shutil.rmtree(store.path("con", "a"))
    assert [*found, *names] == ["a/", "f"]
    store.close()


def test_a_file_of_a_job_whose_name_is_no_text(emulator: RunningEmulator, container: ContainerClient) -> None:
    """One such file made every listing of its container fail."""
    root = os.fsencode(emulator.state / "storage" / container.container_name)
    Path(os.fsdecode(root + b"/a\xff")).write_bytes(b"1")
    container.upload_blob("b", b"2")
    assert [blob.size for blob in container.list_blobs()] == [1, 1]


def test_a_listing_begins_and_ends_where_it_is_told_to(container: ContainerClient) -> None:
    """object_store, and so deltalake and polars, asks with ``startFrom`` and sorts nothing out by itself."""
    names = ["a", "b/x", "b/y", "c", "d"]
    for name in names:
        container.upload_blob(name, b"")

    def found(query: str) -> tuple[list[str], str]:
        page = send(container, "GET", f"{container.url}?restype=container&comp=list&{query}", {}).text
        return re.findall("<Name>(.*?)</Name>", page), "".join(re.findall("<NextMarker>([^<]+)", page))

    assert found("startFrom=b/y") == (names[2:], "")
    first, marker = found("startFrom=b&maxresults=3")
    assert (first, found(f"startFrom=b&maxresults=3&marker={marker}")) == (names[1:4], (["d"], ""))
    assert found("startFrom=b/z&delimiter=/") == (["c", "d"], "")
    assert found("startFrom=b/y&endBefore=d") == (["b/y", "c"], "")


def test_a_listing_of_the_data_lake_begins_where_it_is_told_to(container: ContainerClient) -> None:
    for name in ("f/a", "f/b/x", "f/b/y", "f/c"):
        container.upload_blob(name, b"")
    url = f"{container.url.replace('.blob.', '.dfs.')}?resource=filesystem&directory=f&beginFrom="

    def found(query: str) -> list[str]:
        return [path["name"] for path in send(container, "GET", url + query, {}).json()["paths"]]

    assert found("b/y&recursive=true") == ["f/b/y", "f/c"]
    assert found("b&recursive=false") == ["f/b", "f/c"]
    refused = send(container, "GET", f"{url}b/y&recursive=false", {})
    assert (refused.status_code, refused.headers["x-ms-error-code"]) == (400, "InvalidQueryParameterValue")


def test_what_waits_to_be_a_blob_is_listed_where_it_is_asked_for(container: ContainerClient) -> None:
    for name in ("d/waits", "d/é", "whole"):
        container.get_blob_client(name).stage_block("YQ==", b"abc")
    container.upload_blob("whole", b"12", overwrite=True)
    container.get_blob_client("whole").stage_block("YQ==", b"abc")
    found = [(blob.name, blob.size, blob.etag) for blob in container.list_blobs(include=["uncommittedblobs"])]
    assert found == [("d/waits", 0, None), ("d/é", 0, None), ("whole", 2, found[2][2])]
    assert [blob.name for blob in container.list_blobs()] == ["whole"]
    assert [blob.name for blob in container.list_blobs("d/w", include=["uncommittedblobs"])] == ["d/waits"]
    container.get_blob_client("d/waits").commit_block_list([BlobBlock("YQ==")])
    assert [blob.name for blob in container.list_blobs()] == ["d/waits", "whole"]


def test_nothing_that_was_deleted_is_listed(container: ContainerClient) -> None:
    """``list_deleted_paths`` of azure-storage-file-datalake asks so, and got all that was there."""
    container.upload_blob("a", b"")
    url = f"{container.url}?restype=container&comp=list&showonly="
    assert "<Blob>" not in send(container, "GET", f"{url}deleted", {}).text
    assert send(container, "GET", f"{url}files", {}).status_code == 501


def test_a_listing_of_the_account_is_one_of_the_container_in_its_prefix(
    storage: BlobServiceClient, container: ContainerClient
) -> None:
    """azureml-fsspec and mltable ask so, with the SAS of a datastore; ``exists`` was False of what is there."""
    for name in ("é/b/c", "é/d", "é/e", "ü"):
        container.upload_blob(name, b"")
    container.get_blob_client("é/waits").stage_block("YQ==", b"abc")
    lead = container.container_name

    def found(query: str) -> list[str]:
        names, marker = [], ""
        while True:
            url = f"{storage.url}?restype=container&comp=list&{query}{marker and '&marker='}{marker}"
            page = send(container, "GET", url, {}).text
            names += re.findall("<Name>(.*?)</Name>", page)
            assert f"<Prefix>{query[len('prefix=') :].partition('&')[0]}</Prefix>" in page
            marker = "".join(re.findall("<NextMarker>([^<]+)", page))
            if not marker:
                return names

    names = [f"{lead}/{name}" for name in ("é/b/c", "é/d", "é/e", "ü")]
    assert found(f"prefix={lead}/") == names
    assert found(f"prefix={lead}/é/&delimiter=/&maxresults=1") == [f"{lead}/é/b/", *names[1:3]]
    assert found(f"prefix={lead}/é/d") == [names[1]]
    assert found(f"prefix={lead}/&startFrom={lead}/é/d&endBefore={names[2]}") == [names[1]]
    assert f"{lead}/é/waits" in found(f"prefix={lead}/é/&include=uncommittedblobs")
    none = send(container, "GET", f"{storage.url}?restype=container&comp=list&prefix=none/a", {})
    assert (none.status_code, none.headers["x-ms-error-code"]) == (404, "ContainerNotFound")
    whole = send(container, "GET", f"{storage.url}?restype=container&comp=list&prefix={lead}", {})
    assert whole.status_code == 501


def test_who_may_list_one_container_lists_no_other_by_its_prefix(
    service: Service, storage: BlobServiceClient, container: ContainerClient
) -> None:
    key = str(service.post("datastores/workspaceartifactstore/listSecrets", {}).body["key"])
    until = datetime.now(timezone.utc) + timedelta(hours=1)
    signed = generate_container_sas("emuacct", container.container_name, key, permission="rl", expiry=until)
    url = f"{storage.url}?restype=container&comp=list&{signed}&prefix="
    found = [requests.get(f"{url}{name}/", timeout=60) for name in (container.container_name, "azureml")]
    assert [answer.status_code for answer in found] == [200, 403]
