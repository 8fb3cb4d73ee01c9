"""Deployments of pipeline components: literals of every type in every shape, data in and out, components from jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCreateDataAssetOperator
from tests.airflow.instance import Instance
from tests.airflow.scoring import deployment, endpoint, invoker, unique
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")

SHOW = """
type: command
name: show
environment:
  image: docker.io/python
inputs:
  word: {type: string}
  count: {type: integer}
  rate: {type: number}
  flag: {type: boolean}
  data: {type: uri_folder}
outputs:
  said: {type: uri_folder}
command: >-
  echo '${{inputs.word}}|${{inputs.count}}|${{inputs.rate}}|${{inputs.flag}}' > ${{outputs.said}}/said.txt;
  cat ${{inputs.data}}/a.txt >> ${{outputs.said}}/said.txt
"""
PIPELINE = """
type: pipeline
name: telling
inputs:
  word: {type: string, default: none}
  count: {type: integer, default: 0}
  rate: {type: number, default: 0.0}
  flag: {type: boolean, default: false}
  data: {type: uri_folder}
outputs:
  said: {type: uri_folder}
jobs:
  show:
    type: command
    component: ./show.yml
    inputs:
      word: ${{parent.inputs.word}}
      count: ${{parent.inputs.count}}
      rate: ${{parent.inputs.rate}}
      flag: ${{parent.inputs.flag}}
      data: ${{parent.inputs.data}}
    outputs:
      said: ${{parent.outputs.said}}
"""
VALUES = {"word": ("string", "app end"), "count": ("integer", 3), "rate": ("number", 0.5), "flag": ("boolean", True)}
TOLD = "app end|3|0.5|True"


@pytest.fixture(scope="module")
def connected(emulator: RunningEmulator) -> Iterator[None]:
    """Airflow's connection, for what the tests of this file share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", emulator["airflow_connection"])
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Components, and data for them."""
    folder = tmp_path_factory.mktemp("components")
    (folder / "show.yml").write_text(SHOW)
    (folder / "telling.yml").write_text(PIPELINE)
    (folder / "data").mkdir()
    (folder / "data" / "a.txt").write_text("the data\n")
    return folder


@pytest.fixture(scope="module")
def telling(folder: Path, connected: None) -> str:
    """An endpoint that runs the pipeline component of a file."""
    name = unique("ep")
    endpoint(name=name)
    spec = {
        "name": "telling",
        "endpoint_name": name,
        "type": "pipeline",
        "settings": {"default_compute": "cpu-cluster"},
    }
    deployment(spec=spec, component=str(folder / "telling.yml"), set_default=True)
    return name


def said(hook: AzureMLHook, result: dict[str, Any], folder: Path) -> list[str]:
    """What a job of the component wrote."""
    (file,) = hook.download_output(result["job_name"], "said", folder)
    return Path(file).read_text().splitlines()


SHAPES: dict[str, dict[str, Any]] = {
    "scalars": {name: value for name, (_, value) in VALUES.items()},
    "default": {name: {"type": kind, "default": value} for name, (kind, value) in VALUES.items()},
    "value": {name: {"type": kind, "value": value} for name, (kind, value) in VALUES.items()},
    "no type": {name: {"value": value} for name, (_, value) in VALUES.items()},
    "texts of a type": {name: {"type": kind, "default": str(value)} for name, (kind, value) in VALUES.items()},
    "the service's words": {name: {"JobInputType": "Literal", "Value": value} for name, (_, value) in VALUES.items()},
    "float": {
        **{name: value for name, (_, value) in VALUES.items()},
        "rate": {"type": "float", "default": 0.5},
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_literals_arrive_in_every_shape(
    shape: str, telling: str, folder: Path, hook: AzureMLHook, tmp_path: Path
) -> None:
    inputs = {**SHAPES[shape], "data": {"type": "uri_folder", "path": str(folder / "data")}}
    ti = Instance()
    result = invoker(endpoint_name=telling, inputs=inputs).execute(ti.context())
    assert result["status"] == "Completed"
    assert ti.xcoms["said"] == result["outputs"]["said"]
    assert said(hook, result, tmp_path) == [TOLD, "the data"]


def test_inputs_left_out_take_their_defaults_and_the_experiment_is_chosen(
    telling: str, folder: Path, hook: AzureMLHook, tmp_path: Path
) -> None:
    name = unique("chosen")
    result = invoker(
        endpoint_name=telling, inputs={"data": {"path": str(folder / "data")}}, experiment_name=name, job_name="shown"
    ).execute(Instance().context())
    assert result["experiment_name"] == name
    assert hook.get_job(result["job_name"]).display_name == "shown"
    assert said(hook, result, tmp_path)[0].lower() in ("none|0|0|false", "none|0|0.0|false")


@pytest.mark.parametrize("form", ["short", "id"])
def test_an_output_goes_where_it_is_asked_for(form: str, telling: str, folder: Path, hook: AzureMLHook) -> None:
    place = f"scores/{uuid4().hex}/"
    ws = hook.settings().workspace
    path = {
        "short": f"azureml://datastores/workspaceblobstore/paths/{place}",
        "id": f"{ws.path}/datastores/workspaceblobstore/paths/{place}",
    }[form]
    result = invoker(
        endpoint_name=telling,
        file=f"inputs:\n  data: {{type: uri_folder, path: {folder / 'data'}}}\n",
        set={"outputs.said.type": "uri_folder", "outputs.said.path": path},
    ).execute(Instance().context())
    assert result["outputs"]["said"]["path"].endswith(f"/datastores/workspaceblobstore/paths/{place}")


def test_a_table_is_given_to_a_pipeline(telling: str, folder: Path, hook: AzureMLHook, tmp_path: Path) -> None:
    path = AzureMLCreateDataAssetOperator(task_id="t", name=unique("table"), path=str(folder / "data")).execute({})
    inputs = {"data": {"type": "mltable", "path": path["path"]}}
    result = invoker(endpoint_name=telling, inputs=inputs).execute(Instance().context())
    assert said(hook, result, tmp_path)[1] == "the data"


def test_the_pipeline_of_a_job_is_deployed(
    folder: Path, hook: AzureMLHook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__AZUREML__POLL_INTERVAL", "0.2")
    text = PIPELINE.replace("name: telling\n", "settings: {default_compute: azureml:cpu-cluster}\n")
    for kind in ("string, default: none", "integer, default: 0", "number, default: 0.0", "boolean, default: false"):
        text = text.replace(f"{{type: {kind}}}", kind.rpartition(" ")[2])
    text = text.replace("data: {type: uri_folder}", "data: {type: uri_folder, path: ./data}", 1)
    (folder / "job.yml").write_text(text)
    job = hook.create_job(str(folder / "job.yml"), unique("job"))
    assert hook.wait_for_job(job.name, 60).status == "Completed"
    name = unique("ep")
    endpoint(name=name)
    deployment(
        name="from-job",
        endpoint_name=name,
        job_definition=hook.get_result(job.name),
        settings={"default_compute": "cpu-cluster", "continue_on_step_failure": False},
    )
    inputs = {"word": "again", "count": 1, "data": {"path": str(folder / "data")}}
    result = invoker(endpoint_name=name, deployment_name="from-job", inputs=inputs).execute(Instance().context())
    assert said(hook, result, tmp_path)[0].startswith("again|1|")
