"""Another task's output as the ``path`` of an input, with a mode or a type of its own."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.plain_values import job_values
from tests.airflow.installs import AirflowInstall

JOB: dict[str, Any] = {"command": "echo", "environment": {"image": "python:3.11"}}
OUTPUT = {"type": "uri_folder", "path": "azureml://datastores/d/paths/x/", "https_url": None, "abfss_url": None}


def document(job: Any, **given: Any) -> Any:
    """What a job means, its keywords laid over it."""
    return load(job).replaced(**given).value


def test_the_output_is_laid_under_what_is_written_beside_it() -> None:
    inputs = {"a": {"path": OUTPUT, "mode": "download"}, "b": {"type": "mltable", "path": OUTPUT}, "c": OUTPUT, "d": 1}
    meant = {"a": {**OUTPUT, "mode": "download"}, "b": {**OUTPUT, "type": "mltable"}, "c": OUTPUT, "d": 1}
    assert document(JOB, inputs=inputs)["inputs"] == meant
    assert document({**JOB, "inputs": inputs})["inputs"] == meant
    assert load(JOB).merged(inputs=inputs).value["inputs"] == meant
    assert inputs["a"] == {"path": OUTPUT, "mode": "download"}, "what is given stays as it is"


def test_so_is_that_of_a_node() -> None:
    node = {**JOB, "inputs": {"a": {"path": OUTPUT, "mode": "direct"}}}
    found = document({"type": "pipeline", "jobs": {"one": node}})
    assert found["jobs"]["one"]["inputs"]["a"] == {**OUTPUT, "mode": "direct"}


@pytest.mark.parametrize(
    ("way", "value", "meant"),
    [
        ("inputs.a", {"path": OUTPUT, "mode": "direct"}, {**OUTPUT, "mode": "direct"}),
        ("inputs", {"a": {"path": OUTPUT, "mode": "direct"}}, {**OUTPUT, "mode": "direct"}),
        ("inputs.a.path", OUTPUT, {"type": "mltable", "path": OUTPUT["path"]}),
    ],
)
def test_so_is_that_of_a_dotted_path(way: str, value: Any, meant: Any) -> None:
    node = {**JOB, "inputs": {"a": {"type": "mltable", "path": "azureml:x:1"}}}
    assert load(node).with_values({way: value}).value["inputs"]["a"] == meant
    pipeline = load({"type": "pipeline", "jobs": {"one": node}})
    assert pipeline.with_values({f"jobs.one.{way}": value}).value["jobs"]["one"]["inputs"]["a"] == meant


@pytest.mark.parametrize(
    "path", [{"id": "i", "name": "n", "version": "1", "path": "p"}, {"path": ""}, {}, "text", None]
)
def test_what_is_no_output_stays(path: Any) -> None:
    found = document(JOB, inputs={"a": {"path": path}}, tags={"inputs": "x"})
    assert (found["inputs"], found["tags"]) == ({"a": {"path": path}}, {"inputs": "x"})


def test_a_mapping_may_contain_itself() -> None:
    around: dict[str, Any] = {}
    around["self"] = around
    assert job_values({"services": around})["services"] is around


def test_the_hook_takes_it_too(hook: AzureMLHook) -> None:
    taken = {"d": {"path": {**OUTPUT, "path": "azureml://datastores/workspaceblobstore/paths/x/"}, "mode": "download"}}
    job = hook.create_job(JOB, f"j-{uuid.uuid4().hex}", inputs=taken)
    assert job.raw["properties"]["inputs"]["d"]["mode"] == "Download"


DAGS = """
from airflow.providers.common.compat.sdk import DAG
from airflow_azureml.operators import AzureMLCommandJobOperator

JOB = {"environment": {"image": "python:3.11"}}

with DAG("modes", schedule=None):
    write = AzureMLCommandJobOperator(
        task_id="write", command="echo found > ${{outputs.o}}/f", outputs={"o": None}, **JOB
    )
    for name, further in (("own", {"mode": "download"}), ("plain", {})):
        AzureMLCommandJobOperator(
            task_id=name, command="cat ${{inputs.d}}/f", inputs={"d": {"path": write.output["o"], **further}}, **JOB
        )
"""


def test_a_following_job_takes_it_in_its_own_mode(install: AirflowInstall, hook: AzureMLHook) -> None:
    Path(install.dags, "modes.py").write_text(DAGS)
    install.run("modes")
    for task, mode in (("own", "Download"), ("plain", "ReadOnlyMount")):
        result = install.xcom("modes", task)
        given = hook.get_job(result["job_name"]).raw["properties"]["inputs"]["d"]
        assert (given["jobInputType"], given["mode"]) == ("uri_folder", mode)
        assert given["uri"] == install.xcom("modes", "write", "o")["path"]
        assert "found" in hook.get_logs(result["job_name"])
