"""Endpoints and deployments from YAML: the bodies of Microsoft's client, and what the service needs besides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.batch.deployments import translate_deployment
from airflow_azureml.jobspec.batch.endpoints import translate_endpoint
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.requirements import Placeholder, Register, Resolve, Upload
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from demo.warm_python import WarmPython

WS = Workspace("sub", "group", "ws")
HEAD = "name: blue\nendpoint_name: cards\n"
MODEL = f"{HEAD}type: model\nmodel: azureml:m:1\ncompute: azureml:cpu\n"

CASES = {
    "endpoint": "name: cards\n",
    "endpoint, all": "name: cards\ndescription: d\nauth_mode: aad_token\ntags: {a: b}\nproperties: {c: d}\n"
    "defaults: {deployment_name: blue}\n",
    "model": MODEL,
    "model, all": f"{MODEL}description: d\ntags: {{a: b}}\nproperties: {{c: d}}\nresources: {{instance_count: 2}}\n"
    "settings:\n  mini_batch_size: 3\n  output_action: append_row\n  output_file_name: p.csv\n"
    "  retry_settings: {max_retries: 3, timeout: 90}\n  error_threshold: -1\n  logging_level: info\n"
    "  max_concurrency_per_instance: 2\n  environment_variables: {A: b}\n",
    "model, summary": f"{MODEL}settings: {{mini_batch_size: 1, output_action: summary_only, instance_count: 4}}\n",
    "pipeline": f"{HEAD}type: pipeline\ncomponent: azureml:c:1\n",
    "pipeline, all": f"{HEAD}type: pipeline\ncomponent: azureml:c:1\ndescription: d\ntags: {{a: b}}\n"
    "settings: {default_compute: cpu, continue_on_step_failure: false}\n",
}

ORACLE = """
import json, sys, warnings
warnings.simplefilter("ignore")
from azure.ai.ml.entities import _load_functions as load
found = {}
for name, path in json.load(open(sys.argv[1])).items():
    if name.startswith("endpoint"):
        body = load.load_batch_endpoint(path)._to_rest_batch_endpoint("east")
    elif name.startswith("model"):
        body = load.load_model_batch_deployment(path)._to_rest_object("east")
    else:
        body = load.load_pipeline_component_batch_deployment(path)._to_rest_object("east")
    found[name] = body.as_dict()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def oracle(microsofts_client: WarmPython, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Microsoft's client sends for each case, before it has looked up any reference."""
    folder = tmp_path_factory.mktemp("oracle")
    paths = {}
    for number, (name, text) in enumerate(CASES.items()):
        paths[name] = str(folder / f"{number}.yml")
        Path(paths[name]).write_text(text)
    (folder / "cases.json").write_text(json.dumps(paths))
    done = microsofts_client.run("-c", ORACLE, folder / "cases.json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def plain(value: Any) -> Any:
    """A body for comparison: words without their case, scalars of settings as text, nothing that says nothing."""
    if isinstance(value, Mapping):
        inner = {key: plain(item) for key, item in value.items() if key not in ("location", "assetId", "compute")}
        return {key: item for key, item in inner.items() if item not in (None, {})}
    return str(value).casefold() if isinstance(value, (str, bool)) else value


@pytest.mark.parametrize("case", CASES)
def test_bodies_are_those_of_microsofts_client(case: str, oracle: dict[str, Any]) -> None:
    document = load(CASES[case])
    translate: Any = translate_endpoint if case.startswith("endpoint") else translate_deployment
    assert plain(translate(document, WS).body) == plain(oracle[case])


def body(text: str) -> dict[str, Any]:
    """The properties of a deployment."""
    return dict(translate_deployment(load(text), WS).body["properties"])


def test_words_are_those_of_the_service() -> None:
    found = body(f"{MODEL}logging_level: debug\noutput_action: SummaryOnly\nretry_settings: {{timeout: 90}}\n")
    assert (found["loggingLevel"], found["outputAction"]) == ("Debug", "SummaryOnly")
    assert found["retrySettings"] == {"timeout": "PT1M30S"}
    assert found["compute"] == f"{WS.path}/computes/cpu"
    assert found["model"] == {"referenceType": "Id", "assetId": f"{WS.path}/models/m/versions/1"}
    assert dict(translate_endpoint(load(CASES["endpoint"]), WS).body) == {"properties": {"authMode": "AADToken"}}


def test_a_threshold_below_what_the_service_has_is_refused() -> None:
    document = load({"name": "blue", "endpoint_name": "scoring", "model": "azureml:m:1", "error_threshold": -2})
    with pytest.raises(SpecError, match=r"^error_threshold: -2 is too small\. Accepted: -1 and more\.$"):
        translate_deployment(document, WS)


def test_settings_of_a_pipeline_are_texts() -> None:
    found = body(CASES["pipeline, all"])["deploymentConfiguration"]["settings"]
    assert found == {"default_compute": "cpu", "continue_on_step_failure": "False"}


def test_what_is_missing_is_needed_first(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text("pass\n")
    (tmp_path / "d.yml").write_text(
        MODEL.replace("m:1", "m@latest")
        + "environment: {image: x}\ncode_configuration: {code: ./src, scoring_script: score.py}\n"
    )
    found = dict(translate_deployment(load(tmp_path / "d.yml"), WS).body["properties"])
    requirements = [found["model"]["assetId"], found["codeConfiguration"]["codeId"], found["environmentId"]]
    assert [type(placeholder.requirement) for placeholder in requirements] == [Resolve, Upload, Register]


@pytest.mark.parametrize("given", ["a-job", "azureml:a-job", f"azureml:{WS.path}/jobs/a-job", f"{WS.path}/jobs/a-job"])
def test_the_pipeline_of_a_job_becomes_a_component(given: str) -> None:
    found = body(f"{HEAD}job_definition: {given}\n")["deploymentConfiguration"]["componentId"]["assetId"]
    assert isinstance(found, Placeholder)
    assert isinstance(found.requirement, Register)
    spec = found.requirement.body["properties"]["componentSpec"]
    assert spec["sourceJobId"] == given.removeprefix("azureml:")
    assert spec["type"] == "pipeline"


@pytest.mark.parametrize(
    ("written", "name", "version"),
    [
        ("{path: m, type: mlflow_model}", "", None),
        ("{path: m, name: cards}", "cards", "latest"),
        ("{path: m, name: cards, version: 3}", "cards", "3"),
        ("{path: 'azureml://datastores/d/paths/p/'}", "", None),
    ],
)
def test_a_model_that_is_written_out_is_registered_first(
    tmp_path: Path, written: str, name: str, version: str | None
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "MLmodel").write_text("flavors: {}\n")
    (tmp_path / "d.yml").write_text(f"{HEAD}model: {written}\ncompute: c\n")
    placeholder = translate_deployment(load(tmp_path / "d.yml"), WS).body["properties"]["model"]["assetId"]
    assert isinstance(placeholder, Placeholder)
    requirement = placeholder.requirement
    assert isinstance(requirement, Register)
    assert (requirement.kind, requirement.name, requirement.version) == ("models", name, version)
    assert requirement.body["properties"].get("isAnonymous", False) == (not name)
    uri = requirement.body["properties"]["modelUri"]
    assert "azureml" in written or isinstance(uri.requirement, Upload)
    assert requirement.address({"properties": {"modelUri": "x"}})[1] == (version or "1")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("{path: nowhere}", ["model.path", "nowhere"]),
        ("{path: ., version: 1}", ["model.version", "name"]),
        ("{type: mlflow_model}", ["model.path", "required"]),
        ("{path: ., typ: x}", ["model.typ", "type"]),
        ("{path: ., type: model}", ["model.type", "mlflow_model"]),
        ("{path: ., name: 'a b'}", ["model.name", '"a b"']),
        ("3", ["model", "a mapping with path"]),
    ],
)
def test_mistakes_in_a_model_that_is_written_out_name_the_field(tmp_path: Path, written: str, words: list[str]) -> None:
    (tmp_path / "d.yml").write_text(f"{HEAD}model: {written}\ncompute: c\n")
    with pytest.raises(SpecError) as caught:
        translate_deployment(load(tmp_path / "d.yml"), WS)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_an_environment_with_a_name_is_registered_under_it(tmp_path: Path) -> None:
    named = body(f"{MODEL}environment: {{name: e, version: 2, image: i}}\n")["environmentId"].requirement
    assert (named.name, named.version, named.body["properties"]["isAnonymous"]) == ("e", "2", False)
    anonymous = body(f"{MODEL}environment: {{image: i}}\n")["environmentId"].requirement
    assert anonymous.body["properties"]["isAnonymous"]
