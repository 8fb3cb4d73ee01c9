"""Numbers in operators' keywords: what would be cut off, or is below 0, is refused before it is sent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.exceptions import AzureMLSpecError, translated
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateBatchDeploymentOperator,
    AzureMLCreateComponentOperator,
    AzureMLCreateComputeOperator,
    AzureMLCreateDataAssetOperator,
    AzureMLCreateEnvironmentOperator,
    AzureMLCreateOnlineDeploymentOperator,
    AzureMLInvokeBatchEndpointOperator,
    AzureMLJobOperator,
    AzureMLRegisterModelOperator,
)
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from tests.airflow.instance import Instance

WS = Workspace("s", "g", "w")
JOB: dict[str, Any] = {"command": "echo", "environment": "azureml:e:1"}
BATCH: dict[str, Any] = {"name": "blue", "endpoint_name": "scores", "model": "azureml:m:1", "compute": "c"}
ONLINE: dict[str, Any] = {"name": "blue", "endpoint_name": "scores", "model": "azureml:m:1", "instance_type": "S"}
CLUSTER: dict[str, Any] = {"name": "cpu", "size": "S"}
COUNTS: list[tuple[Any, dict[str, Any], str]] = [
    (AzureMLCommandJobOperator, JOB, "instance_count"),
    (AzureMLCreateBatchDeploymentOperator, BATCH, "instance_count"),
    (AzureMLCreateBatchDeploymentOperator, BATCH, "mini_batch_size"),
    (AzureMLCreateBatchDeploymentOperator, BATCH, "max_concurrency_per_instance"),
    (AzureMLCreateOnlineDeploymentOperator, ONLINE, "instance_count"),
    (AzureMLCreateComputeOperator, CLUSTER, "min_instances"),
    (AzureMLCreateComputeOperator, CLUSTER, "max_instances"),
]
INVOKED = ("instance_count", "mini_batch_size", "max_concurrency_per_instance", "max_retries", "error_threshold")


def read(task: Any) -> Any:
    """Read a task's keywords as its run does, without asking anybody."""
    with translated():
        return task.plan({}, WS) if hasattr(task, "plan") else task.submission(Instance().context(), WS)


@pytest.mark.parametrize(("kind", "further", "name"), COUNTS)
@pytest.mark.parametrize("given", [3.5, -1, -0.5, True, "3.5", "-1", float("nan")])
def test_what_is_no_count_is_refused_by_its_name(kind: Any, further: dict[str, Any], name: str, given: Any) -> None:
    with pytest.raises(AzureMLSpecError, match=rf"(^|\n)(resources\.)?{name}: .* is not (accepted|a whole number)"):
        read(kind(task_id="t", **{**further, name: given}))


@pytest.mark.parametrize("name", INVOKED)
@pytest.mark.parametrize("given", [3.5, -2, True, "3.5"])
def test_so_is_one_of_an_invocation(name: str, given: Any) -> None:
    keywords: dict[str, Any] = {"endpoint_name": "e", "input": "azureml:d:1", name: given}
    if isinstance(given, float) or given is True:
        with pytest.raises(AzureMLSpecError, match=rf"^{name}: .* is not accepted\. Accepted: a whole number or None"):
            AzureMLInvokeBatchEndpointOperator(task_id="t", **keywords)
        return
    task = AzureMLInvokeBatchEndpointOperator(task_id="t", **keywords)
    problems = [str(problem) for problem in read(task).invocation.problems]
    assert len(problems) == 1
    assert problems[0].startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("kind", "keywords", "field"),
    [
        (AzureMLCommandJobOperator, {**JOB, "timeout": "-1"}, "limits.timeout"),
        (AzureMLCommandJobOperator, {**JOB, "limits": {"timeout": "-1"}}, "limits.timeout"),
        (AzureMLCreateComputeOperator, {**CLUSTER, "idle_time_before_scale_down": "-1"}, "idle_time_before_scale_down"),
    ],
)
def test_so_is_a_time_below_0_that_a_template_has_rendered(kind: Any, keywords: dict[str, Any], field: str) -> None:
    with pytest.raises(AzureMLSpecError, match=rf"^{field}: .* Accepted: a whole number of seconds, 0 or more\."):
        read(kind(task_id="t", **keywords))


