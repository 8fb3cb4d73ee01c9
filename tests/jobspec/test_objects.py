"""Job objects of the real ``azure-ai-ml``: the same request as for the YAML that says the same."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pathspec
import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.sdk_objects import BASE, as_mapping, plain
from airflow_azureml.jobspec.render import render
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from demo.warm_python import WarmPython
from tests.corpus.compare import differences

PROVIDER = Path(__file__).resolve().parents[2] / "provider"
WS = Workspace("s", "g", "w")

SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
sys.path.append(sys.argv[2])
from azure.ai.ml import Input, MpiDistribution, Output, command, dsl, load_job
from azure.ai.ml.entities import Environment, SshJobService
from azure.ai.ml.sweep import Choice
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.render import render
from airflow_azureml.jobspec.translate import translate

def train(**more):
    return command(command="python main.py ${{inputs.data}} ${{inputs.rate}} ${{outputs.model}}", code="./src",
                   inputs={"data": Input(type="uri_folder", path="./data"), "rate": 0.1, **more},
                   outputs={"model": Output(type="uri_folder", mode="upload")},
                   environment=Environment(image="img", conda_file="./conda.yml"), compute="cpu")

@dsl.pipeline(compute="azureml:cpu")
def flow(rate: float):
    first = train()(data=Input(type="uri_folder", path="./data"), rate=rate)
    second = train()(data=first.outputs.model, rate=2)
    return {"found": second.outputs.model}

def swept():
    job = train()(data=Input(type="uri_folder", path="azureml:d:1"), rate=Choice([0.1, 0.2]))
    made = job.sweep(compute="cpu", sampling_algorithm="random", goal="maximize", primary_metric="auc")
    made.set_limits(max_total_trials=4, timeout=60)
    return made

def rich():
    job = train()
    job.distribution = MpiDistribution(process_count_per_instance=2)
    job.set_resources(instance_count=2, shm_size="2g")
    job.services = {"s": SshJobService(ssh_public_keys="k")}
    return job

made = {"command": train, "rich": rich, "sweep": swept, "dsl": lambda: flow(0.5), "loaded": lambda: load_job("p.yml")}
for name, make in made.items():
    workspace = Workspace("s", "g", "w")
    print(json.dumps([name, render(translate(load(make()), workspace), workspace)]), flush=True)
"""

