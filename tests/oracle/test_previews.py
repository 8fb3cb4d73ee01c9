"""Loops over items, a private preview of Microsoft's, which its client takes where a variable says so when it is
loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.oracle.calls import Made
from tests.oracle.families.objects import HEAD
from tests.oracle.judge import PYTHON, Case, Judge

ARM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/data/x"
LEAF: dict[str, Any] = {
    "name": "leaf",
    "type": "command",
    "command": "cat $[[${{inputs.d}}]] $[[${{inputs.r}}]]",
    "environment": "azureml:e:1",
    "inputs": {"d": {"type": "uri_file", "optional": True}, "r": {"type": "string", "optional": True}},
}
PATHS = (
    *("azureml:x:1", "azureml:x@latest", "azureml:x", "azureml:azureml:x:1", "azureml:a:1/b", "azureml:x:"),
    *(f"azureml:{ARM}/versions/1", f"azureml:{ARM[1:]}/versions/1", f"azureml:{ARM}", f"{ARM}/versions/1"),
    *("azureml://datastores/a/paths/b.csv", "azureml://registries/r/data/x/versions/1", "https://h/x.csv"),
)
ITEMS: dict[str, Any] = {
    **{path: [{"d": {"type": "uri_file", "path": path}}] for path in PATHS},
    "mode": [{"d": {"type": "uri_file", "path": "azureml:x:1", "mode": "download"}}],
    "no type, by keys": {"one": {"d": {"path": "azureml:x:1"}, "r": "azureml:x:1"}},
    "as JSON": '[{"d": {"type": "uri_file", "path": "azureml:x:1"}}]',
}


def case(name: str, items: Any) -> Case:
    """A loop over items. Its component has a text of its own: the client makes none twice."""
    jobs = {
        "a": {"type": "command", "component": "leaf.yml"},
        "n": {"type": "parallel_for", "body": "${{parent.jobs.a}}", "items": items},
    }
    job = {"type": "pipeline", "settings": {"default_compute": "azureml:cpu"}, "jobs": jobs}
    return Case(name, job, {"leaf.yml": yaml.safe_dump({**LEAF, "description": name})})


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Microsoft's client, loaded anew with its previews."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AZURE_ML_CLI_PRIVATE_FEATURES_ENABLED", "true")
        with Judge(tmp_path_factory.mktemp("oracle"), PYTHON) as judge:
            yield judge


@pytest.mark.parametrize("name", ITEMS)
def test_items_are_sent_as_microsofts_client_sends_them(judge: Judge, name: str) -> None:
    found = judge.judge(case(name, ITEMS[name]))
    assert found.kind == "equal", str(found)


LOOP = """
from azure.ai.ml.dsl._parallel_for import parallel_for
leaf = command(name="leaf", description={name!r}, command="cat ${{{{inputs.d}}}} ${{{{inputs.r}}}}",
               environment="azureml:e:1", inputs={{"d": Input(type="uri_file"), "r": Input(type="string")}}).component

@dsl.pipeline(default_compute="cpu")
def flowing(source, word: str):
    parallel_for(body=leaf(), items={items})

job = flowing(source=Input(type="uri_file", path="azureml:x:1"), word="w")
"""
BUILT = {
    "a reference": '[{"d": Input(type="uri_file", path="azureml:x:1"), "r": "one"}]',
    "an address, with a mode": '{"k": {"d": Input(path="azureml://datastores/a/paths/b", mode="download"), "r": "2"}}',
    "inputs of the pipeline": '[{"d": source, "r": word}]',
    "the items are an input": "word",
}


@pytest.mark.parametrize("name", BUILT)
def test_so_are_those_of_a_loop_that_was_built_in_python(judge: Judge, name: str) -> None:
    found = judge.judge(Made(name, HEAD + LOOP.format(name=name, items=BUILT[name])))
    assert found.kind == "equal", str(found)


@pytest.mark.parametrize("path", ["azureml:x:1", "azureml:x@latest", "azureml://datastores/a/paths/b.csv"])
def test_so_are_those_of_a_loop_that_was_loaded_from_a_file(judge: Judge, path: str) -> None:
    written = case(f"loaded {path}", [{"d": {"type": "uri_file", "path": path}, "r": "one"}])
    files = {**written.files, "loop.yml": written.text}
    found = judge.judge(Made(written.id, HEAD + "job = load_job('loop.yml')", files))
    assert found.kind == "equal", str(found)
