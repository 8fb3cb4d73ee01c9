"""Another task's output as the ``path`` of an input, with a mode or a type of its own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLJobOperator
from airflow_azureml.task.fields.upstream_paths import lay_outputs_under
from tests.airflow.installs import AirflowInstall

JOB: dict[str, Any] = {"command": "echo", "environment": {"image": "python:3.11"}}
OUTPUT = {"type": "uri_folder", "path": "azureml://datastores/d/paths/x/", "https_url": None, "abfss_url": None}


def rendered(kind: Any, **given: Any) -> Any:
    """A task, rendered."""
    with DAG("d"):
        task = kind(task_id="t", **given)
    task.render_template_fields({})
    return task


def test_the_output_is_laid_under_what_is_written_beside_it() -> None:
    inputs = {"a": {"path": OUTPUT, "mode": "download"}, "b": {"type": "mltable", "path": OUTPUT}, "c": OUTPUT, "d": 1}
    found = rendered(AzureMLCommandJobOperator, inputs=inputs, **JOB).inputs
    assert found == {"a": {**OUTPUT, "mode": "download"}, "b": {**OUTPUT, "type": "mltable"}, "c": OUTPUT, "d": 1}
    assert inputs["a"] == {"path": OUTPUT, "mode": "download"}, "what is rendered is another mapping"


def test_so_is_that_of_a_node() -> None:
    node = {**JOB, "inputs": {"a": {"path": OUTPUT, "mode": "direct"}}}
    found = rendered(AzureMLJobOperator, job={"type": "pipeline", "jobs": {"one": node}}).job
    assert found["jobs"]["one"]["inputs"]["a"] == {**OUTPUT, "mode": "direct"}


@pytest.mark.parametrize(
    "path", [{"id": "i", "name": "n", "version": "1", "path": "p"}, {"path": ""}, {}, "text", None]
)
def test_what_is_no_output_stays(path: Any) -> None:
    task = rendered(AzureMLCommandJobOperator, inputs={"a": {"path": path}}, tags={"inputs": "x"}, **JOB)
    assert task.inputs == {"a": {"path": path}}


def test_a_mapping_may_contain_itself() -> None:
    around: dict[str, Any] = {}
    around["self"] = around
    holder = SimpleNamespace(services=around)
    lay_outputs_under(holder, ["services"])
    assert holder.services is around


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
