"""A job that Azure ends is submitted again within the try: on a worker, deferred, by the process that comes next."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_azureml import exceptions
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.naming import COMPUTE_TAG, RESUBMISSION_TAG, TRY_TAG
from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLInvokeBatchEndpointOperator, AzureMLJobOperator
from airflow_azureml.task.cancellation import TaskCancellation
from airflow_azureml.triggers import AzureMLJobTrigger, base
from tests.airflow.conftest import Say
from tests.airflow.instance import Instance
from tests.airflow.task_process import Running, eventually, operator
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")


COMPUTES = ["cpu-cluster", "serverless"]
"""In order of preference: one that the workspace has, then serverless."""

each_way = pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "deferred"])


@pytest.fixture(autouse=True)
def _no_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """No scheduler here has to digest that a worker is done."""
    monkeypatch.setattr(base, "SETTLE", 0)


def next_try(ti: Instance, retries: int = 1) -> Instance:
    """The next try of a task instance."""
    following = Instance(run_id=ti.run_id, retries=retries)
    following.try_number = ti.try_number + 1
    return following


def until_done(task: AzureMLCommandJobOperator, ti: Instance) -> dict[str, Any]:
    """Run a task as Airflow does: each time that it defers, its trigger's event brings it back."""
    kwargs: dict[str, Any] | None = None
    while True:
        try:
            if kwargs is None:
                return task.execute(ti.context())
            result: dict[str, Any] = task.resume_execution("execute_complete", kwargs, ti.context())
            return result
        except TaskDeferred as deferred:
            kwargs = {"event": asyncio.run(event_of(deferred.trigger))}


async def event_of(trigger: Any) -> Any:
    """The one event of a trigger."""
    (event,) = [event async for event in trigger.run()]
    return event.payload


def attempts_of(hook: AzureMLHook, name: str) -> list[Any]:
    """The jobs of a generation, by the name of any of them, in the order of their attempts."""
    stem = name.rpartition("-")[0]
    found: list[Any] = []
    while True:
        try:
            found.append(hook.get_job(f"{stem}-{len(found) + 1}"))
        except exceptions.AzureMLNotFoundError:
            return found


@each_way
def test_a_job_that_azure_ended_is_submitted_again_in_the_same_try(
    hook: AzureMLHook, emulator: RunningEmulator, capsys: pytest.CaptureFixture[str], deferrable: bool
) -> None:
    ti = Instance(retries=1)
    emulator.fault("preempt", scope=ti.run_id, times=1, then=[{"kind": "node_lost"}, {"kind": "quota", "times": 1}])
    result = until_done(operator("sleep 0.3", deferrable=deferrable, retries=1), ti)
    attempts = attempts_of(hook, result["job_name"])
    assert [job.status for job in attempts] == ["Failed", "Failed", "Failed", "Completed"]
    assert [job.tags[RESUBMISSION_TAG] for job in attempts] == ["0", "1", "2", "3"]
    assert {job.tags[TRY_TAG] for job in attempts} == {"1"}
    assert result["job_name"] == attempts[3].name == ti.xcoms["azureml_job_name"]
    assert attempts[3].name in ti.xcoms["azureml_studio_url"]
    lines = [line for line in capsys.readouterr().out.splitlines() if "follows, job" in line]
    assert [line.partition("(")[2].partition(":")[0] for line in lines] == ["preempted", "node", "capacity"]
    assert f"Attempt 2 follows, job {attempts[1].name}." in lines[0]
    assert [line.partition("left in this try: ")[2][:2] for line in lines] == ["2.", "1.", "0."]


@each_way
def test_what_was_submitted_again_often_enough_fails_the_try_and_the_next_one_counts_anew(
    hook: AzureMLHook, emulator: RunningEmulator, deferrable: bool
) -> None:
    ti = Instance(retries=1)
    emulator.fault("preempt", scope=ti.run_id, times=3)
    task = operator("sleep 0.3", deferrable=deferrable, retries=1, max_resubmissions=1)
    with pytest.raises(exceptions.AzureMLJobFailedError) as failed:
        until_done(task, ti)
    assert failed.value.failure == "preempted"
    assert failed.value.job_name.endswith("-2")
    result = until_done(task, next_try(ti))
    attempts = attempts_of(hook, result["job_name"])
    assert [(job.tags[TRY_TAG], job.tags[RESUBMISSION_TAG]) for job in attempts] == [
        ("1", "0"),
        ("1", "1"),
        ("2", "0"),
        ("2", "1"),
    ]


