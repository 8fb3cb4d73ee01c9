"""What the user wrote is what arrives, by every road; or a warning says what changes, with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.cli import main
from airflow_azureml.jobspec.batch.arguments import arguments
from airflow_azureml.jobspec.batch.deployments import translate_new_deployment
from airflow_azureml.jobspec.batch.invocation import translate_invocation
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.notation import altered
from airflow_azureml.jobspec.document.requirements import Placeholder, Register
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from tests.jobspec.translated import COMMAND, HEAD, PIPELINE, WS, job

WRAPPED = [
    (0.00005, "5e-05"),
    (0.5, "0.5"),
    (1, "1"),
    (0, "0"),
    (1.0, "1.0"),
    (True, "True"),
    ("yes", "yes"),
    (7.9, "7.9"),
]


def spec(body: Any) -> Any:
    """The spec of the component of the node ``n``."""
    placeholder = body["jobs"]["n"]["componentId"]
    assert isinstance(placeholder, Placeholder)
    assert isinstance(placeholder.requirement, Register)
    return placeholder.requirement.body["properties"]["componentSpec"]


@pytest.mark.parametrize(("value", "sent"), WRAPPED)
def test_a_value_in_a_mapping_is_the_value(value: Any, sent: str) -> None:
    """Microsoft's client makes True of 1 and cuts fractions off."""
    given = {"x": {"value": value}}
    text = json.dumps({**COMMAND, "inputs": given})
    jobs = [
        load(text),
        load({**COMMAND, "inputs": given}),
        load({**COMMAND, "inputs": given}, from_python=True),
        load(dict(COMMAND)).merged(inputs=given),
        load({**COMMAND, "inputs": {"x": 3}}).with_values({"inputs.x": {"value": value}}),
        load(dict(COMMAND)).with_values([f"inputs.x={json.dumps({'value': value})}"]),
    ]
    for document in jobs:
        translation = translate(document, WS)
        assert translation.body["properties"]["inputs"]["x"] == {"jobInputType": "literal", "value": sent}
        assert not translation.warnings
    literal = {"jobInputType": "Literal", "value": value}
    assert translate_invocation(arguments(inputs=given), WS).body["properties"]["inputData"] == {"x": literal}


def test_a_value_in_a_mapping_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "job.yml").write_text(HEAD + "inputs:\n  x: {value: 0.00005}\n")
    assert main(["render", str(tmp_path / "job.yml"), "--set", "inputs.y={value: 0.25}", "inputs.z=0.00005"]) == 0
    found = json.loads(capsys.readouterr().out)["body"]["properties"]["inputs"]
    assert {name: row["value"] for name, row in found.items()} == {"x": "5e-05", "y": "0.25", "z": "0.00005"}


@pytest.mark.parametrize(
    ("value", "kind", "sent"), [(0.25, "number", "0.25"), (1, "integer", "1"), (True, "boolean", "True")]
)
def test_a_value_in_a_mapping_in_pipelines(value: Any, kind: str, sent: str) -> None:
    """Of a pipeline, and of a node whose component takes its type from it."""
    node = {**COMMAND, "compute": "azureml:c", "inputs": {"x": {"value": value}}}
    pipeline = {"type": "pipeline", "inputs": {"p": {"value": value}}, "jobs": {"n": node}}
    body = translate(load(pipeline), WS).body["properties"]
    assert body["inputs"]["p"]["value"] == body["jobs"]["n"]["inputs"]["x"]["value"] == sent
    assert spec(body)["inputs"]["x"] == {"type": kind, "default": sent}


