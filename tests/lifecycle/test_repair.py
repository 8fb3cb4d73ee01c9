"""Which steps of a pipeline another job takes over, what becomes of their data, and what a job tells of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from airflow_azureml.lifecycle.repair import record
from airflow_azureml.lifecycle.repair.finished import Finished, finished_steps
from airflow_azureml.lifecycle.repair.record import Kept
from airflow_azureml.lifecycle.repair.steps import (
    Data,
    given_place,
    kept_outputs,
    marks,
    needed,
    titles,
    to_take_over,
    without,
)
from tests.rest.driving import WS, Drive, job, job_json, reply

Body = dict[str, Any]
COMPONENT = "/subscriptions/s/components/c/versions/1"


def bound(text: str, **more: Any) -> Body:
    """An input of a step that is bound, or an output."""
    return {"job_input_type": "literal", "value": f"${{{{parent.{text}}}}}", **more}


def step(inputs: Body | None = None, outputs: Body | None = None, **more: Any) -> Body:
    """A step as Microsoft's client sends it."""
    return {"type": "command", "componentId": COMPONENT, "inputs": inputs or {}, "outputs": outputs or {}, **more}


def pipeline(**more: Any) -> Body:
    """Prep, then train and score side by side, and a report of both."""
    steps = {
        "prep": step({"raw": bound("inputs.raw")}, {"data": {"job_output_type": "uri_folder"}}),
        "train": step(
            {"data": bound("jobs.prep.outputs.data", mode="Download"), "rate": bound("inputs.rate")},
            {"model": {"type": "literal", "value": "${{parent.outputs.model}}"}},
        ),
        "score": step({"data": bound("jobs.prep.outputs.data")}, {"rows": {"job_output_type": "uri_file"}}),
        "report": step({"model": bound("jobs.train.outputs.model"), "rows": bound("jobs.score.outputs.rows")}),
    }
    return {
        "jobType": "Pipeline",
        "inputs": {"raw": {"jobInputType": "uri_folder", "uri": "azureml://x"}, "rate": {"value": "0.1"}},
        "outputs": {"model": {"jobOutputType": "mlflow_model"}},
        "jobs": steps,
        **more,
    }


@pytest.mark.parametrize(
    ("finished", "taken"),
    [
        ({"prep", "train"}, {"prep", "train"}),
        ({"prep", "train", "score"}, {"prep", "train", "score"}),
        ({"train", "score"}, set()),  # prep runs again, and so does all that follows
        ({"prep", "score", "report"}, {"prep", "score"}),  # what is reported was made with another model
        (set(), set()),
        ({"prep", "unknown"}, {"prep"}),
    ],
)
def test_whatever_follows_a_step_that_runs_again_does_so_too(finished: set[str], taken: set[str]) -> None:
    assert to_take_over(pipeline(), finished) == taken


@pytest.mark.parametrize(
    "changed",
    [
        {"environment_variables": {"D": "${{parent.jobs.prep.outputs.data}}"}},
        {"inputs": {"data": bound("jobs.prep.outputs.data}}/part${{parent.inputs.rate")}},
    ],
)
def test_a_step_runs_again_whose_output_is_asked_for_where_no_data_can_stand(changed: Body) -> None:
    body = pipeline()
    body["jobs"]["train"] |= changed
    assert to_take_over(body, {"prep", "score"}) == set()
    assert to_take_over(body, {"prep", "train", "score"}) == {"prep", "train", "score"}


def test_steps_before_and_after_all_others_run_in_each_job() -> None:
    body = pipeline(settings={"on_init": "begin", "on_finalize": "end"})
    body["jobs"] |= {"begin": step(), "end": step()}
    assert to_take_over(body, {"begin", "end", "prep"}) == {"prep"}


def test_bindings_become_data_and_the_pipelines_outputs_are_kept() -> None:
    body, taken = pipeline(), {"prep", "train"}
    before = copy.deepcopy(body)
    asked = needed(body, taken)
    assert asked == {("prep", "data"), ("train", "model")}
    places = {
        ("prep", "data"): Data("uri_folder", "azureml://a/"),
        ("train", "model"): Data("mlflow_model", "azureml://m/"),
    }
    new = without(body, taken, places)
    assert new["jobs"]["score"]["inputs"] == {"data": {"job_input_type": "uri_folder", "uri": "azureml://a/"}}
    assert new["jobs"]["report"]["inputs"] == {
        "model": {"job_input_type": "mlflow_model", "uri": "azureml://m/"},
        "rows": bound("jobs.score.outputs.rows"),
    }
    assert set(new["jobs"]) == {"score", "report"}
    assert new["outputs"] == {}
    assert kept_outputs(body, taken) == {"model": ("train", "model")}
    assert body == before, "the body that was given is as it was"


