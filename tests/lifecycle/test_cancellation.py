"""Cancelling a job: what is said of one that ends anyway, and how a process that is ending tries again."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from airflow_azureml.lifecycle.cancellation import Cancellation, cancel, persistently
from airflow_azureml.rest.errors import BadRequestError, ForbiddenError, TransientError, UnreachableError
from tests.lifecycle.service import FAULTS, Fault, Service
from tests.lifecycle.submitting import FIRST, stored
from tests.rest.driving import WS, Drive, job_json, reply


def end(drive: Drive, within: float) -> Cancellation:
    """Cancel the job ``j`` within so many seconds."""
    return drive.run(persistently(partial(cancel, WS, "j"), drive.now + within, drive.clock))


def running(**given: Any) -> Service:
    """A service where the job ``j`` runs."""
    return Service({"j": job_json("j")}, **given)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("at", [0, 1], ids=["first look", "second request"])
def test_what_passes_by_itself_is_tried_again(fault: Fault, at: int) -> None:
    service = running(faults={at: fault})
    assert end(Drive(service), 48).job is not None
    assert service.jobs["j"]["properties"]["status"] == "CancelRequested"


def test_the_service_says_when_to_ask_again_as_long_as_there_is_time() -> None:
    drive = Drive(running(faults={0: "throttled", 1: "unreachable", 2: "throttled"}))
    end(drive, 48)
    assert drive.pauses == [7, 1, 7]

    short = Drive(running(faults={0: "throttled"}))
    end(short, 4)
    assert short.pauses == [4], "a last time"


def test_after_the_last_time_its_error_is_told() -> None:
    drive = Drive(lambda _: UnreachableError("away"))
    with pytest.raises(TransientError, match="away"):
        end(drive, 48)
    assert drive.pauses == [0.5, 1, 2, 4, 8, 8, 8, 8, 8, 0.5]
    assert drive.now == 1048

    at_once = Drive(lambda _: UnreachableError("away"))
    with pytest.raises(TransientError):
        end(at_once, 0)
    assert len(at_once.effects) == 1


def test_what_does_not_pass_is_told_at_once() -> None:
    drive = Drive(lambda _: reply(403))
    with pytest.raises(ForbiddenError):
        end(drive, 48)
    assert len(drive.effects) == 1


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled", "CancelRequested"])
def test_cancelling_what_ends_anyway_asks_nothing(status: str) -> None:
    service = Service({FIRST: stored(FIRST, 1, status)})
    canceled = Drive(service).run(cancel(WS, FIRST))
    assert service.seen == [f"GET /jobs/{FIRST}"]
    assert not canceled.asked
    said = "was already being canceled" if status == "CancelRequested" else f"had already ended: it is {status}"
    assert str(canceled) == said


def test_cancelling_a_missing_job() -> None:
    canceled = Drive(Service()).run(cancel(WS, FIRST))
    assert (canceled.job, canceled.asked, str(canceled)) == (None, False, "does not exist")


def test_a_job_that_takes_the_request_was_asked() -> None:
    assert str(Drive(Service({FIRST: stored(FIRST, 1, "Running")})).run(cancel(WS, FIRST))) == "was asked to cancel"


@pytest.mark.parametrize(
    ("then", "refused"), [("Completed", False), ("Canceled", False), ("Finalizing", False), ("Running", True)]
)
def test_a_refused_cancel_counts_only_while_the_job_goes_on(then: str, refused: bool) -> None:
    answers = [
        reply(200, job_json(FIRST, "Running")),
        reply(400, {"error": {"code": "UserError", "message": "Cannot cancel."}}),
        reply(200, job_json(FIRST, then)),
    ]
    drive = Drive(lambda _: answers.pop(0))
    if refused:
        with pytest.raises(BadRequestError, match="Cannot cancel"):
            drive.run(cancel(WS, FIRST))
    else:
        canceled = drive.run(cancel(WS, FIRST))
        assert canceled.job is not None
        assert (canceled.job.status, canceled.asked) == (then, False)
        assert then in str(canceled)
