"""Environments and components: making the same again is no work, and a version never changes what it stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLCreateComponentOperator,
    AzureMLCreateEnvironmentOperator,
)
from airflow_azureml.rest import assets
from tests.airflow.scoring import context
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")

IMAGE = "docker.io/python"
COMPONENT = """
name: {name}
type: command
tags: {{team: risk}}
inputs: {{rate: {{type: number, default: 0.1}}}}
outputs: {{out: {{type: uri_folder}}}}
code: ./src
environment: {{image: docker.io/python}}
command: python a.py ${{{{inputs.rate}}}}
is_deterministic: true
"""


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return f"def_{uuid4().hex[:8]}"


def environment(**given: Any) -> dict[str, Any]:
    """Run the operator that makes an environment."""
    return AzureMLCreateEnvironmentOperator(task_id="t", **given).execute({})


def component(**given: Any) -> dict[str, Any]:
    """Run the operator that makes a component."""
    return AzureMLCreateComponentOperator(task_id="t", **given).execute({})


def puts(emulator: RunningEmulator) -> int:
    """How many PUTs were received, of definitions and of blobs."""
    return sum(one["method"] == "PUT" for one in emulator.journal())


def shown(hook: AzureMLHook, kind: str, name: str, version: str) -> dict[str, Any]:
    """What the service holds of a version."""
    with hook.client() as client:
        return dict(client.run(assets.get(client.workspace, kind, name, version)).properties)


@pytest.fixture
def folder(tmp_path: Path, name: str) -> Path:
    """A component's file and its code."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text(f"# {name}\n")
    (tmp_path / "component.yml").write_text(COMPONENT.format(name=name))
    return tmp_path


def test_an_environment_gets_a_version_only_when_its_definition_changes(
    name: str, emulator: RunningEmulator, tmp_path: Path
) -> None:
    conda = tmp_path / "conda.yml"
    conda.write_text("dependencies:\n- python=3.11\n")
    first = environment(name=name, image=IMAGE, conda_file=conda)
    assert first == {"id": first["id"], "name": name, "version": "1"}
    assert first["id"].endswith(f"/environments/{name}/versions/1")
    before = puts(emulator)
    assert environment(name=name, image=IMAGE, conda_file=str(conda)) == first
    assert environment(name=name, image=IMAGE, conda_file=str(conda), version="1") == first
    assert environment(name=name, image=IMAGE, conda_file={"dependencies": ["python=3.11"]}) == first
    assert puts(emulator) == before, "nothing is sent"
    conda.write_text("dependencies:\n- python=3.12\n")
    assert environment(name=name, image=IMAGE, conda_file=conda)["version"] == "2"
    assert environment(name=name, image=IMAGE)["version"] == "3"


def test_a_given_version_is_never_redefined(name: str) -> None:
    first = environment(name=name, image=IMAGE, version="blue")
    assert environment(name=name, image=IMAGE, version="blue") == first
    with pytest.raises(AzureMLSpecError, match=f"version: {name}:blue already exists with another definition"):
        environment(name=name, image="docker.io/other", version="blue")


def test_a_version_that_somebody_else_made_is_judged_by_the_service(name: str, hook: AzureMLHook) -> None:
    with hook.client() as client:
        body = {"properties": {"image": IMAGE, "tags": {"by": "cli"}}}
        client.run(assets.create(client.workspace, "environments", name, "4", body))
    assert environment(name=name, image=IMAGE)["version"] == "4"
    assert shown(hook, "environments", name, "4")["tags"] == {"by": "cli"}
    assert environment(name=name, image="docker.io/other")["version"] == "5"


def test_what_is_said_about_a_version_changes_and_the_rest_stays(name: str, hook: AzureMLHook) -> None:
    first = environment(name=name, image=IMAGE, description="d", tags={"team": "risk"})
    assert environment(name=name, image=IMAGE, tags={"day": "1"}) == first
    found = shown(hook, "environments", name, "1")
    assert (found["description"], found["tags"]) == ("d", {"team": "risk", "day": "1"})


def test_a_build_context_is_uploaded_by_its_content(name: str, tmp_path: Path, emulator: RunningEmulator) -> None:
    (tmp_path / "Dockerfile").write_text("FROM docker.io/python\n")
    first = environment(name=name, build={"path": str(tmp_path)})
    before = puts(emulator)
    assert environment(name=name, build={"path": str(tmp_path)}) == first
    assert puts(emulator) == before
    (tmp_path / "Dockerfile").write_text("FROM docker.io/other\n")
    assert environment(name=name, build={"path": str(tmp_path)})["version"] == "2"


def test_a_component_gets_a_version_only_when_its_definition_changes(
    name: str, folder: Path, emulator: RunningEmulator, hook: AzureMLHook
) -> None:
    spec = str(folder / "component.yml")
    first = component(spec=spec)
    assert first == {"id": first["id"], "name": name, "version": "1"}
    before = puts(emulator)
    assert component(spec=spec) == first
    found = shown(hook, "components", name, "1")
    assert (found["componentSpec"]["inputs"]["rate"]["type"], found["tags"]) == ("number", {"team": "risk"})
    assert puts(emulator) - before <= 1, "no more than the anonymous environment, which is named by its content"
    (folder / "src" / "a.py").write_text("# other\n")
    assert component(spec=spec)["version"] == "2", "other code is another definition"
    text = (folder / "component.yml").read_text()
    (folder / "component.yml").write_text(
        text.replace("inputs: {rate: {type: number, default: 0.1}}\n", "").replace(" ${{inputs.rate}}", "")
    )
    assert component(spec=spec)["version"] == "3", "a port less is another definition"
    assert component(spec=spec, version="release")["version"] == "release"
    with pytest.raises(AzureMLSpecError, match=f"version: {name}:1 already exists"):
        component(spec=spec, version="1")


def test_a_job_takes_the_result_of_the_task(name: str) -> None:
    made = environment(name=name, image=IMAGE)
    task = AzureMLCommandJobOperator(task_id="t", command="echo", environment=made["id"], poll_interval=0.2)
    assert task.execute(context())["status"] == "Completed"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "a b", "image": IMAGE}, ["name", '"a b"', "letters"]),
        ({"name": "a"}, ["image", "build"]),
        ({"name": "a", "image": IMAGE, "build": {"path": str(Path(__file__).with_name("dags"))}}, ["image", "build"]),
        ({"name": "a", "image": IMAGE, "conda_file": "none.yml"}, ["conda_file", "none.yml"]),
        ({"spec": "name: a\nimage: b\nflavour: x\n"}, ["flavour"]),
    ],
)
def test_mistakes_in_an_environment_name_the_field(
    given: dict[str, Any], words: list[str], emulator: RunningEmulator
) -> None:
    before = puts(emulator)
    with pytest.raises(AzureMLSpecError) as caught:
        environment(**given)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
    assert puts(emulator) == before


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("type: command\ncommand: echo\nenvironment: azureml:e:1\n", ["name", "required"]),
        ("name: a\ntype: comand\n", ["type", '"comand"', "command"]),
        ("none.yml", ["spec", "none.yml"]),
    ],
)
def test_mistakes_in_a_component_name_the_field(spec: str, words: list[str]) -> None:
    with pytest.raises(AzureMLSpecError) as caught:
        component(spec=spec)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
