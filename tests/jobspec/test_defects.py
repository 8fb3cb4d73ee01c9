"""Defects of Microsoft's client that are not copied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.render import render
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WS = Workspace("s", "g", "w")
JOB = {"type": "command", "command": "echo", "environment": "azureml:e:1"}


def sent(**more: Any) -> Any:
    """The properties of a job made by program."""
    return render(translate(load({**JOB, **more}, from_python=True), WS), WS)["body"]["properties"]


def test_ids_carry_no_prefix() -> None:
    body = sent(environment="azureml:e@latest", compute="azureml:cpu-cluster")
    assert body["environmentId"] == f"{WS.path}/environments/e/labels/latest"
    assert body["computeId"] == f"{WS.path}/computes/cpu-cluster"


def test_a_local_compute_is_marked_once() -> None:
    body = sent(compute="local")
    assert body["resources"]["properties"] == {"IsLocal": True}
    assert "computeId" not in body


def test_a_custom_service_keeps_its_type() -> None:
    assert sent(services={"s": {"type": "custom", "port": 80}})["services"]["s"]["jobServiceType"] == "Custom"


@pytest.mark.parametrize("kind", ["custom_model", "mlflow_model", "triton_model"])
def test_a_model_has_a_models_id(kind: str) -> None:
    body = sent(inputs={"m": {"type": kind, "path": "azureml:m:3"}})
    assert body["inputs"]["m"] == {"jobInputType": kind, "uri": f"{WS.path}/models/m/versions/3"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("x")
    job = load({**JOB, "inputs": {"d": {"type": "uri_folder", "path": "f.csv"}}}, folder=str(tmp_path))
    with pytest.raises(SpecError, match="is a file, and the input is a uri_folder"):
        translate(job, WS)


def test_nodes_that_wait_for_each_other_are_refused() -> None:
    def node(other: str) -> dict[str, Any]:
        given = f"${{{{parent.jobs.{other}.outputs.o}}}}"
        return {**JOB, "inputs": {"i": given}, "outputs": {"o": {"type": "uri_folder"}}}

    job = {"type": "pipeline", "compute": "azureml:c", "jobs": {"a": node("b"), "b": node("a")}}
    with pytest.raises(SpecError, match="wait for each other: a -> b -> a"):
        translate(load(job), WS)


def test_the_hash_version_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("1")
    shown = render(translate(load({**JOB, "code": str(tmp_path)}), WS), WS)
    assert shown["requests"][0]["body"]["properties"]["properties"]["hash_version"] == "202208"
