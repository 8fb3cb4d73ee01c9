"""One process of a task: told to end, found again, cleared, resumed. Real jobs; Airflow's answers are given."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException
from airflow.sdk.exceptions import TaskDeferralError, TaskDeferralTimeout

from airflow_azureml import exceptions
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.task import clears
from tests.airflow.conftest import Say
from tests.airflow.instance import Instance
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")


def operator(command: str, **given: Any) -> AzureMLCommandJobOperator:
    """A command job of a task outside of any DAG file."""
    from airflow.providers.common.compat.sdk import DAG

    dag = DAG("d", schedule=None)
    environment = {"image": "docker.io/python"}
    return AzureMLCommandJobOperator(
        task_id="t", dag=dag, command=command, environment=environment, **{"poll_interval": 0.2, **given}
    )


class Running:
    """An ``execute`` that goes on in a thread, as it does beside a signal's handler."""

    def __init__(self, task: AzureMLCommandJobOperator, ti: Instance) -> None:
        self.task, self.ti = task, ti
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.task.execute(self.ti.context())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test looks at it
            self.error = error

    def job(self) -> str:
        """The job's name, once the task has seen the job."""
        eventually(lambda: self.task._cancellation is not None and self.task._cancellation.status)
        return str(self.ti.xcoms["azureml_job_name"])

    def end(self) -> BaseException | None:
        """Wait for the end, as long as Airflow would."""
        self.thread.join(5)
        assert not self.thread.is_alive()
        return self.error


def eventually(probe: Callable[[], Any]) -> Any:
    """Wait until a probe finds something."""
    deadline = time.monotonic() + 30
    while not (found := probe()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


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
