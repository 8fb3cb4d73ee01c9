"""Assets: what is asked, and what is read of the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_azureml.rest import assets
from airflow_azureml.rest.errors import NotFoundError
from airflow_azureml.rest.flow import Call, Reply
from airflow_azureml.rest.ids import Workspace

WS = Workspace("s", "g", "w")


def reply(value: Any) -> Reply:
    return Reply(200, {}, json.dumps(value).encode())


def test_a_version() -> None:
    call = assets.get(WS, "data", "d", "3")
    assert (call.method, call.path) == ("GET", f"{WS.path}/data/d/versions/3")
    identity = f"{WS.path}/data/d/versions/3"
    found = call.parse(reply({"id": identity, "name": "3", "properties": {"dataUri": "u"}}))
    assert found == assets.Asset(identity, "d", "3", {"dataUri": "u"})


@pytest.mark.parametrize(
    "value", [None, [], {}, {"id": 1, "name": None, "properties": []}, {"id": "x/versions"}, "text"]
)
def test_incomplete_answers_do_no_harm(value: Any) -> None:
    found = assets.Asset.from_reply(reply(value))
    assert (found.name, found.version, dict(found.properties)) == ("", "", {})
    assert assets.Container.from_reply(reply(value)) == assets.Container(None, None)
    assert assets.PendingUpload.from_reply(reply(value)) == assets.PendingUpload("", None)
    assert assets.code_by_hash(WS, "n", "h").parse(reply(value)) is None


def test_create_puts_a_version() -> None:
    call = assets.create(WS, "environments", "e", "1", {"properties": {}})
    assert (call.method, call.body, call.may_repeat) == ("PUT", {"properties": {}}, True)


@pytest.mark.parametrize(
    ("kind", "path", "answer"),
    [
        ("data", "/data/x", {"properties": {"latestVersion": "7"}}),
        ("models", "/models/x/versions", {"value": [{"id": "…/models/x/versions/7", "name": "7"}]}),
        ("environments", "/environments/x/versions", {"value": [{"name": "7"}]}),
        ("components", "/components/x/versions", {"value": [{"id": "/components/x/versions/7"}]}),
    ],
)
def test_the_latest_version_costs_one_request(kind: str, path: str, answer: Any) -> None:
    steps = assets.latest(WS, kind, "x")
    call = next(steps)
    assert isinstance(call, Call)
    assert call.path == f"{WS.path}{path}"
    assert (call.query.get("$top"), call.query.get("$orderBy")) in {(None, None), ("1", "createdtime desc")}
    with pytest.raises(StopIteration) as end:
        steps.send(reply(answer))
    assert end.value.value == "7"
    empty = assets.latest(WS, kind, "x")
    next(empty)
    with pytest.raises(NotFoundError, match=f"There is no version of {kind}/x in workspace 'w'"):
        empty.send(reply({"value": [], "properties": {}}))


def test_code_is_found_by_its_hash() -> None:
    call = assets.code_by_hash(WS, "n", "abc")
    assert (call.path, call.query) == (f"{WS.path}/codes/n/versions", {"hash": "abc", "hashVersion": "202208"})
    assert call.parse(reply({"value": [{"id": "first"}, {"id": "second"}]})) == "first"


def test_code_is_named_and_described_by_its_hash() -> None:
    digest = "0123456789abcdef" * 4
    assert assets.code_name(digest) == "01234567-89ab-cdef-0123-456789abcdef"
    body = assets.code_body("https://a/b c", digest)["properties"]
    assert body["codeUri"] == "https://a/b c"
    assert body["properties"] == {"hash_sha256": digest, "hash_version": "202208"}


def test_a_place_to_write_to_keeps_its_signature_to_itself() -> None:
    call = assets.start_pending_upload(WS, "n", "1")
    assert (call.method, call.may_repeat) == ("POST", True)
    assert call.path == f"{WS.path}/codes/n/versions/1/startPendingUpload"
    place = {"blobUri": "https://a/c/", "credential": {"sasUri": "https://a/c?sv=1&sig=secret"}}
    found = call.parse(reply({"blobReferenceForConsumption": place}))
    assert (found.url, found.sas) == ("https://a/c", "sv=1&sig=secret")
    assert "secret" not in repr(found)
