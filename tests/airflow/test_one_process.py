"""One process of a task: its job found again, cleared, resumed. Real jobs; Airflow's answers are given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException
from airflow.sdk.exceptions import TaskDeferralError, TaskDeferralTimeout

from airflow_azureml import exceptions
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.naming import split
from airflow_azureml.task import clears, identity
from tests.airflow.conftest import Say
from tests.airflow.instance import Instance
from tests.airflow.task_process import Running, eventually, operator
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")


def test_a_retry_finds_its_job_although_the_login_service_is_throttled(
    hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    submit, first = operator("sleep 60", wait_for_completion=False, retries=1), Instance(retries=1)
    one = submit.execute(first.context())["job_name"]
    emulator.fault("status", route="/oauth2/v2.0/token", status=429, times=2)
    again = Instance(run_id=first.run_id, retries=1)
    again.try_number = 2
    assert submit.execute(again.context())["job_name"] == one
    assert any("2" in line and "429" in line for line in emulator.faults()), emulator.faults()
    hook.cancel_job(one)


def test_a_retry_finds_the_job_and_a_clear_replaces_it(hook: AzureMLHook) -> None:
    submit, first = operator("sleep 60", wait_for_completion=False, retries=1), Instance(retries=1)
    one = submit.execute(first.context())["job_name"]
    again = Instance(run_id=first.run_id, retries=1)
    again.try_number = 2
    assert submit.execute(again.context())["job_name"] == one

    cleared = Instance(run_id=first.run_id, retries=1, tries_before=2)
    running = Running(operator("sleep 60", retries=1), cleared)
    other = running.job()
    assert other != one
    assert hook.wait_for_job(one, 30).status == "Canceled"
    tags = hook.get_job(other).tags
    assert (tags["airflow_generation"], tags["airflow_attempt"]) == ("2", "1")
    hook.cancel_job(other)
    assert isinstance(running.end(), exceptions.AzureMLJobCanceledFinalError)


def test_a_job_of_before_a_clear_that_comes_late_is_canceled(hook: AzureMLHook, tmp_path: Path) -> None:
    """As when the service carries a PUT out that was under way when its sender was killed."""
    first, gate = Instance(), tmp_path / "gate"
    cleared = Instance(run_id=first.run_id, tries_before=1)
    running = Running(operator(f"until test -e {gate}; do sleep 0.1; done"), cleared)
    own = running.job()
    late = operator("sleep 60", wait_for_completion=False).execute(first.context())["job_name"]
    assert late != own
    gate.touch()
    running.thread.join(30)
    assert running.error is None
    assert hook.get_job(own).status == "Completed"
    assert hook.wait_for_job(late, 30).status == "Canceled"


def test_a_clear_that_airflow_does_not_count_is_told_by_the_trace(
    hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Airflow 3.2 and 3.3, where the task ran on a worker that was dead."""
    monkeypatch.setattr(clears, "TRACES_CLEARS", True)

    def instance(try_number: int, trace: str) -> Instance:
        ti = Instance(run_id=first.run_id if try_number > 1 else None, retries=2)
        vars(ti).update(try_number=try_number, context_carrier={"traceparent": f"00-{trace * 32}-{'1' * 16}-00"})
        return ti

    submit, first = operator("sleep 60", wait_for_completion=False, retries=2), instance(1, "a")
    one = submit.execute(first.context())["job_name"]
    assert submit.execute(instance(2, "a").context())["job_name"] == one
    running = Running(operator("sleep 60", retries=2), instance(3, "b"))
    other = running.job()
    assert hook.wait_for_job(one, 30).status == "Canceled"
    assert hook.get_job(other).tags["airflow_generation"] == "2"
    assert submit.execute(instance(4, "b").context())["job_name"] == other
    hook.cancel_job(other)
    running.end()


