"""Which jobs of a workspace may have lost their task, and whether they are this Airflow's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.lifecycle.attempts.computes import Choices
from airflow_azureml.lifecycle.attempts.task_submission import TaskSubmission
from airflow_azureml.lifecycle.naming import Iteration, JobIdentity, identify
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG, TaskJob, active_jobs, is_recorded
from airflow_azureml.rest.jobs import Job
from tests.lifecycle.service import Service
from tests.lifecycle.test_naming import FACTS
from tests.rest.driving import WS, Drive, job, job_json, reply

IDENTITY = identify(FACTS)


def listed(identity: JobIdentity = IDENTITY, number: int = 1, status: str = "Running") -> TaskJob:
    """An active job of a task, as it is listed."""
    read = TaskJob.of(job(identity.name(number), status, tags=identity.tags(number)))
    assert read is not None
    return read


def test_a_jobs_tags_name_its_task() -> None:
    one = listed()
    assert (one.dag_id, one.run_id, one.task_id, one.map_index) == (
        FACTS.dag_id,
        FACTS.run_id,
        FACTS.task_id,
        FACTS.map_index,
    )
    assert one.place is None
    assert listed(identify(replace(FACTS, map_index=7))).map_index == 7
    assert listed(identify(replace(FACTS, iteration=Iteration(2, "region", 1)))).place == ("region", 1)


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled", "CancelRequested"])
def test_a_job_that_has_ended_or_is_ending_is_nobodys_orphan(status: str) -> None:
    assert TaskJob.of(job(IDENTITY.name(1), status, tags=IDENTITY.tags(1))) is None


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"airflow_dag_id": "d", "airflow_run_id": "r", "airflow_task_id": "t"},
        {**IDENTITY.tags(1), "airflow_map_index": "many"},
        {**IDENTITY.tags(1), "airflow_loop_index": "1"},
        {**IDENTITY.tags(1), OUTLIVES_TAG: "true"},
    ],
    ids=["no tags", "tags of another tool", "no number", "no place", "outlives its task"],
)
def test_a_job_that_is_no_tasks_or_outlives_it_is_nobodys_orphan(tags: dict[str, str]) -> None:
    assert TaskJob.of(job("j", tags=tags)) is None


def test_all_pages_are_read_and_other_dags_left_out() -> None:
    others = [identify(replace(FACTS, dag_id=dag_id)) for dag_id in ("other", "third")]
    first, *further = [job_json(one.name(1), tags=one.tags(1)) for one in (IDENTITY, *others)]

    def answer(call: Any) -> Any:
        if "page" in f"{call.path} {call.query}":
            return reply(200, {"value": further})
        assert (call.query["tag"], call.query["listViewType"]) == ("airflow_dag_id", "All")
        return reply(200, {"value": [first], "nextLink": f"https://host{call.path}?api-version=1&page=2"})

    everything = Drive(answer).run(active_jobs(WS, None))
    some = Drive(answer).run(active_jobs(WS, {"third", "nowhere"}))

    assert [one.dag_id for one in everything] == [FACTS.dag_id, "other", "third"]
    assert [one.dag_id for one in some] == ["third"]


def recorded(name: str | None, *jobs: JobIdentity, of: TaskJob | None = None) -> tuple[bool, list[str]]:
    """Whether a job is taken for this Airflow's, and what was asked for that."""
    service = Service({one.name(1): job_json(one.name(1), tags=one.tags(1)) for one in jobs})
    return Drive(service).run(is_recorded(WS, of or listed(), name)), service.seen


def test_the_recorded_job_and_its_attempts_are_this_airflows() -> None:
    assert recorded(IDENTITY.name(1)) == (True, [])
    assert recorded(IDENTITY.name(12)) == (True, [])


def test_an_older_generations_job_is_this_airflows_by_the_tags_of_the_newest() -> None:
    newest = identify(replace(FACTS, generation=3))
    assert recorded(newest.name(1), newest) == (True, [f"GET /jobs/{newest.name(1)}"])


def test_the_same_run_of_another_airflow_is_another_run() -> None:
    assert FACTS.run_started is not None
    elsewhere = identify(replace(FACTS, run_started=FACTS.run_started + timedelta(microseconds=1)))
    assert recorded(elsewhere.name(1), elsewhere)[0] is False


def test_without_a_record_or_its_job_nothing_is_this_airflows() -> None:
    assert recorded(None) == (False, [])
    assert recorded("gone-0123456789abcdef-1")[0] is False


@pytest.mark.parametrize("ends_with_task", [True, False])
def test_a_job_says_whether_it_outlives_its_task(ends_with_task: bool) -> None:
    document = load({"type": "command", "command": "x", "environment": "azureml:e:1", "compute": "azureml:c"})
    service = Service()
    submission = TaskSubmission(IDENTITY, Choices((translate(document, WS),)))

    started = Drive(service).run(submission.find_or_start(WS, cancels_earlier=ends_with_task))
    service.end(started.job.name, "Failed")
    ended = Job.from_json(service.jobs[started.job.name])
    next_one = Drive(service).run(submission.start_next(WS, ended))

    for found in (started, next_one):
        tags = service.jobs[found.job.name]["properties"]["tags"]
        assert (OUTLIVES_TAG in tags) is not ends_with_task
        assert tags.items() >= IDENTITY.tags(found.attempt).items()
    assert next_one.attempt == 2
