"""What Microsoft's client makes of jobs that fail, or start anew, through no fault of their own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript
from tests.emulator_fixture import RunningEmulator


@pytest.fixture(scope="module")
def seen(run_script: RunScript, emulator: RunningEmulator) -> dict[str, Any]:
    """What the script saw."""
    emulator.fault("preempt", scope="preempted", delay=4)
    emulator.fault("preempt", scope="requeued", delay=3, requeue=True, times=1, then=[{"kind": "queue", "delay": 1}])
    emulator.fault("node_lost", scope="lost", delay=1)
    emulator.fault("image_build_fails", scope="image")
    emulator.fault("quota", scope="no cores")
    emulator.fault("quota", scope="refused", when="before")
    emulator.fault("quota", scope="waiting", delay=3)
    return run_script("faults.py")


def test_streaming_a_preempted_job_raises_the_service_s_words(seen: dict[str, Any]) -> None:
    found = seen["preempted"]
    assert found["status"] == "Failed"
    assert found["error"].startswith("JobException")
    assert "PreemptionError: Nodes of this job got pre-empted." in found["error"]


def test_a_requeued_job_completes_under_its_name(seen: dict[str, Any]) -> None:
    found = seen["requeued"]
    assert (found["status"], found["error"]) == ("Completed", "")
    assert found["printed"].count("start 1") == 1
    assert seen["download"] == ""


def test_a_job_of_a_lost_node_has_failed(seen: dict[str, Any]) -> None:
    assert seen["lost"]["status"] == "Failed"


def test_an_image_that_cannot_be_built(seen: dict[str, Any]) -> None:
    assert seen["image"]["status"] == "Failed"
    assert "Image build failed. For more details, check log file" in seen["image"]["error"]


def test_cores_that_are_not_there(seen: dict[str, Any]) -> None:
    assert seen["no cores"]["status"] == "Failed"
    assert "JobNodeCountExceedsCoreQuota" in seen["no cores"]["error"]
    assert seen["refused"].startswith("HttpResponseError: (UserError) Job submission to AzureML Compute")
    assert (seen["waiting"]["status"], seen["waiting"]["error"]) == ("Completed", "")