def test_a_value_in_a_mapping_for_a_component_and_a_sweep() -> None:
    component = {"type": "command", **COMMAND, "inputs": {"x": {"type": "number"}}}
    node = {"component": component, "compute": "azureml:c", "inputs": {"x": {"value": 0.00005}}}
    body = translate(load({"type": "pipeline", "jobs": {"n": node}}), WS).body["properties"]
    assert body["jobs"]["n"]["inputs"]["x"]["value"] == "5e-05"
    rest = "objective: {goal: minimize, primary_metric: m}\nlimits: {max_total_trials: 2}\nsampling_algorithm: random\n"
    trial = (
        f"type: sweep\ntrial: {{command: 'echo', environment: 'azureml:e:1'}}\ninputs: {{x: {{value: 0.5}}}}\n{rest}"
    )
    found = job(f"{trial}search_space: {{y: {{type: choice, values: [0.00005, 010]}}}}\n")
    assert found.body["properties"]["inputs"]["x"]["value"] == "0.5"
    assert found.body["properties"]["searchSpace"]["y"] == ["choice", [[0.00005, 8]]]
    assert "search_space.y.values.1: YAML reads 010 as a number of base 8: 8 is sent." in found.warnings[0]


@pytest.mark.parametrize(
    ("kind", "default", "sent"),
    [("string", "5", "5"), ("string", "0.5", "0.5"), ("string", "true", "True"), ("number", "5", "5.0"),
     ("integer", "9007199254740993", "9007199254740993"), ("integer", "1e3", "1000"), ("number", "0.00005", "5e-05")],
)  # fmt: skip
def test_defaults_of_components(kind: str, default: str, sent: str) -> None:
    found = job(PIPELINE.format(f"{{type: {kind}, default: {default}}}"))
    assert spec(found.body["properties"])["inputs"]["x"]["default"] == sent
    assert not found.warnings


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("{type: string, default: 3.10}", 'YAML reads 3.10 as a number: "3.1" is sent.'),
        ("{type: integer, default: 1.5}", "1.5 is sent as 1: it is of type integer."),
        ("{type: integer, default: 010}", "YAML reads 010 as a number of base 8: 8 is sent."),
        ("{type: number, default: 1:30}", "YAML reads 1:30 as a number of base 60: 90.0 is sent."),
        ("{type: number, default: 9007199254740993}", "9007199254740993 is sent as 9007199254740992.0"),
    ],
)
def test_defaults_that_change(port: str, said: str) -> None:
    (warning,) = job(PIPELINE.format(port)).warnings
    assert warning.startswith(f"/jobs/job.yml:10: jobs.n.component.inputs.x.default: {said}")


@pytest.mark.parametrize(
    ("text", "value", "lost"),
    [
        ("12:30:00", 45000, True),
        ("017", 15, True),
        ("0x1F", 31, True),
        ("1_000", 1000, True),
        ("+1", 1, True),
        ("yes", True, True),
        ("Off", False, True),
        ("3.10", 3.1, True),
        ("100.00", 100.0, True),
        ("3.14159265358979312", 3.14159265358979312, True),
        ("true", True, False),
        ("False", False, False),
        ("0.00005", 0.00005, False),
        ("1.0e-3", 0.001, False),
        ("1.0", 1.0, False),
        (".5", 0.5, False),
        ("5.", 5.0, False),
        ("-17", -17, False),
        ("123456789012345678901234567890", 123456789012345678901234567890, False),
    ],
)
def test_which_texts_lose_something(text: str, value: Any, lost: bool) -> None:
    assert altered(text, value) is lost


ODD = [
    ("12:30:00", 'as a number of base 60: "45000" is sent'),
    ("017", 'as a number of base 8: "15" is sent'),
    ("0b11", 'as a number of base 2: "3" is sent'),
    ("yes", 'as a boolean: "True" is sent'),
    ("3.10", 'as a number: "3.1" is sent'),
]


@pytest.mark.parametrize(("text", "said"), ODD)
@pytest.mark.parametrize(
    "form", ["inputs:\n  x: {}\n", "inputs:\n  x: {{value: {}}}\n", "inputs: &i\n  x: {}\ntags:\n"]
)
def test_what_yaml_reads_as_something_else_is_told(text: str, said: str, form: str) -> None:
    form = form.replace("tags:\n", "")
    (warning,) = job(HEAD + form.format(text)).warnings
    assert warning.startswith("/jobs/job.yml:4: inputs.x")
    assert f': YAML reads {text} {said}. Write "{text}" in quotes' in warning
    quoted = job(HEAD + form.format(f'"{text}"'))
    assert not quoted.warnings
    assert quoted.body["properties"]["inputs"]["x"]["value"] == text