@pytest.mark.parametrize("given", [{"command": "exit 3"}, {"command": "sleep 9", "timeout": 1}], ids=["user", "limit"])
def test_the_end_of_the_job_s_own_making_is_final(hook: AzureMLHook, given: dict[str, Any]) -> None:
    with pytest.raises(exceptions.AzureMLJobFailedError) as failed:
        operator(**given).execute(Instance().context())
    assert len(attempts_of(hook, failed.value.job_name)) == 1


def test_without_resubmissions_the_first_end_is_the_task_s(hook: AzureMLHook, emulator: RunningEmulator) -> None:
    ti = Instance()
    emulator.fault("preempt", scope=ti.run_id, times=1)
    with pytest.raises(exceptions.AzureMLJobFailedError) as failed:
        operator("sleep 0.3", max_resubmissions=0).execute(ti.context())
    assert len(attempts_of(hook, failed.value.job_name)) == 1


@pytest.mark.parametrize("given", [-1, 1.5, True, "2"])
def test_a_number_that_is_none_is_refused_before_anything_is_sent(emulator: RunningEmulator, given: Any) -> None:
    before = len(emulator.journal())
    with pytest.raises(exceptions.AzureMLSpecError, match=rf"max_resubmissions: {given!r} .* a whole number, 0"):
        operator("true", max_resubmissions=given).execute(Instance().context())
    assert len(emulator.journal()) == before


