"""Each way in which a job can end leaves its task alike: on a worker, deferred, and in the triggerer alone."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferred,
)
from airflow.sdk import DAG, Asset
from airflow.sdk.execution_time.timeout import timeout
from airflow.triggers.base import TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent

from airflow_azureml import observability, version_compat
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle import wait
from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.rest.flow import Call
from airflow_azureml.sensors import AzureMLJobSensor
from airflow_azureml.triggers import base
from airflow_azureml.triggers.start import AzureMLStartTrigger
from tests.airflow.instance import Instance
from tests.emulator_fixture import RunningEmulator

PAGE = Path(__file__).parents[2] / "docs" / "when-tasks-end.md"
IMAGE = {"image": "docker.io/python"}
WRITE = "echo 7 > ${{outputs.o}}/o.txt; echo last words"
STATES = {TaskSuccessEvent: "success", TaskSkippedEvent: "skipped", TaskFailedEvent: "failed"}
MODES: dict[str, dict[str, Any]] = {
    "worker": {},
    "deferred": {"deferrable": True},
    "ended in the triggerer": {"finish_in_trigger": True},
    "no worker": {"start_in_trigger": True, "finish_in_trigger": True},
}

Act = Callable[[RunningEmulator, AzureMLHook, str], object]


@dataclass(frozen=True)
class Case:
    """One way to end.

    :param state: what the task is left in.
    :param error: the class of its exception.
    :param faults: of the emulator, each a kind and its options.
    :param act: what somebody does once the job runs; given its name.
    """

    state: str
    error: str
    given: dict[str, Any]
    faults: tuple[dict[str, Any], ...] = ()
    act: Act | None = None


def canceled(emulator: RunningEmulator, hook: AzureMLHook, name: str) -> None:
    """Somebody cancels the job."""
    hook.cancel_job(name)


def unreachable(emulator: RunningEmulator, hook: AzureMLHook, name: str) -> None:
    """The service is out of order."""
    emulator.fault("status", status=503, route=f"jobs/{name}|batchrundata")


def deleted(emulator: RunningEmulator, hook: AzureMLHook, name: str) -> None:
    """Somebody cancels the job and deletes it, between two looks."""
    emulator.fault("status", status=503, route=f"GET .*jobs/{name}$|batchrundata")
    hook.cancel_job(name)
    while next(job["status"] for job in emulator.jobs() if job["name"] == name) != "Canceled":
        time.sleep(0.1)
    with hook.get_conn() as client:
        client.run(Call("DELETE", f"{client.workspace.path}/jobs/{name}", parse=lambda reply: None))
    emulator.clear_faults()


FAILED, CANCELED, FINAL = "AzureMLJobFailedError", "AzureMLJobCanceledError", "AzureMLJobCanceledFinalError"
LONG: dict[str, Any] = {"command": "sleep 60"}
SHORT: dict[str, Any] = {"command": "sleep 0.5"}
SCRIPT: dict[str, Any] = {"command": "echo last words; exit 3"}
ONCE: dict[str, Any] = {"times": 1}
CASES: dict[str, Case] = {
    "completed": Case("success", "", {"command": WRITE, "outputs": {"o": None}}),
    "completed, with an outlet": Case(
        "success", "", {"command": WRITE, "outputs": {"o": None}, "outlets": [Asset("azureml://x/y")]}
    ),
    "failed by its script": Case("failed", FAILED, SCRIPT),
    "failed, retries left": Case("up_for_retry", FAILED, {**SCRIPT, "retries": 2}),
    "preempted": Case("failed", FAILED, {**SHORT, "max_resubmissions": 0}, ({"kind": "preempt", **ONCE},)),
    "preempted, submitted again": Case("success", "", SHORT, ({"kind": "preempt", **ONCE},)),
    "preempted, queued again": Case("success", "", SHORT, ({"kind": "preempt", "requeue": True, **ONCE},)),
    "node lost": Case("failed", FAILED, {**SHORT, "max_resubmissions": 0}, ({"kind": "node_lost", **ONCE},)),
    "no image": Case("failed", FAILED, SHORT, ({"kind": "image_build_fails", **ONCE},)),
    "no quota": Case("failed", FAILED, {**SHORT, "max_resubmissions": 0}, ({"kind": "quota", **ONCE},)),
    "refused for quota": Case(
        "failed", "AzureMLNoCapacityError", {**SHORT, "max_resubmissions": 0}, ({"kind": "quota", "when": "before"},)
    ),
    "not responding": Case("success", "", SHORT, ({"kind": "not_responding", "delay": 0.5, **ONCE},)),
    "over its own limit": Case("failed", FAILED, {**LONG, "timeout": 1}),
    "queued for too long": Case(
        "failed", "AzureMLQueueTimeoutError", {**SHORT, "queue_timeout": 1}, ({"kind": "queue"},)
    ),
    "canceled": Case("failed", FINAL, LONG, act=canceled),
    "canceled, retries left": Case("failed", FINAL, {**LONG, "retries": 1}, act=canceled),
    "canceled, to be skipped": Case("skipped", "AirflowSkipException", {**LONG, "on_canceled": "skip"}, act=canceled),
    "canceled, to be retried": Case(
        "up_for_retry", CANCELED, {**LONG, "on_canceled": "retry", "retries": 1}, act=canceled
    ),
    "deleted, retries left": Case("failed", "AzureMLNotFoundError", {**LONG, "retries": 1}, act=deleted),
    "after `execution_timeout`, retries left": Case(
        "up_for_retry", "AzureMLJobTimeoutError", {**LONG, "execution_timeout": timedelta(seconds=3), "retries": 1}
    ),
    "service away": Case(
        "up_for_retry", "AzureMLServiceError", {"command": "sleep 20", "patience": 1, "retries": 1}, act=unreachable
    ),
}


class XComs(dict[str, Any]):
    """What Airflow stores of one task instance."""

    def set(self, key: str, value: Any, **place: Any) -> None:
        """Store a value."""
        self[key] = value

    def get_one(self, *, key: str, **place: Any) -> Any:
        """Give a value back."""
        return self.get(key)

    def delete(self, key: str, **place: Any) -> None:
        """Forget a value."""
        self.pop(key, None)


class Events(dict[Any, Any]):
    """The events of outlets, by asset."""

    def __missing__(self, asset: Any) -> Any:
        return self.setdefault(asset, SimpleNamespace(extra={}))


class Stored(Instance):
    """A task instance whose XComs are those that triggers write, too."""

    def __init__(self, retries: int) -> None:
        super().__init__(retries=retries)
        self.xcoms: XComs = XComs()
        self.events = Events()
        self.task: Any = None

    def context(self) -> dict[str, Any]:
        """What ``execute`` is given."""
        return {**super().context(), "outlet_events": self.events}

    def get_template_context(self) -> dict[str, Any]:
        """What the triggerer renders with."""
        return {**self.context(), "params": {}, "run_id": self.run_id}


@dataclass
class End:
    """What became of a task; without an error where an event has ended it."""

    state: str
    error: str = ""
    text: str = ""
    xcoms: Any = None
    events: list[Any] = field(default_factory=list)
    log: str = ""
    counted: list[str] = field(default_factory=list)
    """Metrics of its jobs, by name."""


def ended(error: BaseException, retries: int) -> End:
    """What Airflow makes of an exception."""
    if isinstance(error, AirflowSkipException):
        return End("skipped", type(error).__name__, plain(str(error)))
    final = isinstance(error, AirflowFailException) or not retries
    return End("failed" if final else "up_for_retry", type(error).__name__, plain(str(error)))


def of_event(event: Any, retries: int) -> End:
    """What Airflow makes of an event that ends the task."""
    state = STATES[type(event)]
    return End("up_for_retry" if state == "failed" and retries else state)


async def event_of(trigger: Any, ti: Any) -> Any:
    """The one event of a trigger."""
    trigger._task_instance, trigger.trigger_id = ti, 1
    (event,) = [event async for event in trigger.run()]
    return event


def within_its_time(task: Any, ti: Stored, kwargs: dict[str, Any] | None) -> Any:
    """One visit of a task to a worker, whose time Airflow counts anew."""
    limit = task.execution_timeout
    try:
        with timeout(int(limit.total_seconds()) if limit else 3600):  # type: ignore[no-untyped-call]
            if kwargs is None:
                return task.execute(ti.context())
            return task.resume_execution("execute_complete", kwargs, ti.context())
    except AirflowTaskTimeout:
        task.on_kill()
        raise


def on_worker(make: Callable[[], Any], ti: Stored, kwargs: dict[str, Any] | None = None) -> End:
    """The rest of a task's life that begins on a worker, its deferrals among it; each visit makes the task anew."""
    while True:
        task = make()
        try:
            result = within_its_time(task, ti, kwargs)
        except TaskDeferred as deferred:
            made_again = type(deferred.trigger)(**deferred.trigger.serialize()[1])
            event = asyncio.run(event_of(made_again, ti))
            if not isinstance(event.payload, dict):
                return of_event(event, task.retries)
            kwargs = {"event": event.payload}
        except Exception as error:  # noqa: BLE001 - as Airflow does
            return ended(error, task.retries)
        else:
            ti.xcom_push("return_value", result)
            return End("success")


