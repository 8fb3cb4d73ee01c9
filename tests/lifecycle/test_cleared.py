"""A cleared task: what earlier runs of it left is cancelled, a new job is submitted, and nobody else is touched."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest

from airflow_azureml.lifecycle.late_jobs import cancel_late
from airflow_azureml.lifecycle.naming import TaskFacts, identify
from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.lifecycle.resume import cancel_earlier, find_or_submit
from airflow_azureml.rest.jobs import Job
from tests.lifecycle.service import Service
from tests.lifecycle.submitting import FIRST, IDENTITY, Request, attempt
from tests.lifecycle.test_naming import FACTS
from tests.rest.driving import WS, DiedError, Drive, job_json

CLEARED = identify(replace(FACTS, generation=2))
PLACE = (FACTS.dag_id, FACTS.run_id, FACTS.task_id)


def earlier(generation: int, number: int, status: str) -> dict[str, dict[str, Any]]:
    """A job of an earlier generation."""
    old = identify(replace(FACTS, generation=generation))
    return {old.name(number): job_json(old.name(number), status, tags=old.tags(number))}


def test_clear_cancels_what_earlier_generations_left() -> None:
    left = earlier(0, 1, "Failed") | earlier(0, 2, "Running") | earlier(1, 1, "Queued")
    service = Service(left | {CLEARED.name(1): job_json(CLEARED.name(1), "Running", tags=CLEARED.tags(1))})
    names = Drive(service).run(cancel_earlier(WS, CLEARED))
    assert names == (identify(FACTS).name(2), identify(replace(FACTS, generation=1)).name(1))
    assert [service.jobs[name]["properties"]["status"] for name in names] == ["CancelRequested"] * 2
    assert service.jobs[CLEARED.name(1)]["properties"]["status"] == "Running"
    assert Drive(service).run(cancel_earlier(WS, CLEARED)) == ()


def test_a_job_that_comes_after_the_clear_is_found_by_the_tags_of_the_tasks_own() -> None:
    own = Job.from_json(job_json(CLEARED.name(1), "Completed", tags=CLEARED.tags(1)))
    service = Service(earlier(0, 1, "Completed") | earlier(0, 2, "Running"))
    assert Drive(service).run(cancel_late(WS, own, *PLACE)) == (identify(FACTS).name(2),)
    assert Drive(service).run(cancel_late(WS, own, *PLACE)) == ()


def test_a_task_that_was_never_cleared_asks_nothing_at_its_end() -> None:
    service = Service()
    outlives = {**CLEARED.tags(1), "airflow_outlives_task": "true"}
    for tags in (IDENTITY.tags(1), outlives, {}):
        own = Job.from_json(job_json(FIRST, "Completed", tags=tags))
        assert Drive(service).run(cancel_late(WS, own, *PLACE)) == ()
    of_another = Job.from_json(job_json(CLEARED.name(1), "Completed", tags=CLEARED.tags(1)))
    assert Drive(service).run(cancel_late(WS, of_another, "other", FACTS.run_id, FACTS.task_id)) == ()
    assert service.seen == []


def test_clear_leaves_the_jobs_of_others_alone() -> None:
    name = identify(FACTS).name(1)
    service = Service({name: job_json(name, "Running", tags={})})
    assert Drive(service).run(cancel_earlier(WS, CLEARED)) == ()
    assert service.jobs[name]["properties"]["status"] == "Running"


def test_a_clear_submits_anew_although_a_job_has_succeeded() -> None:
    service = Service(earlier(0, 1, "Completed"))
    found, _ = attempt(service, CLEARED)
    assert (found.job.name, found.submitted) == (CLEARED.name(1), True)


@pytest.mark.parametrize("status", ["Running", "Completed"])
def test_a_generation_that_fell_goes_on_with_the_newest_job(status: str) -> None:
    """The task was cleared after its second try, and its ``retries`` were raised while the new job ran."""
    service = Service(earlier(0, 1, "Completed") | earlier(2, 1, status))
    found, _ = attempt(service, identify(replace(FACTS, generation=0, try_number=4)))
    assert (found.job.name, found.submitted) == (CLEARED.name(1), False)
    service.end(CLEARED.name(1), "Failed")
    found, _ = attempt(service, identify(replace(FACTS, generation=0, try_number=5)))
    assert (found.job.name, found.submitted) == (CLEARED.name(2), True)
    assert found.job.tags["airflow_generation"] == "2"


TRACED = replace(FACTS, trace_id="a")


def traced(facts: TaskFacts, number: int, status: str) -> dict[str, Any]:
    """A job of ours that carries its trace and its try."""
    identity = identify(facts)
    tags = {**identity.tags(number), **identity.history_tags(0)}
    return job_json(identity.name(number), status, tags=tags)


@pytest.mark.parametrize("status", ["Running", "Completed", "Failed"])
@pytest.mark.parametrize(
    ("before", "after"),
    [(TRACED, {"trace_id": "b"}), (FACTS, {"cleared_try": 1}), (replace(TRACED, trace_id=None), {"cleared_try": 1})],
)
def test_a_clear_that_airflow_has_not_counted_begins_a_generation(
    before: TaskFacts, after: dict[str, Any], status: str
) -> None:
    """The task ran on a worker that was dead: ``max_tries`` is as before, and the try number one more."""
    service = Service({FIRST: traced(before, 1, status)})
    second_try = replace(before, try_number=2, **after)
    new = identify(replace(FACTS, generation=1)).name(1)
    drive = Drive(service)
    found = drive.run(find_or_submit(WS, identify(second_try), Request(), ends_cleared=True))
    assert (found.job.name, found.attempt, found.submitted) == (new, 1, True)
    assert found.job.tags["airflow_generation"] == "1"
    assert service.jobs[FIRST]["properties"]["status"] == ("CancelRequested" if status == "Running" else status)
    assert drive.news[0] == Warned(
        f"The task was cleared after Azure ML job {FIRST} was submitted; it is {status}. A new one follows."
    )
    found, _ = attempt(service, identify(replace(second_try, try_number=3)))
    assert (found.job.name, found.submitted) == (new, False), "its retries take it over"
    found, _ = attempt(service, identify(replace(second_try, try_number=4, trace_id="c", cleared_try=3)))
    assert (found.job.tags["airflow_generation"], found.submitted) == ("3", True), "another Clear begins another one"


def test_a_job_that_outlives_its_task_goes_on_after_a_clear_that_airflow_has_not_counted() -> None:
    service = Service({FIRST: traced(TRACED, 1, "Running")})
    found, _ = attempt(service, identify(replace(TRACED, try_number=2, trace_id="b")))
    assert (found.submitted, service.jobs[FIRST]["properties"]["status"]) == (True, "Running")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TRACED, {}),
        (TRACED, {"trace_id": None}),  # Airflow has none any more
        (FACTS, {"trace_id": "b"}),  # submitted by an earlier version of this provider
        (replace(FACTS, try_number=2), {"cleared_try": 1, "try_number": 3}),  # submitted after that Clear
        (TRACED, {"trace_id": "b", "try_number": 1}),  # by this very try
    ],
)
def test_what_is_no_clear_for_certain_leaves_the_job(before: TaskFacts, after: dict[str, Any]) -> None:
    service = Service({FIRST: traced(before, 1, "Running")})
    identity = identify(replace(before, **{"try_number": 2, **after}))
    found = Drive(service).run(find_or_submit(WS, identity, Request(), ends_cleared=True))
    assert (found.job.name, found.submitted, service.jobs[FIRST]["properties"]["status"]) == (FIRST, False, "Running")


@pytest.mark.parametrize("lives", range(1, 12))
def test_a_process_that_dies_after_a_clear_that_airflow_has_not_counted_leaves_one_new_job_at_most(lives: int) -> None:
    service = Service({FIRST: traced(TRACED, 1, "Running")})
    second_try = replace(TRACED, try_number=2, trace_id="b")
    with contextlib.suppress(DiedError):
        Drive(service, lives=lives).run(find_or_submit(WS, identify(second_try), Request(), ends_cleared=True))
    third_try = identify(replace(second_try, try_number=3))
    found = Drive(service).run(find_or_submit(WS, third_try, Request(), ends_cleared=True))
    assert service.accepted == [found.job.name]
    assert service.jobs[FIRST]["properties"]["status"] == "CancelRequested"


def test_a_plain_retry_finds_its_own_job() -> None:
    service = Service(earlier(0, 1, "Running"))
    found, _ = attempt(service, identify(replace(FACTS, try_number=3)))
    assert (found.job.name, found.submitted) == (FIRST, False)