def test_the_mode_of_an_input_stays() -> None:
    new = without(pipeline(), {"prep"}, {("prep", "data"): Data("uri_folder", "azureml://a/")})
    assert new["jobs"]["train"]["inputs"]["data"] == {
        "job_input_type": "uri_folder",
        "uri": "azureml://a/",
        "mode": "Download",
    }
    assert new["outputs"] == pipeline()["outputs"]


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (lambda body: body["jobs"]["prep"].update(componentId="other"), {"prep"}),
        (lambda body: body["inputs"]["rate"].update(value="0.2"), {"train"}),
        (lambda body: body["outputs"]["model"].update(uri="azureml://elsewhere"), {"train"}),
        (lambda body: body["jobs"]["train"].update(computeId="gpu"), set()),
        (lambda body: body["inputs"].update(unused={"value": "1"}), set()),
    ],
)
def test_a_mark_tells_what_a_step_is(change: Any, changed: set[str]) -> None:
    before, body = marks(pipeline()), pipeline()
    change(body)
    assert {name for name, mark in marks(body).items() if mark != before[name]} == changed


def test_a_title_that_could_be_two_steps_is_nobody_s() -> None:
    body = pipeline()
    body["jobs"]["score"]["display_name"] = "train"
    body["jobs"]["report"]["display_name"] = "The report"
    assert titles(body) == {"prep": "prep", "score": "score", "The report": "report", "report": "report"}


def test_a_place_of_the_pipelines_own_words_is_known() -> None:
    body = pipeline(outputs={"model": {"jobOutputType": "mlflow_model", "uri": "azureml://own/"}})
    body["jobs"]["prep"]["outputs"]["data"] |= {"uri": "azureml://x/${{name}}/"}
    assert given_place(body, ("train", "model")) == Data("mlflow_model", "azureml://own/")
    assert given_place(body, ("prep", "data")) is None
    assert given_place(body, ("score", "rows")) is None


def test_what_a_later_job_has_run_again_is_not_taken_from_an_earlier_one() -> None:
    body, known = pipeline(), marks(pipeline())
    every = record.of_steps(known.values()) or {}
    second = {**every, **(record.of_repair("first", [known["score"]], ()) or {})}
    runs = {
        "second": [("prep", "Completed"), ("train", "Failed"), ("other", "Completed")],
        "first": [("prep", "Completed"), ("train", "Completed"), ("score", "Completed"), ("report", "Failed")],
    }

    def respond(call: Any) -> Any:
        if call.path.endswith("/children"):
            name = call.path.split("/")[-2]
            rows = [{"runId": f"{name}-{step}", "displayName": step, "status": status} for step, status in runs[name]]
            return reply(200, {"value": rows})
        return reply(200, job_json("first", "Failed", properties=every))

    last = job("second", "Failed", properties=second)
    found = Drive(respond).run(finished_steps(WS, last, body, vouched=False))
    assert found == {"prep": Finished("second", "second-prep"), "score": Finished("first", "first-score")}
    changed = copy.deepcopy(body)
    changed["jobs"]["prep"]["componentId"] = "other"
    assert set(Drive(respond).run(finished_steps(WS, last, changed, vouched=False))) == {"score"}


@pytest.mark.parametrize(("vouched", "expected"), [(False, set()), (True, {"prep"})])
def test_a_job_that_does_not_tell_its_steps_is_vouched_for(vouched: bool, expected: set[str]) -> None:
    reused = {"azureml.isreused": "true", "azureml.reusedrunid": "earlier"}
    rows = [{"runId": "r", "displayName": "prep", "status": "Completed", "properties": reused}]
    flow = finished_steps(WS, job("last", "Failed"), pipeline(), vouched=vouched)
    found = Drive(lambda call: reply(200, {"value": rows})).run(flow)
    assert found == dict.fromkeys(expected, Finished("last", "earlier"))


def test_what_a_job_tells_is_read_again() -> None:
    every = [f"{number:010x}" for number in range(250)]
    kept = [Kept(f"output {number}", "job", f"run-{number}", "o") for number in range(40)]
    steps, repair = record.of_steps(every), record.of_repair("before", every[:3], kept)
    told = {"other": "x", **(steps or {}), **(repair or {})}
    assert record.steps(told) == frozenset(every)
    assert record.taken(told) == set(every[:3])
    assert record.kept(told) == tuple(kept)
    assert told[record.REPAIRS] == "before"
    assert max(map(len, told.values())) <= 1000
    assert len(told) <= 50


def test_a_job_that_tells_nothing_and_one_that_has_too_much_to_tell() -> None:
    assert record.steps({}) is None
    assert record.taken({}) == frozenset()
    assert record.kept({}) == record.kept({f"{record.KEPT}_0": "no JSON"}) == ()
    assert record.of_steps([f"{number:010x}" for number in range(801)]) is None
