"""One task, one batch job: whatever becomes of the one POST, and whoever tries again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from airflow_azureml import exceptions
from airflow_azureml.client import Limits
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.batch import invocation
from airflow_azureml.lifecycle.batch.outstanding import Outstanding
from airflow_azureml.lifecycle.late import looks
from airflow_azureml.operators import AzureMLInvokeBatchEndpointOperator
from airflow_azureml.rest import endpoints
from azureml_emulator.console import control_client
from tests.airflow.instance import Instance
from tests.airflow.scoring import deployment, endpoint, invoker, register, scorer, unique
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")

LOOKS = 3.0
"""Seconds for which a lost job is looked for here."""


@pytest.fixture(scope="module")
def model(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Keywords of a model deployment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", emulator["airflow_connection"])
        folder = tmp_path_factory.mktemp("model")
        yield scorer(folder, register(folder, "10"))


def made(model: dict[str, Any]) -> Iterator[str]:
    """Endpoints with a default deployment, eight at a time: nearly all that it takes is waiting."""

    def one(name: str) -> str:
        endpoint(name=name)
        deployment(name="blue", endpoint_name=name, set_default=True, **model)
        return name

    while True:
        with ThreadPoolExecutor(8) as pool:
            names = list(pool.map(one, [unique("ep") for _ in range(8)]))
        yield from names


@pytest.fixture(scope="module")
def unused(model: dict[str, Any]) -> Iterator[str]:
    """Endpoints that no test has invoked."""
    return made(model)


@pytest.fixture
def own(unused: Iterator[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Own:
    """An endpoint that no other test invokes, and something to score."""
    monkeypatch.setattr(invocation, "LOOK_FOR", LOOKS)
    name = next(unused)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text(f"1\n{len(name)}\n")
    return Own(name, tmp_path / "data")


class Own:
    """An endpoint of one test, and how it is invoked."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder

    def task(self, **given: Any) -> AzureMLInvokeBatchEndpointOperator:
        """A task that invokes it."""
        return invoker(endpoint_name=self.name, input=str(self.folder), **given)

    def take_long(self) -> None:
        """Have its jobs run until they are canceled."""
        (self.folder / "slow.txt").write_text("1\n")

    def jobs(self, hook: AzureMLHook) -> list[str]:
        """The names of its jobs, as the emulator lists them."""
        with hook.client() as client:
            return [job.name for job in client.run(endpoints.jobs(client.workspace, self.name))]

    def posts(self, emulator: RunningEmulator) -> int:
        """How often it was invoked."""
        return sum(one["method"] == "POST" for one in emulator.journal(f"/scoring/{self.name}/jobs"))


@pytest.fixture
def faults(emulator: RunningEmulator) -> Iterator[Callable[..., None]]:
    """Asks for a fault of the invocation; afterwards all that was asked for must have come."""
    asked: list[str] = []

    def ask(kind: str, **given: Any) -> None:
        asked.append(kind)
        emulator.fault(kind, route=INVOCATION, times=1, **given)

    yield ask
    assert come(emulator) == [(kind, 1) for kind in asked]


def come(emulator: RunningEmulator) -> list[tuple[str, int]]:
    """The kinds of faults that were asked for invocations, and how often each came.

    It asks without the command line: what that prints could be mixed up with what a task says in another thread.
    """
    faults = control_client.call(emulator.endpoint, "GET", "/emulator/faults")["value"]
    return [(one["kind"], one["count"]) for one in faults if one["route"] == INVOCATION]


