"""A pipeline split into its steps, and each step as a job of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document.document import Document
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.steps.around import Made
from airflow_azureml.jobspec.steps.command import as_command
from airflow_azureml.jobspec.steps.outline import parsed
from airflow_azureml.jobspec.steps.split import Split, split
from airflow_azureml.jobspec.steps.step import Step
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WORKSPACE = Workspace("00000000-0000-0000-0000-000000000000", "rg", "ws")

HEAD = "type: pipeline\nsettings: {default_compute: azureml:cpu}\n"
NODE = "{command: ls, environment: azureml:e:1%s}"

COMPONENT = """
type: command
inputs:
  data: {type: uri_folder, mode: download}
  rate: {type: number, default: 1}
  name: {type: string, optional: true}
outputs:
  model: {type: mlflow_model}
environment: azureml:e:1
code: src
command: train ${{inputs.data}} ${{inputs.rate}} $[[--name ${{inputs.name}}]] ${{outputs.model}}
resources: {instance_count: 2}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a component and its code."""
    (tmp_path / "parts" / "src").mkdir(parents=True)
    (tmp_path / "parts" / "src" / "a.py").write_text("pass\n", encoding="utf-8")
    (tmp_path / "parts" / "train.yml").write_text(COMPONENT, encoding="utf-8")
    return tmp_path


def split_text(text: str, folder: Path) -> Split:
    """Split a pipeline that lies in a file of the folder."""
    file = folder / "pipeline.yml"
    file.write_text(HEAD + text, encoding="utf-8")
    return split(parsed(HEAD + text, str(file), str(folder)))


def written(step: Step, **inputs: Any) -> Document:
    """The step's pipeline as its task has it."""
    document = replace(load(dict(step.job), folder=step.folder), places=step.places)
    return document.merged(inputs=inputs)


def as_job(step: Step, **inputs: Any) -> Mapping[str, Any]:
    """The job that the step is sent as."""
    document = as_command(written(step, **inputs))
    translate(document, WORKSPACE).check_accepted()
    return document.value


def train(node: str, folder: Path, around: str = "", **inputs: Any) -> Mapping[str, Any]:
    """The job of a step that runs the component."""
    text = f"{around}\njobs:\n  train: {{type: command, component: parts/train.yml, {node}}}\n"
    (step,) = split_text(text, folder).steps
    return as_job(step, **inputs)


def node(binding: str) -> str:
    """A node that takes something and gives ``o``."""
    return NODE % f", inputs: {{x: '${{{{parent.{binding}}}}}'}}, outputs: {{o: }}"


DATA = {"type": "uri_folder", "path": "azureml:d:1"}
MADE = {"type": "mltable", "path": "azureml://datastores/d/paths/p/", "https_url": None}
"""What another task has made."""

GIVEN = "inputs: {data: {type: uri_folder, path: 'azureml:d:1'}}"


def test_a_component_and_its_node_make_a_command(folder: Path) -> None:
    job = train(f"{GIVEN}, limits: {{timeout: 60}}", folder)

    assert job["type"] == "command"
    assert job["command"] == "train ${{inputs.data}} ${{inputs.rate}}  ${{outputs.model}}"
    assert job["inputs"] == {"data": {**DATA, "mode": "download"}, "rate": "1.0"}
    assert job["outputs"] == {"model": {"type": "mlflow_model"}}
    assert (job["compute"], job["resources"], job["limits"]) == ("azureml:cpu", {"instance_count": 2}, {"timeout": 60})


