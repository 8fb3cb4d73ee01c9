"""The hook's methods for resources: each does what its operator does, in one call."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_azureml.exceptions import AzureMLNotFoundError, AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from tests.airflow.scoring import register, unique
from tests.emulator.online.service import DOUBLER
from tests.emulator_fixture import RunningEmulator

COMPONENT = "name: {name}\ntype: command\ncommand: echo 1\nenvironment: {{image: docker.io/python}}\n"


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return unique("hr")


def test_definitions_are_made_once_and_read_back(name: str, hook: AzureMLHook, tmp_path: Path) -> None:
    made = hook.create_environment({"name": name, "image": "docker.io/python"})
    assert hook.create_environment(f"name: {name}\nimage: docker.io/python\n") == made
    shown = hook.get_environment(name)
    assert (shown["id"], shown["version"]) == (made["id"], made["version"])
    assert shown["properties"]["image"] == "docker.io/python"
    (tmp_path / "component.yml").write_text(COMPONENT.format(name=name))
    made = hook.create_component(tmp_path / "component.yml")
    assert hook.get_component(name, made["version"])["id"] == made["id"]
    with pytest.raises(AzureMLNotFoundError):
        hook.get_component(name, "77")
    with pytest.raises(AzureMLNotFoundError):
        hook.get_environment(f"{name}-none")


def test_computes_are_made_scaled_stopped_and_deleted(name: str, hook: AzureMLHook, emulator: RunningEmulator) -> None:
    made = hook.create_compute({"name": name, "type": "amlcompute", "size": "STANDARD_DS2_V2", "max_instances": 2})
    assert hook.create_compute({"name": name, "type": "amlcompute", "max_instances": 9}) == made, "skip"
    hook.create_compute({"name": name, "type": "amlcompute", "tier": "dedicated", "max_instances": 3}, "update")
    assert hook.scale_compute(name, min_instances=1) == made
    inner = hook.get_compute(name)["properties"]["properties"]
    assert (inner["vmSize"], inner["scaleSettings"]["minNodeCount"]) == ("STANDARD_DS2_V2", 1)
    assert inner["scaleSettings"]["maxNodeCount"] == 3
    with pytest.raises(AzureMLSpecError, match="exists already"):
        hook.create_compute({"name": name, "type": "amlcompute"}, "fail")
    for _ in range(2):
        hook.delete_compute(name)
    with pytest.raises(AzureMLNotFoundError):
        hook.get_compute(name)
    instance = f"{name}-ci"
    hook.create_compute({"name": instance, "type": "computeinstance", "size": "STANDARD_DS2_V2"})
    assert hook.stop_compute_instance(instance)["name"] == instance
    assert hook.get_compute(instance)["properties"]["properties"]["state"] == "Stopped"
    hook.start_compute_instance(instance)
    assert hook.get_compute(instance)["properties"]["properties"]["state"] == "Running"


def test_an_endpoint_is_deployed_to_invoked_and_deleted(name: str, hook: AzureMLHook, tmp_path: Path) -> None:
    made = hook.create_online_endpoint({"name": name})
    assert made["id"].endswith(f"/onlineEndpoints/{name}")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text(DOUBLER)
    (tmp_path / "blue.yml").write_text(
        f"name: blue\nendpoint_name: {name}\nmodel: {register(tmp_path, '2')}\n"
        "code_configuration: {code: ./src, scoring_script: score.py}\nenvironment: {image: docker.io/python}\n"
        "instance_type: Standard_DS3_v2\ninstance_count: 1\n"
    )
    blue = hook.create_online_deployment(tmp_path / "blue.yml", traffic=100)
    assert hook.get_online_deployment(name, "blue")["id"] == blue["id"]
    assert hook.get_online_endpoint(name)["properties"]["traffic"] == {"blue": 100}
    assert hook.invoke_online_endpoint(name, {"data": [1, 2]}) == [2, 4]
    assert hook.invoke_online_endpoint(name, '{"data": [3]}', "blue") == [6]
    with pytest.raises(AzureMLSpecError, match="traffic: 100 names no deployment"):
        hook.set_online_traffic(name, 100)  # type: ignore[arg-type]
    assert hook.set_online_traffic(name, {}) == made
    assert hook.get_online_endpoint(name)["properties"]["traffic"] == {}
    hook.delete_online_endpoint(name)
    with pytest.raises(AzureMLNotFoundError):
        hook.get_online_endpoint(name)


def test_a_model_is_shared_and_downloaded(name: str, hook: AzureMLHook, tmp_path: Path) -> None:
    model = register(tmp_path, "7")
    shared = hook.share_model(model, "local", name)
    assert shared == {"id": f"azureml://registries/local/models/{name}/versions/1", "name": name, "version": "1"}
    assert hook.share_model(model, "local", name) == shared
    with pytest.raises(AzureMLSpecError, match="name: 'a b' is not a name"):
        hook.share_model(model, "local", "a b")
    asset = hook.get_model(model.split(":")[1])
    assert (asset["version"], hook.list_versions("models", asset["name"])) == ("1", ["1"])
    with pytest.raises(AzureMLNotFoundError):
        hook.get_data_asset(f"{name}-none")
    (file,) = hook.download_model(model, tmp_path / "fetched")
    assert Path(file).read_text() == "7"
