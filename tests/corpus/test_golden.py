"""What goes over the wire for a job, against what Microsoft's client sent for the same: equal by the corpus' rules."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.exceptions import AzureMLNotFoundError, AzureMLSpecError
from airflow_azureml.hooks import AzureMLHook
from tests.corpus import commands, compare
from tests.corpus.cases import VARIABLE, Case, find, place
from tests.corpus.fake_azure import CONNECTION, FakeAzure, stand_in

EXCEPTIONS: dict[str, str] = {}
"""Cases that are not compared, by id and reason: five at the most, none of them an unaltered public file."""

REFUSED = {
    "synthetic--command-inputs-local-file-as-folder--job": "a uri_folder that is a local file",
    "synthetic--pipeline-cycle--job": "bindings that form a cycle",
}
"""What the corpus itself names as a defect of Microsoft's client, and is refused."""

CASES = find()
SCORE: Counter[tuple[str, str]] = Counter()


def test_the_corpus_is_there() -> None:
    """A corpus that was asked for by name must be there; else its absence is seen as a skip."""
    folder, asked = place()
    if not CASES and not asked:
        pytest.skip(f"no corpus at {folder}; {VARIABLE} names another place. The repository's own is tests/samples.")
    assert CASES, f"{VARIABLE}={folder} holds no cases"


def test_exceptions_are_few() -> None:
    """Exceptions are known by name, few, and none of them is an unaltered public file."""
    assert len(EXCEPTIONS) <= 5
    assert not [
        case.id
        for case in CASES
        if case.id in EXCEPTIONS and case.about.get("origin", "").startswith("azureml-examples")
    ]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.kind}/{case.id}" for case in CASES])
def test_equal(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job is sent as Microsoft's client sends it, with the same files and assets, or refused where it refuses."""
    if case.id in EXCEPTIONS:
        pytest.skip(EXCEPTIONS[case.id])
    fake_azure = FakeAzure()
    stand_in(fake_azure, monkeypatch.setattr)
    monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", json.dumps(CONNECTION))
    for name, value in ((case.about.get("command_kwargs") or {}).get("$env") or {}).items():
        monkeypatch.setenv(name, value)
    SCORE[case.job_type, "compared"] += 1
    refused = attempt(case, tmp_path, monkeypatch)
    if refused is not None:
        assert case.fault or not case.submitted or case.id in REFUSED, f"{case.id} is refused:\n{refused}"
        assert not [sent for sent in fake_azure.sent if sent.method != "GET"]
    else:
        assert case.submitted or case.fault, f"{case.id} is sent; Microsoft's client: {case.expected['sdk_error']}"
        assert case.id not in REFUSED
        if case.submitted:
            assert_equal(case, fake_azure)
    SCORE[case.job_type, "equal"] += 1


def attempt(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Exception | None:
    """Send a case's job; gives back the refusal when there is one."""
    try:
        submit(case, folder, monkeypatch)
    except (AzureMLSpecError, AzureMLNotFoundError) as error:
        return error
    return None


def submit(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send a case's job through the hook: a file by its own method, a command as its operator writes it down."""
    source = case.lay_out(folder)
    if case.kind == "jobs":
        AzureMLHook().create_job(source, case.job_name)
        return
    monkeypatch.chdir(source)
    commands.submit(case.about["command_kwargs"], case.job_name)


def assert_equal(case: Case, fake_azure: FakeAzure) -> None:
    """Compare job, assets and uploads."""
    ours = compare.Requests([fake_azure.row(sent) for sent in fake_azure.sent])
    theirs = compare.Requests([_theirs(row) for row in case.expected["requests"]])
    sent = next(row for row in fake_azure.sent if row.method == "PUT" and "/jobs/" in row.path)
    assert sent.path.endswith(f"/jobs/{case.job_name}")
    git = bool((case.about.get("command_kwargs") or {}).get("$env"))
    found = compare.differences(
        compare.job(ours, sent.body, case.job_name, git),
        compare.job(theirs, case.expected["job_body"], case.job_name, git),
    )
    assert not found, "\n".join(found)
    assert ours.assets() == theirs.assets()
    assert ours.blobs() == theirs.blobs()
    token = "x-azureml-token" in {name.lower() for name in sent.headers}
    wanted = "x-azureml-token" in {name.lower() for name in case.expected["job_request"]["headers"]}
    assert token == wanted, "the header x-azureml-token"


def _theirs(row: Mapping[str, Any]) -> Mapping[str, Any]:
    body = row.get("body")
    content = row.get("content") or {}
    return {
        "method": row["method"],
        "path": row["path"],
        "body": body if isinstance(body, Mapping) else None,
        "content_hash": content.get("sha256") if "blob" in row["host"] else None,
    }
