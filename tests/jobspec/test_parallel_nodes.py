"""Parallel nodes, written out and with a component, as azure-ai-ml 1.35.2 reads them; each was seen by running it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

SETTINGS: dict[str, Any] = {
    "input_data": "${{inputs.d}}",
    "mini_batch_size": "10",
    "task": {"type": "run_function", "code": "src", "entry_script": "a.py", "environment": "azureml:e:1"},
}
WITH = {"component": "c.yml"}
REGISTERED = {"component": "azureml:c:1"}
BINDING = "${{parent.inputs.n}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A component's file and its code."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("")
    component = {"type": "parallel", **SETTINGS, "inputs": {"d": {"type": "uri_folder"}}}
    (tmp_path / "c.yml").write_text(yaml.safe_dump(component))
    return tmp_path


def translated(folder: Path, node: dict[str, Any]) -> Any:
    node = {"type": "parallel", "compute": "azureml:c", "inputs": {"d": "${{parent.inputs.d}}"}, **node}
    inputs = {"d": {"type": "uri_folder", "path": "azureml:d:1"}, "n": 3}
    job = {"type": "pipeline", "inputs": inputs, "jobs": {"p": node}}
    return translate(load(yaml.safe_dump(job), file=str(folder / "job.yml")), Workspace("s", "g", "w"))


def sent(folder: Path, node: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = translated(folder, node).body["properties"]["jobs"]["p"]
    return found


def spec(folder: Path, node: dict[str, Any]) -> dict[str, Any]:
    """The spec of the component that is made of a node."""
    found: dict[str, Any] = sent(folder, node)["componentId"].requirement.body["properties"]["componentSpec"]
    return found


def refusal(folder: Path, node: dict[str, Any]) -> str:
    with pytest.raises(SpecError) as caught:
        translated(folder, node)
    (problem,) = caught.value.problems
    return str(problem).partition("job.yml:")[2].partition(": ")[2]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (SETTINGS, {"type": "managed", "client_id": "c"}),
        (WITH, {"identity_type": "Managed", "client_id": "c"}),
    ],
)
def test_written_out_its_identity_is_sent_in_yamls_words(
    folder: Path, node: dict[str, Any], expected: dict[str, str]
) -> None:
    assert sent(folder, {**node, "identity": {"type": "managed", "client_id": "c"}})["identity"] == expected


@pytest.mark.parametrize("key", ["environment", "code", "comment", "limits"])
def test_written_out_it_has_none_of_these(folder: Path, key: str) -> None:
    assert refusal(folder, {**SETTINGS, key: "azureml:e:1"}).startswith(f'jobs.p.{key}: unknown key "{key}"')


@pytest.mark.parametrize("key", ["services", "experiment_name", "display_name", "description"])
def test_written_out_it_keeps_what_any_job_has_to_itself(folder: Path, key: str) -> None:
    assert key not in sent(folder, {**SETTINGS, key: {"a": 1}})


@pytest.mark.parametrize("node", [SETTINGS, WITH])
@pytest.mark.parametrize(
    "key", ["task", "partition_keys", "retry_settings", "resources", "environment_variables", "properties", "tags"]
)
def test_a_binding_stands_for_a_value_and_not_for_a_mapping_or_list(
    folder: Path, node: dict[str, Any], key: str
) -> None:
    assert refusal(folder, {**node, key: BINDING}).startswith(f"jobs.p.{key}: ")


@pytest.mark.parametrize("node", [SETTINGS, WITH])
def test_values_are_bound_one_by_one(folder: Path, node: dict[str, Any]) -> None:
    bound = {
        "retry_settings": {"timeout": BINDING},
        "resources": {"instance_count": BINDING},
        "error_threshold": BINDING,
    }
    assert bound.items() <= sent(folder, {**node, **bound}).items()


def test_the_component_keeps_keys_to_partition_by_and_no_other_bound_setting(folder: Path) -> None:
    given = {"partition_keys": ["a", BINDING], "error_threshold": BINDING, "max_concurrency_per_instance": 2}
    found = spec(folder, {**SETTINGS, **given})
    assert found["partition_keys"] == f'["a", "{BINDING}"]'
    assert "error_threshold" not in found
    assert found["max_concurrency_per_instance"] == 2


@pytest.mark.parametrize("key", ["inputs", "outputs"])
def test_written_out_its_ports_are_a_mapping(folder: Path, key: str) -> None:
    assert refusal(folder, {**SETTINGS, key: None}).startswith(f"jobs.p.{key}: an empty value")


def test_written_out_a_text_is_no_output(folder: Path) -> None:
    assert "is not an output" in refusal(folder, {**SETTINGS, "outputs": {"o": "somewhere"}})


def test_a_list_of_docker_arguments_has_a_name_of_its_own(folder: Path) -> None:
    resources = {"instance_count": 2, "docker_args": ["a"]}
    assert sent(folder, {**SETTINGS, "resources": resources})["resources"] == {
        "instance_count": 2,
        "docker_args_list": ["a"],
    }
    assert spec(folder, {**SETTINGS, "resources": resources})["resources"] == resources


def test_resources_above_overrule_those_below(folder: Path) -> None:
    found = sent(folder, {**REGISTERED, "instance_count": 3, "resources": {"instance_count": 2, "instance_type": "T"}})
    assert found["resources"] == {"instance_count": 3, "instance_type": "T"}
    assert "instance_count" not in found


def test_code_in_git_is_registered_by_its_address(folder: Path) -> None:
    task = {**SETTINGS["task"], "code": "git+https://host/x"}
    made = spec(folder, {**SETTINGS, "task": task})["task"]["code"]
    assert made.template.startswith("azureml:")
    assert made.requirement.body["properties"]["codeUri"] == "git+https://host/x"
