"""Data of spark jobs and nodes goes in and out in the mode ``direct``, but for an output called ``default``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from tests.jobspec.translated import WS

SPARK: dict[str, Any] = {
    "type": "spark",
    "code": "src",
    "entry": {"file": "main.py"},
    "resources": {"instance_type": "standard_e4s_v3", "runtime_version": "3.4"},
    "conf": {
        "spark.driver.cores": 1,
        "spark.driver.memory": "2g",
        "spark.executor.cores": 2,
        "spark.executor.memory": "2g",
        "spark.executor.instances": 2,
    },
}
FOLDER = {"type": "uri_folder", "path": "azureml://datastores/a/paths/b/"}


@pytest.mark.parametrize("in_a_pipeline", [False, True])
@pytest.mark.parametrize(
    ("ports", "refused"),
    [
        ({"outputs": {"default": {"type": "uri_folder"}}}, None),
        ({"outputs": {"other": {"type": "uri_folder"}}}, "outputs.other.mode"),
        ({"inputs": {"default": FOLDER}}, "inputs.default.mode"),
        ({"inputs": {"default": {**FOLDER, "mode": "direct"}}}, None),
    ],
)
def test_modes(ports: dict[str, Any], refused: str | None, in_a_pipeline: bool, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("print(1)\n")
    job = {**SPARK, **ports}
    document = load({"type": "pipeline", "jobs": {"n": job}} if in_a_pipeline else job, folder=str(tmp_path))
    if refused is None:
        translate(document, WS)
        return
    with pytest.raises(SpecError, match=refused.replace(".", r"\.")):
        translate(document, WS)


def test_an_empty_title_of_a_node_is_sent(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("print(1)\n")
    document = load({"type": "pipeline", "jobs": {"n": {**SPARK, "display_name": ""}}}, folder=str(tmp_path))
    assert translate(document, WS).body["properties"]["jobs"]["n"]["display_name"] == ""