def test_it_is_told_where_an_anchor_or_a_merge_brings_it() -> None:
    found = job(f"{HEAD}environment_variables: &o\n  a: 017\ninputs:\n  <<: *o\n")
    assert [warning.split(": ")[1] for warning in found.warnings] == ["environment_variables.a", "inputs.a"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("3.10", 'YAML reads 3.10 as a number: 3.1 is sent. Write "3.10" in quotes'),
        ("2", '2 is not a string: the environment variable is sent as JSON. Write "2" in quotes.'),
        ("true", 'true is not a string: the environment variable is sent as JSON. Write "true" in quotes.'),
        (
            "0.00001",
            "1e-05 is not a string: the environment variable is sent as JSON. Write it as a string, in quotes.",
        ),
        ("{a: 1}", "a mapping is not a string: the environment variable is sent as JSON. Write it as a string, in "),
        ("", 'an empty value is not a string: the environment variable is sent as JSON. Write ""'),
        ("2024-01-02 10:00:00", 'YAML reads 2024-01-02 10:00:00 as a date: "2024-01-02T10:00:00Z" is sent.'),
    ],
)
def test_an_environment_variable_is_a_text(given: str, said: str) -> None:
    (warning,) = job(f"{HEAD}environment_variables:\n  A: {given}\n").warnings
    assert warning.startswith(f"/jobs/job.yml:4: environment_variables.A: {said}")
    node = f"type: pipeline\njobs:\n  n:\n    compute: azureml:c\n    {HEAD.replace(chr(10), chr(10) + '    ')}"
    assert said in "".join(job(f"{node}environment_variables: {{A: {given}}}\n").warnings)


def test_an_environment_variable_whose_name_is_read_as_something_else() -> None:
    found = job(f"{HEAD}environment_variables: {{NO: x, 010: y}}\n")
    assert found.body["properties"]["environmentVariables"] == {"false": "x", "8": "y"}
    assert [warning.partition(": YAML")[2] for warning in found.warnings] == [
        ' reads the key NO as a boolean: "false" is sent. Write "NO".',
        ' reads the key 010 as a number of base 8: "8" is sent. Write "010".',
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("limits: {timeout: 0.5}", "limits.timeout: 0.5 is cut off to 0 seconds and not sent. Write 1 or more."),
        ("limits: {timeout: 1.5}", "limits.timeout: 1.5 is cut off to 1. Expected: a whole number of seconds."),
        ("limits: {timeout: -60}", "limits.timeout: -60 is less than 0, and sent all the same. Expected: 0 or more."),
        ("limits: {timeout: 12:30}", "limits.timeout: YAML reads 12:30 as a number of base 60: 750 is sent."),
        ("limits: {timeout: 0100}", "limits.timeout: YAML reads 0100 as a number of base 8: 64 is sent."),
        (
            "resources: {instance_count: 2.7}",
            "resources.instance_count: 2.7 is cut off to 2. Expected: a whole number.",
        ),
        ("outputs: {o: {name: a, version: 1.10}}", 'outputs.o.version: YAML reads 1.10 as a number: "1.1" is sent.'),
    ],
)
def test_numbers_that_change_on_their_way(more: str, said: str) -> None:
    (warning,) = job(f"{HEAD}{more}\n").warnings
    assert warning.startswith(f"/jobs/job.yml:3: {said}")


def test_numbers_that_do_not() -> None:
    found = job(f"{HEAD}limits: {{timeout: 1_000}}\nresources: {{instance_count: 0x2}}\n")
    assert found.body["properties"]["limits"]["timeout"] == "PT16M40S"
    assert not found.warnings


def test_a_limit_below_a_minute_of_a_sweep() -> None:
    rest = (
        "objective: {goal: minimize, primary_metric: m}\nsearch_space: {y: {type: uniform, min_value: 0, max_value: 1}}"
    )
    text = f"type: sweep\ntrial: {{command: echo, environment: 'azureml:e:1'}}\nsampling_algorithm: random\n{rest}\n"
    found = job(f"{text}limits: {{max_total_trials: 2, timeout: 10}}\n")
    assert found.body["properties"]["limits"]["timeout"] == "PT1M"
    assert "limits.timeout: 10 seconds are sent as 60" in found.warnings[0]


