"""Literals that the service does not take, that name data, or that an input of a type takes as they are meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.cli import main
from airflow_azureml.jobspec.batch.arguments import arguments
from airflow_azureml.jobspec.batch.invocation import translate_invocation
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from tests.jobspec.translated import COMMAND, HEAD, PIPELINE, WS, job

EMPTY = "an empty string is not accepted as an input: Azure ML refuses it"
PLACES: dict[str, Any] = {
    "inputs.x": {**COMMAND, "inputs": {"x": ""}},
    "inputs.x.value": {**COMMAND, "inputs": {"x": {"value": ""}}},
    "jobs.n.inputs.x": {
        "type": "pipeline",
        "jobs": {"n": {**COMMAND, "compute": "azureml:c", "inputs": {"x": ""}}},
    },
    "jobs.m.inputs.x": {
        "type": "pipeline",
        "jobs": {
            "m": {
                "component": {"type": "command", **COMMAND, "inputs": {"x": {"type": "string"}}},
                "compute": "azureml:c",
                "inputs": {"x": ""},
            }
        },
    },
    "inputs.p": {
        "type": "pipeline",
        "inputs": {"p": "", "x": 1},
        "jobs": {"n": {**COMMAND, "compute": "azureml:c", "inputs": {"x": "${{parent.inputs.p}}"}}},
    },
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("from_python", [False, True])
def test_an_empty_text_is_refused_before_anything_is_sent(place: str, from_python: bool) -> None:
    translation = translate(load(PLACES[place], from_python=from_python), WS)
    with pytest.raises(SpecError) as caught:
        translation.check_accepted()
    (problem,) = caught.value.problems
    assert (problem.path, problem.message.startswith(EMPTY)) == (place, True)


def test_an_empty_text_that_is_set_or_a_default() -> None:
    with pytest.raises(SpecError, match=r"inputs\.x: an empty string .* \(given by set\)"):
        translate(load({**COMMAND, "inputs": {"x": 1}}).with_values({"inputs.x": ""}), WS).check_accepted()
    with pytest.raises(SpecError, match=r"inputs\.x: an empty string .* \(given by set\)"):
        translate(load({**COMMAND, "inputs": {"x": 1}}).with_values(["inputs.x=''"]), WS).check_accepted()
    assert "Azure ML ignores an empty default" in job(PIPELINE.format("{type: string, default: ''}")).warnings[0]
    assert not job(PIPELINE.format("{type: string, optional: true, default: ''}")).warnings


def test_an_empty_text_is_told_with_all_other_mistakes() -> None:
    with pytest.raises(SpecError) as caught:
        translate(load({**COMMAND, "inputs": {"x": ""}, "comptue": "c"}), WS)
    assert [problem.path for problem in caught.value.problems] == ["comptue", "inputs.x"]


def test_an_empty_text_where_the_service_may_take_it() -> None:
    """Microsoft's own examples give one to registered components."""
    node = {"component": "azureml:c:1", "compute": "azureml:c", "inputs": {"x": ""}}
    translation = translate(load({"type": "pipeline", "jobs": {"n": node}}), WS)
    translation.check_accepted()
    assert translation.body["properties"]["jobs"]["n"]["inputs"]["x"]["value"] == ""
    assert EMPTY in translation.warnings[0]
    for given in ("", {"type": "string", "value": ""}, {"type": "string", "default": ""}):
        invocation = translate_invocation(arguments(inputs={"x": given}), WS)
        assert EMPTY in invocation.warnings[0]


def test_an_empty_text_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "job.yml").write_text(HEAD + 'inputs:\n  x: ""\n')
    for command in ("render", "validate"):
        assert main([command, str(tmp_path / "job.yml")]) == 1
        assert capsys.readouterr().err.startswith(f"{tmp_path}/job.yml:4: inputs.x: {EMPTY}")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("./x.csv", "uri_file"),
        ("x.csv", "uri_file"),
        ("data/", "uri_folder"),
        ("./data", "uri_folder"),
        ("azureml:credit:1", "uri_folder"),
        ("azureml://datastores/d/paths/x.csv", "uri_file"),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/data/d/versions/1",
         "uri_folder"),
        ("abfss://c@a.dfs.core.windows.net/p", "uri_folder"),
        ("https://a.blob.core.windows.net/c/x.csv?sig=secret", "uri_file"),
    ],
)  # fmt: skip
def test_a_literal_that_names_data_is_told(text: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a")
    (tmp_path / "data").mkdir()
    (warning,) = translate(
        load({**COMMAND, "inputs": {"x": text}}, folder=str(tmp_path), from_python=True), WS
    ).warnings
    place = text.partition("?")[0].replace("//c@", "//***@")  # what stands before @ may be a password
    assert warning.startswith(f'inputs.x: "{place}" is sent as a string, although it names ')
    assert f'{{type: {kind}, path: "{place}"}}' in warning
    assert "secret" not in warning


@pytest.mark.parametrize(
    "text", ["data", "y.csv", "0.5", "a/b", "https://host/x", "text", "/tmp", "..", "a.\n", "x" * 5000]
)
def test_a_literal_that_names_none_is_not(text: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert not translate(load({**COMMAND, "inputs": {"x": text}}, folder=str(tmp_path)), WS).warnings


TYPED = """type: pipeline
jobs:
  n:
    compute: azureml:c
    component:
      type: command
      command: echo
      environment: azureml:e:1
      inputs: {{x: {{type: {}}}}}
    inputs:
      x: {}
"""


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("number", "0.10", ""),
        ("integer", "1_000", ""),
        ("boolean", "yes", ""),
        ("string", "0.10", 'YAML reads 0.10 as a number: "0.1" is sent.'),
        ("string", "yes", 'YAML reads yes as a boolean: "True" is sent.'),
        ("integer", "010", "YAML reads 010 as a number of base 8: 8 is sent."),
        ("number", "1:30", "YAML reads 1:30 as a number of base 60: 90 is sent."),
        ("boolean", "017", 'YAML reads 017 as a number of base 8: "15" is sent.'),
    ],
)
def test_what_a_typed_input_takes_as_it_is_meant(kind: str, given: str, said: str) -> None:
    warnings = job(TYPED.format(kind, given)).warnings
    assert [warning.startswith(f"/jobs/job.yml:11: jobs.n.inputs.x: {said}") for warning in warnings] == [True] * bool(
        said
    )


def test_what_else_is_not_sent_of_an_input(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    given: dict[str, Any] = {"x": {"type": "number", "default": 0.5}}
    (warning,) = translate(load({**COMMAND, "inputs": given}, from_python=True), WS).warnings
    assert warning == "inputs.x: an input of a job has no default: 0.5 is not sent. Give the value alone."
    given = {"x": {"type": "uri_folder", "path": "azureml:d:1", "path_on_compute": "d"}}
    (warning,) = translate(load({**COMMAND, "inputs": given}, folder=str(tmp_path)), WS).warnings
    assert warning.startswith('inputs.x.path_on_compute: "path_on_compute" of an input is not sent')


def test_white_space_alone_is_told() -> None:
    translation = translate(load({**COMMAND, "inputs": {"x": " \n"}}), WS)
    translation.check_accepted()
    assert translation.body["properties"]["inputs"]["x"]["value"] == " \n"
    assert translation.warnings[0].startswith("inputs.x: the string is only whitespace, and an empty string")