def lived(make: Callable[[], Any], ti: Stored) -> End:
    """A task's whole life."""
    task = make()
    if task.start_trigger_args is None:
        return on_worker(make, ti)
    event = asyncio.run(event_of(AzureMLStartTrigger(**task.start_trigger_args.trigger_kwargs), ti))
    if isinstance(event.payload, dict):
        return on_worker(make, ti, {"event": event.payload})
    return of_event(event, task.retries)


def plain(text: str) -> str:
    """A text without what differs from job to job, and without which of two requests met an outage."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"\b[dw]-[a-z]+-[0-9a-z]+-(?=\d)", "JOB-", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)?", "TIME", text)
    text = re.sub(r"correlation id [0-9a-f-]+", "correlation id ID", text)
    return re.sub(r"(GET …/jobs/JOB-\d|POST …/batchrundata)", "REQUEST", text)


def values(value: Any) -> Any:
    """A value of an XCom in the same way; of numbers, which are times mostly, only that they are some."""
    if isinstance(value, dict):
        return {key: values(item) for key, item in value.items()}
    if isinstance(value, list):
        return [values(item) for item in value]
    return plain(value) if isinstance(value, str) else type(value).__name__


def when_it_runs(act: Act, emulator: RunningEmulator, hook: AzureMLHook, xcoms: XComs) -> None:
    """Do something to the job once it runs."""
    for _ in range(300):
        time.sleep(0.1)
        name = xcoms.get("azureml_job_name")
        if name is not None and any(job["name"] == name and job["status"] == "Running" for job in emulator.jobs()):
            act(emulator, hook, name)
            return


Live = Callable[[Case, str], End]


@pytest.fixture
def live(
    emulator: RunningEmulator, hook: AzureMLHook, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Live:
    """Lets a task of a case live in a mode."""
    monkeypatch.setattr(base, "SETTLE", 0)
    monkeypatch.setattr(wait, "WaitOptions", partial(wait.WaitOptions, missing_ok_for=1.0))
    counted: list[str] = []
    stats = SimpleNamespace(
        timing=lambda name, took, tags: counted.append(name), incr=lambda name, count, tags: counted.append(name)
    )

    def run(case: Case, mode: str) -> End:
        ti = Stored(case.given.get("retries", 0))
        monkeypatch.setattr(version_compat, "XCom", ti.xcoms, raising=False)
        for fault in case.faults:
            emulator.fault(scope=ti.run_id, **fault)

        def make() -> Any:
            with DAG("d", schedule=None):
                keywords = {"environment": IMAGE, "poll_interval": 0.3, **case.given, **MODES[mode]}
                return AzureMLCommandJobOperator(task_id="t", **keywords)

        if case.act is not None:
            threading.Thread(target=when_it_runs, args=(case.act, emulator, hook, ti.xcoms)).start()
        counted.clear()
        with monkeypatch.context() as patch:
            patch.setattr(observability, "metrics_on", lambda: True)
            patch.setattr(observability, "_stats", lambda: stats)
            end = lived(make, ti)
        emulator.clear_faults()
        end.counted = sorted(name for name in counted if name.startswith("azureml.job."))
        return seen(end, ti, capsys)

    return run


def seen(end: End, ti: Stored, capsys: pytest.CaptureFixture[str]) -> End:
    """What became of a task, with all that it has left."""
    end.xcoms, end.log = values(dict(ti.xcoms)), plain(capsys.readouterr().out)
    end.events = [values(event.extra) for event in ti.events.values()]
    return end


def last_words(log: str) -> list[str]:
    """What a log says of the ends of jobs: a triggerer that leaves the end to a worker says the same as that."""
    found = re.findall(r"Azure ML job (?:JOB-\d ended as \w+\.|JOB-\d was ended by its own time limit)", log)
    return list(dict.fromkeys(found))


def assert_alike(case: str, mode: str, one: End, other: End) -> None:
    """Assert that two modes leave a task alike; what an event ends has its error in the log."""
    assert other.state == one.state, (case, mode, other)
    assert other.xcoms == one.xcoms, (case, mode)
    assert other.events == one.events, (case, mode)
    assert last_words(other.log) == last_words(one.log), (case, mode)
    assert other.counted == one.counted, (case, mode)
    if other.error:
        assert (other.error, other.text) == (one.error, one.text), (case, mode)
    else:
        assert one.text in other.log, (case, mode)


@pytest.mark.parametrize("name", CASES)
def test_a_job_that_ends_so_leaves_its_task_alike(live: Live, name: str) -> None:
    case = CASES[name]
    ends = {mode: live(case, mode) for mode in MODES}
    worker = ends["worker"]
    assert (worker.state, worker.error) == (case.state, case.error)
    for mode, end in ends.items():
        assert_alike(name, mode, worker, end)


def test_the_page_lists_them() -> None:
    _, _, rest = PAGE.read_text(encoding="utf-8").partition("| How the job ends |")
    rows = [[cell.strip(" `") for cell in row.split("|")[1:-1]] for row in rest.partition("\n\n")[0].splitlines()[2:]]
    assert rows == [[name, case.state, case.error] for name, case in CASES.items()]


WATCHED: dict[str, tuple[str, dict[str, Any], str]] = {
    "completed": ("success", {}, "true"),
    "failed": ("failed", {}, "echo last words; exit 3"),
    "failed, soft": ("skipped", {"soft_fail": True}, "echo last words; exit 3"),
    "failed, never": ("skipped", {"never_fail": True}, "echo last words; exit 3"),
    "failed, silent": ("failed", {"silent_fail": True}, "echo last words; exit 3"),
    "canceled": ("failed", {}, ""),
    "canceled, to be skipped": ("skipped", {"on_canceled": "skip"}, ""),
    "canceled, soft": ("skipped", {"soft_fail": True}, ""),
}
"""What a sensor is left in by a job with a command; with none it is canceled."""


@pytest.mark.parametrize("name", WATCHED)
def test_so_does_one_that_a_sensor_watches(
    hook: AzureMLHook, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(base, "SETTLE", 0)
    state, given, command = WATCHED[name]
    spec = {"type": "command", "command": command or "sleep 60", "environment": IMAGE}
    job = hook.create_job(spec, f"w-t-{time.time_ns():x}-1")
    if not command:
        hook.cancel_job(job.name)
    ends = {}
    for mode, how in MODES.items():
        ti = Stored(0)
        monkeypatch.setattr(version_compat, "XCom", ti.xcoms, raising=False)

        def make(how: dict[str, Any] = how) -> Any:
            with DAG("d", schedule=None):
                return AzureMLJobSensor(task_id="t", job_name=job.name, poke_interval=0.3, **{**given, **how})

        ends[mode] = seen(lived(make, ti), ti, capsys)
    assert ends["worker"].state == state
    for mode, end in ends.items():
        assert_alike(name, mode, ends["worker"], end)
