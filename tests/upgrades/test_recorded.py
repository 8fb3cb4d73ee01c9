"""Triggers, events, names and results that earlier releases have left with Airflow: all of them are understood."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_azureml import exceptions, version_compat
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.naming import TaskFacts, identify
from airflow_azureml.lifecycle.records import JobEvent, JobResult
from airflow_azureml.lifecycle.resources.operations import OperationEvent
from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.task.deferral import Handover
from airflow_azureml.task.xcom import JOB_NAME_KEY, job_name_of
from airflow_azureml.triggers import base
from tests.airflow.conftest import hook, submit
from tests.airflow.instance import Instance
from tests.upgrades import recorder

__all__ = ["hook", "submit"]

RELEASES = {file.stem: json.loads(file.read_text()) for file in Path(__file__).with_name("recorded").glob("*.json")}
IMAGE = {"image": "docker.io/python"}


def each(part: str, word: str = "") -> pytest.MarkDecorator:
    """Everything of one kind that any release has left, or what of it has a word in it."""
    every = [(f"{name}-{number}", one) for name, all_ in RELEASES.items() for number, one in enumerate(all_[part])]
    found = [(name, one) for name, one in every if word in json.dumps(one)]
    return pytest.mark.parametrize("left", [one for _, one in found], ids=[name for name, _ in found])


def named(value: Any, job: str) -> Any:
    """A record with the name of a job that there is."""
    return json.loads(json.dumps(value).replace('"JOB"', json.dumps(job)))


def made(left: dict[str, Any]) -> Any:
    """A trigger as a triggerer makes it."""
    module, _, name = left["classpath"].rpartition(".")
    return getattr(import_module(module), name)(**left["kwargs"])


def test_there_are_records_of_several_releases() -> None:
    assert len(RELEASES) >= 4
    assert all(one["triggers"] and one["events"] and one["names"] for one in RELEASES.values())
    assert sum(one["start"] is not None for one in RELEASES.values()) >= 2


def test_the_next_record_will_have_each_argument_of_each_trigger() -> None:
    assert not {
        f"{kind.__name__}: {name}"
        for kind in recorder.kinds()
        for name in inspect.signature(kind).parameters
        if name not in recorder.SAMPLES
    }


@each("triggers")
def test_a_trigger_is_made_again_with_all_it_had(left: dict[str, Any]) -> None:
    path, kwargs = made(left).serialize()
    assert path == left["classpath"]
    assert {name: kwargs[name] for name in left["kwargs"]} == left["kwargs"]


@each("triggers", "AzureMLJobTrigger")
async def test_a_trigger_for_a_job_waits_and_its_task_takes_the_result(
    left: dict[str, Any], submit: Callable[[str], str], hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "SETTLE", 0)
    nothing = SimpleNamespace(set=lambda **_: None, get_one=lambda **_: None)
    monkeypatch.setattr(version_compat, "XCom", nothing, raising=False)
    job = await asyncio.to_thread(submit, "true")
    (event,) = [event async for event in made(named(left, job)).run()]
    assert (event.payload["outcome"], event.payload["status"]) == ("finished", "Completed")
    task = AzureMLCommandJobOperator(task_id="t", command="exit 1", environment=IMAGE)
    context = Instance().context()
    resumed = await asyncio.to_thread(task.resume_execution, "execute_complete", {"event": event.payload}, context)
    assert (resumed["job_name"], resumed["status"]) == (job, "Completed")


@each("events")
def test_an_event_is_read(left: dict[str, Any]) -> None:
    kinds: dict[str, Any] = {"JobEvent": JobEvent, "OperationEvent": OperationEvent}
    kind = kinds.get(left["kind"])
    if kind is None:
        assert Handover.of(left["event"]) == Handover("why", True, 1)
        return
    read = kind.from_dict(left["event"]).to_dict()
    assert {name: read[name] for name in left["event"]} == left["event"]


@each("events", "JobEvent")
def test_a_task_comes_back_by_an_event_and_has_its_first_job(
    left: dict[str, Any], submit: Callable[[str], str], hook: AzureMLHook
) -> None:
    """Whatever the wait was ended by, no second job is made; one that has completed is not lost."""
    job = submit("true")
    hook.wait_for_job(job)
    task = AzureMLCommandJobOperator(task_id="t", command="exit 1", environment=IMAGE)
    event, context = named(left["event"], job), Instance().context()
    if event["outcome"] in {"finished", "error", "queue_timeout"}:
        assert task.resume_execution("execute_complete", {"event": event}, context)["job_name"] == job
    else:
        with pytest.raises(exceptions.AzureMLException):
            task.resume_execution("execute_complete", {"event": event}, context)


@each("names")
def test_jobs_are_found_by_the_same_names_and_tags(left: dict[str, Any]) -> None:
    facts = dict(left["facts"])
    started = facts.pop("run_started")
    identity = identify(TaskFacts(**facts, run_started=None if started is None else datetime.fromisoformat(started)))
    assert [{"name": identity.name(number), "tags": identity.tags(number)} for number in (1, 9)] == left["jobs"]


@pytest.mark.parametrize("release", RELEASES)
def test_a_result_is_read(release: str) -> None:
    left = RELEASES[release]["result"]
    read = JobResult.from_dict(left).to_dict()
    assert {name: read[name] for name in left} == left
    assert job_name_of(left) == "JOB"


@pytest.mark.parametrize("release", [name for name, one in RELEASES.items() if one["start"]])
def test_a_task_that_starts_in_the_triggerer_is_made_again(release: str) -> None:
    trigger = made(RELEASES[release]["start"])
    trigger.task_instance = SimpleNamespace(dag_id="d", task_id="t", run_id="r", map_index=-1, try_number=1)
    task = trigger._operator
    assert (task.command, task.environment, task.inputs) == ("echo {{ ds }} ${{inputs.x}}", IMAGE, {"x": 1})


@pytest.mark.parametrize(
    "event",
    [
        {"job_name": "JOB", "outcome": "finished", "status": "Completed", "message": "", "later": {"than": "this"}},
        {"job_name": "JOB", "outcome": "of a later release", "status": None, "message": ""},
        {"job": "JOB"},
        "JOB",
        None,
    ],
)
def test_an_event_of_a_later_release_does_not_lose_the_job(
    event: Any, submit: Callable[[str], str], hook: AzureMLHook
) -> None:
    """Triggerers may run a later release for a while."""
    job, instance = submit("true"), Instance()
    hook.wait_for_job(job)
    instance.xcom_push(JOB_NAME_KEY, job)
    task = AzureMLCommandJobOperator(task_id="t", command="exit 1", environment=IMAGE)
    result = task.resume_execution("execute_complete", {"event": named(event, job)}, instance.context())
    assert (result["job_name"], result["status"]) == (job, "Completed")
