"""What ``airflow-azureml render`` prints, against what Microsoft's client sent: the same job, assets and uploads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.cli import main
from tests.corpus import compare
from tests.corpus.cases import Case, find
from tests.corpus.fake_azure import GROUP, SUBSCRIPTION, WORKSPACE
from tests.corpus.test_golden import EXCEPTIONS, REFUSED

CASES = [case for case in find() if case.kind == "jobs" and case.submitted and case.id not in {*EXCEPTIONS, *REFUSED}]
LABEL = re.compile(r"/labels/latest(?=$|[\"/])")
CODE = re.compile(r"https://\{[^}]+\}/")
DOCKER = re.compile(r"https://[^/]+/(?:[^/]+/)?LocalUpload/")


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_equal(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object says what goes over the wire."""
    file = case.lay_out(tmp_path)
    options = ["--name", case.job_name, "--workspace", f"{SUBSCRIPTION}/{GROUP}/{WORKSPACE}"]
    assert main(["render", str(file), *options]) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    shown = json.loads(printed)
    assert list(shown) == ["name", "body", "requests", "uploads"]
    assert shown["name"] == case.job_name
    ours = compare.Requests([{**row, "body": _answered(row["body"])} for row in shown["requests"]])
    theirs = compare.Requests(
        [
            {**row, "body": _answered(row["body"]) if isinstance(row.get("body"), Mapping) else None}
            for row in case.expected["requests"]
        ]
    )
    found = compare.differences(
        compare.job(ours, _answered(shown["body"]), case.job_name, False),
        compare.job(theirs, _answered(case.expected["job_body"]), case.job_name, False),
    )
    assert not found, "\n".join(found)
    assert ours.assets() == theirs.assets()
    check_uploads(case, shown["uploads"], tmp_path, printed)


def check_uploads(case: Case, uploads: list[Mapping[str, Any]], folder: Path, printed: str) -> None:
    """Files and hashes are Microsoft's, and each place is named in the body or in a request."""
    wanted = {}
    for row in case.expected["uploads"]:
        names = sorted(blob["blob"].rpartition(f"{row['remote_path']}/")[2] for blob in row["files"])
        wanted[row["content_hash"] if "code" in row["to"] else row["object_hash"]] = [
            name.rpartition("/")[2] if len(names) == 1 and name.startswith("LocalUpload/") else name for name in names
        ]
    for upload in uploads:
        assert Path(upload["source"]).is_absolute()
        assert Path(upload["source"]).is_relative_to(folder)
        assert printed.count(upload["target"]) > 1, upload["target"]
        known = wanted[upload["hash"]]
        assert not known or sorted(upload["files"]) == known
    assert {upload["hash"] for upload in uploads} == set(wanted)
    assert len(uploads) == len({upload["target"] for upload in uploads})


def _answered(value: Any) -> Any:
    """Give labels the version that the fake Azure answers, and places the names that are compared."""
    if isinstance(value, str):
        text = DOCKER.sub("https://storage/LocalUpload/", LABEL.sub("/versions/7", value))
        return CODE.sub("https://code/", text)
    if isinstance(value, Mapping):
        return {key: _answered(item) for key, item in value.items()}
    return [_answered(item) for item in value] if isinstance(value, list) else value
