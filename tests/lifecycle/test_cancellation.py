"""A cancel that is tried again until a process that is ending has no more time."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from airflow_azureml.lifecycle.cancellation import Cancellation, cancel, persistently
from airflow_azureml.rest.errors import ForbiddenError, TransientError, UnreachableError
from tests.lifecycle.service import FAULTS, Fault, Service
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
