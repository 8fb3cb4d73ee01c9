"""The trigger against the emulator: what it fires, when it looks, and what a kill does to the job."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.pacing import throttle
from airflow_azureml.triggers import AzureMLJobTrigger, base, jobs
from airflow_azureml.triggers.base import SETTLE
from airflow_azureml.triggers.jobs import outlive_cancels
from tests.airflow.conftest import Say
from tests.emulator_fixture import RunningEmulator

Submit = Callable[[str], str]
TI: Any = SimpleNamespace(dag_id="d", task_id="t", run_id="r", map_index=-1)


@pytest.fixture(autouse=True)
def without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """No trigger waits for a scheduler to digest that a worker is done; the test of that wait switches it on."""
    monkeypatch.setattr(base, "SETTLE", 0)


async def fired(trigger: AzureMLJobTrigger) -> dict[str, Any]:
    """The payload of the trigger's one event."""
    events = [event async for event in trigger.run()]
    assert len(events) == 1
    payload: dict[str, Any] = events[0].payload
    return payload


async def test_it_fires_when_the_job_has_ended_and_not_at_once(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "SETTLE", SETTLE)
    name, begun = submit("true"), time.monotonic()
    event = await fired(AzureMLJobTrigger(job_name=name, poll_interval=0.2))
    assert (event["job_name"], event["outcome"], event["status"]) == (name, "finished", "Completed")
    assert time.monotonic() - begun >= SETTLE


async def test_it_tells_a_failed_job_from_a_good_one(submit: Submit) -> None:
    event = await fired(AzureMLJobTrigger(job_name=submit("exit 3"), poll_interval=0.2))
    assert (event["outcome"], event["status"]) == ("finished", "Failed")


async def test_its_deadline_ends_the_wait_and_leaves_the_job(submit: Submit, hook: AzureMLHook) -> None:
    name = submit("sleep 60")
    event = await fired(AzureMLJobTrigger(job_name=name, poll_interval=30, deadline=time.time() + 1))
    assert (event["outcome"], event["status"]) == ("deadline", None)
    assert name in event["message"]
    assert not hook.get_job(name).phase.is_terminal
    hook.cancel_job(name)


async def test_where_its_deadline_has_passed_before_it_begins_it_does_not_fire_at_once(
    submit: Submit, hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "SETTLE", 1.5)
    name, begun = submit("sleep 60"), time.monotonic()
    event = await fired(AzureMLJobTrigger(job_name=name, poll_interval=30, deadline=time.time() - 10))
    assert event["outcome"] == "deadline"
    assert time.monotonic() - begun >= 1.5
    hook.cancel_job(name)


async def test_used_up_patience_is_an_event_with_the_last_cause(submit: Submit, emulator: RunningEmulator) -> None:
    name = submit("sleep 60")
    emulator.fault("status", route=f"GET .*/jobs/{name}|POST .*/batchrundata", status=403, times=100)
    event = await fired(AzureMLJobTrigger(job_name=name, poll_interval=0.2, patience=0.5))
    assert event["outcome"] == "patience"
    assert "403" in event["message"]


async def test_a_wrong_connection_is_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BROKEN", '{"conn_type": "azureml", "extra": {"auth": "magic"}}')
    event = await fired(AzureMLJobTrigger(job_name="j", azureml_conn_id="broken"))
    assert event["outcome"] == "error"
    assert "magic" in event["message"]


async def test_triggers_of_one_loop_share_one_client(submit: Submit, emulator: RunningEmulator) -> None:
    names = [submit("sleep 1") for _ in range(5)]
    before = len([one for one in emulator.journal() if one["path"].endswith("/token")])
    events = await asyncio.gather(*(fired(AzureMLJobTrigger(job_name=name, poll_interval=0.5)) for name in names))
    tokens = len([one for one in emulator.journal() if one["path"].endswith("/token")]) - before
    assert [event["status"] for event in events] == ["Completed"] * 5
    assert tokens == 1


async def together(names: list[str]) -> list[str]:
    """The statuses that triggers of one loop fire with, one for each job."""
    events = await asyncio.gather(*(fired(AzureMLJobTrigger(job_name=name, poll_interval=0.5)) for name in names))
    assert [event["outcome"] for event in events] == ["finished"] * len(names)
    return [event["status"] for event in events]


def asked(emulator: RunningEmulator, begun: int) -> tuple[int, int]:
    """Requests since then for many jobs at once, and for one."""
    paths = [(one["method"], one["path"]) for one in emulator.journal()[begun:]]
    batches = [path for method, path in paths if method == "POST" and path.endswith("/batchrundata")]
    singles = [path for method, path in paths if method == "GET" and "/jobs/trigger-" in path]
    return len(batches), len(singles)