@pytest.mark.parametrize(
    ("node", "around", "inputs", "expected"),
    [
        ("inputs: {data: '${{parent.inputs.d}}'}", "inputs: {d: {path: 'azureml:d:1'}}", {}, {"data": DATA}),
        ("inputs: {data: '${{parent.inputs.d}}'}", "inputs: {d: {path: 'azureml:x:1'}}", {"d": DATA}, {"data": DATA}),
        (
            "inputs: {data: {path: '${{parent.inputs.d}}', mode: ro_mount}}",
            "inputs: {d: {path: 'azureml:d:1'}}",
            {},
            {"data": {**DATA, "mode": "ro_mount"}},
        ),
        ("inputs: {data: 'azureml:d:1', rate: 2}", "", {}, {"data": DATA, "rate": 2}),
        (
            "inputs: {data: {type: uri_file, path: 'azureml:d:1'}}",
            "",
            {},
            {"data": {**DATA, "type": "uri_file"}},
        ),
        ("inputs: {data: '${{parent.inputs.d}}'}", "inputs: {d: {path: 'azureml:x:1'}}", {"d": MADE}, {"data": MADE}),
        (
            "inputs: {data: 'azureml:d:1', rate: '${{parent.inputs.r}}'}",
            "inputs: {r: 0.5}",
            {"r": 0.25},
            {"data": DATA, "rate": 0.25},
        ),
        (
            "inputs: {data: 'azureml:d:1', name: 'a ${{parent.inputs.r}}'}",
            "inputs: {r: 0.5}",
            {},
            {"data": DATA, "name": "a 0.5"},
        ),
    ],
    ids=["bound", "overridden", "mode", "scalar-is-a-path", "type", "made", "literal", "within-text"],
)
def test_inputs_are_what_they_are_bound_to(
    folder: Path, node: str, around: str, inputs: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    found = train(node, folder, around, **inputs)["inputs"]

    assert found == {
        "rate": "1.0",
        **expected,
        "data": {
            "mode": "download",
            **expected["data"],
            **({"type": "uri_folder"} if expected["data"] is MADE else {}),
        },
    }


def test_an_optional_part_stays_where_its_input_is_given(folder: Path) -> None:
    job = train("inputs: {data: 'azureml:d:1', name: n}", folder)

    assert job["command"] == "train ${{inputs.data}} ${{inputs.rate}} --name ${{inputs.name}} ${{outputs.model}}"


@pytest.mark.parametrize(
    ("output", "around", "expected"),
    [
        ("", "", {"type": "mlflow_model"}),
        ("{mode: upload}", "", {"type": "mlflow_model", "mode": "upload"}),
        ("'${{parent.outputs.m}}'", "outputs: {m: }", {"type": "mlflow_model"}),
        (
            "'${{parent.outputs.m}}'",
            "outputs: {m: {type: custom_model, name: best}}",
            {"type": "custom_model", "name": "best"},
        ),
        (
            "{path: '${{parent.outputs.m}}', mode: upload}",
            "outputs: {m: {path: 'azureml://datastores/d/paths/p/'}}",
            {"type": "mlflow_model", "path": "azureml://datastores/d/paths/p/", "mode": "upload"},
        ),
    ],
)
def test_outputs_are_those_of_component_node_and_pipeline(
    folder: Path, output: str, around: str, expected: Mapping[str, Any]
) -> None:
    job = train(f"{GIVEN}, outputs: {{model: {output}}}", folder, around)

    assert job["outputs"] == {"model": expected}


@pytest.mark.parametrize("name", ["artifacts", "default"])
def test_artifacts_are_an_output_that_a_job_need_not_declare(folder: Path, name: str) -> None:
    further = f", outputs: {{{name}: , o: }}"
    first, second = split_text(f"jobs:\n  a: {NODE % further}\n  b: {node(f'jobs.a.outputs.{name}')}\n", folder).steps

    assert as_job(first)["outputs"] == {"o": {}}
    assert list(second.made.values()) == [Made(("a",), "default")]


def test_a_default_datastore_is_where_outputs_go(folder: Path) -> None:
    (step,) = split_text(f"jobs:\n  a: {NODE % ', outputs: {o: , p: {type: uri_file}}'}\n", folder).steps
    job = {**step.job, "settings": {"default_datastore": "azureml:lake"}}
    outputs = as_job(replace(step, job=job))["outputs"]

    place = "azureml://datastores/lake/paths/azureml/${{name}}/${{output_name}}/"
    assert [output["path"] for output in outputs.values()] == [place, f"{place}${{{{output_name}}}}"]


def test_settings_take_the_values_that_they_are_bound_to(folder: Path) -> None:
    further = ", compute: '${{parent.inputs.c}}', resources: {instance_count: '${{parent.inputs.n}}'}"
    found = split_text(f"inputs: {{c: 'azureml:gpu', n: 4}}\njobs:\n  a: {NODE % further}\n", folder)
    job = as_job(found.steps[0], n=3)

    assert (job["compute"], job["resources"]) == ("azureml:gpu", {"instance_count": 3})
    assert found.steps[0].has_compute


STAYS = {
    "registered": "{type: command, component: 'azureml:train:1', inputs: {data: 'x'}, outputs: {model: }}",
    "sweep": "{type: sweep, trial: parts/train.yml, sampling_algorithm: random, limits: {max_total_trials: 1}, "
    "objective: {goal: maximize, primary_metric: m}, search_space: {rate: {type: uniform, min_value: 0, max_value: 1}},"
    " inputs: {data: {path: 'azureml:d:1'}}}",
    "group of inputs": NODE % ", inputs: {a.b: 1}",
    "includes": "{component: {type: command, command: ls, environment: azureml:e:1, additional_includes: [parts]}}",
}


@pytest.mark.parametrize("node", STAYS.values(), ids=STAYS)
def test_what_no_command_job_says_stays_a_pipeline(folder: Path, node: str) -> None:
    (step,) = split_text(f"jobs:\n  a: {node}\n", folder).steps
    job = as_job(step)

    assert job["type"] == "pipeline"
    assert job["settings"] == {"default_compute": "azureml:cpu", "force_rerun": True}
    assert list(job["jobs"]) == ["a"]


def test_what_others_take_of_a_registered_component_is_an_output(folder: Path) -> None:
    takes = NODE % ", inputs: {x: '${{parent.jobs.a.outputs.data}}', y: '${{parent.outputs.m}}'}"
    text = (
        "outputs: {m: {type: mlflow_model}}\njobs:\n"
        f"  b: {takes}\n"
        "  a: {type: command, component: 'azureml:c:1', outputs: {model: '${{parent.outputs.m}}'}}\n"
    )
    found = split_text(text, folder)
    first, second = found.steps

    assert [first.path, second.path] == [("a",), ("b",)]
    assert first.job["outputs"] == {"model": {"type": "mlflow_model"}, "data": {}}
    assert dict(second.made) == {"a_data": Made(("a",), "data"), "m": Made(("a",), "model")}
    assert dict(found.outputs) == {"m": Made(("a",), "model")}


NESTED = """
type: pipeline
inputs:
  data: {type: uri_folder}
  rate: {type: number, default: 3}
  name: {type: string, optional: true}
outputs:
  best: {type: mlflow_model}
jobs:
  first:
    type: command
    component: parts/train.yml
    inputs: {data: "${{parent.inputs.data}}", rate: "${{parent.inputs.rate}}", name: "${{parent.inputs.name}}"}
    outputs: {model: "${{parent.outputs.best}}"}
"""


def test_a_pipeline_of_a_file_is_split_too(folder: Path) -> None:
    (folder / "nested.yml").write_text(NESTED, encoding="utf-8")
    inner = folder / "inner"
    inner.mkdir()
    (inner / "nested.yml").write_text(NESTED.replace("parts/", "../parts/"), encoding="utf-8")
    text = (
        "inputs: {rate: 7}\noutputs: {m: {mode: upload}}\njobs:\n"
        "  one: {type: pipeline, component: nested.yml, inputs: {data: './local'}}\n"
        "  two: {component: inner/nested.yml, outputs: {best: '${{parent.outputs.m}}'}, compute: 'azureml:gpu',"
        " inputs: {data: {path: './local', mode: ro_mount}, rate: '${{parent.inputs.rate}}', name: n}}\n"
        f"  end: {node('jobs.one.outputs.best')}\n"
    )
    (folder / "local").mkdir()
    (folder / "local" / "a").write_text("a", encoding="utf-8")
    found = split_text(text, folder)
    one, two, end = found.steps
    first, second = as_job(one), as_job(two)

    assert [step.path for step in found.steps] == [("one", "first"), ("two", "first"), ("end",)]
    assert (first["inputs"]["rate"], second["inputs"]["rate"]) == (3, 7)
    assert first["inputs"]["data"]["path"] == "./local"
    assert second["inputs"]["data"]["path"] == "../local"
    assert (first["inputs"]["data"]["mode"], second["inputs"]["data"]["mode"]) == ("download", "ro_mount")
    assert "name" not in first["inputs"]
    assert (first["compute"], second["compute"]) == ("azureml:cpu", "azureml:gpu")
    assert second["outputs"] == {"model": {"type": "mlflow_model", "mode": "upload"}}
    assert dict(end.made) == {"one_best": Made(("one", "first"), "model")}
    assert dict(two.given) == {"rate": "rate"}


WRONG = {
    "jobs:\n  a: {component: none.yml}\n": '4: jobs.a.component: "none.yml": there is no file {folder}/none.yml.',
    f"jobs:\n  a: {node('jobs.b.outputs.o')}\n": (
        '4: jobs.a.inputs.x: ${{parent.jobs.b.outputs.o}}: there is no node "b". Accepted: a.'
    ),
    f"inputs: {{rate: 1}}\njobs:\n  a: {node('inputs.rat')}\n": (
        '5: jobs.a.inputs.x: ${{parent.inputs.rat}}: the pipeline has no such input. Did you mean "rate"?'
    ),
    f"jobs:\n  t: {{type: command, component: parts/train.yml}}\n  a: {node('jobs.t.outputs.modl')}\n": (
        '5: jobs.a.inputs.x: ${{parent.jobs.t.outputs.modl}}: the node "t" has no such output. Did you mean "model"?'
    ),
    f"jobs:\n  a: {node('jobs.b.outputs.o')}\n  b: {node('jobs.a.outputs.o')}\n": (
        "4: jobs.a: nodes wait for each other: a -> b -> a."
    ),
    "jobs:\n  a: 1\n": "4: jobs.a: 1 is not a node. Accepted: a mapping.",
    "jobs: {}\n": "3: jobs: the pipeline has no steps. Accepted: a mapping of nodes.",
    "jobs:\n  A: {command: ls}\n": '4: jobs.A: "A" is not a node\'s name. Accepted: lower letters, digits and _.',
    "component: azureml:c:1\n": (
        '3: component: the steps of "azureml:c:1" are not written in a file. '
        "Accepted: the file of a component, or AzureMLJobOperator, which runs the pipeline as one job."
    ),
}


CONTROL = """
jobs:
  a: {command: ls, outputs: {done: {type: boolean}}}
  loop: {type: TYPE, body: "${{parent.jobs.a}}", condition: "${{parent.jobs.a.outputs.done}}"}
  after: {command: ls, inputs: {x: "${{parent.jobs.loop.outputs.x}}"}}
"""


@pytest.mark.parametrize("kind", ["do_while", "if_else", "parallel_for"])
def test_a_node_that_runs_others_is_no_task(folder: Path, kind: str) -> None:
    with pytest.raises(SpecError) as error:
        split_text(CONTROL.replace("TYPE", kind), folder)

    (problem,) = error.value.problems
    assert str(problem) == (
        f'{folder}/pipeline.yml:6: jobs.loop.type: "{kind}": what this node runs is decided in the service, while the '
        "pipeline runs. Accepted: AzureMLJobOperator, which runs the pipeline as one job."
    )


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_a_graph_that_is_wrong_is_refused_with_its_place(folder: Path, text: str, message: str) -> None:
    with pytest.raises(SpecError) as error:
        split_text(text, folder)

    (problem,) = error.value.problems
    assert str(problem) == f"{folder}/pipeline.yml:{message.replace('{folder}', str(folder))}"


def test_what_is_said_of_data_on_the_way_stays_with_it(folder: Path) -> None:
    (folder / "nested.yml").write_text(NESTED, encoding="utf-8")
    given = "inputs: {data: {path: '${{parent.jobs.a.outputs.o}}', mode: ro_mount}}"
    text = f"jobs:\n  a: {NODE % ', outputs: {o: }'}\n  b: {{type: pipeline, component: nested.yml, {given}}}\n"
    job = as_job(split_text(text, folder).steps[1], data=MADE)

    assert job["inputs"]["data"] == {**MADE, "type": "uri_folder", "mode": "ro_mount"}


def test_a_component_that_contains_itself_is_refused(folder: Path) -> None:
    (folder / "nested.yml").write_text(NESTED.replace("parts/train.yml", "nested.yml"), encoding="utf-8")
    with pytest.raises(SpecError, match="this component contains itself"):
        split_text("jobs:\n  a: {type: pipeline, component: nested.yml}\n", folder)


def test_a_pipeline_that_runs_a_component_of_a_file_has_its_steps(folder: Path) -> None:
    (folder / "nested.yml").write_text(NESTED, encoding="utf-8")
    text = "component: nested.yml\ninputs: {data: 'azureml:d:1'}\noutputs: {best: {name: champion}}\n"
    found = split_text(text, folder)
    (step,) = found.steps
    job = as_job(step)

    assert (step.path, dict(step.given)) == (("first",), {"data": "data"})
    assert job["inputs"]["rate"] == 3
    assert job["outputs"] == {"model": {"type": "mlflow_model", "name": "champion"}}
    assert dict(found.outputs) == {"best": Made(("first",), "model")}


def test_what_is_laid_over_must_be_there(folder: Path) -> None:
    text = f"{HEAD}inputs: {{rate: 1}}\njobs:\n  a: {node('inputs.rate')}\n"
    document = load(text, folder=str(folder))

    with pytest.raises(SpecError, match=r'inputs.rat: .* no such input. Did you mean "rate"'):
        split(document, {"rat": 2})
    with pytest.raises(SpecError, match=r"outputs.o: .* no such output. It has none"):
        split(document, None, {"o": None})
    assert split(document, {"rate": 2}).steps[0].job["inputs"] == {"rate": 2}


def test_other_jobs_have_no_steps(folder: Path) -> None:
    with pytest.raises(SpecError, match=r'"command" has no steps. Accepted: pipeline'):
        split(load({"type": "command", "command": "ls"}, folder=str(folder)))


def test_a_mistake_in_a_value_is_told_where_it_is_written(folder: Path) -> None:
    text = f"jobs:\n  a: {NODE % ', inputs: {x: {path: azureml:d:1, mode: no}}'}\n"
    (step,) = split_text(text.replace("azureml:d:1", "'azureml:d:1'"), folder).steps

    with pytest.raises(SpecError, match=r"pipeline.yml:4: inputs.x.mode: \"no\"|pipeline.yml:4: .*inputs.x.mode"):
        translate(as_command(written(step)), WORKSPACE)