INVOCATION = "POST /scoring/"
FAULTS: dict[str, dict[str, Any]] = {
    "status": {"kind": "status", "status": 500},
    "drop": {"kind": "drop"},
    "timeout": {"kind": "timeout"},
}
each_fault = pytest.mark.parametrize("fault", FAULTS)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that waits seconds for an answer, and looks often."""
    monkeypatch.setenv("AIRFLOW__AZUREML__POLL_INTERVAL", "0.2")
    real = AzureMLHook.client
    monkeypatch.setattr(
        AzureMLHook, "client", lambda self, limits=None, **own: real(self, limits or Limits(read=5), **own)
    )


@each_fault
def test_a_fault_after_the_job_was_made_leaves_one_job_which_is_taken(
    fault: str, own: Own, hook: AzureMLHook, emulator: RunningEmulator, faults: Callable[..., None]
) -> None:
    faults(**FAULTS[fault], when="after")
    ti = Instance()
    result = own.task().execute(ti.context())
    assert result["status"] == "Completed"
    assert own.jobs(hook) == [result["job_name"]] == [ti.xcoms["azureml_job_name"]]
    assert own.posts(emulator) == 1


@each_fault
def test_a_fault_before_a_job_was_made_is_told_and_never_repeated(
    fault: str, own: Own, hook: AzureMLHook, emulator: RunningEmulator, faults: Callable[..., None]
) -> None:
    faults(**FAULTS[fault], when="before")
    ti = Instance()
    with pytest.raises(exceptions.AzureMLAmbiguousInvocationError, match=own.name):
        own.task().execute(ti.context())
    assert (own.jobs(hook), own.posts(emulator)) == ([], 1)
    cleared = Instance(run_id=ti.run_id, tries_before=1)
    result = own.task().execute(cleared.context())
    assert own.jobs(hook) == [result["job_name"]], "a Clear invokes it anew"


@each_fault
def test_where_the_mark_is_dropped_there_is_no_second_job(
    fault: str, own: Own, hook: AzureMLHook, emulator: RunningEmulator, faults: Callable[..., None]
) -> None:
    emulator.fault("drop_mark", times=1)
    faults(**FAULTS[fault], when="after")
    ti = Instance(retries=1)
    with pytest.raises(exceptions.AzureMLAmbiguousInvocationError) as caught:
        own.task(retries=1).execute(ti.context())
    (job,) = own.jobs(hook)
    assert job in str(caught.value), "a person is told where to look"
    again = Instance(run_id=ti.run_id, retries=1)
    again.try_number = 2
    with pytest.raises(exceptions.AzureMLAmbiguousInvocationError, match=job):
        own.task(retries=1).execute(again.context())
    assert (own.jobs(hook), own.posts(emulator)) == ([job], 1)


def test_a_refusal_is_the_services_own_error_and_sent_once(
    own: Own, hook: AzureMLHook, emulator: RunningEmulator, faults: Callable[..., None]
) -> None:
    faults("status", status=403, when="before")
    with pytest.raises(exceptions.AzureMLPermissionError):
        own.task().execute(Instance().context())
    assert (own.jobs(hook), own.posts(emulator)) == ([], 1)


def test_throttling_is_ridden_out(own: Own, hook: AzureMLHook, faults: Callable[..., None]) -> None:
    faults("status", status=429, when="before")
    result = own.task().execute(Instance().context())
    assert own.jobs(hook) == [result["job_name"]]


def test_a_retry_takes_the_job_and_a_clear_makes_another(
    own: Own, hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    first = Instance(retries=1)
    one = own.task(retries=1).execute(first.context())
    again = Instance(run_id=first.run_id, retries=1)
    again.try_number = 2
    assert own.task(retries=1).execute(again.context()) == one
    assert own.posts(emulator) == 1
    cleared = Instance(run_id=first.run_id, retries=1, tries_before=2)
    other = own.task(retries=1).execute(cleared.context())
    assert sorted(own.jobs(hook)) == sorted([one["job_name"], other["job_name"]])


async def test_a_deferred_task_comes_back_with_the_same_result(
    own: Own, hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    task, ti = own.task(deferrable=True), Instance()
    with pytest.raises(TaskDeferred) as deferred:
        await asyncio.to_thread(task.execute, ti.context())
    (event,) = [event async for event in deferred.value.trigger.run()]
    result = await asyncio.to_thread(own.task(deferrable=True).execute_complete, ti.context(), event.payload)
    assert result == hook.get_result(result["job_name"])
    assert ti.xcoms["score"] == result["outputs"]["score"]
    assert f"/runs/{result['job_name']}?" in ti.xcoms["azureml_studio_url"]


def test_without_waiting_the_result_names_the_job(own: Own, hook: AzureMLHook) -> None:
    result = own.task(wait_for_completion=False).execute(Instance().context())
    assert (result["experiment_name"], result["outputs"], result["ended_at"]) == (own.name, {}, None)
    assert hook.wait_for_job(result["job_name"], 60).status == "Completed"


class Invoking:
    """An ``execute`` that goes on in a thread, as it does beside a signal's handler, and is in its invocation."""

    def __init__(
        self, task: AzureMLInvokeBatchEndpointOperator, emulator: RunningEmulator, ti: Instance | None = None
    ) -> None:
        self.task, self.errors, self.ti = task, list[BaseException](), ti or Instance()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        deadline = time.monotonic() + 30
        # A fault comes before the emulator acts, or when it has acted and does not answer yet.
        while not all(count for _, count in come(emulator)):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def _run(self) -> None:
        try:
            self.task.execute(self.ti.context())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test looks at it
            self.errors.append(error)

    def end(self) -> list[BaseException]:
        """Wait for the end."""
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.errors


