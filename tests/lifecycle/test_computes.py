"""Which of several computes the next attempt takes, by how the last one ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_azureml.jobspec.document.requirements import Translation
from airflow_azureml.lifecycle.attempts.computes import Choices
from airflow_azureml.lifecycle.attempts.task_submission import TaskSubmission
from airflow_azureml.lifecycle.naming import COMPUTE_TAG, identify
from airflow_azureml.rest.errors import PatienceError
from airflow_azureml.rest.flow import Call
from tests.lifecycle.service import Service
from tests.lifecycle.test_naming import FACTS
from tests.rest.driving import WS, Drive, job, job_json, reply

IDENTITY = identify(replace(FACTS, try_number=2))
"""A retry's, which looks before it puts a job."""
FIRST, SECOND = IDENTITY.name(1), IDENTITY.name(2)
PREEMPTED = {"code": "UserError", "message": "AzureMLCompute job failed. PreemptionError: Nodes got pre-empted."}


def choices(number: int = 3, queue_timeout: float | None = None) -> Choices:
    """A job on so many computes."""
    names = tuple(f"c{place}" for place in range(number))
    return Choices(
        tuple(Translation({"properties": {"computeId": name}}, None) for name in names), names, queue_timeout
    )


class History(Service):
    """A service that also knows why runs have ended."""

    run: dict[str, Any]

    def __call__(self, effect: Any) -> Any:
        """Answer a call or a look."""
        if isinstance(effect, Call) and "/history/" in effect.path:
            return reply(200, {"runId": FIRST, **self.run})
        if isinstance(effect, Call) and effect.method == "GET" and self.jobs.get(FIRST, {}).get("ends"):
            self.end(FIRST, self.jobs[FIRST].pop("ends"))
        return super().__call__(effect)


def after(
    status: str, run: dict[str, Any], place: int = 0, queue_timeout: float | None = None
) -> tuple[str | None, Any, History]:
    """What a new try submits after a first job: its compute, the tag of it, and what it asked."""
    service = History(
        {FIRST: job_json(FIRST, status, tags={**IDENTITY.tags(1), COMPUTE_TAG: str(place)}, computeId=f"c{place}")}
    )
    service.run = run
    found = Drive(service).run(
        TaskSubmission(IDENTITY, choices(queue_timeout=queue_timeout)).find_or_start(WS, cancels_earlier=False)
    )
    return found.job.compute_id, found.job.tags.get(COMPUTE_TAG), service


def canceled(seconds: int, **more: Any) -> dict[str, Any]:
    """A run that was canceled so long after it was made."""
    return {
        "createdUtc": "2026-01-01T00:00:00Z",
        "endTimeUtc": f"2026-01-01T00:{seconds // 60:02}:{seconds % 60:02}Z",
        **more,
    }


def test_the_first_attempt_takes_the_first_one() -> None:
    service = Service()
    found = Drive(service).run(TaskSubmission(IDENTITY, choices()).find_or_start(WS, cancels_earlier=False))
    assert (found.job.compute_id, found.job.tags[COMPUTE_TAG]) == ("c0", "0")


def test_one_compute_leaves_no_tag_and_asks_nothing() -> None:
    service = Service({FIRST: job_json(FIRST, "Failed", tags=IDENTITY.tags(1))})
    found = Drive(service).run(TaskSubmission(IDENTITY, choices(1)).find_or_start(WS, cancels_earlier=False))
    assert COMPUTE_TAG not in found.job.tags
    assert all("/jobs/" in call for call in service.seen)


@pytest.mark.parametrize(("place", "following"), [(0, "c1"), (1, "c2"), (2, "c2")])
def test_in_the_same_try_the_next_one_is_taken_and_the_last_one_stays(place: int, following: str) -> None:
    tags = {**IDENTITY.tags(1), COMPUTE_TAG: str(place)}
    service = Service({FIRST: job_json(FIRST, "Failed", tags=tags)})
    ended = job(FIRST, "Failed", tags=tags)
    for counts, made in ((True, 1), (False, 0)):
        service.jobs.pop(SECOND, None)
        found = Drive(service).run(TaskSubmission(IDENTITY, choices()).start_next(WS, ended, counts=counts))
        assert found.job.compute_id == following
        assert IDENTITY.resubmissions(found.job.tags) == made


@pytest.mark.parametrize(("place", "following"), [(0, "c1"), (2, "c2")])
def test_a_retry_after_a_worker_died_between_the_attempts_goes_on(place: int, following: str) -> None:
    assert after("Failed", {"error": {"error": PREEMPTED}}, place)[0] == following


def test_a_retry_after_an_error_of_the_user_s_begins_with_the_first_one() -> None:
    run = {"error": {"error": {"code": "UserError", "message": "User process exited with status code 3."}}}
    assert after("Failed", run, 1)[:2] == ("c0", "0")


@pytest.mark.parametrize(("place", "following"), [(0, "c1"), (1, "c2"), (2, "c0")])
def test_a_retry_after_a_cancel_of_our_own_goes_on_and_begins_anew_after_the_last_one(
    place: int, following: str
) -> None:
    assert after("Canceled", canceled(65), place, queue_timeout=60)[0] == following


@pytest.mark.parametrize(
    ("run", "queue_timeout"),
    [
        (canceled(20), 60),
        (canceled(65, startTimeUtc="2026-01-01T00:00:10Z"), 60),
        (canceled(65), None),
        ({}, 60),
    ],
    ids=["too soon", "it had begun", "no limit", "not told"],
)
def test_a_cancel_by_somebody_else_begins_with_the_first_one(run: dict[str, Any], queue_timeout: float | None) -> None:
    assert after("Canceled", run, 1, queue_timeout)[0] == "c0"


@pytest.mark.parametrize(("end", "expected"), [("Canceled", "c1"), ("Completed", None)])
def test_nothing_is_submitted_beside_a_job_that_is_being_canceled(end: str, expected: str | None) -> None:
    service = History({FIRST: job_json(FIRST, "CancelRequested", tags=IDENTITY.tags(1))})
    service.run = canceled(65)
    asked: list[Any] = []

    def respond(effect: Any) -> Any:
        asked.append(effect)
        if len(asked) == 6:
            service.end(FIRST, end)
        if isinstance(effect, Call) and effect.method == "PUT":
            assert service.jobs[FIRST]["properties"]["status"] == "Canceled"
        return service(effect)

    submission = TaskSubmission(IDENTITY, choices(queue_timeout=60))
    found = Drive(respond).run(submission.find_or_start(WS, cancels_earlier=False))
    assert found.job.compute_id == expected
    assert found.job.name == (SECOND if expected else FIRST)


def test_a_job_that_never_ends_its_cancel_is_not_waited_for_for_ever() -> None:
    service = Service({FIRST: job_json(FIRST, "CancelRequested", tags=IDENTITY.tags(1))})
    with pytest.raises(PatienceError, match="was asked to end, and has not within 600 seconds"):
        Drive(service).run(TaskSubmission(IDENTITY, choices(queue_timeout=60)).find_or_start(WS, cancels_earlier=False))
    assert service.puts == []


def test_a_list_that_grew_shorter_ends_with_its_last_one() -> None:
    tags = {COMPUTE_TAG: "7"}
    assert choices(2).place_of(job(tags=tags)) == 1
    assert choices(2).is_last(job(tags=tags))
    assert choices(2).place_of(job(tags={COMPUTE_TAG: "?"})) == 0
    assert choices(3).tried(job(tags={COMPUTE_TAG: "1"})) == ("c0", "c1")
