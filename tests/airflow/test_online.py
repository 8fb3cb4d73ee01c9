"""Online endpoints: made once, deployed to, given traffic, invoked with their own key, gone when deleted."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.exceptions import AzureMLException, AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.resources.online import apportioned
from airflow_azureml.operators import (
    AzureMLCreateOnlineDeploymentOperator,
    AzureMLCreateOnlineEndpointOperator,
    AzureMLDeleteOnlineEndpointOperator,
    AzureMLInvokeOnlineEndpointOperator,
    AzureMLSetOnlineTrafficOperator,
)
from airflow_azureml.rest.errors import UntrustedHostError
from airflow_azureml.rest.resources import online, tracked
from tests.airflow.scoring import IMAGE, context, register, unique
from tests.airflow.test_infrastructure import played
from tests.emulator.online.service import DOUBLER
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")

FAILING = "def init():\n    pass\n\ndef run(raw_data):\n    raise ValueError('no')\n"


@pytest.fixture
def name() -> str:
    """An endpoint's name that no other test has."""
    return unique("on")


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    """Keywords of a deployment but for its names."""
    model = register(tmp_path, "2")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text(DOUBLER)
    code = {"code": str(tmp_path / "src"), "scoring_script": "score.py"}
    return {"model": model, **code, "environment": IMAGE, "instance_type": "Standard_DS3_v2", "instance_count": 1}


def run(cls: type[Any], **keywords: Any) -> Any:
    """Run an operator."""
    return cls(task_id="t", **keywords).execute(context())


def endpoint(**keywords: Any) -> Any:
    """Run the operator that makes an endpoint."""
    return run(AzureMLCreateOnlineEndpointOperator, **keywords)


def deployment(**keywords: Any) -> Any:
    """Run the operator that makes a deployment."""
    return run(AzureMLCreateOnlineDeploymentOperator, **keywords)


def puts(emulator: RunningEmulator, name: str) -> int:
    """The PUTs and DELETEs of an endpoint and what is below it."""
    rows = emulator.journal(f"onlineEndpoints/{name}")
    return sum(one["method"] in ("PUT", "DELETE") for one in rows)


def shown(hook: AzureMLHook, name: str, deployment: str | None = None) -> dict[str, Any]:
    """What the service shows of an endpoint, or of one of its deployments."""
    with hook.client() as client:
        ws = client.workspace
        path = online.endpoint(ws, name) if deployment is None else online.deployment(ws, name, deployment)
        return dict(client.run(tracked.get(path)).raw)


