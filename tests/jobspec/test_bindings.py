"""Bindings that lead nowhere or in circles, wherever in a pipeline they stand, and what only looks like one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.requirements import Translation
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WS = Workspace("s", "g", "w")


def node(given: Any = None, made: Any = None, **more: Any) -> dict[str, Any]:
    """A command that takes ``i`` and gives ``o``."""
    inputs = {} if given is None else {"i": given}
    return {"command": "echo", "environment": "azureml:e:1", "inputs": inputs, "outputs": {"o": made}, **more}


def translated(jobs: dict[str, Any], folder: Path | None = None, **more: Any) -> Translation:
    job = {"type": "pipeline", "compute": "azureml:c", "inputs": {"rate": 1}, "outputs": {"model": None}, "jobs": jobs}
    return translate(load({**job, **more}, folder=str(folder) if folder else None), WS)


def refusal(jobs: dict[str, Any], folder: Path | None = None) -> list[str]:
    with pytest.raises(SpecError) as caught:
        translated(jobs, folder)
    return [str(problem) for problem in caught.value.problems]


def of(name: str, port: str = "o") -> str:
    return f"${{{{parent.jobs.{name}.outputs.{port}}}}}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("${{parent.input.rate}}", 'a pipeline has no "input". Did you mean "inputs"?'),
        ("${{parent.job.b.outputs.o}}", 'a pipeline has no "job". Did you mean "jobs"?'),
        ("${{parent.jobs.b.output.o}}", "Accepted: ${{parent.jobs.NODE.outputs.NAME}}."),
        ("${{parent.jobs.b}}", "this names no output"),
        ("${{ parent.inputs.rat }}", 'has no such input. Did you mean "rate"?'),
        ("${{parent.jobs.c.outputs.o}}", 'there is no node "c"'),
    ],
)
def test_one_line_for_a_binding_that_leads_nowhere(text: str, said: str) -> None:
    (line,) = refusal({"a": node(text, command="echo ${{inputs.i}}"), "b": node()})
    assert line.startswith("jobs.a.inputs.i: ")
    assert said in line


def test_bindings_in_settings_are_checked(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text("type: command\ncommand: echo\nenvironment: azureml:e:1\n")
    settings = {
        "compute": "${{parent.inputs.where}}",
        "resources": {"instance_count": "${{parent.inputs.count}}"},
        "environment_variables": {"RATE": "${{parent.inputs.rate}}", "X": "${{parent.jobs.b.outputs.o}}"},
    }
    found = refusal({"a": {"component": "c.yml", **settings}}, tmp_path)
    assert [line.split(": ")[0] for line in found] == [
        "jobs.a.compute",
        "jobs.a.resources.instance_count",
        "jobs.a.environment_variables.X",
    ]


@pytest.mark.parametrize("text", ["${parent.inputs.rate}", "{{parent.inputs.rate}}", "${{parent.inputs.rate}"])
def test_what_looks_like_a_binding_is_warned_of(text: str) -> None:
    """Microsoft's client sends it as the text that it is."""
    (warning,) = translated({"a": node(text)}).warnings
    assert "is sent as a string. Write a binding as ${{parent.…}}." in warning


@pytest.mark.parametrize("text", ["${{", "${{parent.inputs.count", "${{parent.inputs.count}", "${{parent inputs}}"])
def test_what_is_no_binding_is_no_number(text: str, tmp_path: Path) -> None:
    """azure-ai-ml takes only what closes, in one word, in the place of a number."""
    (tmp_path / "c.yml").write_text("type: command\ncommand: echo\nenvironment: azureml:e:1\n")
    (line,) = refusal({"a": {"component": "c.yml", "resources": {"instance_count": text}}}, tmp_path)
    assert line.startswith("jobs.a.resources.instance_count: ")


