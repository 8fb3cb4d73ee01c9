"""What azure-ai-ml 1.35.2 sends for values and places that no example shows; each was seen by running it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.resources.computes import translate_compute
from airflow_azureml.jobspec.resources.online import translate_online_deployment
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

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


NODES = {
    "command": "command: echo\n    environment: azureml:e:1\n    compute: azureml:c\n",
    "registered": "component: azureml:c:1\n    compute: azureml:c\n",
    "spark": "type: spark\n    component: azureml:c:1\n    compute: azureml:c\n",
    "sweep": SWEEP.partition("  s:\n    ")[2].replace("c.yml", "azureml:c:1"),
}


def node(kind: str, more: str) -> dict[str, Any]:
    found: dict[str, Any] = properties(f"type: pipeline\njobs:\n  n:\n    {NODES[kind]}    {more}\n")["jobs"]["n"]
    return found


@pytest.mark.parametrize("kind", NODES)
@pytest.mark.parametrize("key", ["inputs", "outputs"])
def test_ports_of_a_node_are_a_mapping(kind: str, key: str) -> None:
    with pytest.raises(SpecError, match=rf"jobs\.n\.{key}: an empty value is not a mapping of names"):
        node(kind, f"{key}:")


@pytest.mark.parametrize("kind", ["command", "registered"])
@pytest.mark.parametrize("key", ["environment_variables", "services", "resources", "limits"])
def test_a_binding_is_no_mapping(kind: str, key: str) -> None:
    with pytest.raises(SpecError, match=rf"jobs\.n\.{key}: "):
        node(kind, f"{key}: ${{{{parent.inputs.n}}}}")


def test_code_of_a_node_is_not_empty() -> None:
    with pytest.raises(SpecError, match=r"jobs\.n\.code: an empty value"):
        node("command", "code:")


def test_an_empty_name_of_a_node_that_is_written_out_is_sent() -> None:
    assert node("command", 'display_name: ""')["display_name"] == ""


def test_no_version_of_an_output_is_sent_for_an_empty_one() -> None:
    bound = {"value": "${{parent.outputs.o}}", "type": "literal", "name": "a"}
    text = 'outputs: {o: {path: "${{parent.outputs.o}}", name: a, version: ""}}\noutputs: {o: }'
    found = properties(f"type: pipeline\njobs:\n  n:\n    {NODES['registered']}    {text}\n")["jobs"]["n"]
    assert found["outputs"]["o"] == bound


def test_what_a_pipeline_has_none_of_is_not_sent() -> None:
    text = f"type: pipeline\nservices: {{}}\njobs:\n  n:\n    {NODES['command']}"
    assert "services" not in properties(text)


def test_a_pipeline_has_no_input_for_its_own_compute() -> None:
    text = f'type: pipeline\ncompute: "${{{{parent.inputs.c}}}}"\njobs:\n  n:\n    {NODES["command"]}'
    assert properties(text)["computeId"].endswith("/workspaces/w/computes/${{parent.inputs.c}}")


AUTOML = """type: pipeline
inputs: {d: {type: mltable, path: "azureml:d:1"}}
jobs:
  n:
    type: automl
    target_column_name: y
    training_data: ${{parent.inputs.d}}
    compute: azureml:c
