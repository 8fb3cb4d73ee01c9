"""The whole result of a task in a keyword: a compute or environment that it made, or one of its parts that is meant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.exceptions import AzureMLSpecError, translated
from airflow_azureml.operators import (
    AzureMLCancelJobOperator,
    AzureMLCommandJobOperator,
    AzureMLCreateDataAssetOperator,
    AzureMLDeleteBatchEndpointOperator,
    AzureMLDeleteComputeOperator,
    AzureMLDeleteOnlineEndpointOperator,
    AzureMLInvokeBatchEndpointOperator,
    AzureMLJobOperator,
    AzureMLRegisterModelOperator,
)
from airflow_azureml.operators.computes import several_computes
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.sensors import AzureMLJobSensor
from airflow_azureml.task.resource_fields import endpoint_name_of
from tests.airflow.instance import Instance

WORKSPACE = Workspace("s", "g", "w")
COMPUTE = {"id": f"{WORKSPACE.path}/computes/gpu", "name": "gpu"}
ENVIRONMENT = {"id": f"{WORKSPACE.path}/environments/e/versions/3", "name": "e", "version": "3"}
ASSET = {
    "id": f"{WORKSPACE.path}/data/d/versions/1",
    "name": "d",
    "version": "1",
    "path": "azureml://datastores/workspaceblobstore/paths/d/",
}
JOB = {"job_name": "j", "status": "Completed", "outputs": {"model": {"path": "p"}, "default": {"path": "q"}}}
PLAIN: dict[str, Any] = {"command": "echo", "environment": "azureml:e:1"}

MEANT_OF_JOB = 'the whole result of a job: write task.output["NAME"] for one of its outputs (default, model).'
MEANT_OF_ASSET = 'the whole result of a task: write {"type": "…", "path": task.output["id"]} for what it made.'


def body(task: Any) -> Any:
    """What a task sends as its job."""
    submission = task.submission(Instance().context(), WORKSPACE)
    return [one.body["properties"] for one in submission.choices.translations]


def command(**keywords: Any) -> Any:
    """A task with a command."""
    with DAG("d"):
        return AzureMLCommandJobOperator(task_id="t", **{**PLAIN, **keywords})


def test_a_job_takes_the_compute_and_the_environment_that_tasks_made() -> None:
    (sent,) = body(command(environment=ENVIRONMENT, compute=COMPUTE))
    assert (sent["computeId"], sent["environmentId"]) == (COMPUTE["id"], ENVIRONMENT["id"])
    with DAG("d"):
        task = AzureMLJobOperator(task_id="t", job=PLAIN, compute=COMPUTE)
    assert body(task)[0]["computeId"] == COMPUTE["id"]


def test_so_does_a_list_of_computes() -> None:
    sent = body(command(compute=[COMPUTE, "cpu-cluster"]))
    assert [one["computeId"].rpartition("/")[2] for one in sent] == ["gpu", "cpu-cluster"]
    assert several_computes(["a", "b"]) == ("a", "b")


def test_an_environment_that_is_written_out_with_an_id_stays_one() -> None:
    (sent,) = body(command(environment={"name": "e", "version": "9", "image": "python:3.11"}))
    assert sent["environmentId"] != ENVIRONMENT["id"]
    with pytest.raises(AzureMLSpecError, match="id"), translated():  # the image that is written beside it counts
        body(command(environment={**ENVIRONMENT, "image": "python:3.11"}))


@pytest.mark.parametrize(("given", "meant"), [(JOB, MEANT_OF_JOB), (ASSET, MEANT_OF_ASSET)])
def test_an_input_says_which_part_of_a_result_is_meant(given: dict[str, Any], meant: str) -> None:
    job = {**PLAIN, "inputs": {"x": given}}
    with DAG("d"):
        tasks: list[Any] = [command(inputs={"x": given}), AzureMLJobOperator(task_id="j", job=job)]
    for task in tasks:
        with pytest.raises(AzureMLSpecError) as refused, translated():
            body(task)
        assert str(refused.value).startswith("inputs.x: ")
        assert str(refused.value).endswith(meant)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("given", "meant"), [(JOB, MEANT_OF_JOB), (ASSET, MEANT_OF_ASSET)])
@pytest.mark.parametrize("field", ["input", "inputs"])
def test_so_does_one_of_a_batch_endpoint(
    field: str, given: dict[str, Any], meant: str, hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keywords: dict[str, Any] = {field: given if field == "input" else {"x": given}}
    task = AzureMLInvokeBatchEndpointOperator(task_id="t", endpoint_name="no-such", **keywords)
    with pytest.raises(AzureMLSpecError) as refused:
        task.execute(Instance().context())
    assert meant in str(refused.value)
    assert "unknown key" not in str(refused.value)


@pytest.mark.parametrize("kind", [AzureMLCreateDataAssetOperator, AzureMLRegisterModelOperator])
def test_so_does_the_path_of_what_is_registered(kind: Any) -> None:
    task = kind(task_id="t", name="n", path=JOB)
    with pytest.raises(AzureMLSpecError) as refused, translated():
        task.document({})
    assert str(refused.value) == f"path: this is not data. This is {MEANT_OF_JOB}"


OUTPUT = {"type": "uri_folder", "path": "azureml://datastores/d/paths/p/", "https_url": None}

MEANT_OF_TEXT = (
    "This is the text that a template makes of another task's result or output. Give task.output, or "
    'task.output["NAME"], itself; or let the template take a part of it, as in ti.xcom_pull(...)["job_name"].'
)


@pytest.mark.parametrize("given", [JOB, ASSET, OUTPUT])
def test_what_a_template_makes_of_a_result_is_no_literal(given: dict[str, Any]) -> None:
    """A job would run with the text of a mapping for its data."""
    text, job = str(given), {**PLAIN, "inputs": {"x": str(given)}}
    with DAG("d"):
        tasks = [
            command(inputs={"x": text}),
            AzureMLJobOperator(task_id="written", job=job),
            AzureMLJobOperator(task_id="merged", job=PLAIN, inputs={"x": {"value": text}}),
        ]
    for task in tasks:
        with pytest.raises(AzureMLSpecError) as refused, translated():
            body(task)
        assert str(refused.value).endswith(MEANT_OF_TEXT)
    assert body(command(inputs={"x": json.dumps(given)}))[0]["inputs"]["x"]["value"] == json.dumps(given)
    assert body(command(inputs={"x": "{'a': 1}"}))[0]["inputs"]["x"]["value"] == "{'a': 1}"


@pytest.mark.parametrize(
    "own", [{"type": "csv", "path": "a.csv"}, {"id": "7", "version": 3}, {"job_name": "j", "outputs": 2}]
)
def test_the_text_of_a_mapping_of_ones_own_is_a_literal(own: dict[str, Any]) -> None:
    assert body(command(inputs={"x": str(own)}))[0]["inputs"]["x"]["value"] == str(own)


@pytest.mark.parametrize("id", ["/workspaces/", "7", None])
def test_a_mapping_whose_id_is_no_path_is_taken_by_its_name(id: Any) -> None:
    assert endpoint_name_of({"id": id, "name": "scoring"}) == "scoring"


NAMED = [
    (AzureMLCancelJobOperator, "job_name"),
    (AzureMLJobSensor, "job_name"),
    (AzureMLDeleteComputeOperator, "name"),
    (AzureMLDeleteBatchEndpointOperator, "endpoint_name"),
    (AzureMLDeleteOnlineEndpointOperator, "endpoint_name"),
]


@pytest.mark.parametrize("given", ["None", str(JOB), str(ASSET), json.dumps(JOB)])
@pytest.mark.parametrize(("kind", "field"), NAMED)
def test_what_a_template_makes_of_a_result_names_nothing(kind: Any, field: str, given: str, hook: Any) -> None:
    """Nothing has such a name, and whoever cancels or deletes it would be told that all is well."""
    task = kind(task_id="t", **{field: given})
    with pytest.raises(AzureMLSpecError) as refused:
        task.execute(Instance().context())
    assert str(refused.value).startswith(f"{field}: {given[:40]!r}"[:30])
    assert ("what a template makes of a result" in str(refused.value)) == (given == "None")
    assert (MEANT_OF_TEXT in str(refused.value)) == (given in (str(JOB), str(ASSET)))


def test_an_output_beside_the_keys_of_a_result_is_the_path_that_it_has() -> None:
    path = {**JOB, "type": "uri_folder", "path": "azureml://datastores/workspaceblobstore/paths/d/"}
    with DAG("d"):
        task = AzureMLCreateDataAssetOperator(task_id="t", name="d", path=path)
    assert task.document({}).value["path"] == path["path"]
