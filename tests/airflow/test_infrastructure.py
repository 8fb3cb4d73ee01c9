"""Batch endpoints and deployments: made once, changed where they differ, followed to their end, gone when deleted."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_azureml.exceptions import AzureMLException, AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import (
    AzureMLCreateBatchDeploymentOperator,
    AzureMLCreateBatchEndpointOperator,
    AzureMLDeleteBatchEndpointOperator,
)
from airflow_azureml.rest import assets, endpoints
from airflow_azureml.triggers import AzureMLOperationTrigger
from tests.airflow.scoring import IMAGE, context, deployment, endpoint, scorer, unique
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")

Shown = dict[str, Any]


@pytest.fixture
def name() -> str:
    """An endpoint's name that no other test has."""
    return unique("ep")


@pytest.fixture
def model(hook: AzureMLHook) -> str:
    """A registered model; nothing is scored with it here."""
    name = unique("model")
    uri = "azureml://datastores/workspaceblobstore/paths/models/factor.txt"
    with hook.client() as client:
        made = assets.create(client.workspace, "models", name, "1", {"properties": {"modelUri": uri}})
        client.run(made)
    return f"azureml:{name}:1"


@pytest.fixture
def given(tmp_path: Path, model: str) -> dict[str, Any]:
    """Keywords of a model deployment but for its names."""
    return scorer(tmp_path, model)


def puts(emulator: RunningEmulator, name: str) -> list[str]:
    """The PUTs and DELETEs of an endpoint and what is below it."""
    rows = emulator.journal(f"batchEndpoints/{name}")
    return [one["path"] for one in rows if one["method"] in ("PUT", "DELETE")]


def shown(hook: AzureMLHook, name: str, deployment: str | None = None) -> Shown:
    """What the service shows of an endpoint, or of one of its deployments."""
    with hook.client() as client:
        ws = client.workspace
        if deployment is None:
            return dict(client.run(endpoints.get(ws, name)).raw)
        return dict(client.run(endpoints.deployment(ws, name, deployment)).raw)


