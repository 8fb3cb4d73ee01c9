"""The grammar of an invocation: every kind of input and output, exact JSON types, overrides, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.batch.arguments import arguments
from airflow_azureml.jobspec.batch.invocation import InvocationRequest, read, translate_invocation
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.requirements import Placeholder, Resolve, Upload
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WS = Workspace("sub", "group", "ws")
SHORT = "azureml://datastores/store/paths/a/"
LONG = "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/store/paths/a/"
STORE_ID = f"{WS.path}/datastores/store/paths/a/"


def body(**keywords: Any) -> dict[str, Any]:
    """The body of an invocation in which nothing is wrong."""
    return dict(translate_invocation(arguments(**keywords), WS).body["properties"])


def entry(value: Any) -> Any:
    """What becomes of one input."""
    return body(inputs={"x": value})["inputData"]["x"]


def refused(**keywords: Any) -> str:
    """What is said of an invocation that is wrong."""
    with pytest.raises(SpecError) as caught:
        translate_invocation(arguments(**keywords), WS)
    return str(caught.value)


def model_problems(**keywords: Any) -> list[str]:
    """What is said of an invocation where a model deployment runs."""
    found = read(arguments(**keywords), WS)
    assert not found.problems
    return [str(problem) for problem in found.of_model]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("text", "text"),
        ("", ""),
        ("007", "007"),
        (3, 3),
        (0, 0),
        (0.5, 0.5),
        (True, True),
        (False, False),
        ("https://example.com/hook", "https://example.com/hook"),
        ("a/b.csv", "a/b.csv"),
        ({"type": "string", "default": "append"}, "append"),
        ({"type": "string", "value": 7}, "7"),
        ({"type": "string", "default": ""}, ""),
        ({"type": "boolean", "value": "false"}, False),
        ({"type": "boolean", "default": False}, False),
        ({"type": "integer", "default": 0}, 0),
        ({"type": "integer", "default": "5"}, 5),
        ({"type": "integer", "default": 12345678901234567890}, 12345678901234567890),
        ({"type": "number", "default": "0.5"}, 0.5),
        ({"type": "number", "default": 3}, 3.0),
        ({"type": "float", "default": 2.5}, 2.5),
        ({"type": "Integer", "default": 2}, 2),
        ({"value": True}, True),
        ({"default": 1}, 1),
    ],
)
def test_a_literal_keeps_its_type(given: Any, sent: Any) -> None:
    found = entry(given)
    assert found == {"jobInputType": "Literal", "value": sent}
    assert json.dumps(found["value"]) == json.dumps(sent)


@pytest.mark.parametrize(
    ("given", "uri"),
    [
        (SHORT, SHORT),
        (LONG, LONG),
        (STORE_ID, STORE_ID),
        (f"azureml:{STORE_ID}", STORE_ID),
        ("azureml:heart:3", f"{WS.path}/data/heart/versions/3"),
        (f"{WS.path}/data/heart/versions/3", f"{WS.path}/data/heart/versions/3"),
        (f"azureml:{WS.path}/data/heart/versions/3", f"{WS.path}/data/heart/versions/3"),
        (
            "azureml://locations/eastus/workspaces/ws/data/heart/versions/labels/latest",
            "azureml://locations/eastus/workspaces/ws/data/heart/versions/labels/latest",
        ),
        ("azureml://registries/reg/data/heart/versions/1", "azureml://registries/reg/data/heart/versions/1"),
        ("https://acct.blob.core.windows.net/c/p/", "https://acct.blob.core.windows.net/c/p/"),
        ("https://acct.dfs.core.windows.net/c/p/", "https://acct.dfs.core.windows.net/c/p/"),
        ("wasbs://c@acct.blob.core.windows.net/p/", "wasbs://c@acct.blob.core.windows.net/p/"),
        ("abfss://c@acct.dfs.core.windows.net/p/", "abfss://c@acct.dfs.core.windows.net/p/"),
    ],
)
def test_a_reference_is_data_in_both_spellings(given: str, uri: str) -> None:
    """A plain text that is a reference means what the mapping means."""
    assert entry(given) == {"jobInputType": "UriFolder", "uri": uri}
    assert entry({"type": "uri_file", "path": given}) == {"jobInputType": "UriFile", "uri": uri}


@pytest.mark.parametrize("given", ["azureml:heart@latest", "azureml:/heart@latest"])
def test_a_label_is_resolved(given: str) -> None:
    uri = entry(given)["uri"]
    assert isinstance(uri, Placeholder)
    assert uri.requirement == Resolve("data", "heart")
    assert uri.template == f"{WS.path}/data/heart/versions/{{}}"


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("uri_folder", "UriFolder"),
        ("uri_file", "UriFile"),
        ("mltable", "MLTable"),
        ("custom_model", "CustomModel"),
        ("mlflow_model", "MLFlowModel"),
        ("triton_model", "TritonModel"),
    ],
)
def test_the_service_spells_types_its_own_way(kind: str, sent: str) -> None:
    assert entry({"type": kind, "path": SHORT})["jobInputType"] == sent
    assert body(outputs={"x": {"type": kind}})["outputData"]["x"] == {"jobOutputType": sent}


def test_a_model_asset_has_a_model_s_id() -> None:
    assert entry({"type": "mlflow_model", "path": "azureml:m:1"})["uri"] == f"{WS.path}/models/m/versions/1"


def test_modes_are_the_service_s_words() -> None:
    assert entry({"path": SHORT, "mode": "download"})["mode"] == "Download"
    assert entry({"type": "mltable", "path": SHORT, "mode": "eval_mount"})["mode"] == "EvalMount"
    assert body(outputs={"x": {"mode": "rw_mount"}})["outputData"]["x"]["mode"] == "ReadWriteMount"
    assert "not a mode" in refused(inputs={"x": {"path": SHORT, "mode": "ro_mnt"}})


@pytest.mark.parametrize("key", ["jobInputType", "JobInputType"])
def test_the_service_s_own_words_pass_unchanged(key: str) -> None:
    given = {key: "UriFolder", "Uri": "anything at all", "strange": None}
    assert entry(given) == given
    out = {key.replace("Input", "Output"): "UriFile", "Uri": "anything"}
    assert body(outputs={"x": out})["outputData"]["x"] == out


def test_the_output_of_an_upstream_task_is_an_input() -> None:
    upstream = {"type": "uri_file", "path": LONG + "f.csv", "https_url": "https://x", "abfss_url": None}
    assert entry(upstream) == {"jobInputType": "UriFile", "uri": LONG + "f.csv"}
    assert body(input={**upstream, "asset_id": "x"})["inputData"] == {
        "UriFile": {"jobInputType": "UriFile", "uri": LONG + "f.csv"}
    }


def test_local_data_are_uploaded(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1")
    found = body(folder=str(tmp_path), inputs={"d": {"path": "data"}, "f": {"type": "uri_file", "path": "data/a.csv"}})
    folder, file = found["inputData"]["d"]["uri"], found["inputData"]["f"]["uri"]
    assert (folder.template, file.template) == ("{}/", "{}")
    assert isinstance(folder.requirement, Upload)
    assert folder.requirement.source == str(tmp_path / "data")
    assert body(folder=str(tmp_path), input="data")["inputData"]["UriFolder"]["uri"] == folder


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"path": "no-such-folder"}, "no file or folder"),
        ({"type": "uri_file", "path": str(Path(__file__).parent)}, "is a folder, and the input is a uri_file"),
        ({"type": "uri_fold", "path": SHORT}, 'inputs.x.type: "uri_fold" is not a type. Accepted: uri_folder'),
        ({"type": "uri_folder"}, "inputs.x.path: data needs a path"),
        ({"path": SHORT, "pth": 1}, 'unknown key "pth". Did you mean "path"?'),
        ({"type": "integer", "default": 0.5}, "0.5 is not an integer"),
        ({"type": "integer", "default": True}, "true is not an integer"),
        ({"type": "number", "default": "much"}, '"much" is not a number'),
        ({"type": "number", "default": "nan"}, "is not a number"),
        ({"type": "boolean", "default": 1}, "1 is not a boolean"),
        ({"type": "string"}, "a literal needs a value"),
        ({"type": "string", "default": "a", "value": "b"}, "both value and default"),
        ({"depth": 3}, "json.dumps"),
        ([1, 2], "json.dumps"),
        (float("inf"), "is not an input"),
        ("azureml:heart", "does not name a data asset"),
        (f"{WS.path}/computes/cpu", 'id of something in "computes"'),
        (f"{WS.path}/datastores/store", "/paths/"),
    ],
)
def test_a_wrong_input_is_refused(given: Any, said: str) -> None:
    assert said in refused(inputs={"x": given})


@pytest.mark.parametrize("part", ["inputs", "outputs"])
def test_a_hyphen_in_a_name_is_refused_with_the_name_that_would_do(part: str) -> None:
    assert f'{part}.heart-data: "heart-data" is not a name' in (
        said := refused(**{part: {"heart-data": {"path": SHORT}}})
    )
    assert 'Did you mean "heart_data"?' in said


@pytest.mark.parametrize("path", [SHORT, LONG, STORE_ID])
def test_outputs_go_to_a_datastore(path: str) -> None:
    assert body(outputs={"x": {"path": path}})["outputData"]["x"] == {"jobOutputType": "UriFolder", "uri": path}
    found = read(arguments(outputs={"x": {"type": "uri_file", "path": f"azureml:{STORE_ID}"}}), WS)
    assert found.body["properties"]["outputData"]["x"]["uri"] == STORE_ID
    assert [problem.path for _, problem in found.stores] == ["outputs.x.path"]


@pytest.mark.parametrize(
    "path", ["https://acct.blob.core.windows.net/c/p", "abfss://c@acct.dfs.core.windows.net/p", "out", "azureml:d:1"]
)
def test_no_other_place_will_do_for_an_output(path: str) -> None:
    assert "outputs.x.path" in (said := refused(outputs={"x": {"path": path}}))
    assert "azureml://datastores/NAME/paths/" in said


@pytest.mark.parametrize("empty", [None, {}])
def test_an_empty_output_is_a_folder(empty: Any) -> None:
    assert body(outputs={"x": empty})["outputData"]["x"] == {"jobOutputType": "UriFolder"}


def test_the_overrides() -> None:
    found = body(
        mini_batch_size=20,
        instance_count=5,
        error_threshold=-1,
        max_concurrency_per_instance=2,
        max_retries=0,
        retry_timeout=timedelta(minutes=90),
        logging_level="debug",
        output_file_name="x.csv",
        experiment_name="exp",
        job_name="shown",
        tags={"a": "b"},
        properties={"team": "alpha"},
    )
    assert found == {
        "miniBatchSize": 20,
        "compute": {"instanceCount": 5},
        "errorThreshold": -1,
        "maxConcurrencyPerInstance": 2,
        "retrySettings": {"maxRetries": 0, "timeout": "PT1H30M"},
        "loggingLevel": "Debug",
        "outputFileName": "x.csv",
        "name": "shown",
        "tags": {"a": "b"},
        "properties": {"team": "alpha", "experimentName": "exp"},
    }


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"mini_batch_size": 0}, "mini_batch_size: 0 is too small"),
        ({"error_threshold": -2}, "error_threshold: -2 is too small"),
        ({"instance_count": "many"}, "instance_count"),
        ({"logging_level": "loud"}, "Accepted: info, warning, debug"),
        ({"retry_timeout": "soon"}, "retry_timeout"),
        ({"minibatch_size": 3}, 'Did you mean "mini_batch_size"?'),
        ({"set": {"compute.target": "cpu-cluster"}}, "Accepted: azureml:NAME"),
        ({"input": SHORT, "inputs": {"x": 1}}, "input and inputs cannot be combined."),
        ({"input": SHORT, "input_type": "mltable"}, "Accepted: uri_folder, uri_file"),
        ({"input": 3}, "input: 3 is not data. Accepted: one path"),
        ({"input": ["azureml:x:1"]}, "input: a list is not data"),
        ({"inputs": ["x"]}, "inputs: a list is not a mapping"),
    ],
)
def test_wrong_keywords_are_refused(keywords: Mapping[str, Any], said: str) -> None:
    assert said in refused(**keywords)


def test_all_problems_come_together() -> None:
    said = refused(inputs={"a-b": 1, "c": {"path": "nowhere"}}, outputs={"d": {"path": "x"}}, mini_batch_size=0)
    assert all(part in said for part in ("inputs.a-b", "inputs.c", "outputs.d.path", "mini_batch_size"))


FILE = """
inputs:
  heart_data:
    type: uri_folder
    path: azureml://datastores/store/paths/a/
  score_mode:
    type: string
    default: append
