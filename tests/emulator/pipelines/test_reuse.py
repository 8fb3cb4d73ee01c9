"""Steps that take over the results of earlier ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.pipelines.service import FOLDER, Body, Pipelines, from_node, node, to_pipeline
from tests.emulator.pipelines.test_sweep_nodes import LOG, sweep

DATE = "date +%N > ${{outputs.out}}/word.txt; cat ${{inputs.rows}} >> ${{outputs.out}}/word.txt"
COPY = "cp ${{inputs.a}}/word.txt ${{outputs.copy}}/"
OUTPUT: Body = {"outputs": {"out": {"jobOutputType": "uri_folder"}}}


def of(name: str) -> Body:
    """The input of a node that is a file of one's own."""
    return {"job_input_type": "uri_file", "uri": f"azureml://datastores/workspaceblobstore/paths/{name}/rows.csv"}


@pytest.fixture
def first(service: Pipelines, name: str) -> Body:
    """Two nodes, one after the other, of which the first has another result each time it runs."""
    service.upload(f"{name}/rows.csv", b"rows")
    write = service.component(DATE, {"rows": {"type": "uri_file"}}, {"out": FOLDER})
    copy = service.component(COPY, {"a": FOLDER}, {"copy": FOLDER})
    return {
        "write": node(write, {"rows": of(name)}),
        "copy": node(copy, {"a": from_node("write", "out")}, outputs={"copy": to_pipeline("out")}),
    }


def result(service: Pipelines, name: str) -> bytes:
    """What a pipeline wrote."""
    return service.read(f"{service.outputs(name)['out']['uri']}word.txt")


def reused(service: Pipelines, name: str) -> set[str]:
    """The nodes that did not run."""
    steps = service.steps(name)
    return {node for node, row in steps.items() if row["properties"].get("azureml.isreused") == "true"}


def test_a_step_with_the_same_inputs_does_not_run_again(service: Pipelines, name: str, first: Body) -> None:
    service.finish(name, first, **OUTPUT)
    again = f"{name}-again"
    named = {**first, "write": {**first["write"], "tags": {"k": "v"}, "comment": "other"}}
    done = service.finish(again, named, **OUTPUT, displayName="other", experimentName="other")
    assert done["status"] == "Completed"
    assert reused(service, name) == set()
    assert reused(service, again) == {"write", "copy"}
    assert result(service, again) == result(service, name)
    old, new = service.steps(name)["write"], service.steps(again)["write"]
    assert new["runId"] != old["runId"]
    assert (new["status"], new["dataContainerId"]) == ("Completed", old["dataContainerId"])
    assert new["properties"]["azureml.reusedrunid"] == old["runId"]
    assert new["properties"]["azureml.reusedpipelinerunid"] == name
    assert service.outputs(new["runId"]) == service.outputs(old["runId"])
    assert service.log(new["runId"]) == service.log(old["runId"])
    third = f"{name}-third"
    service.finish(third, first, **OUTPUT)
    assert service.steps(third)["write"]["properties"]["azureml.reusedrunid"] == old["runId"]


def test_force_rerun_runs_all_and_what_it_makes_is_reused_next(service: Pipelines, name: str, first: Body) -> None:
    service.finish(name, first, **OUTPUT)
    forced, after = f"{name}-forced", f"{name}-after"
    service.finish(forced, first, **OUTPUT, settings={"force_rerun": True})
    assert reused(service, forced) == set()
    assert result(service, forced) != result(service, name)
    service.finish(after, first, **OUTPUT)
    assert result(service, after) == result(service, forced)


def test_other_data_at_the_same_place_runs(service: Pipelines, name: str, first: Body) -> None:
    service.finish(name, first, **OUTPUT)
    service.upload(f"{name}/rows.csv", b"more")
    again = f"{name}-again"
    service.finish(again, first, **OUTPUT)
    assert reused(service, again) == set()
    assert result(service, again).endswith(b"more")


@pytest.mark.parametrize(
    "changes",
    [{"environment_variables": {"A": "1"}}, {"resources": {"instance_count": 2}}],
    ids=lambda row: next(iter(row)),
)
def test_other_settings_run(service: Pipelines, name: str, first: Body, changes: Any) -> None:
    service.finish(name, first, **OUTPUT)
    again = f"{name}-again"
    service.finish(again, {**first, "write": {**first["write"], **changes}}, **OUTPUT)
    assert reused(service, again) == set()


def test_a_component_that_is_not_deterministic_runs(service: Pipelines, name: str) -> None:
    component = service.component("true", is_deterministic=False)
    for attempt in (name, f"{name}-again"):
        service.finish(attempt, {"one": node(component)})
        assert reused(service, attempt) == set()


def test_a_step_that_failed_is_not_reused(service: Pipelines, name: str) -> None:
    component = service.component("exit 3")
    for attempt in (name, f"{name}-again"):
        assert service.finish(attempt, {"one": node(component)})["status"] == "Failed"
        assert reused(service, attempt) == set()


def test_steps_of_pipelines_inside_are_reused(service: Pipelines, name: str) -> None:
    inner = service.register({"type": "pipeline", "jobs": {"deep": node(service.component("true"))}})
    for attempt in (name, f"{name}-again"):
        service.finish(attempt, {"sub": {"type": "pipeline", "componentId": inner}})
    sub = service.steps(f"{name}-again")["sub"]
    assert "azureml.isreused" not in sub["properties"]
    assert reused(service, sub["runId"]) == {"deep"}


def test_a_sweep_is_reused_with_its_best_trial(service: Pipelines, name: str) -> None:
    trial = service.component(f"echo ${{{{inputs.rate}}}}{LOG}", {"rate": {"type": "number"}})
    for attempt in (name, f"{name}-again"):
        service.finish(attempt, {"tune": sweep(trial)})
    old, new = service.steps(name)["tune"], service.steps(f"{name}-again")["tune"]
    assert new["properties"]["azureml.reusedrunid"] == old["runId"]
    assert new["properties"]["best_child_run_id"] == f"{old['runId']}_1"
    assert service.steps(new["runId"]) == {}