def test_an_endpoint_is_made_once_and_changed_where_it_differs(
    name: str, hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    made = endpoint(name=name, description="d", tags={"team": "risk"})
    assert made == {"id": made["id"], "name": name}
    assert made["id"].endswith(f"/batchEndpoints/{name}")
    assert endpoint(name=name, description="d", tags={"team": "risk"}) == made
    assert len(puts(emulator, name)) == 1
    endpoint(name=name, description="other")
    assert len(puts(emulator, name)) == 2
    found = shown(hook, name)
    assert (found["properties"]["description"], found["tags"]) == ("other", {"team": "risk"}), "what is not given stays"


def test_a_model_deployment_is_made_once_and_made_the_default(
    name: str, given: dict[str, Any], hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    endpoint(name=name)
    given |= {"mini_batch_size": 2, "output_action": "append_row", "output_file_name": "scores.csv"}
    given |= {"retry_settings": {"max_retries": 1, "timeout": 90}, "logging_level": "debug", "instance_count": 2}
    made = deployment(name="blue", endpoint_name=name, set_default=True, **given)
    assert made == {"id": made["id"], "name": "blue"}
    assert made["id"].endswith(f"/batchEndpoints/{name}/deployments/blue")
    found = shown(hook, name, "blue")["properties"]
    assert found["model"]["assetId"].endswith("/versions/1")
    assert found["codeConfiguration"]["scoringScript"] == "score.py"
    assert found["retrySettings"] == {"maxRetries": 1, "timeout": "PT1M30S"}
    assert (found["outputAction"], found["loggingLevel"]) == ("AppendRow", "Debug")
    assert found["resources"]["instanceCount"] == 2
    assert shown(hook, name)["properties"]["defaults"] == {"deploymentName": "blue"}
    before = puts(emulator, name)
    assert deployment(name="blue", endpoint_name=name, set_default=True, **given) == made
    assert puts(emulator, name) == before, "nothing differs"
    deployment(name="blue", endpoint_name=name, **{**given, "mini_batch_size": 5})
    assert shown(hook, name, "blue")["properties"]["miniBatchSize"] == 5
    endpoint(name=name, description="later")
    assert shown(hook, name)["properties"]["defaults"] == {"deploymentName": "blue"}, "a change keeps the default"


def test_a_spec_is_the_clis_yaml_and_keywords_win(name: str, tmp_path: Path, model: str, hook: AzureMLHook) -> None:
    scorer(tmp_path, model)
    (tmp_path / "endpoint.yml").write_text(f"name: {name}\nauth_mode: aad_token\ndescription: d\n")
    (tmp_path / "deployment.yml").write_text(
        f"name: blue\nendpoint_name: other\ntype: model\nmodel: {model}\ncompute: azureml:cpu-cluster\n"
        "code_configuration: {code: ./src, scoring_script: score.py}\n"
        f"environment: {IMAGE}\nsettings: {{mini_batch_size: 3, output_action: summary_only, instance_count: 1}}\n"
    )
    assert endpoint(spec=str(tmp_path / "endpoint.yml"))["name"] == name
    assert deployment(spec=str(tmp_path / "deployment.yml"), endpoint_name=name)["name"] == "blue"
    found = shown(hook, name, "blue")["properties"]
    assert (found["miniBatchSize"], found["outputAction"]) == (3, "SummaryOnly")
    assert "/codes/" in found["codeConfiguration"]["codeId"]


def test_results_of_tasks_are_references(name: str, given: dict[str, Any], hook: AzureMLHook) -> None:
    endpoint(name=name)
    model = given["model"].removeprefix("azureml:").partition(":")[0]
    with hook.client() as client:
        found = client.run(assets.get(client.workspace, "models", model, "1"))
    result = {"id": found.id, "name": found.name, "version": "1", "path": "x"}
    deployment(name="blue", endpoint_name=name, **{**given, "model": result})
    assert shown(hook, name, "blue")["properties"]["model"]["assetId"] == found.id


async def test_a_deferred_task_goes_on_with_the_next_operation(
    name: str, given: dict[str, Any], hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_azureml.triggers.base.SETTLE", 0)
    task: Any = AzureMLCreateBatchEndpointOperator(task_id="t", name=name, deferrable=True)
    waits = await played(task)
    task = AzureMLCreateBatchDeploymentOperator(
        task_id="t", name="blue", endpoint_name=name, set_default=True, deferrable=True, **given
    )
    assert (waits, await played(task)) == (1, 2), "the deployment, then the default"
    assert shown(hook, name)["properties"]["defaults"] == {"deploymentName": "blue"}
    task = AzureMLDeleteBatchEndpointOperator(task_id="t", endpoint_name=name, deferrable=True)
    assert await played(task) == 1
    assert await played(task) == 0, "it is gone"


async def played(task: Any) -> int:
    """Run a task and its triggers to the end; how often it was deferred."""
    waits, act = 0, partial(task.execute, context())
    while True:
        try:
            await asyncio.to_thread(act)
        except TaskDeferred as deferred:
            waits += 1
            trigger: Any = type(deferred.trigger)(**deferred.trigger.serialize()[1])
            (event,) = [event async for event in trigger.run()]
            act = partial(task.execute_complete, context(), event.payload)
        else:
            return waits


def test_a_failed_operation_fails_the_task_with_the_services_words(name: str) -> None:
    task = AzureMLCreateBatchEndpointOperator(task_id="t", name=name)
    with pytest.raises(AzureMLSpecError, match="no quota"):
        task.execute_complete(context(), {"step": 0, "outcome": "failed", "message": "It ended as Failed: no quota."})
    assert task.execute_complete(context(), {"step": 0, "outcome": "unknown", "message": "lost"})["name"] == name


@pytest.mark.parametrize("event", [None, {}, {"step": 0, "outcome": "odd", "message": ""}, {"step": -1}, "x"])
def test_an_event_that_is_none_fails_loudly(event: Any) -> None:
    task = AzureMLDeleteBatchEndpointOperator(task_id="t", endpoint_name="abc")
    with pytest.raises(AzureMLException, match=r"[eE]vent"):
        task.execute_complete(context(), event)


def test_the_trigger_is_made_again_by_what_it_says() -> None:
    trigger = AzureMLOperationTrigger(url="https://x/y?api-version=1", header="Location", pause=3, step=1, patience=5)
    where, what = trigger.serialize()
    assert where == "airflow_azureml.triggers.operations.AzureMLOperationTrigger"
    assert AzureMLOperationTrigger(**what).serialize() == (where, what)


def test_deleting_what_is_not_there_is_success(name: str, hook: AzureMLHook) -> None:
    endpoint(name=name)
    for _ in range(2):
        AzureMLDeleteBatchEndpointOperator(task_id="t", endpoint_name=name).execute(context())
    with hook.client() as client:
        assert client.run(endpoints.find(client.workspace, name)) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "x"}, ["name", '"x"', "3 to 32"]),
        ({"name": "has_underscore"}, ["name", "letters, digits and -"]),
        ({"spec": "name: abc\ntraffic: {}\n"}, ["traffic"]),
        ({"spec": "name: abc\nauth_mode: key\n"}, ["auth_mode", '"key"', "aad_token"]),
    ],
)
def test_mistakes_in_an_endpoint_name_the_field(given: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(AzureMLSpecError) as caught:
        endpoint(**given)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


MODEL = {"name": "blue", "endpoint_name": "cards", "model": "azureml:m:1", "compute": "cpu-cluster"}
PIPELINE = {"name": "blue", "endpoint_name": "cards"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({**MODEL, "model": None}, ["model", "required"]),
        ({**MODEL, "compute": None}, ["compute", "required"]),
        ({**MODEL, "model": 3}, ["model", "a text that is not empty, a mapping or None"]),
        ({**MODEL, "model": {"path": "no-such-folder"}}, ["model.path", "no-such-folder"]),
        ({**MODEL, "code": "/"}, ["code_configuration.scoring_script", "required"]),
        ({**MODEL, "output_action": "append"}, ["output_action", '"append"', "append_row", "summary_only"]),
        ({**MODEL, "logging_level": "loud"}, ["logging_level", '"loud"', "debug"]),
        ({**MODEL, "mini_batch_size": "many"}, ["mini_batch_size", '"many"']),
        ({**MODEL, "mini_batch_size": 1, "settings": {"mini_batch_size": 1}}, ["settings.mini_batch_size"]),
        ({**MODEL, "instance_count": 1, "job_resources": {"instance_count": 1}}, ["instance_count", "resources"]),
        ({**MODEL, "output_action": "summary_only", "output_file_name": "x.csv"}, ["output_file_name", "append_row"]),
        ({**PIPELINE, "type": "pipeline"}, ["component", "job_definition"]),
        ({**PIPELINE, "component": "azureml:c:1", "job_definition": "j"}, ["component", "exactly one of"]),
        ({**PIPELINE, "job_definition": "no job"}, ["job_definition", '"no job"']),
        ({**PIPELINE, "component": "azureml:c:1", "mini_batch_size": 3}, ["mini_batch_size"]),
    ],
)
def test_mistakes_in_a_deployment_name_the_field(given: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(AzureMLSpecError) as caught:
        deployment(**given)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_a_deployment_needs_its_endpoint_before_anything_is_uploaded(
    name: str, given: dict[str, Any], emulator: RunningEmulator
) -> None:
    before = len([one for one in emulator.journal() if one["method"] in ("PUT", "POST")])
    with pytest.raises(AzureMLSpecError, match=f"endpoint_name: .*{name}"):
        deployment(name="blue", endpoint_name=name, **given)
    sent = [one for one in emulator.journal() if one["method"] in ("PUT", "POST")][before:]
    assert [one["path"] for one in sent if "token" not in one["path"]] == []


def test_a_deployment_keeps_what_is_not_given_again(
    name: str, given: dict[str, Any], hook: AzureMLHook, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint(name=name)
    first = {"tags": {"team": "risk"}, "description": "d", "properties": {"p": "q"}, "output_file_name": "x.csv"}
    first |= {"environment_variables": {"SECRET": "hush-hush"}, "retry_settings": {"max_retries": 7}}
    deployment(name="blue", endpoint_name=name, job_resources={"instance_count": 2}, **first, **given)
    capsys.readouterr()
    more = {"mini_batch_size": 5, "tags": {"day": "1"}, "environment_variables": {"SECRET": "whisper"}}
    deployment(name="blue", endpoint_name=name, **more, **given)
    found = shown(hook, name, "blue")
    properties = found["properties"]
    assert found["tags"] == {"team": "risk", "day": "1"}
    assert (properties["description"], properties["outputFileName"], properties["miniBatchSize"]) == ("d", "x.csv", 5)
    assert properties["properties"]["p"] == "q"
    assert properties["environmentVariables"] == {"SECRET": "whisper"}
    assert properties["retrySettings"]["maxRetries"] == 7
    assert properties["resources"]["instanceCount"] == 2
    told = capsys.readouterr().out
    assert "mini_batch_size: 10 becomes 5" in told
    assert 'tags.day: nothing becomes "1"' in told
    assert "environment_variables.SECRET changes" in told
    assert "whisper" not in told
    deployment(name="blue", endpoint_name=name, output_action="summary_only")
    properties = shown(hook, name, "blue")["properties"]
    assert (properties["outputAction"], properties["miniBatchSize"]) == ("SummaryOnly", 5), "nothing else is needed"


def test_a_model_that_is_written_out_is_uploaded_registered_and_deployed(
    name: str, given: dict[str, Any], tmp_path: Path, hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    endpoint(name=name)
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "factor.txt").write_text(name)
    text = f"name: blue\nendpoint_name: {name}\nmodel: {{path: made}}\ncompute: cpu-cluster\n"
    text += "code_configuration: {code: src, scoring_script: score.py}\nenvironment: {image: docker.io/python}\n"
    (tmp_path / "deployment.yml").write_text(text)

    def model() -> str:
        return str(shown(hook, name, "blue")["properties"]["model"]["assetId"])

    deployment(spec=str(tmp_path / "deployment.yml"))
    first, before = model(), puts(emulator, name)
    deployment(spec=str(tmp_path / "deployment.yml"))
    assert (model(), puts(emulator, name)) == (first, before), "the same content is the same model"
    named = {"path": str(tmp_path / "made"), "name": name, "https_url": "https://x", "type": "uri_folder"}
    deployment(spec=str(tmp_path / "deployment.yml"), model=named)
    assert model().endswith(f"/models/{name}/versions/1")
    (tmp_path / "made" / "factor.txt").write_text("other")
    deployment(spec=str(tmp_path / "deployment.yml"), model=named)
    assert model().endswith(f"/models/{name}/versions/2"), "another content is another version"
    with pytest.raises(AzureMLSpecError, match="already exists and points to"):
        deployment(spec=str(tmp_path / "deployment.yml"), model={**named, "version": "1"})
