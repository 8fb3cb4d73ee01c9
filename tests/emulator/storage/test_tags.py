"""Index tags of blobs, as azure-storage-blob sets, reads and looks for them, and conditions on them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    AccountSasPermissions,
    BlobBlock,
    BlobClient,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_container_sas,
)

from azureml_emulator.storage.blobs.models import BlobStore
from azureml_emulator.storage.blobs.tag_expressions import ExpressionError, condition, search
from tests.emulator.storage.blobs import put, send
from tests.emulator_fixture import RunningEmulator

ALL = "aZ09 +-.:=_/"
"""Every kind of character that a tag may have."""


def refused(attempt: Callable[[], Any]) -> tuple[int | None, str | None]:
    with pytest.raises(HttpResponseError) as caught:
        attempt()
    return caught.value.status_code, caught.value.error_code


def names(client: BlobServiceClient | ContainerClient, where: str) -> list[str]:
    return [each.name for each in client.find_blobs_by_tags(where)]


def test_tags_are_set_read_and_replaced(container: ContainerClient) -> None:
    blob = put(container, "d/x")
    before = blob.get_blob_properties()
    assert (before.tag_count, blob.get_blob_tags()) == (None, {})
    for tags in ({ALL: ALL, "empty": ""}, {"b": "2"}):
        blob.set_blob_tags(tags)
        assert blob.get_blob_tags() == tags
        assert blob.get_blob_properties().tag_count == len(tags)
    after = blob.get_blob_properties()
    assert (after.etag, after.last_modified) == (before.etag, before.last_modified)
    assert blob.download_blob().properties.tag_count == 1
    put(container, "y")
    listed = {each.name: (each.tag_count, each.tags) for each in container.list_blobs(include=["tags"])}
    assert listed == {"d/x": (1, {"b": "2"}), "y": (None, None)}
    assert [each.tags for each in container.list_blobs()] == [None, None]
    blob.set_blob_tags({})
    assert (blob.get_blob_properties().tag_count, blob.get_blob_tags()) == (None, {})


def test_tags_come_with_what_is_written_and_go_with_it(container: ContainerClient, emulator: RunningEmulator) -> None:
    tags = {ALL: ALL, "k": "v"}
    blob = container.get_blob_client("x")
    blob.upload_blob(b"1", tags=tags)
    assert blob.get_blob_tags() == tags
    blob.set_blob_metadata({"m": "1"})
    assert blob.get_blob_tags() == tags
    blob.upload_blob(b"2", overwrite=True)
    assert blob.get_blob_tags() == {}
    blob.stage_block("a", b"3")
    blob.commit_block_list([BlobBlock("a")], tags=tags)
    assert blob.get_blob_tags() == tags
    copy = container.get_blob_client("y")
    copy.start_copy_from_url(blob.url)
    assert copy.get_blob_tags() == {}
    copy.start_copy_from_url(blob.url, tags={"own": "1"})
    assert copy.get_blob_tags() == {"own": "1"}
    appended = container.get_blob_client("z")
    appended.create_append_blob(tags=tags)
    appended.append_block(b"1")
    assert appended.get_blob_tags() == tags
    lake = container.url.replace(".blob.", ".dfs.")
    source = {"x-ms-rename-source": f"/{container.container_name}/x"}
    assert send(container, "PUT", f"{lake}/moved", source).status_code == 201
    assert container.get_blob_client("moved").get_blob_tags() == tags
    blob.upload_blob(b"new")
    assert blob.get_blob_tags() == {}


def test_a_copy_from_an_address_may_have_the_tags_of_its_source(
    container: ContainerClient, emulator: RunningEmulator, key: str
) -> None:
    source, tags, place = put(container, "x"), {"k": "v", "l": ""}, ("emuacct", container.container_name)
    source.set_blob_tags(tags)
    token = container.credential.get_token("https://storage.azure.com/.default").token
    copy, put_there = container.get_blob_client("y"), container.get_blob_client("z")
    copy.start_copy_from_url(source.url, tags="COPY", requires_sync=True, source_authorization=f"Bearer {token}")
    assert copy.get_blob_tags() == tags
    headers = {"x-ms-blob-type": "BlockBlob", "x-ms-copy-source-tag-option": "COPY"}

    def put_from(permission: str, **more: str) -> tuple[int, str | None]:
        ends = datetime.now(timezone.utc) + timedelta(minutes=10)
        query = generate_container_sas(*place, account_key=key, permission=permission, expiry=ends)
        told = {**headers, "x-ms-copy-source": f"{source.url}?{query}", **more}
        answer = send(container, "PUT", put_there.url, told)
        return answer.status_code, answer.headers.get("x-ms-error-code")

    assert put_from("r") == (403, "CannotVerifyCopySource")
    assert not put_there.exists()
    assert put_from("rt") == (201, None)
    assert put_there.get_blob_tags() == tags
    assert put_from("rt", **{"x-ms-tags": "a=b"}) == (400, "BothUserTagsAndSourceTagsCopyPresentException")
    assert put_from("rt", **{"x-ms-copy-source-tag-option": "BOTH"}) == (400, "InvalidHeaderValue")
    plain = {"x-ms-copy-source": source.url, "x-ms-copy-source-tag-option": "COPY"}
    assert send(container, "PUT", copy.url, plain).status_code == 501


@pytest.mark.parametrize("name", ["f", "f/"])
def test_a_blob_that_stands_for_a_folder_has_tags(
    container: ContainerClient, storage: BlobServiceClient, name: str
) -> None:
    folder, where = container.get_blob_client(name), f"k = '{uuid.uuid4().hex}'"
    value = where.split("'")[1]
    folder.upload_blob(b"", metadata={"hdi_isfolder": "true"}, tags={"k": value})
    assert (folder.get_blob_tags(), folder.get_blob_properties().tag_count) == ({"k": value}, 1)
    assert [each.tags for each in container.list_blobs(include=["tags"])] == [{"k": value}]
    assert names(storage, where) == names(container, where) == [name]
    assert refused(lambda: folder.get_blob_properties(if_tags_match_condition="k = 'other'")) == (
        412,
        "ConditionNotMet",
    )
    folder.set_blob_tags({"other": "1"})
    assert (folder.get_blob_tags(), names(storage, where)) == ({"other": "1"}, [])
    folder.delete_blob()
    assert names(container, "other = '1'") == []


def test_what_is_flushed_keeps_its_tags(container: ContainerClient) -> None:
    lake = container.url.replace(".blob.", ".dfs.")
    assert send(container, "PUT", f"{lake}/x?resource=file", {}).status_code == 201
    blob = container.get_blob_client("x")
    blob.set_blob_tags({"k": "v"})
    assert send(container, "PATCH", f"{lake}/x?action=append&position=0&flush=true", {}, b"1").status_code == 202
    assert (blob.download_blob().readall(), blob.get_blob_tags()) == (b"1", {"k": "v"})


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({str(number): "" for number in range(11)}, "TagsTooLarge"),
        ({"k" * 129: ""}, "TagsTooLarge"),
        ({"k": "v" * 257}, "TagsTooLarge"),
        ({"": "v"}, "EmptyTagName"),
        ({"a&b": "v"}, None),
        ({"k": "ü"}, None),
    ],
)
def test_tags_that_no_blob_may_have(container: ContainerClient, tags: dict[str, str], code: str | None) -> None:
    blob = put(container, "x")
    assert refused(lambda: blob.set_blob_tags(tags)) == (400, code or "InvalidXmlNodeValue")
    new = container.get_blob_client("new")
    assert refused(lambda: new.upload_blob(b"1", tags=tags)) == (400, code or "InvalidHeaderValue")
    assert (blob.get_blob_tags(), new.exists()) == ({}, False)


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("<TagSet><Tag><Key>a</Key><Value>1</Value></Tag>" * 2 + "</TagSet>" * 2, "InvalidXmlDocument"),
        ("<TagSet><Tag><Key>a</Key></Tag></TagSet>", "InvalidXmlDocument"),
        ("<TagSet><Other/></TagSet>", "InvalidXmlDocument"),
        ("", "InvalidXmlDocument"),
        (f"<TagSet>{'<Tag><Key>a</Key><Value>1</Value></Tag>' * 2}</TagSet>", "DuplicateTagNames"),
    ],
)
def test_a_document_that_holds_no_tags(container: ContainerClient, inner: str, code: str) -> None:
    blob = put(container, "x")
    answer = send(container, "PUT", f"{blob.url}?comp=tags", {}, f"<Tags>{inner}</Tags>".encode())
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, code)


OPERATIONS: dict[str, Callable[[BlobClient, str], Any]] = {
    "download": lambda blob, where: blob.download_blob(if_tags_match_condition=where),
    "properties": lambda blob, where: blob.get_blob_properties(if_tags_match_condition=where),
    "block list": lambda blob, where: blob.get_block_list(if_tags_match_condition=where),
    "get tags": lambda blob, where: blob.get_blob_tags(if_tags_match_condition=where),
    "set tags": lambda blob, where: blob.set_blob_tags({"a": "1"}, if_tags_match_condition=where),
    "metadata": lambda blob, where: blob.set_blob_metadata({}, if_tags_match_condition=where),
    "headers": lambda blob, where: blob.set_http_headers(if_tags_match_condition=where),
    "tier": lambda blob, where: blob.set_standard_blob_tier("Cool", if_tags_match_condition=where),
    "lease": lambda blob, where: blob.acquire_lease(if_tags_match_condition=where).release(),
    "upload": lambda blob, where: blob.upload_blob(
        b"1", overwrite=True, tags={"a": "1"}, if_tags_match_condition=where
    ),
    "source": lambda blob, where: blob.start_copy_from_url(
        blob.url, tags={"a": "1"}, source_if_tags_match_condition=where
    ),
    "copy": lambda blob, where: blob.start_copy_from_url(blob.url, tags={"a": "1"}, if_tags_match_condition=where),
    "delete": lambda blob, where: blob.delete_blob(if_tags_match_condition=where),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_conditions_on_tags(container: ContainerClient, operation: str) -> None:
    blob = put(container, "x")
    blob.set_blob_tags({"a": "1"})
    code = "SourceConditionNotMet" if operation == "source" else "ConditionNotMet"
    for where in ("\"a\" = '2'", "b <> '1'", "a='1' AND a>'1'"):
        assert refused(partial(OPERATIONS[operation], blob, where)) == (412, code)
    assert refused(partial(OPERATIONS[operation], blob, "@container = 'x'")) == (400, "InvalidHeaderValue")
    OPERATIONS[operation](blob, "\"a\" <> '1' OR a >= '1' and a < '2'")


def test_no_blob_has_tags_that_are_asked_for(container: ContainerClient) -> None:
    new = container.get_blob_client("new")
    attempt = refused(lambda: new.upload_blob(b"1", overwrite=True, if_tags_match_condition="a = '1'"))
    assert attempt == (412, "ConditionNotMet")
    blob = put(container, "x")
    for url in (f"{blob.url}?comp=block&blockid=YQ==", f"{container.url}?restype=container&comp=metadata"):
        assert send(container, "PUT", url, {"x-ms-if-tags": "a = '1'"}).status_code == 501


@pytest.fixture
def three(container: ContainerClient) -> ContainerClient:
    """A container of three blobs with tags, and others beside them."""
    for name, tags in (("d/1", {"n": "010", "k": "v"}), ("d/2", {"n": "2", "k": "v"}), ("3", {"n": "100"})):
        container.upload_blob(name, b"", tags=tags)
    container.upload_blob("none", b"")
    container.upload_blob("gone", b"", tags={"n": "010"})
    container.delete_blob("gone")
    return container


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("n = '010'", {"d/1": {"n": "010"}}),
        ("\"n\" >= '010' AND \"n\" < '2'", {"3": {"n": "100"}, "d/1": {"n": "010"}}),
        ("k = 'v' and n > '1'", {"d/2": {"n": "2", "k": "v"}}),
        ("n <= '100'", {"3": {"n": "100"}, "d/1": {"n": "010"}}),
        ("K = 'v'", {}),
    ],
)
def test_blobs_are_found_by_tags(
    three: ContainerClient, storage: BlobServiceClient, where: str, found: dict[str, dict[str, str]]
) -> None:
    assert {each.name: each.tags for each in three.find_blobs_by_tags(where)} == found
    whole = storage.find_blobs_by_tags(f"@container = '{three.container_name}' AND {where}")
    assert {each.name: each.tags for each in whole} == found


def test_blobs_are_found_page_by_page(three: ContainerClient, storage: BlobServiceClient) -> None:
    mark = uuid.uuid4().hex
    other = storage.create_container(f"{three.container_name}-b")
    try:
        for client, name in ((other, "a"), (three, "z"), (three, "y"), (three, "sub/y")):
            client.upload_blob(name, b"", tags={"mark": mark})
        pages = storage.find_blobs_by_tags(f"mark='{mark}'", results_per_page=2).by_page()
        found = [[(each.container_name, each.name) for each in page] for page in pages]
        own = three.container_name
        assert found == [[(own, "sub/y"), (own, "y")], [(own, "z"), (f"{own}-b", "a")]]
    finally:
        other.delete_container()


def test_searches_that_say_nothing_readable(three: ContainerClient, storage: BlobServiceClient) -> None:
    for where in ("n", "n <> '1'", f"@container = '{three.container_name}' AND n = '010'"):
        assert refused(partial(names, three, where)) == (400, "InvalidQueryParameterValue")
    assert refused(partial(names, storage, "@other = 'x' AND n = '1'"))[0] == 400
    answer = send(three, "GET", f"{three.url}?restype=container&comp=blobs", {})
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "MissingRequiredQueryParameter")
    none = storage.get_container_client("no-such-container")
    assert refused(partial(names, none, "n = '1'")) == (404, "ContainerNotFound")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a =",
        "a = 1",
        'a = "1"',
        "'a' = '1'",
        "a = '1",
        "a = '1' and",
        "a = '1' b = '2'",
        "(a = '1')",
        "a == '1'",
        "Year = '1'",
        "\"\" = '1'",
        "\"@container\" = '1'",
    ],
)
def test_texts_that_are_no_expressions(text: str) -> None:
    for read in (condition, lambda text: search(text, anywhere=False)):
        with pytest.raises(ExpressionError, match="at or near character position"):
            read(text)


@pytest.mark.parametrize(
    ("text", "tags", "holds"),
    [
        ("a='1' or b='2' and c='3'", {"a": "1"}, True),
        ("a='1' and b='2' or c='3'", {"a": "1", "c": "4"}, False),
        ("\"Year\" = '2020'", {"Year": "2020"}, True),
        ("a = 'it''s'", {"a": "it's"}, True),
        ("a < 'a'", {"a": "B"}, True),
        ("a >= ''", {}, False),
    ],
)
def test_of_which_tags_a_condition_holds(text: str, tags: dict[str, str], holds: bool) -> None:
    assert condition(text).holds(tags) is holds


@pytest.mark.parametrize("where", ["a='1' and a='2'", "a>'1' and a>='2'", "a>'1' and a<'3' and a<'4'"])
def test_comparisons_of_one_tag_that_are_no_range(where: str) -> None:
    with pytest.raises(ExpressionError, match="unless they define a range"):
        search(where, anywhere=True)


def test_a_signature_says_so_where_it_is_good_for_tags(three: ContainerClient, key: str) -> None:
    ends = datetime.now(timezone.utc) + timedelta(minutes=10)

    def client(**permissions: bool) -> ContainerClient:
        allowed = ContainerSasPermissions(read=True, list=True, write=True, create=True, **permissions)
        signed = generate_container_sas("emuacct", three.container_name, key, permission=allowed, expiry=ends)
        return ContainerClient.from_container_url(f"{three.url}?{signed}")

    attempts: dict[str, Callable[[ContainerClient], Any]] = {
        "set": lambda each: each.get_blob_client("3").set_blob_tags({"n": "1"}),
        "get": lambda each: each.get_blob_client("3").get_blob_tags(),
        "upload": lambda each: each.upload_blob("new", b"", tags={"n": "1"}, overwrite=True),
        "upload none": lambda each: each.upload_blob("new", b"", tags={}, overwrite=True),
        "list": lambda each: list(each.list_blobs(include=["tags"])),
        "condition": lambda each: each.get_blob_client("3").get_blob_properties(if_tags_match_condition="n = '1'"),
    }
    for attempt in attempts.values():
        each = client()
        assert refused(partial(attempt, each)) == (403, "AuthorizationPermissionMismatch")
        attempt(client(tag=True))
    find = "n = '010'"
    assert refused(partial(names, client(tag=True), find))[0] == 403
    assert names(client(filter_by_tags=True), find) == ["d/1"]


def test_a_signature_of_the_account_for_objects_finds_blobs(
    three: ContainerClient, emulator: RunningEmulator, key: str
) -> None:
    ends = datetime.now(timezone.utc) + timedelta(minutes=10)
    where = f"@container = '{three.container_name}' AND n = '010'"

    def found(kinds: ResourceTypes, **permissions: bool) -> list[str]:
        signed = generate_account_sas("emuacct", key, kinds, AccountSasPermissions(**permissions), ends)
        account = BlobServiceClient(f"{emulator['storage_url']}?{signed}")
        return names(account, where)

    assert found(ResourceTypes(object=True), filter_by_tags=True) == ["d/1"]
    for kinds, permissions in (
        (ResourceTypes(service=True, container=True), {"filter_by_tags": True}),
        (ResourceTypes(object=True), {"list": True, "tag": True}),
    ):
        assert refused(partial(found, kinds, **permissions))[0] == 403


def test_tags_of_a_leased_blob(container: ContainerClient) -> None:
    blob = put(container, "x")
    lease = blob.acquire_lease()
    assert refused(lambda: blob.set_blob_tags({"a": "1"})) == (412, "LeaseIdMissing")
    blob.set_blob_tags({"a": "1"}, lease=lease)
    assert blob.get_blob_tags() == {"a": "1"}


def test_tags_survive_a_restart(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.create_container("con")
    store.put_bytes("con", "x", b"", tags={"a": "1"})
    store.close()
    store = BlobStore(tmp_path)
    found = store.get("con", "x")
    assert found
    assert found.tags == {"a": "1"}
    assert store.records.tagged("con") == store.records.tagged("") == [("con", "x", {"a": "1"})]
    assert store.records.tagged("other") == []
    store.close()