@pytest.mark.parametrize("given", [1.5, -1, timedelta(seconds=1.5), timedelta(seconds=-1)])
def test_and_one_of_an_invocation(given: Any) -> None:
    task = AzureMLInvokeBatchEndpointOperator(task_id="t", endpoint_name="e", input="azureml:d:1", retry_timeout=given)
    (problem,) = read(task).invocation.problems
    assert str(problem).startswith("retry_timeout: ")
    assert "Accepted: a whole number of seconds" in str(problem)


@pytest.mark.parametrize(
    ("keyword", "field"),
    [
        ({"distribution": {"type": "pytorch", "process_count_per_instance": 1.5}}, "process_count_per_instance"),
        ({"services": {"s": {"type": "ssh", "port": -1}}}, "port"),
        ({"job_resources": {"max_instance_count": -1}}, "max_instance_count"),
    ],
)
def test_mappings_that_are_keywords_are_read_alike(keyword: dict[str, Any], field: str) -> None:
    with pytest.raises(AzureMLSpecError, match=rf"^\w+\.(\w+\.)?{field}: .* is not accepted"):
        read(AzureMLCommandJobOperator(task_id="t", **JOB, **keyword))


def test_what_stands_in_yaml_is_sent_as_microsofts_client_sends_it(tmp_path: Path) -> None:
    text = "command: echo\nenvironment: azureml:e:1\nresources: {instance_count: 2.7}\nlimits: {timeout: -60}\n"
    for task in (
        AzureMLJobOperator(task_id="t", job=text),
        AzureMLJobOperator(task_id="u", job={**JOB, "resources": {"instance_count": 2.7}, "limits": {"timeout": -60}}),
    ):
        (found,) = read(task).choices.translations
        assert found.body["properties"]["resources"] == {"instanceCount": 2}
        assert found.body["properties"]["limits"]["timeout"] == "-PT1M"
        said = [warning.rpartition("resources")[1] + warning.partition(": ")[2] for warning in found.warnings]
        assert any("2.7 is cut off to 2" in line for line in said)
        assert any("-60 is less than 0, and sent all the same" in line for line in said)


@pytest.mark.parametrize(
    ("kind", "further"),
    [
        (AzureMLCreateDataAssetOperator, {"name": "d", "path": "azureml://datastores/a/paths/x"}),
        (AzureMLRegisterModelOperator, {"name": "m", "path": "azureml://datastores/a/paths/x"}),
        (AzureMLCreateEnvironmentOperator, {"name": "e", "image": "i"}),
        (AzureMLCreateComponentOperator, {"spec": {"name": "c", "type": "command", **JOB}}),
    ],
)
@pytest.mark.parametrize("given", [1.1, 1.0, True, float("nan")])
def test_a_version_that_python_has_read_as_something_else(kind: Any, further: dict[str, Any], given: Any) -> None:
    with pytest.raises(AzureMLSpecError, match=r"^version: .* Accepted: a text that is not empty, a whole number or N"):
        kind(task_id="t", version=given, **further)


def test_a_hook_reads_them_alike() -> None:
    hook = AzureMLHook("no_such_connection")
    with pytest.raises(AzureMLSpecError, match=r"^min_instances: 0\.5 is not accepted"):
        hook.scale_compute("c", min_instances=0.5)  # type: ignore[arg-type]


def test_a_fraction_in_an_object_of_microsofts_client_is_read_as_it_reads_it() -> None:
    class Job:
        def _to_dict(self) -> dict[str, Any]:
            return {**JOB, "type": "command", "resources": {"instance_count": 2.7}}

    found = translate(load(Job()), WS)
    assert found.body["properties"]["resources"] == {"instanceCount": 2}


def test_the_keyword_of_a_job_is_held_to_the_rule_and_its_file_is_not() -> None:
    document = load({**JOB, "resources": {"instance_count": 2.7}}).replaced(limits={"timeout": 1.5})
    with pytest.raises(SpecError, match=r"^limits\.timeout: 1\.5 is not accepted\. Accepted: a whole number of s"):
        translate(document, WS).check_accepted()
