"""Data of spark jobs and nodes goes in and out in the mode ``direct``, but for an output called ``default``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.requirements import Translation
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


def spark_in(tmp_path: Path, job: dict[str, Any] | str) -> Translation:
    """Translate what lies in a folder that has the files of ``SPARK``."""
    (tmp_path / "src").mkdir(exist_ok=True)
    (tmp_path / "src" / "main.py").write_text("print(1)\n")
    return translate(load(job, folder=str(tmp_path)), WS)


UNCODED = {**{key: value for key, value in SPARK.items() if key != "code"}, "entry": {"file": "src/main.py"}}


@pytest.mark.parametrize("written_out", [True, False])
def test_a_node_without_code_takes_the_whole_folder_of_its_file(written_out: bool, tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text(yaml.safe_dump({key: UNCODED[key] for key in ("type", "entry", "conf")}))
    by_file = {"component": "c.yml", "resources": SPARK["resources"]}
    job = {"type": "pipeline", "jobs": {"n": UNCODED if written_out else by_file}}
    (tmp_path / "job.yml").write_text(yaml.safe_dump(job))
    found = spark_in(tmp_path, "job.yml")
    component = found.body["properties"]["jobs"]["n"]["componentId"].requirement
    code = component.body["properties"]["componentSpec"]["code"].requirement
    assert code.source == str(tmp_path)
    assert any(f"all of {tmp_path} is uploaded" in warning for warning in found.warnings)


def test_a_node_in_a_program_without_code_has_none(tmp_path: Path) -> None:
    found = spark_in(tmp_path, {"type": "pipeline", "jobs": {"n": UNCODED}})
    component = found.body["properties"]["jobs"]["n"]["componentId"].requirement
    assert "code" not in component.body["properties"]["componentSpec"]


def test_a_job_without_code_has_none(tmp_path: Path) -> None:
    assert "codeId" not in spark_in(tmp_path, UNCODED).body["properties"]


@pytest.mark.parametrize("job", [SPARK, {"type": "pipeline", "jobs": {"n": SPARK}}])
def test_an_entry_is_a_file(job: dict[str, Any], tmp_path: Path) -> None:
    empty = {**SPARK, "entry": {"file": ""}}
    with pytest.raises(SpecError, match=r'entry\.file: "" is not a file'):
        spark_in(tmp_path, empty if job is SPARK else {"type": "pipeline", "jobs": {"n": empty}})


@pytest.mark.parametrize("typed", [{}, {"type": "Spark"}])
def test_a_node_with_resources_needs_no_compute_however_its_type_is_known(
    typed: dict[str, str], tmp_path: Path
) -> None:
    component = {key: SPARK[key] for key in ("type", "code", "entry", "conf")}
    (tmp_path / "c.yml").write_text(yaml.safe_dump(component))
    node = {**typed, "component": "c.yml", "resources": SPARK["resources"]}
    found = spark_in(tmp_path, {"type": "pipeline", "jobs": {"n": node}})
    assert found.body["properties"]["jobs"]["n"]["type"] == "spark"


@pytest.mark.parametrize(("declared", "refused"), [("o", True), ("other", False)])
def test_the_mode_of_an_output_counts_where_the_component_declares_it(
    declared: str, refused: bool, tmp_path: Path
) -> None:
    component = {key: SPARK[key] for key in ("type", "code", "entry", "conf")}
    text = yaml.safe_dump({**component, "outputs": {declared: {"type": "uri_folder"}}})
    (tmp_path / "c.yml").write_text(text)
    node = {
        "type": "spark",
        "component": "c.yml",
        "resources": SPARK["resources"],
        "outputs": {"o": {"mode": "upload"}},
    }
    job = {"type": "pipeline", "jobs": {"n": node}}
    if not refused:
        assert "outputs" not in spark_in(tmp_path, job).body["properties"]["jobs"]["n"]
        return
    with pytest.raises(SpecError, match=r"outputs\.o\.mode"):
        spark_in(tmp_path, job)
