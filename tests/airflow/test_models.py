"""Models: registered from wherever they lie, once for each place."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLRegisterModelOperator
from airflow_azureml.rest import assets

pytestmark = pytest.mark.usefixtures("hook")
DATASTORE = "azureml://datastores/workspaceblobstore/paths"


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return f"model-{uuid4().hex[:8]}"


def register(**given: Any) -> dict[str, Any]:
    """Run the operator."""
    return AzureMLRegisterModelOperator(task_id="t", **given).execute({})


def kind(hook: AzureMLHook, made: dict[str, Any]) -> str:
    """The type of a registered model."""
    with hook.client() as client:
        found = client.run(assets.get(client.workspace, "models", made["name"], made["version"]))
    return str(found.properties["modelType"])


def test_versions_count_up_only_when_the_place_changes(name: str, hook: AzureMLHook) -> None:
    first = register(name=name, path=f"{DATASTORE}/a/")
    assert (first["name"], first["version"]) == (name, "1")
    assert first["id"].endswith(f"/models/{name}/versions/1")
    assert first["path"].startswith("azureml://subscriptions/")
    assert register(name=name, path=f"{DATASTORE}/a/") == first
    assert register(name=name, path=f"{DATASTORE}/b/")["version"] == "2"
    assert kind(hook, first) == "custom_model"


@pytest.mark.parametrize(
    ("given", "upstream", "expected"),
    [
        (None, "mlflow_model", "mlflow_model"),
        (None, "uri_folder", "custom_model"),
        (None, "custom_model", "custom_model"),
        ("triton_model", "mlflow_model", "triton_model"),
    ],
)
def test_an_output_that_is_a_model_brings_its_type(
    name: str, given: str | None, upstream: str, expected: str, hook: AzureMLHook
) -> None:
    output = {"type": upstream, "path": f"{DATASTORE}/m/", "https_url": "https://x", "abfss_url": None}
    assert kind(hook, register(name=name, path=output, type=given)) == expected


def test_a_local_model_is_uploaded_once(name: str, tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_text(name)
    first = register(name=name, path=str(tmp_path / "model.txt"))
    assert first["path"].endswith("/model.txt")
    assert register(name=name, path=str(tmp_path / "model.txt")) == first


def test_a_spec_is_the_clis_yaml_and_keywords_win(name: str, hook: AzureMLHook) -> None:
    text = f"name: other\npath: {DATASTORE}/a/\ntype: mlflow_model\nversion: 3\n"
    made = register(spec=text, name=name, tags={"a": "b"})
    assert (made["name"], made["version"], kind(hook, made)) == (name, "3", "mlflow_model")


def test_stage_and_tags_of_a_version_change_and_its_files_and_type_stay(name: str, hook: AzureMLHook) -> None:
    made = register(name=name, path=f"{DATASTORE}/a/", type="mlflow_model", stage="Staging", tags={"loss": "0.1"})
    assert register(path=made, stage="Production", tags={"approved_by": "ann"}) == made
    with hook.client() as client:
        found = client.run(assets.get(client.workspace, "models", name, "1")).properties
    assert (found["stage"], found["modelType"]) == ("Production", "mlflow_model")
    assert found["tags"] == {"loss": "0.1", "approved_by": "ann"}
    assert register(name=f"{name}-copy", path=made)["name"] == f"{name}-copy", "another name is another model"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "a b", "path": f"{DATASTORE}/a"}, ["name", '"a b"']),
        ({"name": "a", "path": "./no-such-folder"}, ["path", "./no-such-folder"]),
        ({"name": "a", "path": f"{DATASTORE}/a", "type": "pickle"}, ["type", '"pickle"', "mlflow_model"]),
    ],
)
def test_mistakes_name_the_field(given: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(AzureMLSpecError) as caught:
        register(**given)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
