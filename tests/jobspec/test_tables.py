"""Tables: what a local one refers to is read from its file ``MLTable``, and what is wrong with that is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.assets.artifacts import Artifact
from airflow_azureml.jobspec.assets.data import translate_data
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WS = Workspace("sub", "group", "ws")


def table(folder: Path, text: str | None) -> Artifact:
    """Translate a data asset of a table with this file."""
    (folder / "table").mkdir()
    (folder / "table" / "a.csv").write_text("a")
    if text is not None:
        (folder / "table" / "MLTable").write_text(text)
    return translate_data(load({"name": "t", "type": "mltable", "path": "./table"}, folder=str(folder)), WS)


def test_paths_are_sent_as_they_are_written(tmp_path: Path) -> None:
    found = table(
        tmp_path, "paths:\n- file: ./a.csv\n- pattern: ./*.csv\n- folder: https://x/y/\ntransformations: []\n"
    )
    assert found.body["properties"]["referencedUris"] == ["./a.csv", "./*.csv", "https://x/y/"]
    assert found.warnings == ()


@pytest.mark.parametrize("path", ["./b.csv", "../other/a.csv", "/data/a.csv"])
def test_what_is_not_uploaded_is_warned_of(tmp_path: Path, path: str) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.csv").write_text("a")
    assert "is not in the folder that is uploaded" in table(tmp_path, f"paths: [{{file: {path}}}]\n").warnings[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["path", "there is no file", "MLTable"]),
        ("", ["MLTable", "not a mapping but empty"]),
        ("paths: a\n", ["paths", "a list of file, folder or pattern"]),
        ("transformations: []\n", ["paths", "required"]),
        ("paths: [a]\n", ["paths.0", "file, folder, pattern"]),
        ("paths: [{file: a, folder: b}]\n", ["paths.0"]),
        ("paths: [{file: 3}]\n", ["paths.0.file", "not a string"]),
        ("paths: [\n", ["MLTable"]),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str | None, words: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        table(tmp_path, text)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_a_file_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a")
    with pytest.raises(SpecError, match="not a folder"):
        translate_data(load({"name": "t", "type": "mltable", "path": "a.csv"}, folder=str(tmp_path)), WS)


def test_a_job_may_take_a_local_table(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.csv").write_text("a")
    job: dict[str, Any] = {"command": "ls ${{inputs.t}}", "environment": "azureml:e:1"}
    job["inputs"] = {"t": {"type": "mltable", "path": "./t"}}
    assert "no file MLTable" in translate(load(job, folder=str(tmp_path)), WS).warnings[0]
    (tmp_path / "t" / "MLTable").write_text("paths: []\n")
    found = translate(load(job, folder=str(tmp_path)), WS)
    assert (found.warnings, found.body["properties"]["inputs"]["t"]["jobInputType"]) == ((), "mltable")
