"""What azure-ai-ml 1.35.2 sends for values and places that no example shows; each was seen by running it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec.load import load
from airflow_azureml.spec.translate import translate

WS = Workspace("s", "g", "w")
COMMAND = "command: echo\nenvironment: azureml:e:1\n"


def properties(text: str, folder: Path | str = "/jobs") -> dict[str, Any]:
    found: dict[str, Any] = translate(load(text, file=f"{folder}/job.yml"), WS).body["properties"]
    return found


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("2024-01-02", "2024-01-02"),
        ("2024-01-02 10:00:00", "2024-01-02T10:00:00Z"),
        ("2024-01-02T10:00:00+02:00", "2024-01-02T08:00:00Z"),
        ("1.0e-4", 0.0001),
        ("yes", True),
    ],
)
def test_what_yaml_reads_as_more_than_text_goes_into_the_environment(given: str, sent: Any) -> None:
    found = properties(f"{COMMAND}environment_variables: {{A: {given}}}\n")
    assert found["environmentVariables"] == {"A": sent}


def test_empty_names_are_none() -> None:
    found = properties(f'{COMMAND}display_name: ""\nexperiment_name: ""\n')
    assert not {"displayName", "experimentName"} & set(found)


SWEEP = """type: pipeline
jobs:
  s:
    type: sweep
    compute: azureml:c
    trial: c.yml
    search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}
    objective: {goal: minimize, primary_metric: m}
    limits: {max_total_trials: 2}
    sampling_algorithm: random
"""
TRIAL = "type: command\ncommand: echo ${{inputs.lr}}\nenvironment: azureml:e:1\ninputs: {lr: {type: number}}\n"


def test_tags_of_a_sweep_node_may_be_numbers(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text(TRIAL)
    found = properties(f"{SWEEP}    tags: {{run: 3, x: 0.5}}\n    description: 1\n", tmp_path)
    assert found["jobs"]["s"]["tags"] == {"run": 3, "x": 0.5}


def test_inputs_of_a_sweep_node_are_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text(TRIAL)
    with pytest.raises(SpecError, match=r"jobs\.s\.inputs: an empty value"):
        properties(f"{SWEEP}    inputs:\n", tmp_path)


@pytest.mark.parametrize("key", ["tags", "properties"])
def test_labels_of_a_spark_node_are_a_mapping(key: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    text = f"type: pipeline\njobs:\n  s:\n    type: spark\n    code: .\n    entry: {{file: a.py}}\n    {key}: text\n"
    with pytest.raises(SpecError, match=rf"jobs\.s\.{key}: "):
        properties(text, tmp_path)


def test_tags_of_a_node_with_a_component_may_be_numbers(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text(TRIAL)
    text = "type: pipeline\njobs:\n  n:\n    component: c.yml\n    inputs: {lr: 1}\n    compute: azureml:c\n"
    found = properties(f"{text}    tags: {{run: 3.5}}\n    description: {{}}\n", tmp_path)
    assert found["jobs"]["n"]["tags"] == {"run": 3.5}
