"""One process of a task that is told to end. Real jobs; Airflow's answers are given."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from airflow_azureml import exceptions
from airflow_azureml.hooks.azureml import AzureMLHook
from tests.airflow.conftest import Say
from tests.airflow.instance import Instance
from tests.airflow.task_process import Running, eventually, operator
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        ("failed", True),
        ("restarting", True),
        (None, True),
        ("running", False),
        ("up_for_retry", False),
        ("a_state_of_tomorrow", False),
        (OSError("the API server is away"), False),
        (4.0, False),
    ],
)
def test_a_killed_task_takes_its_job_along_only_if_airflow_says_that_it_ended(
    hook: AzureMLHook, airflow_says: Say, said: Any, ended: bool
) -> None:
    airflow_says(said)
    task, ti = operator("sleep 60", poll_interval=30), Instance()
    running = Running(task, ti)
    name = running.job()
    task.on_kill()
    error = running.end()
    assert type(error) is exceptions.AzureMLException, error
    assert name in str(error)
    assert ("was asked to cancel" if ended else "left alone") in str(error)
    job = hook.get_job(name)
    assert (job.is_being_canceled or job.status == "Canceled") == ended
    if not ended:
        hook.cancel_job(name)


def test_signals_that_come_again_and_again_are_one_decision(hook: AzureMLHook, airflow_says: Say) -> None:
    # A service manager signals the task and its supervisor, which hands the signal on. The question of the first one is
    # the only one that Airflow answers.
    asked = airflow_says("running", "failed")
    task, ti = operator("sleep 60", poll_interval=30), Instance()
    running = Running(task, ti)
    name = running.job()
    handlers = [threading.Thread(target=task.on_kill) for _ in range(8)]
    for handler in handlers:
        handler.start()
    assert "left alone" in str(running.end())
    assert asked == ["running"]
    assert not hook.get_job(name).is_being_canceled
    hook.cancel_job(name)


def test_a_signal_within_a_signal_is_one_decision(
    hook: AzureMLHook, airflow_says: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second signal comes while the first one's handler starts its thread, the place where it did harm.
    asked = airflow_says("running", "failed")
    task, ti = operator("sleep 60", poll_interval=30), Instance()
    running = Running(task, ti)
    name = running.job()
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        monkeypatch.setattr(threading.Thread, "start", start)
        task.on_kill()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    task.on_kill()
    running.end()
    assert asked == ["running"]
    hook.cancel_job(name)


def test_a_task_stopped_from_outside_after_its_time_ends_its_job(hook: AzureMLHook, airflow_says: Say) -> None:
    # Airflow 3.4 sends SIGTERM to a task that did not notice its execution_timeout; it still counts as running then.
    asked = airflow_says("running")
    task, ti = operator("sleep 60", poll_interval=30, execution_timeout=timedelta(seconds=0.01)), Instance()
    running = Running(task, ti)
    name = running.job()
    task.on_kill()
    error = running.end()
    assert isinstance(error, exceptions.AzureMLJobTimeoutError)
    assert f"while it had Azure ML job {name}: it was asked to cancel" in str(error)
    assert asked == []
    assert hook.wait_for_job(name, 30).status == "Canceled"


def test_what_is_said_of_a_job_that_ended_meanwhile_is_true(
    hook: AzureMLHook, airflow_says: Say, go_on: threading.Event
) -> None:
    airflow_says("failed")
    task, ti = operator("true", poll_interval=30), Instance()
    running = Running(task, ti)
    name = running.job()
    eventually(lambda: hook.get_job(name).phase.is_terminal)
    task.on_kill()
    eventually(lambda: task._cancellation is not None and task._cancellation.stop_event.is_set())
    go_on.set()
    text = str(running.end())
    assert "it had already ended: it is Completed" in text
    assert "was asked" not in text


@pytest.mark.parametrize(
    ("state", "fate"), [("failed", "it does not exist"), ("running", "if it was submitted at all")]
)
def test_a_task_told_to_end_while_its_name_is_recorded_submits_nothing(
    hook: AzureMLHook, emulator: RunningEmulator, airflow_says: Say, state: str, fate: str
) -> None:
    asked = airflow_says(state)
    task, ti = operator("sleep 60"), Instance()
    push = ti.xcom_push

    def slow(key: str, value: Any) -> None:
        push(key, value)
        task.on_kill()
        # Airflow is asked when the task has taken note that it is to end.
        eventually(lambda: asked)

    ti.xcom_push = slow  # type: ignore[method-assign]
    running = Running(task, ti)
    error = running.end()
    assert type(error) is exceptions.AzureMLException
    assert fate in str(error)
    name = ti.xcoms["azureml_job_name"]
    assert [row["method"] for row in emulator.journal(name) if row["method"] == "PUT"] == []


def test_a_task_told_to_end_before_it_begins_submits_nothing_and_ends_the_job_of_its_earlier_try(
    hook: AzureMLHook, emulator: RunningEmulator, airflow_says: Say
) -> None:
    airflow_says("failed")
    early, ti = operator("sleep 60"), Instance(retries=1)
    early.on_kill()
    with pytest.raises(exceptions.AzureMLException, match="was interrupted"):
        early.execute(ti.context())
    named = ti.xcoms.get("azureml_job_name", "none")
    assert [row for row in emulator.journal(named) if row["method"] == "PUT"] == []

    one = operator("sleep 60", wait_for_completion=False, retries=1).execute(ti.context())["job_name"]
    again = Instance(run_id=ti.run_id, retries=1)
    again.try_number = 2
    retry = operator("sleep 60", retries=1)
    retry.on_kill()
    with pytest.raises(exceptions.AzureMLException, match=f"{one}: it was asked to cancel"):
        retry.execute(again.context())


def test_with_cancel_on_kill_switched_off_the_job_goes_on(hook: AzureMLHook, airflow_says: Say) -> None:
    airflow_says("failed")
    task, ti = operator("sleep 60", poll_interval=30, cancel_on_kill=False), Instance()
    running = Running(task, ti)
    name = running.job()
    task.on_kill()
    assert "left alone" in str(running.end())
    assert not hook.get_job(name).phase.is_terminal
    hook.cancel_job(name)


def test_a_task_killed_while_it_submits_leaves_no_job_behind(
    hook: AzureMLHook, emulator: RunningEmulator, airflow_says: Say
) -> None:
    airflow_says("failed")
    emulator.fault("delay", route="PUT .*/jobs/d-t-", delay=1.5, when="before", times=1)
    before = emulator.faults()
    task, ti = operator("sleep 60"), Instance()
    running = Running(task, ti)
    eventually(lambda: emulator.faults() != before)  # its PUT is held up
    task.on_kill()
    error = running.end()
    assert type(error) is exceptions.AzureMLException
    assert hook.wait_for_job(ti.xcoms["azureml_job_name"], 30).status == "Canceled"
