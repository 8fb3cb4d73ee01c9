"""What is wrong with a job: all of it at once, each with its place, what was given and what is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.requirements import Translation
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WS = Workspace("s", "g", "w")
COMMAND = "command: echo\nenvironment: azureml:e:1\n"
PIPELINE = """type: pipeline
inputs: {rate: 1}
settings: {default_compute: azureml:c}
jobs:
  a:
    command: echo ${{inputs.x}} ${{outputs.o}}
    environment: azureml:e:1
    inputs: {x: "${{parent.inputs.rate}}"}
    outputs: {o: {type: uri_folder}}
  b:
    command: echo ${{inputs.y}}
    environment: azureml:e:1
    inputs: {y: "${{parent.jobs.a.outputs.o}}"}
"""


def translated(text: str, folder: Path | str = "/jobs") -> Translation:
    return translate(load(text, file=f"{folder}/job.yml"), WS)


def refusal(text: str, folder: Path | str = "/jobs") -> list[str]:
    with pytest.raises(SpecError) as caught:
        translated(text, folder)
    assert caught.value.__cause__ is None
    return [str(problem).removeprefix(f"{folder}/job.yml:") for problem in caught.value.problems]


def test_all_mistakes_of_a_file_come_together() -> None:
    found = refusal("comand: echo\nenvironment: x\ncompute: 3\ninputs:\n  a: {b: 1}\n  1x: 2\n")
    places = {tuple(line.split(": ")[:2]) for line in found}
    assert places == {
        ("1", "comand"),
        ("2", "environment"),
        ("3", "compute"),
        ("5", "inputs.a"),
        ("6", "inputs.1x"),
    }
    assert any('Did you mean "command"?' in line for line in found)


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('command: ""\nenvironment: azureml:e:1\n', "1: command", "an empty command is not accepted."),
        ('command: " \\n"\nenvironment: azureml:e:1\n', "1: command", "an empty command is not accepted."),
        (COMMAND + "limits: {timeout: soon}", "3: limits.timeout", '"soon" is not a whole number of seconds.'),
        (COMMAND + "distribution: {type: pytroch}", "3: distribution.type", "Accepted: pytorch, mpi, tensorflow, ray"),
        (COMMAND + "identity: {type: me}", "3: identity.type", "Accepted: user_identity"),
        (COMMAND + "queue_settings: {job_tier: gold}", "3: queue_settings.job_tier", "Accepted: null, spot"),
        (COMMAND + "outputs: {o: {type: uri_foldr}}", "3: outputs.o.type", "Accepted: uri_file, uri_folder"),
        (COMMAND + "outputs: {o: {mode: download}}", "3: outputs.o.mode", "is not a mode of an output"),
        (COMMAND + "outputs: {o: {version: 1}}", "3: outputs.o.version", "a version needs a name."),
        (COMMAND + "inputs: {a: }", "3: inputs.a", "an empty value is not an input."),
        (COMMAND + "inputs: {a: 2024-01-01}", "3: inputs.a", "Write it as a string in quotes."),
        (COMMAND + "inputs: {a: {path: azureml:d}}", "3: inputs.a.path", "does not name a data asset."),
        (COMMAND + "inputs: {a: {path: azureml:d@dev}}", "3: inputs.a.path", "is not a label that can be resolved"),
        (COMMAND + "inputs: {a: {path: nowhere}}", "3: inputs.a.path", "there is no file or folder /jobs/nowhere."),
        (COMMAND + "code: ./nowhere", "3: code", "there is no file or folder /jobs/nowhere."),
        (COMMAND + "services: {s: {type: sssh}}", "3: services.s.type", 'Did you mean "ssh"?'),
        (COMMAND + "resources: {instance_cont: 2}", "3: resources.instance_cont", 'Did you mean "instance_count"?'),
        (COMMAND + "tags: {n: 1}", "3: tags.n", "Write it in quotes."),
        (COMMAND + "type: comand", "3: type", 'Did you mean "command"?'),
        ("command: echo ${{inputs.x}}\nenvironment: azureml:e:1\n", "1: command", "job has no such input. It has no"),
        ("command: echo\nenvironment: e\n", "2: environment", "Accepted: azureml:NAME:VERSION"),
        ("command: echo\n", "1: environment", '"environment" is required.'),
        (PIPELINE.replace("parent.inputs.rate", "parent.inputs.rat"), "8: jobs.a.inputs.x", 'Did you mean "rate"?'),
        (PIPELINE.replace("jobs.a.outputs", "jobs.z.outputs"), "13: jobs.b.inputs.y", 'there is no node "z"'),
        (PIPELINE.replace("a.outputs.o}", "a.outputs.q}"), "13: jobs.b.inputs.y", "has no such output"),
        (PIPELINE.replace('x: "${{parent.inputs.rate}}"', 'x: "${{parent.jobs.b.outputs.y}}"'), "", "wait for each"),
        (PIPELINE.replace("settings: {default_compute: azureml:c}\n", ""), "4: jobs.a.compute", "there is no compute"),
        (PIPELINE.replace("jobs:", "job:"), "4: job", 'Did you mean "jobs"?'),
    ],
)  # fmt: skip
def test_one_mistake(text: str, place: str, said: str) -> None:
    found = refusal(text)
    assert any(line.startswith(place) and said in line for line in found), found


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("intellectual_property: {publisher: x}", "intellectual_property: it is a private preview of Microsoft's"),
        ("additional_includes: [{feed: x}]", "additional_includes.0: packages of Azure DevOps are not taken."),
    ],
)
def test_what_a_component_has_in_previews_alone_is_refused_by_what_it_is(key: str, said: str) -> None:
    component = f"{{type: command, command: echo, environment: azureml:e:1, {key}}}"
    found = refusal(f"type: pipeline\njobs: {{a: {{component: {component}, compute: azureml:c}}}}\n")
    assert [line for line in found if said in line] == found


@pytest.mark.parametrize("further", [{"mode": "upload"}, {"min": 1}, {"max": 1}, {"default": "x"}])
def test_data_of_an_unknown_type_is_not_judged_by_it(further: dict[str, object]) -> None:
    data = {"type": "tabel", "path": "azureml:d:1", **further}
    job = {"command": "echo", "environment": "azureml:e:1", "inputs": {"a": data}}
    with pytest.raises(SpecError) as caught:
        translate(load(job, from_python=True), WS)
    first, *others = caught.value.problems
    assert '"tabel" is not a type of data.' in str(first)
    assert [str(problem) for problem in others if "is not a mode of data." not in str(problem)] == []


def test_a_mapping_as_literal_is_shown_as_json() -> None:
    (line,) = refusal(COMMAND + "inputs:\n  grid: {depth: [1, 2]}\n")
    assert line.startswith("4: inputs.grid: ")
    assert '"grid"' in line
    assert """json.dumps gives '{"depth": [1, 2]}'""" in line


def test_kinds_of_local_things_must_fit(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("x")
    given = COMMAND + "inputs: {a: {type: uri_file, path: PATH}}"
    assert any("is a folder" in line for line in translated(given.replace("PATH", "d"), tmp_path).warnings)
    assert "is a folder, and the input is a uri_file" in refusal(given.replace("PATH", f"{tmp_path}/d"), tmp_path)[0]
    assert (
        "is a file, and the input is a uri_folder"
        in refusal(COMMAND + "inputs: {a: {type: uri_folder, path: d/f}}", tmp_path)[0]
    )
    (tmp_path / "e").mkdir()
    assert "has no files to upload" in refusal(COMMAND + "code: e", tmp_path)[0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("on_init: frist", 'settings.on_init: "frist" is no node of this pipeline. Did you mean "first"?'),
        ("on_finalize: 3", "settings.on_finalize: 3 is no node of this pipeline. Accepted: a, b, first, last."),
        ("on_init: a", 'settings.on_init: "a" exchanges data with other nodes.'),
        ("on_finalize: b", 'settings.on_finalize: "b" exchanges data with other nodes.'),
        ("on_init: last, on_finalize: last", 'settings.on_init: "last" is on_finalize, too.'),
    ],
)
def test_what_cannot_run_before_or_after_all_others_is_refused_by_its_field(settings: str, said: str) -> None:
    apart = "  first: &echo {command: echo, environment: azureml:e:1}\n  last: *echo\n"
    pipeline = PIPELINE.replace("settings: {", "settings: {SETTINGS, ") + apart
    assert refusal(pipeline.replace("SETTINGS", settings)) == [f"3: {said}"]
    sent = translated(pipeline.replace("SETTINGS", "on_init: first, on_finalize: last")).body["properties"]["settings"]
    assert (sent["on_init"], sent["on_finalize"]) == ("first", "last")


def test_a_pipeline_needs_a_node_besides_its_first_and_last(tmp_path: Path) -> None:
    alone = "type: pipeline\nJOBS: {a: {command: echo, environment: azureml:e:1, compute: azureml:c}}\n"
    job = alone.replace("JOBS", "settings: {on_init: a}\njobs")
    assert refusal(job) == ["2: settings.on_init: no other node is left for the pipeline to run."]
    (tmp_path / "component.yml").write_text(alone.replace("JOBS", "jobs"))
    job = "type: pipeline\nsettings: {on_finalize: NODE}\ncomponent: component.yml\n"
    found = refusal(job.replace("NODE", "a"), tmp_path)
    assert found == ["2: settings.on_finalize: no other node is left for the pipeline to run."]
    assert '"z" is no node of this pipeline.' in refusal(job.replace("NODE", "z"), tmp_path)[0]


def test_unknown_settings_of_a_pipeline_are_sent_with_a_warning() -> None:
    found = translated(PIPELINE.replace("settings: {", "settings: {new_thing: 1, "))
    assert found.body["properties"]["settings"]["new_thing"] == 1
    assert any("new_thing" in warning for warning in found.warnings)


def test_a_link_that_leads_outside_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "link").symlink_to(tmp_path / "secret")
    found = translated(COMMAND + "code: code", tmp_path)
    assert any("link" in warning and "outside" in warning for warning in found.warnings)


def test_no_key_is_told() -> None:
    found = refusal(
        "type: distillation\nteacher_model_endpoint_connection: {type: serverless, api_key: SECRET, nam: x}\n"
    )
    assert len(found) > 3
    assert "SECRET" not in str(found)


@pytest.mark.parametrize("key", ["docker_args", "locations", "max_instance_count", "shm_size"])
def test_resources_of_a_distillation_are_instances_alone(key: str) -> None:
    """Source: azure-ai-ml 1.35.2, ``_schema/_distillation/distillation_job.py``."""
    found = refusal(f"type: distillation\nresources: {{instance_type: T, {key}: 2}}\n")
    assert any(line.startswith(f'2: resources.{key}: unknown key "{key}"') for line in found), found


@pytest.mark.parametrize("kind", ["command", "parallel", "spark", "data_transfer", "pipeline"])
def test_an_empty_component_is_no_component(kind: str) -> None:
    task = "task: copy_data, " if kind == "data_transfer" else ""
    found = refusal(f"type: pipeline\njobs: {{a: {{type: {kind}, {task}component: null, inputs: {{x: 1}}}}}}\n")
    assert any(line.startswith("2: jobs.a.component: ") for line in found), found


def test_names_of_ports_that_are_no_texts_are_told() -> None:
    node = "command: 'echo ${{inputs.x}}', environment: azureml:e:1, inputs: {1: 2}"
    found = refusal(f"type: pipeline\njobs: {{a: {{type: command, {node}}}}}\n")
    assert any("jobs.a.inputs.1: 1 is not a name" in line for line in found), found
    assert any("It has: 1." in line for line in found), found


def test_names_of_ports_that_are_no_texts_are_told_where_another_node_asks_for_them() -> None:
    node = "command: echo, environment: azureml:e:1"
    nodes = f"a: {{{node}, outputs: {{1: null}}}}, b: {{{node}, inputs: {{x: '${{{{parent.jobs.a.outputs.y}}}}'}}}}"
    found = refusal(f"type: pipeline\njobs: {{{nodes}}}\n")
    assert any('"a" has no such output. Accepted: 1.' in line for line in found), found
