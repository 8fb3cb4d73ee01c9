"""What goes over the wire for an invocation, against what Microsoft's client sent: equal by the corpus' rules."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.exceptions import AzureMLNotFoundError, AzureMLSpecError
from airflow_azureml.hooks import AzureMLHook
from tests.corpus import compare
from tests.corpus.cases import VARIABLE, place
from tests.corpus.fake_azure import CONNECTION, stand_in
from tests.corpus.invocations import MARK, FakeAzureBatch, Invocation, find, reduced
from tests.corpus.test_golden import SCORE

CASES = find()


@pytest.fixture
def fake_azure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAzureBatch:
    """The services at the edge of HTTP, and an empty working directory."""
    made = FakeAzureBatch()
    stand_in(made, monkeypatch.setattr)
    monkeypatch.setenv("AIRFLOW_CONN_CORPUS", json.dumps(CONNECTION))
    monkeypatch.chdir(tmp_path)
    return made


def test_the_corpus_has_invocations() -> None:
    """A corpus that was asked for by name must hold them; else their absence is seen as a skip."""
    folder, asked = place()
    if not CASES and not asked:
        pytest.skip(f"no corpus at {folder}; set {VARIABLE}")
    assert CASES, f"{VARIABLE}={folder} holds no invocations"


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_equal(case: Invocation, tmp_path: Path, fake_azure: FakeAzureBatch) -> None:
    """An invocation is sent once and as Microsoft's client sends it, or refused where it refuses."""
    case.lay_out(tmp_path)
    SCORE["batch", "compared"] += 1
    refused = attempt(case)
    if refused is not None:
        assert case.fault or not (case.submitted or case.beyond), f"{case.id} is refused:\n{refused}"
        assert not [sent for sent in fake_azure.sent if sent.method != "GET" and "login" not in sent.host]
    else:
        error = case.about.get("sdk_error")
        assert case.submitted or case.beyond or case.fault, f"{case.id} is sent; Microsoft's client: {error}"
        assert len(fake_azure.posts) == 1
        if case.submitted:
            assert_equal(case, fake_azure)
    SCORE["batch", "equal"] += 1


def attempt(case: Invocation) -> Exception | None:
    """Send an invocation through the hook; gives back the refusal when there is one."""
    try:
        AzureMLHook("corpus").invoke_batch_endpoint(**case.arguments())
    except (AzureMLSpecError, AzureMLNotFoundError) as error:
        return error
    return None


def assert_equal(case: Invocation, fake_azure: FakeAzureBatch) -> None:
    """Compare address, headers that matter, body and uploads."""
    sent, theirs = fake_azure.posts[0], case.about["post"]
    headers = {name.lower(): value for name, value in sent.headers.items()}
    assert f"https://{sent.host}{sent.path}" == theirs["url"]
    assert dict(sent.query) == theirs["query"]
    for name in ("content-type", "authorization", "azureml-model-deployment"):
        assert headers.get(name) == theirs["headers"].get(name), name
    assert MARK in sent.body["properties"]["properties"]
    found = compare.differences(reduced(sent.body, theirs=False), reduced(theirs["body"], theirs=True))
    assert not found, "\n".join(found)
    assert blobs(fake_azure) == compare.Requests([_theirs(row) for row in case.about["requests"]]).blobs()


def blobs(fake_azure: FakeAzureBatch) -> list[tuple[str, str]]:
    """What was uploaded."""
    puts = [
        sent for sent in fake_azure.sent if sent.method == "PUT" and ".blob." in sent.host and "comp" not in sent.query
    ]
    rows = [
        {"method": "PUT", "path": sent.path, "content_hash": hashlib.sha256(sent.content).hexdigest()} for sent in puts
    ]
    return compare.Requests(rows).blobs()


def _theirs(row: dict[str, Any]) -> dict[str, Any]:
    content = row.get("content") or {}
    digest = content.get("sha256") if "blob" in row["host"] else None
    return {"method": row["method"], "path": row["path"], "body": None, "content_hash": digest}


def test_no_deployment_leaks_into_the_next_invocation(fake_azure: FakeAzureBatch) -> None:
    """Microsoft's client keeps one mapping of headers for all calls; each of ours has its own."""
    hook, data = AzureMLHook("corpus"), "azureml://datastores/workspaceblobstore/paths/in/"
    hook.invoke_batch_endpoint("ep-under-test", "blue", input=data)
    hook.invoke_batch_endpoint("ep-under-test", input=data)
    named = ["azureml-model-deployment" in {name.lower() for name in sent.headers} for sent in fake_azure.posts]
    assert named == [True, False]


def test_each_invocation_has_a_mark_of_its_own(fake_azure: FakeAzureBatch) -> None:
    """Two invocations of one process are two jobs."""
    for _ in range(2):
        AzureMLHook("corpus").invoke_batch_endpoint("ep-under-test", inputs={"n": 1})
    marks = {sent.body["properties"]["properties"][MARK] for sent in fake_azure.posts}
    assert len(marks) == 2


@pytest.mark.parametrize(
    ("endpoint", "deployment", "names"),
    [("no-such-endpoint", None, "ep-under-test"), ("ep-under-test", "green", "blue, default-deployment")],
)
def test_what_is_missing_is_named_beside_what_is_there(
    endpoint: str, deployment: str | None, names: str, fake_azure: FakeAzureBatch
) -> None:
    """An endpoint or deployment that does not exist is told at once, with those that do."""
    with pytest.raises((AzureMLSpecError, AzureMLNotFoundError), match=f"Existing: {names}"):
        AzureMLHook("corpus").invoke_batch_endpoint(endpoint, deployment, inputs={"n": 1})
    assert not fake_azure.posts