@pytest.mark.parametrize(("older", "map_index"), [(False, -1), (False, 7), (True, -1)])
def test_a_retry_finds_its_job_after_the_dag_run_got_another_start(
    hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, older: bool, map_index: int
) -> None:
    """As when a running DAG run was set to queued; another run of the same id has jobs of its own."""
    began = [datetime(2026, 1, 1, 0, 0, 0, number, tzinfo=timezone.utc) for number in range(8)]
    monkeypatch.setattr(clears, "TRACES_CLEARS", not older)
    if older:
        monkeypatch.setattr(identity, "try_starts", lambda ti: tuple(ti.try_starts))

    def submitted(try_number: int, sign: int, start: int, tries: Sequence[int]) -> tuple[str, str]:
        ti = Instance(run_id=first, retries=3)
        trace = {"traceparent": f"00-{str(sign) * 32}-{'1' * 16}-00"}
        vars(ti).update(try_number=try_number, try_starts=tries, context_carrier=trace, map_index=map_index)
        task = operator(
            f"until test -e {tmp_path}/end; do sleep 0.1; done; test -e {tmp_path}/well",
            wait_for_completion=False,
            retries=3,
            checkpoint="kept",
            outputs={"kept": None},
        )
        name = task.execute({**ti.context(), "dag_run": SimpleNamespace(start_date=began[start])})["job_name"]
        return name, hook.get_job(name).raw["properties"]["outputs"]["kept"]["uri"]

    first = Instance().run_id
    one = submitted(1, 1, 1, [10])
    assert submitted(2, 1, 2, [20, 10]) == one
    assert submitted(3, 1, 3, [30, 10, 20]) == one
    (tmp_path / "end").touch()
    assert hook.wait_for_job(one[0], 60).status == "Failed"
    (tmp_path / "well").touch()
    two = submitted(4, 1, 3, [40, 10, 20, 30])
    assert (split(two[0]), two[1]) == ((split(one[0])[0], 2), one[1])
    assert submitted(2, 2, 4, [50, 60])[0] not in (one[0], two[0])


@pytest.mark.parametrize("given", [{"cancel_on_kill": False}, {"wait_for_completion": False}])
def test_a_clear_leaves_the_old_job_to_whoever_else_may_wait_for_it(hook: AzureMLHook, given: dict[str, bool]) -> None:
    submit, first = operator("sleep 60", wait_for_completion=False), Instance()
    one = submit.execute(first.context())["job_name"]
    cleared = Instance(run_id=first.run_id, tries_before=1)
    running = Running(operator("sleep 60", **given), cleared)
    other = running.job()
    assert other != one
    assert not hook.get_job(one).phase.is_terminal
    hook.cancel_job(one)
    hook.cancel_job(other)
    running.end()


def test_a_succeeded_job_of_an_earlier_try_is_taken_as_it_is(hook: AzureMLHook, emulator: RunningEmulator) -> None:
    task, ti = operator("true"), Instance()
    first = task.execute(ti.context())
    made = len(emulator.jobs())
    assert task.execute(Instance(run_id=ti.run_id).context()) == first
    assert len(emulator.jobs()) == made


@pytest.mark.parametrize(
    ("on_canceled", "expected"),
    [
        ("fail", exceptions.AzureMLJobCanceledFinalError),
        ("skip", AirflowSkipException),
        ("retry", exceptions.AzureMLJobCanceledError),
    ],
)
def test_a_job_canceled_by_somebody_else(hook: AzureMLHook, on_canceled: Any, expected: Any) -> None:
    # A limit that is far away makes no difference.
    task, ti = operator("sleep 60", on_canceled=on_canceled, timeout=50), Instance()
    running = Running(task, ti)
    hook.cancel_job(running.job())
    error = eventually(lambda: running.error)
    assert type(error) is expected
    assert running.job() in str(error)


@pytest.mark.parametrize("on_canceled", ["fail", "skip", "retry"])
def test_a_job_ended_by_its_own_limit_has_failed(on_canceled: Any) -> None:
    task, ti = operator("echo last words; sleep 60", on_canceled=on_canceled, timeout=1), Instance()
    with pytest.raises(exceptions.AzureMLJobFailedError, match="its own limit of 1 seconds") as caught:
        task.execute(ti.context())
    assert (caught.value.failure, caught.value.status) == ("timeout", "Canceled")
    assert "last words" in caught.value.log_tail


