"""Schedules as resources, and the jobs that they make."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.emulator.online.service import OnlineService
from tests.emulator.service import ENVIRONMENT, walk
from tests.emulator_fixture import RunningEmulator, Start

FAR = {"triggerType": "Cron", "expression": "0 0 * * *", "startTime": "2099-01-01 00:00:00"}
DAILY = {"triggerType": "Recurrence", "frequency": "Day", "interval": 1}


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> OnlineService:
    """The session's emulator."""
    return OnlineService(emulator)


def command(**more: Any) -> dict[str, Any]:
    """A command job's definition."""
    return {"jobType": "Command", "command": "echo ${{inputs.at}}", "environmentId": ENVIRONMENT, **more}


def body(
    definition: dict[str, Any] | None = None, trigger: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A schedule's body."""
    at = {"jobInputType": "literal", "value": "at ${{creation_context.trigger_time}}"}
    action = {"actionType": "CreateJob", "jobDefinition": definition or command(inputs={"at": at})}
    return {"properties": {"action": action, "trigger": trigger or FAR, **more}}


def made(service: OnlineService, name: str, **properties: Any) -> str:
    """A schedule that was written; its path."""
    path = f"schedules/{name}-{uuid.uuid4().hex[:8]}"
    service.follow(service.put(path, body(**properties)))
    return path


def jobs_of(service: OnlineService, path: str) -> list[dict[str, Any]]:
    """The jobs that a schedule has made, the newest first."""
    name = path.partition("/")[2]
    rows = [row["properties"] | {"name": row["name"]} for row in service.get("jobs").body["value"]]
    return [row for row in rows if row["displayName"].startswith(f"{name}-")]


def awaited(service: OnlineService, path: str) -> list[dict[str, Any]]:
    """The jobs that a schedule has made, once there are any."""
    deadline = time.monotonic() + 60
    while not (jobs := jobs_of(service, path)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return jobs


def test_writing_one_is_an_operation(service: OnlineService) -> None:
    answer = service.put("schedules/nightly", body(displayName="Nightly", tags={"a": "b"}))
    assert (answer.status, answer.body["properties"]["provisioningState"]) == (201, "Creating")
    assert "/mfeOperationsStatus/s:" in answer.headers["azure-asyncoperation"]
    service.follow(answer)
    found = service.get("schedules/nightly").body["properties"]
    assert (found["provisioningState"], found["isEnabled"], found["displayName"]) == ("Succeeded", True, "Nightly")
    assert (found["trigger"]["timeZone"], found["properties"]) == ("UTC", {})
    assert found["action"]["jobDefinition"]["status"] == "NotStarted"


def test_one_is_disabled_enabled_and_deleted(service: OnlineService) -> None:
    path = made(service, "switched")
    name = path.partition("/")[2]
    assert service.request("DELETE", path).inner == ["BadArgument", "ScheduleEnabled"]
    service.follow(service.put(path, body(isEnabled=False)))
    assert name not in [row["name"] for row in service.get("schedules").body["value"]]
    assert name in [row["name"] for row in service.get("schedules", listViewType="DisabledOnly").body["value"]]
    assert service.post(f"{path}/trigger").inner[-1] == "ScheduleDisabled"
    service.follow(service.put(path, body(isEnabled=True)))
    assert name in [row["name"] for row in service.get("schedules").body["value"]]
    service.follow(service.put(path, body(isEnabled=False)))
    service.follow(service.request("DELETE", path))
    missing = service.get(path)
    assert (missing.status, missing.body["error"]["message"]) == (404, f"Resource Trigger {name} not found")


def test_one_is_triggered_once(service: OnlineService) -> None:
    path = made(service, "once")
    answer = service.post(f"{path}/trigger", {"scheduleTime": "2026-05-06T07:08:09+02:00"})
    assert (answer.status, answer.body["scheduleActionType"]) == (200, "CreateJob")
    job = answer.body["submissionId"]
    assert service.wait(job)["status"] == "Completed"
    assert service.job(job)["displayName"] == f"{path.partition('/')[2]}-20260506T050809Z"
    assert service.printed(job) == "at 2026-05-06T05:08:09Z\n"


def test_one_makes_its_job_when_it_is_due(service: OnlineService) -> None:
    soon = datetime.now(timezone.utc) + timedelta(seconds=1)
    path = made(service, "due", trigger={**DAILY, "startTime": soon.isoformat()})
    (job,) = awaited(service, path)
    (_, submitted), *_ = walk(service.emulator, job["name"])
    assert submitted >= soon
    assert service.wait(job["name"])["status"] == "Completed"


def test_one_without_a_start_begins_at_once_and_a_disabled_one_does_not(service: OnlineService) -> None:
    trigger = {"triggerType": "Recurrence", "frequency": "Hour", "interval": 1}
    off = made(service, "off", trigger=trigger, isEnabled=False)
    path = made(service, "now", trigger=trigger)
    assert (len(awaited(service, path)), jobs_of(service, off)) == (1, [])


def test_only_a_job_that_is_there_is_repeated(service: OnlineService) -> None:
    given = {"jobType": "Pipeline", "sourceJobId": f"{service.ws}/jobs/absent"}
    answer = service.put("schedules/repeats", body(given))
    assert (answer.status, answer.inner[-1]) == (400, "JobNotFound")


@pytest.mark.parametrize(
    ("properties", "status", "word"),
    [
        ({"trigger": {"triggerType": "Cron", "expression": "0 0 * *"}}, 400, "trigger.expression"),
        ({"trigger": {**FAR, "timeZone": "Europe/Berlin"}}, 400, "trigger.timeZone"),
        ({"trigger": {"triggerType": "Recurrence", "frequency": "Year", "interval": 1}}, 400, "frequency"),
        ({"definition": command(command="true", computeId="absent")}, 400, "absent"),
        ({"definition": command(unknown=1)}, 400, "unknown"),
        ({"definition": {"jobType": "Labeling"}}, 501, "Labeling"),
        ({"action": {"actionType": "CreateMonitor"}}, 501, "CreateMonitor"),
        ({"action": {"actionType": "ImportData", "dataImportDefinition": {}}}, 501, "ImportData"),
    ],
)
def test_what_does_not_fit_is_refused(
    service: OnlineService, properties: dict[str, Any], status: int, word: str
) -> None:
    answer = service.put("schedules/refused", body(**properties))
    assert (answer.status, word in answer.body["error"]["message"]) == (status, True)


def test_schedules_go_on_after_a_restart(start_emulator: Start) -> None:
    emulator = start_emulator()
    # What is due while it is stopped, and what after its next start: later where the machine takes longer than that.
    for seconds in (0.6, 3.0, 15.0):
        service = OnlineService(emulator)
        missed = datetime.now(timezone.utc) + timedelta(seconds=seconds)
        lost = made(service, "missed", trigger={**DAILY, "startTime": missed.isoformat()})
        soon = missed + timedelta(seconds=max(3.0, 2 * seconds))
        kept = made(service, "kept", trigger={**DAILY, "startTime": soon.isoformat()})
        emulator.stop()
        stopped = datetime.now(timezone.utc)
        time.sleep(max(0.0, (missed - stopped).total_seconds()))
        emulator.start()
        if stopped < missed and datetime.now(timezone.utc) < soon:
            break
    service = OnlineService(emulator)
    assert len(awaited(service, kept)) == 1
    assert jobs_of(service, lost) == []