COMMAND = """
command: python main.py ${{inputs.data}} ${{inputs.rate}} ${{outputs.model}}
code: ./src
inputs: {data: {type: uri_folder, path: ./data}, rate: 0.1}
outputs: {model: {type: uri_folder, mode: upload}}
environment: {image: img, conda_file: ./conda.yml}
compute: azureml:cpu
"""
RICH = (
    COMMAND
    + """
distribution: {type: mpi, process_count_per_instance: 2}
resources: {instance_count: 2, shm_size: 2g}
services: {s: {type: ssh, ssh_public_keys: k}}
"""
)
SWEEP = """
type: sweep
compute: azureml:cpu
sampling_algorithm: random
objective: {goal: maximize, primary_metric: auc}
limits: {max_total_trials: 4, timeout: 60}
search_space: {rate: {type: choice, values: [0.1, 0.2]}}
inputs: {data: {type: uri_folder, path: azureml:d:1}}
outputs: {model: {type: uri_folder, mode: upload}}
trial:
  command: python main.py ${{inputs.data}} ${{search_space.rate}} ${{outputs.model}}
  code: ./src
  environment: {image: img, conda_file: ./conda.yml}
"""
PIPELINE = """
type: pipeline
outputs: {o: }
settings: {default_compute: azureml:cpu}
jobs:
  a:
    command: echo ${{outputs.x}}
    environment: {image: img}
    outputs: {x: "${{parent.outputs.o}}"}
"""
WORDS = {"command": COMMAND, "rich": RICH, "sweep": SWEEP, "loaded": PIPELINE}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the jobs upload."""
    folder = tmp_path_factory.mktemp("job")
    for name, text in {"src/main.py": "1", "data/a.csv": "a", "conda.yml": "name: x\n", "p.yml": PIPELINE}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def made(microsofts_client: WarmPython, folder: Path) -> dict[str, Any]:
    """What is sent for each object, by the name of what made it."""
    paths = [str(PROVIDER), os.path.dirname(os.path.dirname(pathspec.__file__))]
    done = microsofts_client.run("-c", SCRIPT, *paths, cwd=folder)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(lines)


def reduced(shown: Any) -> Any:
    """Leave out what is empty, and put what is registered in the place of its name, which is a hash of it."""
    bodies = {row["path"]: row["body"] for row in shown["requests"]}

    def go(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {name: go(item) for name, item in value.items() if name not in ("displayName", "$schema")}
            return {name: item for name, item in kept.items() if item not in ({}, None)}
        if isinstance(value, str) and value.removeprefix("azureml:") in bodies:
            return go(bodies[value.removeprefix("azureml:")])
        return [go(item) for item in value] if isinstance(value, list) else value

    return go(shown["body"])


@pytest.mark.parametrize("name", WORDS)
def test_objects_ask_for_what_the_same_yaml_asks_for(made: dict[str, Any], folder: Path, name: str) -> None:
    wanted = render(translate(load(WORDS[name], folder=str(folder)), WS), WS)
    found = made[name]
    assert not differences(reduced(found), reduced(wanted))
    assert found["uploads"] == wanted["uploads"]


def test_a_pipeline_made_by_program(made: dict[str, Any]) -> None:
    body = made["dsl"]["body"]["properties"]
    assert set(body["jobs"]) == {"first", "second"}
    assert body["jobs"]["second"]["inputs"]["data"]["value"] == "${{parent.jobs.first.outputs.model}}"
    assert body["inputs"]["rate"] == {"jobInputType": "literal", "value": "0.5"}
    assert set(body["outputs"]) == {"found"}
    assert [upload["kind"] for upload in made["dsl"]["uploads"]] == ["code", "data"]


def test_an_incomplete_object_is_refused_with_its_own_words() -> None:
    class Job:
        def _to_dict(self) -> dict[str, Any]:
            raise AttributeError("'NoneType' object has no attribute 'x'")

    with pytest.raises(SpecError, match=r"cannot convert this Job to a job file: AttributeError: 'NoneType'"):
        load(Job())


class Written:
    """What stands for an object of Microsoft's client: what it writes down, and what it has besides."""

    def __init__(self, dump: dict[str, Any], **besides: Any) -> None:
        self.dump = dump
        self.__dict__.update(besides)

    def _to_dict(self) -> dict[str, Any]:
        return self.dump


def test_what_the_dump_of_a_pipeline_leaves_out_or_garbles_is_read_from_the_object() -> None:
    """Settings in a preview, data with the mode ``mount``, outputs of AutoML nodes: azure-ai-ml 1.35.2 sends them."""
    data = Written({}, type="uri_folder", path="azureml:x:1", mode="mount")
    bound = {"best_model": {"type": "literal", "value": "${{parent.outputs.m}}"}}
    job = Written(
        {"jobs": {"n": {"outputs": bound}}, "inputs": {"d": "{'path': 'azureml:x:1', 'mode': 'mount'}"}},
        settings=Written({"on_init": "n", "default_compute": None, "_source": "DSL"}),
        inputs={"d": data},
        jobs={"n": Written({})},
    )
    found = plain(job)
    assert found["settings"] == {"on_init": "n"}
    assert found["inputs"]["d"] == {"type": "uri_folder", "path": "azureml:x:1", "mode": "ro_mount"}
    assert found["jobs"]["n"]["outputs"] == {"best_model": "${{parent.outputs.m}}"}


def test_the_nodes_of_a_nested_pipeline_are_completed_from_their_objects_too() -> None:
    dump = {"jobs": {"n": {"component": {"jobs": {"m": {"inputs": {"b": 1}}}}}}}
    node = Written({}, display_name="Title", tags={"a": 1}, inputs={"b": True})
    nested = Written({}, component=Written({}, jobs={"m": node}))
    found = plain(Written(dump, jobs={"n": nested}))["jobs"]["n"]["component"]["jobs"]["m"]
    assert found == {"display_name": "Title", "tags": {"a": 1}, "inputs": {"b": True}}