def test_an_endpoint_is_made_once_and_keeps_what_is_not_given(
    name: str, hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    made = endpoint(name=name, auth_mode="aad_token", description="d", tags={"team": "risk"})
    assert made == {"id": made["id"], "name": name}
    assert made["id"].endswith(f"/onlineEndpoints/{name}")
    assert endpoint(name=name, tags={"team": "risk"}) == made
    assert puts(emulator, name) == 1
    endpoint(name=name, description="other")
    assert puts(emulator, name) == 2
    found = shown(hook, name)
    assert found["tags"] == {"team": "risk"}
    assert (found["properties"]["authMode"], found["properties"]["description"]) == ("AADToken", "other")
    assert found["identity"]["type"].lower() == "systemassigned"


def test_a_deployment_gets_traffic_and_answers(
    name: str, given: dict[str, Any], hook: AzureMLHook, emulator: RunningEmulator, tmp_path: Path
) -> None:
    made = endpoint(name=name)
    blue = deployment(name="blue", endpoint_name=made, traffic=100, **given)
    assert blue == {"id": f"{made['id']}/deployments/blue", "name": "blue"}
    before = puts(emulator, name)
    assert deployment(name="blue", endpoint_name=name, traffic=100, **given) == blue
    assert puts(emulator, name) == before, "nothing differs"
    answer = run(AzureMLInvokeOnlineEndpointOperator, endpoint_name=made, data={"data": [1, 2]})
    assert answer == [2, 4]
    (tmp_path / "request.json").write_text('{"data": [{{ 2 + 3 }}]}')
    assert run(AzureMLInvokeOnlineEndpointOperator, endpoint_name=name, file=tmp_path / "request.json") == [10]

    deployment(name="green", endpoint_name=name, traffic=10, **given)
    assert shown(hook, name)["properties"]["traffic"] == {"blue": 90, "green": 10}
    only = run(AzureMLInvokeOnlineEndpointOperator, endpoint_name=name, data='{"data": [3]}', deployment_name="green")
    assert only == [6]
    answer = run(AzureMLInvokeOnlineEndpointOperator, endpoint_name=made, deployment_name=blue, data={"data": [4]})
    assert answer == [8]
    for wrong in ("", {"id": blue["id"]}, 5):  # the first as a template that rendered to nothing
        with pytest.raises(
            AzureMLSpecError, match=r"deployment_name: .* is not accepted\. Accepted: a (deployment's name|text that)"
        ):
            run(AzureMLInvokeOnlineEndpointOperator, endpoint_name=name, deployment_name=wrong, data={})
    shares: Any = {"green": "100"}
    run(AzureMLSetOnlineTrafficOperator, endpoint_name=name, traffic=shares)
    assert shown(hook, name)["properties"]["traffic"] == {"green": 100}, "what is not named gets none"
    before = puts(emulator, name)
    assert run(AzureMLSetOnlineTrafficOperator, endpoint_name=name, traffic={"GREEN": 100, "blue": 0}) == made
    assert puts(emulator, name) == before, "a share of nothing is as none"
    deployment(name="blue", endpoint_name=name, instance_type="Standard_DS3_v2", instance_count=2)
    found = shown(hook, name, "blue")
    assert (found["sku"]["capacity"], found["properties"]["codeConfiguration"]["scoringScript"]) == (2, "score.py")


async def test_deferred_tasks_follow_each_operation(
    name: str, given: dict[str, Any], hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_azureml.triggers.base.SETTLE", 0)
    make: dict[str, Any] = {"task_id": "t", "deferrable": True}
    assert await played(AzureMLCreateOnlineEndpointOperator(name=name, **make)) == 1
    blue = AzureMLCreateOnlineDeploymentOperator(name="blue", endpoint_name=name, traffic=100, **make, **given)
    assert await played(blue) == 2, "the deployment, then its share"
    assert await played(AzureMLSetOnlineTrafficOperator(endpoint_name=name, traffic={"blue": 0}, **make)) == 1
    assert await played(AzureMLDeleteOnlineEndpointOperator(endpoint_name=name, **make)) == 1
    assert await played(AzureMLDeleteOnlineEndpointOperator(endpoint_name=name, **make)) == 0, "it is gone"
    with hook.client() as client:
        assert client.run(tracked.find(online.endpoint(client.workspace, name))) is None


def test_a_model_that_fails_is_retried_and_shows_no_key(
    name: str, given: dict[str, Any], tmp_path: Path, hook: AzureMLHook, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint(name=name)
    (tmp_path / "src" / "score.py").write_text(FAILING)
    deployment(name="blue", endpoint_name=name, traffic=100, **given)
    with hook.client() as client:
        key = client.run(online.credential(client.workspace, name, *online.CREDENTIALS["key"]))
    caplog.set_level(logging.DEBUG)
    with pytest.raises(AzureMLException) as caught:
        run(AzureMLInvokeOnlineEndpointOperator, endpoint_name=name, data={})
    assert not isinstance(caught.value, AzureMLSpecError), "Airflow retries it"
    assert "424" in str(caught.value)
    assert key not in str(caught.value) + caplog.text
    assert key not in repr(online.score("https://x", {}, None, key))


def test_a_key_goes_to_trusted_hosts_alone(hook: AzureMLHook) -> None:
    with hook.client() as client, pytest.raises(UntrustedHostError, match=r"evil\.example"):
        client.run(online.score("https://evil.example/score", {}, None, "a-key"))


def test_what_is_missing_is_named_with_what_is_there(name: str, given: dict[str, Any]) -> None:
    absent = unique("on")
    for cls, keywords in (
        (AzureMLCreateOnlineDeploymentOperator, {"name": "blue", **given}),
        (AzureMLSetOnlineTrafficOperator, {"traffic": {"blue": 100}}),
        (AzureMLInvokeOnlineEndpointOperator, {"data": {}}),
    ):
        with pytest.raises(AzureMLSpecError, match=f"endpoint_name: .*{absent}.* does not exist. Accepted: "):
            run(cls, endpoint_name=absent, **keywords)
    endpoint(name=name)
    with pytest.raises(AzureMLSpecError, match=r"traffic: deployment 'red' does not exist .*none"):
        run(AzureMLSetOnlineTrafficOperator, endpoint_name=name, traffic={"red": 100})
    with pytest.raises(AzureMLSpecError, match="deployment_name: deployment 'red'"):
        run(AzureMLInvokeOnlineEndpointOperator, endpoint_name=name, data={}, deployment_name="red")


DEPLOYMENT = {"name": "blue", "endpoint_name": "cards", "instance_type": "Standard_DS3_v2"}


@pytest.mark.parametrize(
    ("cls", "given", "words"),
    [
        (AzureMLCreateOnlineEndpointOperator, {"name": "x"}, ["name", '"x"', "3 to 32"]),
        (AzureMLCreateOnlineEndpointOperator, {"name": "abc", "auth_mode": "none"}, ["auth_mode", '"none"', "key"]),
        (AzureMLCreateOnlineEndpointOperator, {"spec": "name: abc\nowner: x\n"}, ["owner"]),
        (AzureMLCreateOnlineDeploymentOperator, {"name": "blue", "endpoint_name": "cards"}, ["instance_type"]),
        (AzureMLCreateOnlineDeploymentOperator, {**DEPLOYMENT, "traffic": 101}, ["traffic", "101", "90"]),
        (AzureMLCreateOnlineDeploymentOperator, {**DEPLOYMENT, "endpoint_name": 3}, ["endpoint_name", "3"]),
        (AzureMLCreateOnlineDeploymentOperator, {**DEPLOYMENT, "instance_count": "x"}, ["instance_count", '"x"']),
        (AzureMLSetOnlineTrafficOperator, {"endpoint_name": "cards", "traffic": {"a": 50}}, ["traffic", "50", "100"]),
        (
            AzureMLSetOnlineTrafficOperator,
            {"endpoint_name": "cards", "traffic": 50},
            ["traffic", "50", "a mapping"],
        ),
        (AzureMLInvokeOnlineEndpointOperator, {"endpoint_name": "cards"}, ["data", "file"]),
        (AzureMLInvokeOnlineEndpointOperator, {"endpoint_name": "cards", "data": "{x"}, ["data", "JSON"]),
        (
            AzureMLInvokeOnlineEndpointOperator,
            {"endpoint_name": "cards", "file": "none.json"},
            ["file", "none.json", "does not exist"],
        ),
    ],
)
def test_mistakes_name_the_field(
    cls: type[Any], given: dict[str, Any], words: list[str], emulator: RunningEmulator
) -> None:
    before = len(emulator.journal())
    with pytest.raises(AzureMLSpecError) as caught:
        run(cls, **given)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
    assert len(emulator.journal()) == before, "nothing is sent"


@pytest.mark.parametrize(
    ("weights", "total", "parts"),
    [
        ({"a": 100}, 90, {"a": 90}),
        ({"a": 50, "b": 50}, 75, {"a": 38, "b": 37}),
        ({"a": 10, "b": 20}, 100, {"a": 33, "b": 67}),
    ],
)
def test_the_rest_is_divided_in_proportion(weights: dict[str, int], total: int, parts: dict[str, int]) -> None:
    assert apportioned(weights, total) == parts
