"""A kind of job is one folder and one row: everything else is derived from the row."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec import kinds
from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.load import LocalFiles, load
from airflow_azureml.jobspec.kinds.command.component import command_component
from airflow_azureml.jobspec.kinds.command.job import COMMAND
from airflow_azureml.jobspec.kinds.command.node import INLINE_NODE
from airflow_azureml.jobspec.kinds.table import KINDS
from airflow_azureml.jobspec.nodes.kind import JobTranslator, Kind, Scope
from airflow_azureml.jobspec.nodes.node_keys import rows
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WS = Workspace("s", "g", "w")


def made_up_node(located: Located, ctx: JobTranslator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a node of a made-up kind."""
    found = scope.components.get(name)
    return {"name": name, "type": "made_up", "found": found.kind if found else None, "empty": {}}


MADE_UP = Kind(
    word="made_up",
    node=made_up_node,
    component=command_component,
    inline=True,
    is_node=lambda node: "invented" in node,
    runs_without_compute=lambda node: True,
    keeps_empty=True,
    output_type="mltable",
)


def pipeline(nodes: Any, *further: Kind) -> tuple[dict[str, Any], list[str]]:
    """Translate a pipeline with further kinds; returns its body and the messages of its problems."""
    document = load({"type": "pipeline", "jobs": nodes})
    ctx = JobTranslator(WS, kinds={**KINDS, **{kind.word: kind for kind in further}})
    translator = KINDS["pipeline"].job
    assert translator is not None
    body = translator(document.root, ctx)
    return body, [problem.message for problem in ctx.errors()]


def test_each_folder_has_a_row() -> None:
    (folder,) = kinds.__path__
    assert {path.parent.name for path in Path(folder).glob("*/__init__.py")} == set(KINDS)
    assert all(word == kind.word for word, kind in KINDS.items())


def test_a_row_is_all_that_a_kind_of_node_needs() -> None:
    taker = {
        "command": "echo ${{inputs.x}}",
        "environment": "azureml:e:1",
        "compute": "azureml:c",
        "inputs": {"x": "${{parent.jobs.a.outputs.any}}"},
    }
    part = {"type": "made_up", "command": "echo", "environment": "azureml:e:1"}
    nodes = {
        "a": {"type": "made_up", "outputs": {"any": {}}},
        "b": {"invented": 1, "compute": "azureml:c"},
        "c": {"component": part, "compute": "azureml:c"},
        "d": taker,
    }
    body, problems = pipeline(nodes, MADE_UP)
    assert problems == []
    assert [body["jobs"][name]["found"] for name in "abc"] == [None, None, "command"]
    assert body["jobs"]["a"]["empty"] == {}
    spec = body["jobs"]["d"]["componentId"].requirement.body["properties"]["componentSpec"]
    assert spec["inputs"] == {"x": {"type": "mltable"}}


def test_a_kind_without_a_row_is_refused() -> None:
    _, problems = pipeline({"a": {"type": "made_up", "compute": "azureml:c"}})
    assert problems == [
        '"made_up" is not a type of node. Accepted: automl, command, data_transfer, parallel, pipeline, spark, sweep.'
    ]


def test_a_key_of_commands_is_none_of_written_out_nodes_unless_it_is_named() -> None:
    assert {row.name for row in INLINE_NODE} <= {row.name for row in COMMAND}
    with pytest.raises(KeyError, match="no_such_key"):
        rows(COMMAND, "command", "no_such_key")


COMPONENT = "type: command\ncommand: echo\nenvironment: azureml:e:1\n"
JOB = """\
type: pipeline
compute: azureml:c
jobs:
  a:
    component: ./part.yml
  b:
    type: command
    component: ./part.yml
"""


@pytest.mark.parametrize("component", [COMPONENT, f"{COMPONENT}command: twice\n"], ids=["right", "wrong"])
def test_the_file_of_a_component_is_read_once(component: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: Counter[str] = Counter()
    read = LocalFiles.read

    def counted(self: LocalFiles, path: str) -> Document:
        counts[Path(path).name] += 1
        return read(self, path)

    monkeypatch.setattr(LocalFiles, "read", counted)
    (tmp_path / "part.yml").write_text(component)
    (tmp_path / "job.yml").write_text(JOB)
    if component == COMPONENT:
        translate(load(tmp_path / "job.yml"), WS)
    else:
        with pytest.raises(SpecError) as caught:
            translate(load(tmp_path / "job.yml"), WS)
        assert [problem.path for problem in caught.value.problems] == ["command"]
    assert counts == {"part.yml": 1}