def test_the_description_of_an_output_is_found_in_its_data() -> None:
    """That of an output which stands in the ``->`` of a pipeline's function, with azure-ai-ml 1.35.2."""
    returned = Written({}, description=None, _data=Written({}, description="what comes of it"))
    found = plain(Written({"jobs": {}, "outputs": {"o": {"type": "uri_folder"}}}, outputs={"o": returned}))
    assert found["outputs"]["o"] == {"type": "uri_folder", "description": "what comes of it"}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("azureml:../src", "/components/src"),
        ("azureml:src", "/components/score/src"),
        ("azureml:/elsewhere/src", "/elsewhere/src"),
        ("azureml:code:1", "azureml:code:1"),
        ("git+https://example.com/a", "git+https://example.com/a"),
        ("https://example.com/a", "https://example.com/a"),
    ],
)
def test_the_code_of_a_parallel_node_lies_by_the_file_of_its_component(code: str, found: str) -> None:
    node = Written({}, _base_path="/components/score")
    assert plain(Written({"jobs": {"n": {"task": {"code": code}}}}, jobs={"n": node}))["jobs"]["n"] == {
        "task": {"code": found}
    }


@pytest.mark.parametrize(
    ("compute", "found"),
    [
        ("cpu", "azureml:cpu"),
        ("azureml:cpu", "azureml:cpu"),
        ("${{parent.inputs.c}}", "${{parent.inputs.c}}"),
        ("/id", "azureml:/id"),
    ],
)
def test_the_compute_of_a_nested_pipeline_is_read_from_its_object(compute: str, found: str) -> None:
    dump = {"jobs": {"n": {"type": "pipeline"}, "m": {"type": "command"}}}
    nodes = {name: Written({}, compute=compute) for name in dump["jobs"]}
    assert plain(Written(dump, jobs=nodes))["jobs"] == {
        "n": {"type": "pipeline", "compute": found},
        "m": {"type": "command"},
    }


@pytest.mark.parametrize(
    ("besides", "found"),
    [
        ({}, None),
        ({"_source_path": ""}, None),
        ({"component": Written({}, _source_path="dags/training.py")}, None),
        ({"_source_path": "job.yml"}, "."),
        ({"component": Written({}, _source_path="component.yml")}, "."),
    ],
)
def test_what_was_made_in_python_has_no_folder_of_its_own(besides: dict[str, Any], found: str | None) -> None:
    """Microsoft's client says the working directory, which is another one in each of Airflow's processes."""
    here = str(Path.cwd())
    job = Written({"type": "command"}, base_path=here, **besides)
    assert as_mapping(job) == {"type": "command", BASE: found and here}
    node = Written({}, _base_path=here, **besides)
    dump = plain(Written({"jobs": {"n": {"task": {"code": "src"}}}}, jobs={"n": node}))
    assert dump["jobs"]["n"]["task"]["code"] == (os.path.join(here, "src") if found else "src")


def test_the_folder_of_a_component_may_be_relative_to_the_working_directory() -> None:
    """The pipeline's own folder would be put before a path that stayed relative."""
    node = Written({}, _base_path="components/score")
    found = plain(Written({"jobs": {"n": {"task": {"code": "../src"}}}}, jobs={"n": node}))
    assert found["jobs"]["n"]["task"]["code"] == str(Path.cwd() / "components" / "src")


@pytest.mark.parametrize(
    "resources", [{"instance_type": "Standard_E4S_V3"}, Written({}, instance_type="Standard_E4S_V3")]
)
def test_the_size_of_a_spark_node_is_sent_as_it_is_given(resources: Any) -> None:
    """The dump of a node writes it in small letters; azure-ai-ml 1.35.2 sends it as the object has it."""
    dump = {"jobs": {"n": {"type": "spark", "resources": {"instance_type": "standard_e4s_v3"}}}}
    found = plain(Written(dump, jobs={"n": Written({}, resources=resources)}))["jobs"]["n"]
    assert found["resources"] == {"instance_type": "Standard_E4S_V3"}
