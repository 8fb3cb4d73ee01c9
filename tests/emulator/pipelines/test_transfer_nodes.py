"""Data transfer nodes of pipelines, which copy data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.pipelines.service import FOLDER, Body, Pipelines, node, to_pipeline

FILE = {"type": "uri_file"}


def copying(service: Pipelines, inputs: Body, mode: str | None = None, **more: Any) -> str:
    """Register a component that copies; its id."""
    spec = {"type": "data_transfer", "task": "copy_data", "inputs": inputs, "outputs": {"out": FOLDER}, **more}
    return service.register({**spec, **({"data_copy_mode": mode} if mode else {})})


def data(kind: str, path: str) -> Body:
    """A node's input at an address."""
    return {"job_input_type": kind, "uri": f"azureml://datastores/workspaceblobstore/paths/{path}"}


@pytest.fixture
def two(service: Pipelines, name: str) -> Body:
    """Two folders, each with a file of the same name."""
    for folder, file, content in (("a", "both", b"a"), ("a", "x/own", b"own"), ("b", "both", b"b")):
        service.upload(f"{name}/{folder}/{file}", content)
    return {side: data("uri_folder", f"{name}/{side}/") for side in ("a", "b")}


OUT: Body = {"outputs": {"out": {"jobOutputType": "uri_folder"}}}


def test_folders_are_merged(service: Pipelines, name: str, two: Body) -> None:
    component = copying(service, {"a": FOLDER, "b": FOLDER}, "merge_with_overwrite")
    merge = node(component, two, outputs={"out": to_pipeline("out")}) | {"type": "data_transfer", "task": "copy_data"}
    assert service.finish(name, {"merge": merge}, **OUT)["status"] == "Completed"
    out = service.outputs(name)["out"]["uri"]
    assert (service.read(f"{out}both"), service.read(f"{out}x/own")) == (b"b", b"own")


def test_a_conflict_fails_the_node(service: Pipelines, name: str, two: Body) -> None:
    component = copying(service, {"a": FOLDER, "b": FOLDER}, "fail_if_conflict")
    done = service.finish(name, {"merge": node(component, two) | {"type": "data_transfer"}})
    assert done["status"] == "Failed"
    assert "both exists already at the output" in service.log(service.steps(name)["merge"]["runId"])


def test_one_file_is_copied_into_a_folder(service: Pipelines, name: str, two: Body) -> None:
    component = copying(service, {"file": FILE})
    copy = node(component, {"file": data("uri_file", f"{name}/a/both")}, outputs={"out": to_pipeline("out")})
    assert service.finish(name, {"copy": copy | {"type": "data_transfer"}}, **OUT)["status"] == "Completed"
    assert service.read(f"{service.outputs(name)['out']['uri']}both") == b"a"


REFUSED: list[tuple[Body, Body, int, str]] = [
    ({"task": "import_data"}, {}, 501, "jobs.copy: data_transfer nodes with the task import_data"),
    ({"outputs": {}}, {}, 400, "jobs.copy.outputs: A copy has one output, not 0."),
    ({}, {"data_copy_mode": "merge"}, 400, "jobs.copy.data_copy_mode: 'merge' is not one of"),
]


@pytest.mark.parametrize(("component", "given", "status", "said"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_does_not_fit_is_named(
    service: Pipelines, name: str, component: Body, given: Body, status: int, said: str
) -> None:
    copy = node(copying(service, {"a": FOLDER}, **component), {"a": data("uri_folder", name)}, **given)
    answer = service.start(name, {"copy": copy | {"type": "data_transfer"}})
    assert (answer.status, said in answer.body["error"]["message"]) == (status, True), answer.body


def test_other_tasks_name_components_of_the_registry(service: Pipelines, name: str) -> None:
    imported = "azureml://registries/azureml/components/import_data_database/versions/0.0.1"
    load = {"type": "data_transfer", "task": "import_data", "componentId": imported, "source": {"type": "database"}}
    assert service.start(name, {"load": load}).status == 501


@pytest.mark.parametrize("task", ["import_data", "export_data"])
def test_other_tasks_are_not_here_whatever_their_node_says(service: Pipelines, name: str, task: str) -> None:
    """As ``data.import_data`` of Microsoft's client writes it: with the name of the asset in the output."""
    sink = {"job_output_type": "mltable", "uri": "azureml://datastores/d/paths/${{name}}", "name": "rows"}
    answer = service.start(name, {"load": {"type": "data_transfer", "task": task, "outputs": {"sink": sink}}})
    assert (answer.status, answer.body["error"]["code"]) == (501, "NotEmulated")
    assert f"jobs.load: data_transfer nodes with the task {task}" in answer.body["error"]["message"]
