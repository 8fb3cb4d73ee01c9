"""Flows of Prompt flow as components: what is refused, and what they take. What is sent: ``tests/oracle``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.render import render
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WS = Workspace("s", "g", "w")
SCHEMAS = "https://azuremlschemas.azureedge.net/promptflow/latest/"
DATA = {"data": {"path": "azureml:d:1"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A flow, and a run of it."""
    (tmp_path / "web" / ".promptflow").mkdir(parents=True)
    (tmp_path / "web" / ".promptflow" / "flow.tools.json").write_text("{}")
    (tmp_path / "web" / "flow.dag.yaml").write_text(f"$schema: {SCHEMAS}Flow.schema.json\nnodes: []\n")
    (tmp_path / "run.yml").write_text(f"$schema: {SCHEMAS}Run.schema.json\nflow: web\ncolumn_mapping: {{url: x}}\n")
    return tmp_path


def pipeline(folder: Path, component: str, inputs: Any, **more: Any) -> Any:
    node = {"component": component, "inputs": inputs, **more}
    return translate(load({"type": "pipeline", "compute": "azureml:c", "jobs": {"f": node}}, folder=str(folder)), WS)


def test_a_flow_takes_data_connections_and_texts(folder: Path) -> None:
    given = {**DATA, "url": "${data.url}", "connections.n.connection": "c"}
    translation = pipeline(folder, "run.yml", given)
    rendered = render(translation, WS)
    node = rendered["body"]["properties"]["jobs"]["f"]
    assert (node["type"], set(node["inputs"])) == ("parallel", set(given))
    component = rendered["requests"][-1]["body"]["properties"]["componentSpec"]
    assert (component["name"], component["type"]) == ("web", "promptflow_parallel")
    assert component["flow_definition_uri"].endswith("/web/flow.dag.yaml")
    assert [warning.partition("run.yml:3: ")[2] for warning in translation.warnings] == [
        'column_mapping: "column_mapping" is not sent. Map columns by inputs of the node, such as url: ${data.url}.'
    ]


@pytest.mark.parametrize(
    ("inputs", "more", "said"),
    [
        ({}, {}, 'jobs.f.inputs.data: the component needs the input "data".'),
        ({**DATA, "connections.n": "c"}, {}, '"connections.n" names no connection. Accepted: connections.NODE.NAME.'),
        (DATA, {"type": "command"}, "this is a flow, and the node is of type command. Accepted: parallel."),
    ],
)
def test_what_is_refused(folder: Path, inputs: Any, more: Any, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        pipeline(folder, "web/flow.dag.yaml", inputs, **more)
    assert said in str(caught.value)


def test_a_flow_that_was_not_validated(folder: Path) -> None:
    (folder / "web" / ".promptflow" / "flow.tools.json").unlink()
    with pytest.raises(SpecError, match=r"the flow has no \.promptflow/flow\.tools\.json"):
        pipeline(folder, "run.yml", DATA)
