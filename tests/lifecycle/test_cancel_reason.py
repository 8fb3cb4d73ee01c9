"""Who ended a job that is Canceled: a person, or the job's own limit of time."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.lifecycle.cancel_reason import cancellation
from airflow_azureml.lifecycle.records import Cancellation
from airflow_azureml.rest.errors import UnreachableError
from tests.rest.driving import WS, Drive, job, reply

START = "2025-01-01T00:00:00Z"
LIMIT = {"limits": {"jobLimitsType": "Command", "timeout": "PT1M"}}


def told(run: Any, **properties: Any) -> Cancellation:
    """What is read of a Canceled job with this run."""
    answers = iter(run if isinstance(run, list) else [run])

    def respond(_: Any) -> Any:
        answer = next(answers)
        return answer if isinstance(answer, Exception) else reply(200, answer)

    return Drive(respond).run(cancellation(WS, job("j", "Canceled", **properties)))


@pytest.mark.parametrize(
    ("end", "limit"),
    [("00:01:00", 60.0), ("00:01:07", 60.0), ("00:00:59.5", 60.0), ("00:00:58", None), ("00:00:01", None)],
)
def test_a_job_that_ran_for_its_limit_was_ended_by_it(end: str, limit: float | None) -> None:
    run = {"runId": "j", "startTimeUtc": START, "endTimeUtc": f"2025-01-01T{end}Z"}
    assert told(run, **LIMIT) == Cancellation(None, limit)
    assert told(run) == Cancellation(None, None), "without a limit it was somebody"


def test_the_times_weigh_more_than_the_words() -> None:
    run = {"runId": "j", "startTimeUtc": START, "endTimeUtc": "2025-01-01T00:00:05Z"}
    assert told(run | {"cancelationReason": "It took longer than I like."}, **LIMIT).limit is None


@pytest.mark.parametrize(
    ("reason", "limit"), [("The job timed out.", 60.0), ("It ran longer than PT1M.", 60.0), ("Wrong data.", None)]
)
def test_without_times_the_reason_tells(reason: str, limit: float | None) -> None:
    assert told({"runId": "j", "cancelationReason": reason}, **LIMIT) == Cancellation(reason, limit)


def test_a_limit_of_any_kind_of_job() -> None:
    run = {"runId": "j", "startTimeUtc": START, "endTimeUtc": "2025-01-01T01:00:00Z"}
    assert told(run, jobType="AutoML", limitSettings={"timeout": "PT1H"}).limit == 3600
    assert told(run, jobType="Sweep", limits={"timeout": "PT1H", "trialTimeout": "PT5M"}).limit == 3600
    assert told(run, jobType="Pipeline").limit is None


def test_a_bad_spell_is_ridden_out_and_silence_means_somebody() -> None:
    run = {"runId": "j", "startTimeUtc": START, "endTimeUtc": "2025-01-01T00:01:00Z"}
    assert told([UnreachableError("down"), run], **LIMIT).limit == 60
    assert told([UnreachableError("down")] * 5, **LIMIT) == Cancellation()
