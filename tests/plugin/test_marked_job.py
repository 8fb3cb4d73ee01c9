"""Whether the job of a task ends that a user has marked: by what its tags say, and by its status."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from airflow_azureml.lifecycle.cancellation import Cancellation
from airflow_azureml.lifecycle.naming import Iteration, JobIdentity, identify
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG
from airflow_azureml.plugin.marked_job import ClearedSince, MarkedTask, end_job
from tests.lifecycle.service import Service
from tests.lifecycle.test_naming import FACTS
from tests.rest.driving import WS, Drive, job_json

IDENTITY = identify(FACTS)
NAME = IDENTITY.name(1)
TASK = MarkedTask(FACTS.dag_id, FACTS.run_id, FACTS.task_id, FACTS.map_index)
STARTED = datetime(2025, 1, 31, 10, 0, 0, 123456, tzinfo=timezone.utc)
RESTARTED = STARTED + timedelta(seconds=9)
CANCEL = f"POST /jobs/{NAME}/cancel"


def ended(tags: dict[str, str], status: str = "Running", task: MarkedTask = TASK) -> tuple[Cancellation | str, bool]:
    """What came of the look at a job, and whether its end was asked for."""
    service = Service({NAME: job_json(NAME, status, tags=tags)})
    outcome = Drive(service).run(end_job(WS, NAME, task))
    return outcome, CANCEL in service.seen


def of(identity: JobIdentity = IDENTITY) -> dict[str, str]:
    """The tags of a job."""
    return identity.tags(1)


@pytest.mark.parametrize("status", ["Queued", "Starting", "Running", "NotResponding"])
def test_an_active_job_of_the_task_ends(status: str) -> None:
    outcome, canceled = ended(of(), status)
    assert canceled
    assert isinstance(outcome, Cancellation)
    assert outcome.asked


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled", "CancelRequested"])
def test_a_job_that_has_ended_or_is_ending_is_not_asked_to(status: str) -> None:
    outcome, canceled = ended(of(), status)
    assert not canceled
    assert isinstance(outcome, Cancellation)
    assert not outcome.asked


@pytest.mark.parametrize(
    ("run_started", "tags", "ends"),
    [
        (STARTED, of(), False),  # the next try finds it by its name, and cancels it
        (RESTARTED, of(), True),  # the DAG run had ended, and has another start
        (None, of(), True),
        (
            RESTARTED,
            {"team": "x"},
            False,
        ),  # a batch endpoint's: it cannot be known
        (RESTARTED, of() | {OUTLIVES_TAG: "true"}, False),
        (RESTARTED, of() | {"airflow_task_id": "other"}, False),
    ],
)
def test_after_a_clear_a_job_ends_that_the_next_try_does_not_find(
    run_started: datetime | None, tags: dict[str, str], ends: bool
) -> None:
    service = Service({NAME: job_json(NAME, "Running", tags=tags)})
    Drive(service).run(end_job(WS, NAME, TASK, ClearedSince(run_started)))
    assert (CANCEL in service.seen) is ends


def test_there_may_be_no_job() -> None:
    service = Service()
    assert Drive(service).run(end_job(WS, NAME, TASK)) == Cancellation(None)
    assert CANCEL not in service.seen


def test_a_job_without_tags_of_ours_is_the_one_that_was_recorded() -> None:
    assert ended({"team": "x"})[1]


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({**of(), OUTLIVES_TAG: "true"}, "whatever becomes of its task"),
        (of(identify(replace(FACTS, dag_id="other"))), "another task"),
        (of(identify(replace(FACTS, run_id="other"))), "another task"),
        (of(identify(replace(FACTS, task_id="other"))), "another task"),
        (of(identify(replace(FACTS, map_index=5))), "another task"),
        ({"airflow_dag_id": FACTS.dag_id}, "another task"),
        (of(identify(replace(FACTS, iteration=Iteration(1, "region", 1)))), "another iteration"),
    ],
)
def test_a_job_of_something_else_is_left_alone(tags: dict[str, str], why: str) -> None:
    outcome, canceled = ended(tags)
    assert not canceled
    assert isinstance(outcome, str)
    assert why in outcome


@pytest.mark.parametrize("generation", [1, 3])
def test_the_job_of_an_earlier_generation_that_is_still_the_recorded_one_ends(generation: int) -> None:
    assert ended(of(identify(replace(FACTS, generation=generation))))[1]


def test_the_job_of_the_marked_iteration_of_a_loop_ends() -> None:
    tags = of(identify(replace(FACTS, iteration=Iteration(1, "region", 4))))
    assert ended(tags, task=replace(TASK, region="region/4"))[1]
    assert not ended(tags, task=replace(TASK, region="region/3"))[1]


def test_a_log_names_the_task() -> None:
    task = MarkedTask("d", "r", "t", -1)
    assert str(task) == "task d.t of DAG run r"
    assert str(replace(task, map_index=2)) == "task d.t [2] of DAG run r"