def test_circles(tmp_path: Path) -> None:
    longer = {"a": node(of("c")), "b": node(of("a")), "c": node(of("b")), "d": node(of("a"))}
    assert refusal(longer) == ["jobs.b.inputs.i: nodes wait for each other: a -> c -> b -> a."]
    around = {"a": node("${{parent.outputs.model}}"), "b": node(of("a"), "${{parent.outputs.model}}")}
    assert refusal(around) == ["jobs.b.inputs.i: nodes wait for each other: a -> b -> a."]
    assert "a -> a" in refusal({"a": node(of("a"))})[0]
    settings = {"a": node(environment_variables={"X": of("b")}), "b": node(of("a"))}
    assert "a -> b -> a" in refusal(settings)[0]
    (tmp_path / "part.yml").write_text(
        "type: pipeline\njobs:\n"
        f"  x: {{component: echo.yml, inputs: {{i: '{of('y')}'}}}}\n"
        f"  y: {{component: echo.yml, inputs: {{i: '{of('x')}'}}}}\n"
    )
    (tmp_path / "echo.yml").write_text(
        "type: command\ncommand: echo\nenvironment: azureml:e:1\n"
        "inputs: {i: {type: uri_folder}}\noutputs: {o: {type: uri_folder}}\n"
    )
    (line,) = refusal({"a": {"type": "pipeline", "component": "part.yml"}}, tmp_path)
    assert line == f"{tmp_path}/part.yml:4: jobs.y.inputs.i: nodes wait for each other: x -> y -> x."


def test_an_automl_node_has_no_inputs_of_its_own() -> None:
    data = "${{parent.outputs.model}}"
    automl = {"type": "automl", "task": "regression", "target_column_name": "y", "training_data": data}
    assert translated({"a": automl}).body
    (line,) = refusal({"a": {**automl, "training_data": "${{parent.inputs.nope}}"}})
    assert line.startswith("jobs.a.training_data: ${{parent.inputs.nope}}: the pipeline has no such input.")


def test_names_that_are_no_texts(tmp_path: Path) -> None:
    """Those of a pipeline that runs a component are looked up once more."""
    (tmp_path / "part.yml").write_text("type: pipeline\njobs: {}\n")
    job = {"type": "pipeline", "component": "part.yml", "inputs": {1: 2}, "outputs": {True: None}}
    with pytest.raises(SpecError) as caught:
        translate(load(job, folder=str(tmp_path)), WS)
    assert [problem.path for problem in caught.value.problems] == ["inputs.1", "outputs.true"]


def test_a_component_that_is_a_part_of_itself(tmp_path: Path) -> None:
    for name, other in (("one", "two"), ("two", "one")):
        text = f"type: pipeline\njobs:\n  n: {{type: pipeline, component: {other}.yml}}\n"
        (tmp_path / f"{name}.yml").write_text(text)
    (line,) = refusal({"a": {"type": "pipeline", "component": "one.yml"}}, tmp_path)
    assert line.startswith(f"{tmp_path}/two.yml:3: jobs.n.component: ")
    assert "contains itself" in line


OPTIONAL = """type: pipeline
jobs:
  a:
    compute: azureml:c
    component:
      type: command
      environment: azureml:e:1
      inputs: {{f: {{type: string, optional: true}}, g: {{type: string}}}}
      command: {}
    inputs: {{f: v, g: w}}
"""


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("echo ${{inputs.g}} --f ${{inputs.f}}", True),
        ("echo ${{inputs.g}} [--f ${{inputs.f}}]", True),
        ("echo ${{inputs.g}} $[[--f ${{inputs.f}}]] ${{inputs.f}}", True),
        ("echo ${{inputs.g}} $[[--f ${{inputs.f}}]]", False),
        ("echo ${{inputs.g}} $[[--f\n        ${{ inputs.f }}]]", False),
        ("echo ${{inputs.g}}", False),
    ],
)
def test_an_optional_input_outside_of_its_brackets(command: str, named: bool) -> None:
    warnings = translate(load(OPTIONAL.format(command), file="/x/job.yml"), WS).warnings
    assert len(warnings) == named
    for warning in warnings:
        assert warning.startswith(
            '/x/job.yml:9: jobs.a.component.command: the optional input "f" is used outside $[[ ]]'
        )


def test_the_list_that_a_sweep_chooses_from_takes_no_binding() -> None:
    """As Microsoft's client refuses it: "Not a valid list."."""
    sweep = {
        "type": "sweep",
        "trial": "azureml:t:1",
        "objective": {"goal": "minimize", "primary_metric": "m"},
        "limits": {"max_total_trials": 2},
        "search_space": {"c": {"type": "choice", "values": "${{parent.inputs.n}}"}},
    }
    job = {"type": "pipeline", "compute": "azureml:c", "inputs": {"n": 1}, "jobs": {"s": sweep}}
    with pytest.raises(SpecError, match=r"jobs\.s\.search_space\.c\.values: .* is not a list\."):
        translate(load(job), Workspace("s", "g", "w"))
