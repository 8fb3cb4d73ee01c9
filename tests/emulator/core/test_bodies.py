"""The bodies that Microsoft's client sends, all of the golden requests, against the tables of what is accepted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.app import Emulator
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.resource_body import read_properties
from azureml_emulator.core.schema import seconds
from azureml_emulator.core.settings import load_settings
from azureml_emulator.jobs.schemas import COMMAND_JOB
from azureml_emulator.pipelines.schemas import OTHER_NODES
from tests.corpus.cases import place


def requests(em: Emulator, case: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and body of each PUT of a case that the emulator takes."""
    for request in case.get("requests", []):
        segments = request["path"].split("/")
        if request["method"] != "PUT" or "workspaces" not in segments or not isinstance(request.get("body"), dict):
            continue
        kind = segments[segments.index("workspaces") + 2]
        if kind in em.assets.kinds and "versions" in segments:
            yield kind, request["body"]
    body = case.get("job_body")
    if body and body["properties"]["jobType"] in em.engine.types and not other_nodes(body["properties"]):
        yield "jobs", body


def other_nodes(properties: dict[str, Any]) -> bool:
    """Whether a pipeline has nodes that are not emulated."""
    return any(node["type"] in OTHER_NODES for node in properties.get("jobs", {}).values())


def test_no_golden_request_is_refused(tmp_path: Path) -> None:
    folder, asked_for = place()
    if not folder.is_dir() and not asked_for:
        pytest.skip(f"{folder} does not exist: AZUREML_CORPUS names the place of the golden requests")
    em = Emulator(load_settings(tmp_path, "127.0.0.1", None, {}))
    refused, counted = [], dict.fromkeys([*em.assets.kinds, "jobs"], 0)
    for path in sorted(
        [*folder.glob("command/*.json"), *folder.glob("jobs/*/expected.json"), *folder.glob("batch/*.json")]
    ):
        for kind, body in requests(em, json.loads(path.read_text())):
            counted[kind] += 1
            try:
                em.job_resources.read("name", body) if kind == "jobs" else read_properties(
                    body, em.assets.kinds[kind].shape
                )
            except ServiceError as error:
                refused.append(f"{path.relative_to(folder)} {kind}: {error}")
    # An empty literal, which Microsoft's client sends and the service refuses.
    (empty,) = refused
    assert empty.startswith("command/inputs-literals.json jobs: ")
    assert "inputs.e.value" in empty
    assert counted["jobs"] > 100
    assert counted["codes"] > 60
    assert counted["environments"] > 40


@pytest.mark.parametrize(
    ("text", "length"),
    [("PT1H", 3600), ("PT1M40S", 100), ("P1DT2H", 93600), ("PT0.5S", 0.5), ("PT", None), ("1H", None), ("P", None)],
)
def test_durations(text: str, length: float | None) -> None:
    assert seconds(text) == length


def test_scalars_become_text_where_text_is_expected() -> None:
    given = {
        "jobType": "Command",
        "command": "x",
        "environmentId": "e",
        "environmentVariables": {"N": 1, "B": True, "F": 0.5},
    }
    read = read_properties({"properties": given}, COMMAND_JOB)
    assert read["environmentVariables"] == {"N": "1", "B": "True", "F": "0.5"}


def test_every_problem_of_a_body_is_named() -> None:
    given = {"jobType": "Command", "comand": "x", "inputs": {"a": 1}, "tags": []}
    with pytest.raises(ServiceError) as raised:
        read_properties({"properties": given, "name": "x"}, COMMAND_JOB)
    rows = json.loads(raised.value.message.partition("Errors:\n")[2])
    assert {row["PropertyName"] for row in rows} == {
        "properties.comand",
        "properties.command",
        "properties.environmentId",
        "properties.inputs.a",
        "properties.tags",
    }