def test_a_wrong_setting_of_airflow_is_named_with_its_section(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks for it in the DAG file."""
    monkeypatch.setenv("AIRFLOW__AZUREML__MAX_RESUBMISSIONS", "-2")
    with pytest.raises(exceptions.AzureMLSpecError, match=r"^\[azureml\] max_resubmissions: -2 is not accepted"):
        operator("true").execute(Instance().context())


def test_it_is_a_matter_of_jobs_that_are_described() -> None:
    AzureMLJobOperator(task_id="t", job={}, max_resubmissions=1)
    with pytest.raises(TypeError, match="max_resubmissions"):
        AzureMLInvokeBatchEndpointOperator(task_id="t", endpoint_name="e", max_resubmissions=1)


def test_a_process_that_comes_back_twice_takes_what_the_first_one_has_submitted(
    hook: AzureMLHook, emulator: RunningEmulator, tmp_path: Path
) -> None:
    """The worker that was brought back by the event is lost after its PUT, and Airflow starts another one with it."""
    ti, gate = Instance(retries=1), tmp_path / "gate"
    command = f"until test -e {gate}; do sleep 0.1; done"
    emulator.fault("preempt", scope=ti.run_id, times=1)
    first = operator(command, wait_for_completion=False, retries=1).execute(ti.context())["job_name"]
    # What the trigger of a task says that has deferred: that depends on which is first, the end or the look at it.
    event = {"event": asyncio.run(event_of(AzureMLJobTrigger(job_name=first, poll_interval=0.2, try_number=1)))}
    task = operator(command, deferrable=True, retries=1)
    for _ in range(2):
        with pytest.raises(TaskDeferred) as again:
            task.resume_execution("execute_complete", event, ti.context())
        trigger: Any = again.value.trigger
        assert trigger.job_name.endswith("-2")
    assert len(attempts_of(hook, trigger.job_name)) == 2
    gate.touch()
    assert hook.wait_for_job(trigger.job_name, 30).status == "Completed"


def test_a_try_after_a_worker_that_died_between_two_attempts_submits_the_next_one(
    hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    ti = Instance(retries=1)
    emulator.fault("preempt", scope=ti.run_id, times=1)
    submitted = operator("sleep 0.3", wait_for_completion=False, retries=1).execute(ti.context())
    assert hook.wait_for_job(submitted["job_name"], 30).status == "Failed"
    result = operator("sleep 0.3", retries=1).execute(next_try(ti).context())
    first, second = attempts_of(hook, result["job_name"])
    assert (second.name, second.status) == (result["job_name"], "Completed")
    assert (first.tags[TRY_TAG], second.tags[TRY_TAG], second.tags[RESUBMISSION_TAG]) == ("1", "2", "0")


def test_a_task_that_is_ended_while_its_next_attempt_is_submitted_leaves_no_job_behind(
    hook: AzureMLHook, emulator: RunningEmulator, airflow_says: Say
) -> None:
    airflow_says("failed")
    ti = Instance()
    emulator.fault("preempt", scope=ti.run_id, times=1)
    emulator.fault("delay", route="PUT .*-2$", scope=ti.run_id, delay=1.5, when="before", times=1)
    task = operator("sleep 60")
    running = Running(task, ti)
    second = eventually(lambda: (name := ti.xcoms.get("azureml_job_name", "")).endswith("-2") and name)
    eventually(lambda: any(row["method"] == "PUT" for row in emulator.journal(f"/jobs/{second}")))
    task.on_kill()
    error = running.end()
    assert type(error) is exceptions.AzureMLException
    assert second in str(error)
    assert [job.name for job in attempts_of(hook, second)] == [f"{second[:-1]}1", second]
    assert hook.wait_for_job(second, 30).status == "Canceled"


def test_a_task_that_was_ended_before_submits_nothing_more(
    hook: AzureMLHook, emulator: RunningEmulator, airflow_says: Say, go_on: threading.Event
) -> None:
    """It looks at its job, which is young and so looked at soon, when the task has been told to end."""
    airflow_says("failed")
    ti = Instance()
    emulator.fault("preempt", scope=ti.run_id, times=1)
    task = operator("sleep 60")
    running = Running(task, ti)
    name = running.job()
    assert hook.wait_for_job(name, 30).status == "Failed"
    task.on_kill()
    eventually(lambda: task._cancellation is not None and task._cancellation.stop_event.is_set())
    go_on.set()
    assert isinstance(running.end(), exceptions.AzureMLException)
    assert [job.name for job in attempts_of(hook, name)] == [name]


@each_way
def test_after_an_eviction_the_next_compute_is_taken(
    hook: AzureMLHook,
    emulator: RunningEmulator,
    capsys: pytest.CaptureFixture[str],
    deferrable: bool,
) -> None:
    ti = Instance()
    emulator.fault("preempt", scope=ti.run_id, times=2)
    result = until_done(operator("sleep 0.3", deferrable=deferrable, compute=COMPUTES), ti)
    attempts = attempts_of(hook, result["job_name"])
    assert [job.tags[COMPUTE_TAG] for job in attempts] == ["0", "1", "1"]
    assert "cpu-cluster" in str(attempts[0].compute_id)
    assert "cpu-cluster" not in str(attempts[1].compute_id)
    assert f"job {attempts[1].name}, on serverless. Resub" in capsys.readouterr().out


def test_a_worker_describes_its_job_once(emulator: RunningEmulator, capsys: pytest.CaptureFixture[str]) -> None:
    ti = Instance()
    emulator.fault("preempt", scope=ti.run_id, times=1)
    assert until_done(operator("sleep 0.3", shm_size="2x"), ti)["attempts"] == 2
    assert capsys.readouterr().out.count("does not look like a size") == 1


@each_way
def test_a_job_that_is_queued_for_too_long_leaves_for_the_next_compute(
    hook: AzureMLHook,
    emulator: RunningEmulator,
    capsys: pytest.CaptureFixture[str],
    deferrable: bool,
) -> None:
    ti = Instance()
    emulator.fault("queue", scope=ti.run_id, times=1)
    task = operator("sleep 0.1", deferrable=deferrable, compute=COMPUTES, queue_timeout=3, max_resubmissions=0)
    result = until_done(task, ti)
    first, second = attempts_of(hook, result["job_name"])
    assert (first.status, second.status) == ("Canceled", "Completed")
    assert (second.tags[COMPUTE_TAG], second.tags[RESUBMISSION_TAG]) == ("1", "0")
    assert "(queued for more than 3 seconds). Attempt 2 follows" in capsys.readouterr().out


@each_way
def test_where_no_compute_is_left_the_try_fails_and_the_next_one_begins_with_the_first(
    hook: AzureMLHook, emulator: RunningEmulator, deferrable: bool
) -> None:
    ti = Instance(retries=1)
    emulator.fault("queue", scope=ti.run_id, times=2)
    task = operator("true", deferrable=deferrable, compute=COMPUTES, queue_timeout=2, retries=1)
    with pytest.raises(exceptions.AzureMLQueueTimeoutError) as failed:
        until_done(task, ti)
    assert (failed.value.seconds, failed.value.computes) == (2, ("cpu-cluster", "serverless"))
    assert failed.value.job_name.endswith("-2")
    result = until_done(task, next_try(ti))
    assert [job.tags[COMPUTE_TAG] for job in attempts_of(hook, result["job_name"])] == ["0", "1", "0"]


def test_a_queue_timeout_without_a_list_names_the_one_compute(emulator: RunningEmulator) -> None:
    ti = Instance()
    emulator.fault("queue", scope=ti.run_id, times=1)
    with pytest.raises(exceptions.AzureMLQueueTimeoutError, match=r"canceled\. Tried: cpu-cluster\."):
        operator("true", compute="cpu-cluster", queue_timeout=1.5, on_canceled="skip").execute(ti.context())


@pytest.mark.parametrize("ended", [True, False], ids=["it has ended", "it is being canceled"])
def test_a_worker_that_died_after_its_cancel_is_followed_by_the_next_compute(
    hook: AzureMLHook, emulator: RunningEmulator, ended: bool
) -> None:
    ti = Instance(retries=1)
    emulator.fault("queue", scope=ti.run_id, times=1)
    given: dict[str, Any] = {"compute": COMPUTES, "queue_timeout": 1.5, "retries": 1}
    name = operator("true", wait_for_completion=False, **given).execute(ti.context())["job_name"]
    time.sleep(2)
    if not ended:
        emulator.fault("cancel_slow", route=name, delay=2)
    hook.cancel_job(name)
    if ended:
        hook.wait_for_job(name, 30)
    result = operator("true", **given).execute(next_try(ti).context())
    first, second = attempts_of(hook, result["job_name"])
    assert (first.status, second.status, second.tags[COMPUTE_TAG]) == ("Canceled", "Completed", "1")


def test_a_cancel_by_somebody_else_is_still_that(hook: AzureMLHook, emulator: RunningEmulator) -> None:
    ti = Instance()
    emulator.fault("queue", scope=ti.run_id, times=1)
    running = Running(operator("true", compute=["cpu-cluster", "serverless"], queue_timeout=60), ti)
    hook.cancel_job(running.job())
    assert isinstance(running.end(), exceptions.AzureMLJobCanceledFinalError)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"compute": []}, "compute: a list is not accepted. Accepted: .* a list that is not empty"),
        ({"compute": ["a", 3]}, r"compute\[1\]: 3 is not a name"),
        ({"compute": ["a", "b c/d"]}, r"compute\[1\]: "),
        ({"compute": ["a", "a"]}, r"compute\[1\]: 'a' says the same as one before it"),
        ({"queue_timeout": 0}, r"queue_timeout: 0 is not accepted\. Accepted: a number of seconds, or a timedelta"),
        ({"queue_timeout": "60"}, "queue_timeout: '60' is not accepted"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_sent(
    emulator: RunningEmulator, given: dict[str, Any], words: str
) -> None:
    before = len(emulator.journal())
    with pytest.raises(exceptions.AzureMLSpecError, match=words):
        operator("true", **given).execute(Instance().context())
    assert len(emulator.journal()) == before


def test_a_kill_that_saw_the_job_before_still_ends_the_one_that_was_on_its_way(hook: AzureMLHook) -> None:
    """The decision to end the task came while it had its first job; the PUT of the second one was under way."""
    ti = Instance(retries=1)
    task = operator("exit 3", wait_for_completion=False, retries=1)
    first = task.execute(ti.context())["job_name"]
    hook.wait_for_job(first, 30)
    cancellation = TaskCancellation(ti, task.log, hook, cancel_job=True)
    cancellation.job_name = first
    cancellation.cancel(within=5)
    task = operator("sleep 60", wait_for_completion=False, retries=1)
    second = task.execute(next_try(ti).context())["job_name"]
    cancellation.job_name = second
    cancellation.cancel(within=5)
    assert hook.wait_for_job(second, 30).status == "Canceled"