def test_what_is_set_is_told_too() -> None:
    """A single value stays the text that it is; what stands in a mapping is YAML, as is what a batch endpoint gets."""
    found = translate(load(dict(COMMAND)).with_values(["inputs.x=017", "inputs.y={value: 017}"]), WS)
    assert {name: row["value"] for name, row in found.body["properties"]["inputs"].items()} == {"x": "017", "y": "15"}
    assert [warning.split(":")[0] for warning in found.warnings] == ["inputs.y.value"]
    invocation = translate_invocation(arguments(set=["inputs.x=017", "inputs.y=yes", "inputs.z=0.00005"]), WS)
    sent = invocation.body["properties"]["inputData"]
    assert [row["value"] for row in sent.values()] == [15, True, 0.00005]
    assert [warning.split(":")[0] for warning in invocation.warnings] == ["inputs.x", "inputs.y"]


def test_the_version_of_a_component_that_is_not_registered_does_not_matter() -> None:
    text = PIPELINE.format("{type: string}").replace("command: echo", "command: echo\n      version: 1.10")
    assert not job(text + "    inputs: {x: v}\n").warnings


def test_settings_without_effect_are_told() -> None:
    component = "      inputs: {{}}\n".join(PIPELINE.split("      inputs:\n        x: {}\n"))
    text = f"{component}      environment_variables: {{A: b}}\n    description: what it does\n".replace("{{}}", "{}")
    assert [warning.partition("jobs.n.")[2] for warning in job(text).warnings] == [
        'component.environment_variables: "environment_variables" is not sent: it has no effect here.',
        'description: "description" is not sent: it has no effect here.',
    ]


def test_what_the_service_fills_in_is_left_to_it() -> None:
    """Source: Microsoft Learn, *Expressions in Azure Machine Learning SDK and CLI v2*."""
    place = "azureml://datastores/${{default_datastore}}/paths/${{name}}/${{output_name}}"
    given = {**COMMAND, "inputs": {"x": {"type": "uri_folder", "path": place}}, "outputs": {"o": {"path": place}}}
    body = translate(load(given), WS).body["properties"]
    assert body["outputs"]["o"]["uri"] == body["inputs"]["x"]["uri"] == place
    node = {**given, "compute": "azureml:c"}
    found = translate(load({"type": "pipeline", "jobs": {"n": node}}), WS).body["properties"]["jobs"]["n"]
    assert found["outputs"]["o"]["uri"] == found["inputs"]["x"]["uri"] == place


def test_labels_of_resources_are_told_too() -> None:
    text = "name: dep-1\nendpoint_name: end-1\nmodel: azureml:m:1\ncompute: azureml:c\ntags: {a: 1.10, b: 2}\n"
    found = translate_new_deployment(load(text, file="/x/d.yml"), WS)
    (warning,) = found.warnings
    assert warning.startswith('/x/d.yml:5: tags.a: YAML reads 1.10 as a number: "1.1" is sent.')


def test_a_date_is_no_default() -> None:
    with pytest.raises(SpecError, match=r"x\.default: 2024-01-02 is not a string\. Write it in quotes\."):
        job(PIPELINE.format("{type: string, default: 2024-01-02}"))


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("{type: number, default: 1.10}", ""),
        ("{type: integer, value: 010}", "YAML reads 010 as a number of base 8: 8 is sent. Write 8 if you mean that."),
        ("{type: boolean, default: yes}", ""),
        ("{type: string, default: 1.10}", 'YAML reads 1.10 as a number: "1.1" is sent.'),
        ("{value: 1.10}", "YAML reads 1.10 as a number: 1.1 is sent."),
    ],
)
def test_a_typed_literal_of_an_invocation_is_told_where_its_value_changes(port: str, said: str) -> None:
    warnings = translate_invocation(load(f"inputs:\n  x: {port}\n", file="/x/i.yml"), WS).warnings
    assert said in "".join(warnings)
    assert bool(warnings) is bool(said)