async def test_triggers_of_one_loop_ask_for_their_jobs_at_once(submit: Submit, emulator: RunningEmulator) -> None:
    names = [submit(f"sleep 1; exit {number % 2}") for number in range(8)]
    begun = len(emulator.journal())
    assert await together(names) == ["Completed", "Failed"] * 4
    batches, singles = asked(emulator, begun)
    assert 1 <= batches <= 20
    assert singles == 0


@pytest.mark.parametrize("status", [404, 405, 501, 400, 403])
async def test_a_workspace_that_tells_of_one_job_only_is_asked_for_one(
    submit: Submit, emulator: RunningEmulator, status: int
) -> None:
    names = [submit("true"), submit("exit 3")]
    emulator.fault("status", route="POST .*/batchrundata", status=status, times=100)
    begun = len(emulator.journal())
    assert await together(names) == ["Completed", "Failed"]
    batches, singles = asked(emulator, begun)
    assert batches <= 2
    assert singles >= 2


async def test_a_workspace_that_tells_of_experiments_is_asked_for_each(
    submit: Submit, hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    names = [submit("sleep 1"), submit("sleep 1; exit 3")]
    experiment = hook.get_job(names[0]).experiment_name
    emulator.fault("status", route="POST .*/batchrundata", status=404, times=100)
    begun = len(emulator.journal())
    triggers = [AzureMLJobTrigger(job_name=name, poll_interval=0.5, experiment_name=experiment) for name in names]
    events = await asyncio.gather(*map(fired, triggers))
    assert [event["status"] for event in events] == ["Completed", "Failed"]
    batches, singles = asked(emulator, begun)
    queries = [one for one in emulator.journal()[begun:] if one["path"].endswith("/runs:query")]
    assert (batches, singles) == (1, 0)
    assert queries


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_bad_spell_of_run_history_loses_no_event(
    submit: Submit, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    # Five failures would hold all requests for 31 s.
    monkeypatch.setattr(throttle, "LONGEST_BACK_OFF", 1.0)
    names = [submit("true"), submit("exit 3")]
    emulator.fault("status", route="POST .*/batchrundata", status=status, times=5)
    assert await together(names) == ["Completed", "Failed"]


async def test_a_job_that_run_history_does_not_show_is_looked_at_alone(
    submit: Submit, emulator: RunningEmulator
) -> None:
    names = [submit("true"), submit("exit 3")]
    emulator.fault("run_lag", delay=600, times=100)
    begun = len(emulator.journal())
    assert await together(names) == ["Completed", "Failed"]
    batches, singles = asked(emulator, begun)
    assert batches >= 1
    assert singles >= 2


async def test_a_trigger_that_is_cancelled_is_not_asked_for_any_more(
    submit: Submit, hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    name, other = submit("sleep 60"), submit("sleep 2")
    leaving = asyncio.ensure_future(fired(AzureMLJobTrigger(job_name=name, poll_interval=0.3)))
    staying = asyncio.ensure_future(fired(AzureMLJobTrigger(job_name=other, poll_interval=0.3)))
    await asyncio.sleep(1)
    leaving.cancel()
    await asyncio.sleep(0.1)
    begun = len(emulator.journal())
    assert (await staying)["status"] == "Completed"
    assert name not in str([one.get("job") or one["path"] for one in emulator.journal()[begun:]])
    hook.cancel_job(name)


@pytest.mark.parametrize(
    ("state", "cancel", "ended"),
    [
        ("failed", True, True),
        ("running", True, True),
        (None, True, True),
        ("deferred", True, False),
        ("up_for_retry", True, False),
        ("failed", False, False),
    ],
)
async def test_a_kill_cancels_if_the_task_was_ended(
    submit: Submit,
    hook: AzureMLHook,
    airflow_says: Say,
    state: str | None,
    cancel: bool,
    ended: bool,
) -> None:
    airflow_says(state)
    name = submit("sleep 60")
    trigger = AzureMLJobTrigger(job_name=name, cancel_on_kill=cancel)
    trigger.task_instance = TI
    await trigger.on_kill()
    job = hook.get_job(name)
    assert (job.is_being_canceled or job.status == "Canceled") == ended
    if not ended:
        hook.cancel_job(name)


async def test_a_kill_is_carried_out_although_it_is_cancelled_again_and_again(
    submit: Submit, hook: AzureMLHook, airflow_says: Say
) -> None:
    airflow_says("failed")
    name = submit("sleep 60")
    trigger = AzureMLJobTrigger(job_name=name, cancel_on_kill=True)
    trigger.task_instance = TI
    killing = asyncio.ensure_future(trigger.on_kill())
    while not killing.done():
        await asyncio.sleep(0.01)
        killing.cancel()
    assert hook.wait_for_job(name, 30).status == "Canceled"


@pytest.mark.parametrize("answers", [0, 1])
async def test_airflow_is_asked_again_and_silence_leaves_the_job(
    submit: Submit, hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    asked = []

    def refuse(**question: Any) -> dict[str, Any]:
        asked.append(question)
        if len(asked) == 3 and answers:
            return {question["run_ids"][0]: {"t": "failed"}}
        raise OSError("no supervisor")

    monkeypatch.setattr(jobs, "ASK_AGAIN_AFTER", (0.01, 0.01, 0.01))
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", refuse)
    name = submit("sleep 60")
    trigger = AzureMLJobTrigger(job_name=name, cancel_on_kill=True)
    trigger.task_instance = TI
    await trigger.on_kill()
    assert len(asked) == (3 if answers else 4)
    job = hook.get_job(name)
    assert (job.is_being_canceled or job.status == "Canceled") == bool(answers)
    if not answers:
        hook.cancel_job(name)


async def test_an_answer_that_does_not_come_in_time_leaves_the_job(
    submit: Submit, hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "STATE_WITHIN", 0.2)
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", lambda **_: time.sleep(1))
    name = submit("sleep 60")
    trigger = AzureMLJobTrigger(job_name=name, cancel_on_kill=True)
    trigger.task_instance = TI
    await trigger.on_kill()
    job = hook.get_job(name)
    assert not job.is_being_canceled
    assert job.status != "Canceled"
    hook.cancel_job(name)


async def test_the_trigger_says_what_became_of_the_job(
    submit: Submit, hook: AzureMLHook, airflow_says: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    airflow_says("failed")
    name = submit("true")
    while not hook.get_job(name).phase.is_terminal:
        await asyncio.sleep(0.05)
    trigger = AzureMLJobTrigger(job_name=name, cancel_on_kill=True)
    trigger.task_instance = TI
    await trigger.on_kill()
    said = capsys.readouterr().out
    assert f"{name} had already ended: it is Completed" in said
    assert "asked to cancel" not in said


@pytest.mark.parametrize("told_by_airflow", [True, False])
async def test_below_33_a_canceled_trigger_asks_and_from_33_on_kill_does(
    submit: Submit,
    hook: AzureMLHook,
    airflow_says: Say,
    monkeypatch: pytest.MonkeyPatch,
    told_by_airflow: bool,
) -> None:
    airflow_says("failed")
    monkeypatch.setattr(jobs, "AIRFLOW_V_3_3_PLUS", told_by_airflow)
    name = submit("sleep 60")
    trigger = AzureMLJobTrigger(job_name=name, cancel_on_kill=True)
    trigger.task_instance = TI
    waiting = asyncio.ensure_future(fired(trigger))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    job = hook.get_job(name)
    assert (job.is_being_canceled or job.status == "Canceled") != told_by_airflow
    if told_by_airflow:
        hook.cancel_job(name)


async def test_airflow_is_asked_once_before_an_answer_is_urgent(
    submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def slow(**question: Any) -> dict[str, Any]:
        asked.append(question["dag_id"])
        time.sleep(0.5)
        return {}

    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", slow)
    name = submit("true")
    triggers = [AzureMLJobTrigger(job_name=name, poll_interval=0.2, cancel_on_kill=True) for _ in range(3)]
    for trigger in triggers:
        trigger.task_instance = TI
    events = await asyncio.gather(*map(fired, triggers))
    assert [event["status"] for event in events] == ["Completed"] * 3
    assert asked == ["d"]


async def test_work_that_fails_says_so_after_all_cancels() -> None:
    async def work() -> None:
        await asyncio.sleep(0.05)
        raise ValueError("the reason")

    outer = asyncio.ensure_future(outlive_cancels(work()))
    await asyncio.sleep(0.01)
    outer.cancel()
    with pytest.raises(ValueError, match="the reason"):
        await outer


def test_no_secret_travels() -> None:
    _, given = AzureMLJobTrigger(job_name="j", deadline=1.0).serialize()
    assert set(given) == {
        "job_name",
        "azureml_conn_id",
        "subscription_id",
        "resource_group",
        "workspace_name",
        "poll_interval",
        "patience",
        "deadline",
        "cancel_on_kill",
        "log_copy",
        "try_number",
        "looped",
        "queue_timeout",
        "steady",
        "experiment_name",
        "late",
        "end",
    }


async def test_its_event_says_which_try_was_deferred(submit: Submit) -> None:
    name = submit("true")
    made_by_an_older_version = AzureMLJobTrigger(job_name=name, poll_interval=0.2)
    event = await fired(AzureMLJobTrigger(job_name=name, poll_interval=0.2, try_number=3))
    assert event["try_number"] == 3
    assert (await fired(made_by_an_older_version))["try_number"] is None