outputs:
  score:
    path: azureml://datastores/store/paths/out/
mini_batch_size: 10
"""


def test_a_file_is_laid_under_the_keywords_and_set_comes_last() -> None:
    document = arguments(
        load(FILE),
        inputs={"n": 1},
        mini_batch_size=5,
        set=["inputs.heart_data.type=uri_file", "inputs.n=2", "retry_settings.max_retries=4"],
    )
    found = translate_invocation(document, WS).body["properties"]
    assert found["inputData"] == {
        "heart_data": {"jobInputType": "UriFile", "uri": SHORT},
        "score_mode": {"jobInputType": "Literal", "value": "append"},
        "n": {"jobInputType": "Literal", "value": 2},
    }
    assert (found["miniBatchSize"], found["retrySettings"]) == (5, {"maxRetries": 4})


def test_a_document_can_be_made_by_set_alone() -> None:
    pairs = ["inputs.heart_data.type=uri_folder", f"inputs.heart_data.path={SHORT}"]
    assert body(set=pairs)["inputData"] == {"heart_data": {"jobInputType": "UriFolder", "uri": SHORT}}


def test_a_problem_in_a_file_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "inputs.yml"
    path.write_text(FILE.replace("uri_folder", "folder"))
    with pytest.raises(SpecError, match=r"inputs.yml:4: inputs.heart_data.type"):
        translate_invocation(arguments(load(path)), WS)


def test_relative_paths_of_a_file_belong_to_its_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1")
    path = tmp_path / "inputs.yml"
    path.write_text("inputs:\n  d:\n    path: data\n")
    found = translate_invocation(arguments(load(path)), WS).body["properties"]["inputData"]["d"]["uri"]
    assert found.requirement.source == str(tmp_path / "data")


def test_what_a_model_deployment_takes() -> None:
    assert model_problems(input=SHORT) == []
    assert model_problems(inputs={"x": {"jobInputType": "UriFile", "uri": SHORT}}) == []
    assert model_problems(inputs={"x": SHORT, "n": 3}) == [
        "inputs.n: a literal cannot be given to a model deployment. Accepted: one data input."
    ]
    assert "a literal" in model_problems(inputs={"n": {"JobInputType": "Literal", "Value": "3"}})[0]
    assert "2 are given: x, y" in model_problems(inputs={"x": SHORT, "y": SHORT})[0]
    assert (
        "takes no mltable. Accepted: uri_folder, uri_file"
        in model_problems(inputs={"x": {"type": "mltable", "path": SHORT}})[0]
    )
    assert "none is given" in model_problems()[0]
    assert "gives one output; 2 are given" in model_problems(input=SHORT, outputs={"a": None, "b": None})[0]


def test_the_old_way_to_place_the_output() -> None:
    """Source: azure-ai-ml 1.35.2, ``convert_v1_dataset_to_v2``."""
    pairs = {"output_dataset.datastore_id": "azureml:store", "output_dataset.path": "out"}
    assert body(set=pairs, output_file_name="x.csv") == {
        "outputData": {"score": {"jobOutputType": "UriFile", "uri": "azureml://datastores/store/paths/out/x.csv"}}
    }


def test_nothing_at_all_is_an_invocation() -> None:
    found = read(arguments(), WS)
    assert isinstance(found, InvocationRequest)
    assert found.body == {"properties": {}}