def test_a_cancel_of_its_own_that_is_noticed_late_is_not_somebody_elses(
    hook: AzureMLHook, emulator: RunningEmulator, airflow_says: Say
) -> None:
    airflow_says("failed")
    task, ti = operator("sleep 60", poll_interval=0.2), Instance()
    running = Running(task, ti)
    name = running.job()
    # A look is under way when the task is told to end; what it brings back is that the job is Canceled.
    emulator.fault("delay", route=f"GET .*/jobs/{name}", delay=2, when="before", times=1)
    eventually(lambda: any("came 1 times" in line for line in emulator.faults()))
    task.on_kill()
    error = running.end()
    assert hook.wait_for_job(name, 30).status == "Canceled"
    assert type(error) is exceptions.AzureMLException, error


@pytest.mark.parametrize("event", [None, {}, {"status": "success"}, "done", {"job_name": "", "outcome": "finished"}])
def test_an_event_that_is_none_fails_loudly(event: Any) -> None:
    with pytest.raises(exceptions.AzureMLException, match=r"trigger|JobEvent"):
        operator("true").execute_complete(Instance().context(), event)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("missing", exceptions.AzureMLNotFoundError),
        ("patience", exceptions.AzureMLServiceError),
        ("deadline", exceptions.AzureMLJobTimeoutError),
    ],
)
def test_an_event_of_a_wait_that_ended_early_is_that_error(outcome: str, expected: type[Exception]) -> None:
    event = {"job_name": "no-such-job", "outcome": outcome, "status": None, "message": "The reason."}
    with pytest.raises(expected) as caught:
        operator("true").execute_complete(Instance().context(), event)
    assert caught.value.__cause__ is None


def test_the_same_event_twice_gives_the_same_result() -> None:
    task, ti = operator("echo x > ${{outputs.o}}/x", outputs={"o": None}), Instance()
    first = task.execute(ti.context())
    event = {"job_name": first["job_name"], "outcome": "finished", "status": "Completed", "message": ""}
    for _ in range(2):
        resumed = Instance(run_id=ti.run_id)
        assert operator("true").execute_complete(resumed.context(), event) == first
        assert resumed.xcoms["o"] == first["outputs"]["o"]


def test_an_event_is_not_believed_while_the_job_runs(hook: AzureMLHook) -> None:
    task, ti = operator("sleep 60", wait_for_completion=False), Instance()
    name = task.execute(ti.context())["job_name"]
    event = {"job_name": name, "outcome": "finished", "status": "Completed", "message": ""}
    with pytest.raises(exceptions.AzureMLException, match=name):
        task.execute_complete(ti.context(), event)
    hook.cancel_job(name)


def test_a_deferral_that_ran_out_of_time_cancels_the_job(hook: AzureMLHook) -> None:
    task, ti = operator("sleep 60", wait_for_completion=False), Instance()
    name = task.execute(ti.context())["job_name"]
    timeout = {"error": "Trigger timeout", "traceback": None}
    with pytest.raises(exceptions.AzureMLJobTimeoutError, match=name):
        operator("sleep 60").resume_execution("__fail__", timeout, ti.context())
    assert hook.wait_for_job(name, 30).status == "Canceled"


def test_a_task_out_of_time_cancels_its_job_when_the_service_is_back(
    hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    task, ti = operator("sleep 60", wait_for_completion=False), Instance()
    name = task.execute(ti.context())["job_name"]
    emulator.fault("status", route=f"POST .*/{name}/cancel", status=503, times=4)  # all that azure-core itself tries
    timeout = {"error": "Trigger timeout", "traceback": None}
    with pytest.raises(exceptions.AzureMLJobTimeoutError, match="was asked to cancel"):
        operator("sleep 60").resume_execution("__fail__", timeout, ti.context())
    assert hook.wait_for_job(name, 30).status == "Canceled"


def test_a_trigger_that_broke_leaves_the_job_to_the_next_try(hook: AzureMLHook) -> None:
    task, ti = operator("sleep 60", wait_for_completion=False), Instance()
    name = task.execute(ti.context())["job_name"]
    with pytest.raises(TaskDeferralError) as caught:
        operator("sleep 60").resume_execution("__fail__", {"error": "Trigger failure"}, ti.context())
    assert not isinstance(caught.value, TaskDeferralTimeout)
    assert not hook.get_job(name).phase.is_terminal
    hook.cancel_job(name)