"""


def learned(task: str, metric: str, more: str) -> dict[str, Any]:
    """What is sent for an AutoML node."""
    text = f"{AUTOML}    task: {task}\n    primary_metric: {metric}\n    {more}\n"
    found: dict[str, Any] = properties(text)["jobs"]["n"]
    return found


def images(more: str) -> dict[str, Any]:
    return learned("image_classification", "accuracy", more)


def test_sampling_of_an_automl_node_may_have_settings() -> None:
    assert images("sweep: {sampling_algorithm: {type: random}}")["sweep"] == {"sampling_algorithm": {"type": "random"}}
    with pytest.raises(SpecError, match=r'jobs\.n\.sweep\.sampling_algorithm: "sampling_algorithm" is required'):
        images("sweep: {}")


def test_a_service_of_an_automl_job_without_a_type_is_ssh() -> None:
    table = "target_column_name: y\ntraining_data: {type: mltable, path: 'azureml:d:1'}\ncompute: azureml:c\n"
    head = f"type: automl\ntask: classification\nprimary_metric: accuracy\n{table}"
    found = properties(f"{head}services: {{a: {{port: 3}}, b: {{log_dir: x}}}}\n")["services"]
    assert [found["a"]["type"], found["b"]["type"]] == ["ssh", "tensor_board"]


@pytest.mark.parametrize(("key", "none"), [("target_lags", "0"), ("target_lags", "[]"), ("forecast_horizon", "0")])
def test_a_setting_of_a_forecast_that_is_nothing_is_not_sent(key: str, none: str) -> None:
    found = learned("forecasting", "r2_score", f"forecasting: {{{key}: {none}, time_column_name: t}}")
    assert found["forecasting"] == {"time_column_name": "t"}


@pytest.mark.parametrize("key", ["allowed_training_algorithms", "blocked_training_algorithms", "training_mode"])
def test_a_binding_is_no_list_of_an_automl_node(key: str) -> None:
    with pytest.raises(SpecError, match=rf"jobs\.n\.training\.{key}: "):
        learned("classification", "accuracy", f"training: {{{key}: '${{{{parent.inputs.n}}}}'}}")


def test_optional_data_needs_a_path_too() -> None:
    job = {"command": "echo", "environment": "azureml:e:1", "inputs": {"d": {"type": "uri_folder", "optional": True}}}
    with pytest.raises(SpecError, match=r"inputs\.d\.path: data needs a path"):
        translate(load(job, from_python=True), WS)


COPY = "type: data_transfer\n    task: copy_data\n    inputs: {a: '${{parent.inputs.d}}'}\n    outputs: {o: }\n"


def spec(nodes: str, folder: Path | str = "/jobs") -> dict[str, Any]:
    """The spec of the component of the node ``n``."""
    text = f"type: pipeline\ninputs: {{d: {{path: 'azureml:d:1'}}}}\ncompute: azureml:c\njobs:\n  n:\n    {nodes}"
    component = properties(text, folder)["jobs"]["n"]["componentId"].requirement
    found: dict[str, Any] = component.body["properties"]["componentSpec"]
    return found


@pytest.mark.parametrize("nodes", [NODES["command"], COPY])
@pytest.mark.parametrize("text", ["d", ""])
def test_the_description_of_a_node_goes_into_its_component_though_empty(nodes: str, text: str) -> None:
    assert spec(f"{nodes}    description: '{text}'")["description"] == text
    assert "description" not in spec(nodes)


def test_tags_of_a_component_are_kept_though_empty(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text(f"{TRIAL}tags: {{a: {{}}, b: {{c: []}}}}\n")
    found = spec("component: c.yml\n    inputs: {lr: 1}\n", tmp_path)
    assert found["tags"] == {"a": "{}", "b": "{'c': []}"}


def test_a_property_of_a_component_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text(f"{TRIAL}properties: {{a: }}\n")
    with pytest.raises(SpecError, match=r"properties\.a: the value is empty"):
        spec("component: c.yml\n    inputs: {lr: 1}\n", tmp_path)


@pytest.mark.parametrize("part", ["inputs", "outputs"])
def test_a_component_has_no_mode_of_hdfs(part: str, tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text(f"{COMMAND}{part}: {{a: {{type: uri_folder, mode: hdfs}}}}\n")
    with pytest.raises(SpecError, match=rf"{part}\.a\.mode: \"hdfs\" is not a mode"):
        spec("component: c.yml\n", tmp_path)


ID = "azureml:/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/components/c"


@pytest.mark.parametrize("more", ["/labels/default", "", "/versions/1"])
@pytest.mark.parametrize("node", ["component: {}\n    compute: azureml:c", NODES["sweep"].replace("azureml:c:1", "{}")])
def test_a_component_is_named_by_the_id_of_a_version(more: str, node: str) -> None:
    text = f"type: pipeline\njobs:\n  n:\n    {node.replace('{}', ID + more, 1)}\n"
    if more.startswith("/versions"):
        assert properties(text)
        return
    with pytest.raises(SpecError, match="does not name a component"):
        properties(text)


def test_a_pipeline_without_its_nodes_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="jobs: an empty value is not a mapping of nodes"):
        properties("type: pipeline\njobs:\n")
    (tmp_path / "p.yml").write_text("type: pipeline\njobs:\n")
    with pytest.raises(SpecError, match="jobs: an empty value is not a mapping of nodes"):
        properties("type: pipeline\njobs: {n: {type: pipeline, component: p.yml}}\n", tmp_path)
    assert properties("type: pipeline\njobs: {}\n")["jobs"] == {}


def test_an_automl_node_sends_no_transformers_where_there_are_none() -> None:
    found = learned("classification", "accuracy", "featurization: {mode: custom, transformer_params: {}}")
    assert found["featurization"] == {"mode": "custom"}


TUNED = """type: finetuning
task: chat_completion
model: {type: mlflow_model, path: "azureml:m:1"}
training_data: {type: uri_file, path: "azureml:d:1"}
hyperparameters: {}
"""


@pytest.mark.parametrize(("provider", "sent"), [("azure_open_ai", None), ("custom", {})])
def test_no_hyperparameters_of_a_model_of_azure_open_ai_are_not_sent(provider: str, sent: Any) -> None:
    found = properties(f"{TUNED}model_provider: {provider}\n")["fineTuningDetails"]
    assert found.get("hyperParameters") == sent


def test_a_connection_has_its_id_and_its_description_though_empty() -> None:
    teacher = "{type: serverless, name: t, id: x, description: '', api_key: k, endpoint: 'https://h'}"
    data = "{type: uri_file, path: 'azureml:d:1'}"
    text = "type: distillation\ndata_generation_type: label_generation\ndata_generation_task_type: nli\n" + (
        f"teacher_model_endpoint_connection: {teacher}\nstudent_model: azureml:m:1\ntraining_data: {data}\n"
        f"validation_data: {data}\n"
    )
    found = json.loads(properties(text)["properties"]["azureml.connection_information"])
    assert {"id": "x", "description": ""}.items() <= found.items()


@pytest.mark.parametrize(
    ("text", "way", "sent"),
    [
        ("type: amlcompute", "scaleSettings.nodeIdleTimeBeforeScaleDown", "PT2M"),
        ("type: amlcompute\nidle_time_before_scale_down: 60", "scaleSettings.nodeIdleTimeBeforeScaleDown", "PT1M"),
        ("type: amlcompute\nidle_time_before_scale_down: 0", "scaleSettings.nodeIdleTimeBeforeScaleDown", None),
        ("type: computeinstance", "enableSSO", True),
        ("type: computeinstance\nenable_sso: false", "enableSSO", False),
    ],
)
def test_defaults_of_computes(text: str, way: str, sent: Any) -> None:
    compute = translate_compute(load(f"name: c\n{text}\n", file="/jobs/c.yml"), WS)
    found = compute.body["properties"]["properties"]
    for key in way.split("."):
        found = found.get(key)
    assert found == sent


def test_what_an_online_deployment_collects_is_named_in_small_letters() -> None:
    text = "name: A-B\nendpoint_name: Live\nmodel: azureml:m:1\ninstance_type: Standard_DS3_v2\ninstance_count: 1\n"
    text += "data_collector: {collections: {model_inputs: {enabled: 'true'}}}\n"
    made = translate_online_deployment(load(text, file="/jobs/d.yml"), WS).body["properties"]
    needed = made["dataCollector"]["collections"]["model_inputs"]["dataId"].requirement
    assert needed.name == "Live-a-b-model_inputs"
    assert needed.body["properties"]["dataUri"].endswith("/modelDataCollector/Live/a-b/model_inputs")


RUN_BY_COMPONENT = {
    "command": "component: azureml:c:1\n    compute: azureml:c\n",
    "spark": "type: spark\n    component: azureml:c:1\n    compute: azureml:c\n",
}


@pytest.mark.parametrize("kind", RUN_BY_COMPONENT)
@pytest.mark.parametrize(
    ("own", "refused"),
    [
        ("environment: {image: i, zzz: 1}", r"environment\.zzz: unknown key"),
        ("environment: {conda_file: no.yml}", r"environment\.conda_file: "),
        ("environment: x", r"environment: \"x\" does not name an environment"),
        ("environment: 1", r"environment: 1 is not an environment"),
        ("environment: {name: n}", None),
        ("environment: azureml:any", None),
        ("environment: ${{parent.inputs.d}}", None),
        ("code: 1", r"code: 1 is not a string"),
        ("code: anywhere", None),
    ],
)
def test_what_a_component_says_itself_is_checked_in_its_node_and_not_sent(
    kind: str, own: str, refused: str | None
) -> None:
    text = f"type: pipeline\ninputs: {{d: 1}}\njobs:\n  n:\n    {RUN_BY_COMPONENT[kind]}    {own}\n"
    if refused is not None:
        with pytest.raises(SpecError, match=rf"jobs\.n\.{refused}"):
            properties(text)
        return
    found = translate(load(text, file="/jobs/job.yml"), WS)
    key = own.partition(":")[0]
    assert key not in found.body["properties"]["jobs"]["n"]
    assert any(f'"{key}" is not sent' in warning for warning in found.warnings) or "${{" in own
