"""Faults: what was asked for comes, as often as asked, before or after the service acted, and is counted."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.storage.blob import ContainerClient

from azureml_emulator.control.faults import Faults
from tests.emulator_fixture import RunningEmulator


def metadata(emulator: RunningEmulator, session: requests.Session | None = None, **options: Any) -> requests.Response:
    get = session.get if session else requests.get
    return get(emulator["cloud_metadata_url"], verify=emulator["ca_bundle"], **options)


def test_a_status_as_often_as_asked(emulator: RunningEmulator) -> None:
    emulator.fault("status", route="GET /metadata", times=2, status=503)
    assert [metadata(emulator).status_code for _ in range(3)] == [503, 503, 200]
    (line,) = emulator.faults()
    assert "status" in line
    assert "came 2 times" in line


def test_a_status_with_a_time_to_come_back(emulator: RunningEmulator) -> None:
    emulator.fault("status", status=429, times=1)
    emulator.fault("status", status=503, times=1, delay=7)
    throttled = metadata(emulator)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "1")
    assert throttled.json()["error"]["code"] == "TooManyRequests"
    assert metadata(emulator).headers["Retry-After"] == "7"


def test_only_the_route_that_is_meant(emulator: RunningEmulator) -> None:
    emulator.fault("status", route="^PUT ")
    assert metadata(emulator).status_code == 200
    (line,) = emulator.faults()
    assert "came 0 times" in line


def test_a_delay(emulator: RunningEmulator) -> None:
    emulator.fault("delay", delay=0.4, times=1)
    begun = time.monotonic()
    assert metadata(emulator).status_code == 200
    assert time.monotonic() - begun >= 0.4


def statuses(emulator: RunningEmulator) -> list[int | None]:
    """The statuses of the requests for metadata, as the journal has them."""
    return [row["status"] for row in emulator.journal("/metadata/endpoints")]


def test_a_connection_that_is_cut(emulator: RunningEmulator) -> None:
    emulator.fault("drop", times=1)
    with pytest.raises(requests.ConnectionError):
        metadata(emulator)
    assert metadata(emulator).status_code == 200
    assert statuses(emulator)[-2:] == [None, 200]


def test_no_answer(emulator: RunningEmulator) -> None:
    with requests.Session() as session:
        metadata(emulator, session=session)  # and the connection is there
        emulator.fault("timeout", times=1)
        with pytest.raises(requests.ReadTimeout):
            metadata(emulator, session=session, timeout=0.3)
    assert metadata(emulator).status_code == 200


def test_a_request_without_an_answer_is_in_the_journal_meanwhile(emulator: RunningEmulator) -> None:
    before = len(statuses(emulator))
    emulator.fault("delay", times=1, delay=5)
    seen: list[int | None] = []
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(metadata, emulator, timeout=60)
        while not asked.done():
            seen += statuses(emulator)[before:]
            time.sleep(0.1)
        assert asked.result().status_code == 200
    assert None in seen
    assert statuses(emulator)[before:] == [200]


@pytest.mark.parametrize(
    ("kind", "error"), [("drop", (ServiceRequestError, ServiceResponseError)), ("status", HttpResponseError)]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_before_or_after_the_service_acted(
    emulator: RunningEmulator, container: ContainerClient, when: str, kind: str, error: Any
) -> None:
    emulator.fault(kind, route="PUT .*/lost", when=when, times=1)
    with (
        ContainerClient(
            emulator["storage_url"], container.container_name, credential=container.credential, retry_total=0
        ) as client,
        pytest.raises(error),
    ):
        client.upload_blob("lost", b"x")
    assert container.get_blob_client("lost").exists() is (when == "after")


def test_the_emulator_ends_while_an_answer_is_held_back(fresh_emulator: RunningEmulator) -> None:
    with requests.Session() as session:
        metadata(fresh_emulator, session=session)  # and the connection is there
        fresh_emulator.fault("timeout")
        with pytest.raises(requests.ReadTimeout):
            metadata(fresh_emulator, session=session, timeout=0.2)
    begun = time.monotonic()
    assert fresh_emulator.stop() == 0
    assert time.monotonic() - begun < 10


def test_faults_can_be_taken_back(emulator: RunningEmulator) -> None:
    emulator.fault("status")
    assert metadata(emulator).status_code == 500
    emulator.clear_faults()
    assert metadata(emulator).status_code == 200
    assert emulator.faults() == []


WRONG: list[tuple[list[str], list[str]]] = [
    (["explode"], ["kind", "'explode'", "status", "delay", "drop", "timeout", "not_responding", "cancel_slow"]),
    (["status", "--status", "200"], ["status", "200", "400 to 599"]),
    (["delay", "--delay", "-1"], ["delay", "-1"]),
    (["drop", "--times", "0"], ["times", "0"]),
    (["drop", "--when", "during"], ["when", "'during'", "before, after"]),
    (["drop", "--route", "("], ["route", "'('", "regular expression"]),
    (["drop", "--status", "503"], ["status: no effect", "'drop'", "status with status"]),
    (["null_outputs", "--delay", "1"], ["delay: no effect", "'null_outputs'", "delay with status, delay, not_resp"]),
    (["preempt", "--when", "after"], ["when: no effect", "'preempt'", "when with status, delay, drop, timeout, quota"]),
    (["cancel_slow", "--requeue"], ["requeue: no effect", "'cancel_slow'", "requeue with preempt"]),
    (["preempt", "--then", "drop", "--delay", "1"], ["delay: no effect", "'drop'"]),
    (["drop_mark", "--status", "503", "--when", "after"], ["status, when: no effect", "; when with"]),
    (["quota", "--when", "before", "--delay", "1"], ["delay: no effect", "'quota' with when before"]),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_a_fault_that_cannot_be(emulator: RunningEmulator, arguments: list[str], words: list[str]) -> None:
    done = emulator.command("fault", "add", *arguments, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert all(word in line for word in words), line
    assert emulator.faults() == []


def test_control_needs_the_secret(emulator: RunningEmulator) -> None:
    url = f"{emulator['endpoint']}/emulator/faults"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = requests.post(url, json={"kind": "drop"}, headers=headers, verify=emulator["ca_bundle"])
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Forbidden")
    assert emulator.faults() == []


async def test_a_wait_for_a_fault_that_was_cleared_before_it_began_is_over() -> None:
    faults = Faults()
    fault = faults.add("queue")
    faults.clear()
    await asyncio.wait_for(faults.hold(fault), 5)