@pytest.fixture
def ended_by_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow says that the task was failed by hand."""
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", lambda **asked: {asked["run_ids"][0]: {"t": "failed"}})


@pytest.mark.usefixtures("ended_by_a_user")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_task_killed_while_it_invokes_leaves_no_job_behind(
    when: str, own: Own, hook: AzureMLHook, faults: Callable[..., None], emulator: RunningEmulator
) -> None:
    faults("delay", delay=2, when=when)
    own.take_long()
    invoking = Invoking(own.task(), emulator)
    invoking.task.on_kill()
    errors = invoking.end()
    assert [type(error) for error in errors] == [exceptions.AzureMLException]
    (job,) = own.jobs(hook)
    assert job in str(errors[0])
    assert hook.wait_for_job(job, 30).status == "Canceled"


@pytest.mark.usefixtures("ended_by_a_user")
def test_a_job_whose_answer_is_lost_is_found_by_its_mark_and_canceled(
    own: Own, hook: AzureMLHook, faults: Callable[..., None], emulator: RunningEmulator
) -> None:
    faults("timeout", when="after")
    own.take_long()
    invoking = Invoking(own.task(), emulator)
    cancellation = invoking.task._cancellation
    assert cancellation is not None
    invoking.task.on_kill()
    cancellation.join()
    (job,) = own.jobs(hook)
    assert cancellation.job_name == job, "before SIGKILL comes"
    assert hook.wait_for_job(job, 30).status == "Canceled"
    assert [type(error) for error in invoking.end()] == [exceptions.AzureMLException]


def test_a_job_that_comes_late_is_found_by_what_was_recorded_before_its_invocation(
    own: Own, hook: AzureMLHook, faults: Callable[..., None], emulator: RunningEmulator
) -> None:
    faults("delay", delay=2, when="before")
    own.take_long()
    ti = Instance()
    invoking = Invoking(own.task(), emulator, ti)
    record = Outstanding.from_dict(json.loads(json.dumps(ti.xcoms["azureml_invocation"])))
    assert record is not None
    assert "azureml_job_name" not in ti.xcoms
    with hook.client() as client:
        assert client.run(record.cancel(client.workspace)) == ()
        until(lambda: len(own.jobs(hook)) == 1)
        (job,) = own.jobs(hook)
        assert client.run(record.cancel(client.workspace)) == (job,)
    assert hook.wait_for_job(job, 30).status == "Canceled"
    assert [type(error) for error in invoking.end()] == [exceptions.AzureMLJobCanceledFinalError]


def test_a_job_that_comes_after_a_clear_ends_while_the_new_one_goes_on(
    own: Own, hook: AzureMLHook, faults: Callable[..., None], emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "AFTER", (1.0, 3.0, 6.0))
    faults("delay", delay=3, when="before")
    own.take_long()
    ti = Instance()
    before = Invoking(own.task(), emulator, ti)
    after = Invoking(own.task(), emulator, Instance(run_id=ti.run_id, tries_before=1))
    until(lambda: "azureml_job_name" in after.ti.xcoms)
    new = after.ti.xcoms["azureml_job_name"]
    assert own.jobs(hook) == [new]
    until(lambda: len(own.jobs(hook)) == 2)
    (late,) = set(own.jobs(hook)) - {new}
    assert hook.wait_for_job(late, 30).status == "Canceled"
    assert not hook.get_job(new).phase.is_terminal
    assert [type(error) for error in before.end()] == [exceptions.AzureMLJobCanceledFinalError]
    hook.cancel_job(new)
    assert [type(error) for error in after.end()] == [exceptions.AzureMLJobCanceledFinalError]


def test_a_job_that_comes_at_the_very_end_of_a_cleared_tasks_own_ends_with_it(
    own: Own, hook: AzureMLHook, faults: Callable[..., None], emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "AFTER", (1000.0,))
    faults("delay", delay=3, when="before")
    own.take_long()
    ti = Instance()
    before = Invoking(own.task(), emulator, ti)
    after = Invoking(own.task(), emulator, Instance(run_id=ti.run_id, tries_before=1))
    until(lambda: len(own.jobs(hook)) == 2)
    new = after.ti.xcoms["azureml_job_name"]
    (late,) = set(own.jobs(hook)) - {new}
    hook.cancel_job(new)
    assert [type(error) for error in after.end()] == [exceptions.AzureMLJobCanceledFinalError]
    assert hook.wait_for_job(late, 30).status == "Canceled"
    before.end()


def until(probe: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 30
    while not probe():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_deployment_that_is_named_once_is_not_named_again(own: Own, model: dict[str, Any], hook: AzureMLHook) -> None:
    deployment(name="green", endpoint_name=own.name, **model)
    task = own.task(deployment_name="green")
    named = task.execute(Instance().context())["job_name"]
    task.deployment_name = None
    default = task.execute(Instance().context())["job_name"]
    tags = [hook.get_job(name).tags["azureml.deploymentname"] for name in (named, default)]
    assert tags == ["green", "blue"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"input": None, "inputs": {"threshold": 0.5}}, ["inputs.threshold", "literal"]),
        ({"input": None, "inputs": {"a-b": "azureml:x:1"}}, ["a-b", "a_b"]),
        ({"deployment_name": "red"}, ["red", "blue"]),
        ({"endpoint_name": "no-such-endpoint"}, ["no-such-endpoint"]),
        ({"outputs": {"return_value": {"type": "uri_file"}}}, ["outputs.return_value"]),
        ({"mini_batch_size": 0}, ["mini_batch_size", "0"]),
    ],
)
def test_mistakes_are_told_before_anything_is_sent(
    given: dict[str, Any], words: list[str], own: Own, emulator: RunningEmulator
) -> None:
    before = sum(one["method"] in ("PUT", "POST") for one in emulator.journal())
    keywords = {"endpoint_name": own.name, "input": str(own.folder), **given}
    with pytest.raises(exceptions.AzureMLException) as caught:
        invoker(**keywords).execute(Instance().context())
    assert isinstance(caught.value, (exceptions.AzureMLSpecError, exceptions.AzureMLNotFoundError))
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
    sent = [one for one in emulator.journal() if one["method"] in ("PUT", "POST")][before:]
    assert [one["path"] for one in sent if "token" not in one["path"]] == []
