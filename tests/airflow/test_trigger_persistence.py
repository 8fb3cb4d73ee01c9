"""A trigger that was ended while Airflow or the service was silent: who answers at last decides about the job."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.triggers import AzureMLJobTrigger, jobs, persistence
from tests.airflow.conftest import Say
from tests.emulator_fixture import RunningEmulator

TI: Any = SimpleNamespace(dag_id="d", task_id="t", run_id="r", map_index=-1)


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes minutes takes tenths of a second."""
    monkeypatch.setattr(jobs, "ASK_AGAIN_AFTER", (0.01,))
    monkeypatch.setattr(persistence, "PAUSES", (0.1, 0.2))


async def ended(name: str, **arguments: Any) -> None:
    """End the trigger of a job as Airflow does."""
    trigger = AzureMLJobTrigger(job_name=name, cancel_on_kill=True, **arguments)
    trigger.task_instance = TI
    await trigger.on_kill()


async def until(probe: Callable[[], object]) -> None:
    """Wait until something holds, without holding up the event loop."""
    deadline = time.monotonic() + 20
    while not await asyncio.to_thread(probe):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def is_ending(hook: AzureMLHook, name: str) -> bool:
    """Whether a job was asked to end."""
    job = hook.get_job(name)
    return job.is_being_canceled or job.status == "Canceled"


@pytest.mark.parametrize("silence", ["refused", "silent"])
async def test_the_job_of_a_task_that_was_marked_is_canceled_when_airflow_answers_at_last(
    submit: Callable[[str], str], hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch, silence: str
) -> None:
    asked: list[Any] = []

    def answer(**question: Any) -> dict[str, Any]:
        asked.append(question)
        if len(asked) == 6:
            return {question["run_ids"][0]: {"t": "failed"}}
        if silence == "silent":
            if len(asked) == 5:
                monkeypatch.setattr(jobs, "STATE_WITHIN", 20.0)  # the next answer may take a busy machine its time
            time.sleep(0.3)
        raise OSError("no supervisor")

    if silence == "silent":
        monkeypatch.setattr(jobs, "STATE_WITHIN", 0.2)
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", answer)
    name = submit("sleep 60")
    await ended(name)
    assert not is_ending(hook, name)
    await until(lambda: is_ending(hook, name))
    assert len(asked) == 6


@pytest.mark.parametrize("state", ["deferred", "up_for_retry", "running", "queued", "scheduled", None])
async def test_a_job_that_may_have_a_new_owner_by_then_is_left_alone(
    submit: Callable[[str], str], hook: AzureMLHook, airflow_says: Say, state: Any
) -> None:
    asked = airflow_says(*[OSError("no supervisor")] * 3, state)
    name = submit("sleep 60")
    await ended(name)
    await until(lambda: len(asked) == 4)
    await asyncio.sleep(0.5)
    assert len(asked) == 4
    assert not is_ending(hook, name)
    hook.cancel_job(name)


@pytest.mark.parametrize("looped", [False, True])
async def test_a_cancel_that_the_service_could_not_take_is_sent_again(
    submit: Callable[[str], str],
    hook: AzureMLHook,
    emulator: RunningEmulator,
    airflow_says: Say,
    monkeypatch: pytest.MonkeyPatch,
    looped: bool,
) -> None:
    airflow_says("failed")
    monkeypatch.setattr(jobs, "CANCEL_WITHIN", 0.5)
    name = submit("sleep 60")
    emulator.fault("status", route=f"POST .*/jobs/{name}/cancel", status=503, times=4)
    await ended(name, looped=looped)
    assert not is_ending(hook, name)
    await until(lambda: is_ending(hook, name))


async def test_a_cancel_that_the_service_refuses_is_not_sent_again(
    submit: Callable[[str], str], hook: AzureMLHook, emulator: RunningEmulator, airflow_says: Say
) -> None:
    airflow_says("failed")
    name = submit("sleep 60")
    emulator.fault("status", route=f"POST .*/jobs/{name}/cancel", status=403, times=9)
    begun = len(emulator.journal(f"/jobs/{name}/cancel"))
    await ended(name)
    await asyncio.sleep(0.6)
    assert len(emulator.journal(f"/jobs/{name}/cancel")) == begun + 1
    emulator.clear_faults()
    hook.cancel_job(name)


async def test_those_that_airflow_did_not_answer_ask_one_after_the_other() -> None:
    running: list[int] = []
    most: list[int] = []
    done: list[int] = []

    async def attempt(number: int) -> bool:
        running.append(number)
        most.append(len(running))
        await asyncio.sleep(0.01)
        running.remove(number)
        done.append(number)
        return True

    for number in range(10):
        persistence.go_on_with(partial(attempt, number))
    await until(lambda: len(done) == 10)
    assert max(most) == 1
