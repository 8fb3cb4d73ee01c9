"""A task that starts and ends in the triggerer, against the emulator; Airflow's XComs and states are given."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.sdk import DAG
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from airflow.triggers.base import TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent, TriggerEvent

from airflow_azureml import exceptions, version_compat
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.naming import TaskFacts, identify
from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.rest import jobs
from airflow_azureml.rest.jobs import Job
from airflow_azureml.sensors import AzureMLJobSensor
from airflow_azureml.triggers import AzureMLJobTrigger, base
from airflow_azureml.triggers.start import AzureMLStartTrigger
from airflow_azureml.triggers.threads import THREADS
from tests.airflow.instance import Instance
from tests.emulator_fixture import RunningEmulator

MODE: dict[str, Any] = {"start_in_trigger": True, "finish_in_trigger": True, "poll_interval": 0.2}
IMAGE = {"image": "docker.io/python"}


class XComs:
    """What Airflow stores, by key: the tests have one task instance each."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def set(self, key: str, value: Any, **place: Any) -> None:
        """Store a value."""
        self.values[key] = value

    def get_one(self, *, key: str, **place: Any) -> Any:
        """Give a value back."""
        return self.values.get(key)

    def delete(self, key: str, **place: Any) -> None:
        """Forget a value."""
        self.values.pop(key, None)


@pytest.fixture(autouse=True)
def xcoms(monkeypatch: pytest.MonkeyPatch, hook: AzureMLHook) -> XComs:
    """Airflow's XComs; and no trigger waits for a scheduler to digest anything."""
    store = XComs()
    monkeypatch.setattr(version_compat, "XCom", store, raising=False)
    monkeypatch.setattr(base, "SETTLE", 0)
    return store


class Deferred(Instance):
    """A task instance as a trigger of Airflow 3.3 sees it: ``max_tries`` is not known."""

    def __init__(self, xcoms: XComs, task_id: str = "t", **given: Any) -> None:
        super().__init__(task_id, **given)
        self.max_tries, self._xcoms = 0, xcoms
        self.task: Any = None

    def get_template_context(self) -> dict[str, Any]:
        """What templates are rendered with."""
        return {**self.context(), "params": {"number": 7}, "run_id": self.run_id}

    def xcom_pull(self, *, key: str = "return_value", **_: Any) -> Any:
        """Read an XCom of its own."""
        return self._xcoms.get_one(key=key)


class Slow(Deferred):
    """One whose start stands still until it is told to go on."""

    def __init__(self, xcoms: XComs, go_on: threading.Event) -> None:
        super().__init__(xcoms)
        self.asked, self._go_on = False, go_on

    def get_template_context(self) -> dict[str, Any]:
        """What templates are rendered with, after a while."""
        self.asked = True
        self._go_on.wait()
        return super().get_template_context()


def task_of(command: str, **given: Any) -> AzureMLCommandJobOperator:
    """A command job in no-worker mode."""
    with DAG("d", schedule=None):
        return AzureMLCommandJobOperator(task_id="t", command=command, environment=IMAGE, **{**MODE, **given})


def trigger_of(task: Any, ti: Any) -> AzureMLStartTrigger:
    """The trigger that Airflow makes of a task."""
    trigger = AzureMLStartTrigger(**task.start_trigger_args.trigger_kwargs)
    trigger._task_instance, trigger.trigger_id = ti, 1
    return trigger


async def fired(trigger: AzureMLStartTrigger) -> TriggerEvent:
    """The trigger's one event."""
    events = [event async for event in trigger.run()]
    assert len(events) == 1
    return events[0]


def jobs_of(ti: Any) -> list[Job]:
    """The jobs of a task instance, by generation and attempt."""
    run_started = ti.context()["dag_run"].start_date
    found = []
    with AzureMLHook().client() as client:
        for generation in range(2):
            facts = TaskFacts(ti.dag_id, ti.run_id, run_started, ti.task_id, generation=generation)
            names = [identify(facts).name(attempt) for attempt in (1, 2)]
            found += [client.run(jobs.find(client.workspace, name)) for name in names]
    return [job for job in found if job is not None]


async def begun(ti: Any, *statuses: str) -> Job:
    """Wait until a task instance has its first job, in one of these statuses where any is given."""
    while True:
        for job in await asyncio.to_thread(jobs_of, ti):
            if not statuses or job.status in statuses:
                return job
        await asyncio.sleep(0.1)


async def test_a_job_begins_and_ends_without_a_worker(xcoms: XComs, capsys: pytest.CaptureFixture[str]) -> None:
    task = task_of(
        "echo $X; echo $X > ${{outputs.o}}/o.txt",
        outputs={"o": None},
        environment_variables={"X": "{{ params.number }}"},
    )
    ti = Deferred(xcoms)
    event = await fired(trigger_of(task, ti))
    assert isinstance(event, TaskSuccessEvent)
    (job,) = jobs_of(ti)
    result = xcoms.values["return_value"]
    assert (result["job_name"], result["status"]) == (job.name, "Completed")
    assert xcoms.values["o"] == result["outputs"]["o"]
    assert xcoms.values["azureml_job_name"] == job.name
    assert xcoms.values["azureml_studio_url"].startswith("http")
    text = capsys.readouterr().out
    for line in (
        f"Submitting Azure ML job {job.name}",
        "Azure ML Studio: http",
        "| 7",
        "ended as Completed",
    ):
        assert line in text


async def test_what_is_started_and_ended_here_shares_a_token(xcoms: XComs, emulator: RunningEmulator) -> None:
    def tokens() -> int:
        return sum(one["path"].endswith("/token") for one in emulator.journal())

    before = tokens()
    for _ in range(3):
        assert isinstance(await fired(trigger_of(task_of("true"), Deferred(xcoms))), TaskSuccessEvent)
    # One of the threads, where it has not been there before, and one for the waiting of each trigger that is alone.
    assert tokens() - before <= 4


async def test_outputs_of_other_tasks_are_read_and_not_rendered(xcoms: XComs, hook: AzureMLHook) -> None:
    with DAG("d", schedule=None):
        first = AzureMLCommandJobOperator(task_id="first", command="x", environment=IMAGE, outputs={"word": None})
        task = AzureMLCommandJobOperator(
            task_id="t", command="x ${{inputs.x}}", environment=IMAGE, inputs={"x": first.output["word"]}, **MODE
        )
    ti = Deferred(xcoms)
    event = await fired(trigger_of(task, ti))
    assert event.payload["reason"] == "Task first has left no XCom word."
    xcoms.values["word"] = "{{ not_rendered }}"
    await fired(trigger_of(task, ti))
    (job,) = jobs_of(ti)
    assert job.raw["properties"]["inputs"]["x"]["value"] == "{{ not_rendered }}"


async def test_without_finish_in_trigger_a_worker_takes_the_result(xcoms: XComs) -> None:
    task, ti = task_of("true", finish_in_trigger=False), Deferred(xcoms)
    event = await fired(trigger_of(task, ti))
    assert event.payload["outcome"] == "finished"
    on_worker = Instance(run_id=ti.run_id)
    result = task.resume_execution("execute_complete", {"event": event.payload}, on_worker.context())
    assert result["job_name"] == jobs_of(ti)[0].name


async def test_two_triggers_at_once_and_a_third_one_later_have_one_job(xcoms: XComs) -> None:
    task, ti = task_of("sleep 1; exit 3"), Deferred(xcoms)
    events = await asyncio.gather(*(fired(trigger_of(task, ti)) for _ in range(2)))
    later = await fired(trigger_of(task, ti))
    assert all(isinstance(event, TaskFailedEvent) for event in (*events, later))
    assert len(jobs_of(ti)) == 1


async def test_a_cleared_task_ends_the_old_job_and_has_a_new_one(xcoms: XComs) -> None:
    first = Deferred(xcoms)
    old = asyncio.ensure_future(fired(trigger_of(task_of("sleep 60"), first)))
    await begun(first, "Running")
    xcoms.values["return_value"] = {"outputs": {"o": 1}}
    xcoms.values["o"] = 1
    second = Deferred(xcoms, run_id=first.run_id, tries_before=1)
    event = await fired(trigger_of(task_of("true", finish_in_trigger=False), second))
    assert event.payload["status"] == "Completed"
    assert not {"o", "return_value"} & set(xcoms.values), "the first try's results are gone"
    await old
    jobs = jobs_of(first)
    assert [(job.status, job.tags["airflow_generation"]) for job in jobs] == [
        ("Canceled", "0"),
        ("Completed", "1"),
    ]


async def test_a_later_try_of_a_task_with_retries_starts_on_a_worker(xcoms: XComs, hook: AzureMLHook) -> None:
    task, ti = task_of("sleep 60", retries=1), Deferred(xcoms, retries=1)
    ti.try_number = 2
    event = await fired(trigger_of(task, ti))
    assert jobs_of(ti) == []
    on_worker = Instance(run_id=ti.run_id, retries=1)
    on_worker.try_number = 2
    with pytest.raises(TaskDeferred) as deferred:
        task.resume_execution("execute_complete", {"event": event.payload}, on_worker.context())
    assert isinstance(deferred.value.trigger, AzureMLJobTrigger)
    assert [job.tags["airflow_generation"] for job in jobs_of(ti)] == ["0"]
    hook.cancel_job(deferred.value.trigger.job_name)


async def test_a_mistake_is_left_to_a_worker(xcoms: XComs) -> None:
    task, ti = task_of("true", code="no-such-folder"), Deferred(xcoms)
    event = await fired(trigger_of(task, ti))
    assert (event.payload["outcome"], event.payload["begun"]) == ("handed over", False)
    with pytest.raises(exceptions.AzureMLSpecError, match="no-such-folder"):
        task.resume_execution("execute_complete", {"event": event.payload}, Instance(run_id=ti.run_id).context())
    assert jobs_of(ti) == []


async def test_what_a_broken_start_has_submitted_is_what_the_worker_takes(
    xcoms: XComs, emulator: RunningEmulator
) -> None:
    ti = Deferred(xcoms)
    task = task_of("exit 3")
    emulator.fault("status", route="PUT .*/jobs/d-t-.*", status=403, times=1)
    event = await fired(trigger_of(task, ti))
    assert event.payload["outcome"] == "handed over"
    handed_over = {**event.payload, "begun": True}
    await fired(trigger_of(task, ti))
    with pytest.raises(exceptions.AzureMLJobFailedError):
        task.resume_execution("execute_complete", {"event": handed_over}, Instance(run_id=ti.run_id).context())
    assert len(jobs_of(ti)) == 1


@pytest.mark.parametrize(
    ("on_canceled", "retries", "kind"), [("skip", 0, TaskSkippedEvent), ("fail", 0, TaskFailedEvent)]
)
async def test_a_job_that_somebody_canceled(
    xcoms: XComs, hook: AzureMLHook, on_canceled: Any, retries: int, kind: type
) -> None:
    ti = Deferred(xcoms)
    waiting = asyncio.ensure_future(fired(trigger_of(task_of("sleep 60", on_canceled=on_canceled), ti)))
    await asyncio.to_thread(hook.cancel_job, (await begun(ti)).name)
    assert isinstance(await waiting, kind)


async def test_a_skip_comes_back_to_a_worker_where_a_callback_waits_for_it(xcoms: XComs, hook: AzureMLHook) -> None:
    ti, called = Deferred(xcoms), {"on_skipped_callback": lambda context: None}
    waiting = asyncio.ensure_future(fired(trigger_of(task_of("sleep 60", on_canceled="skip", **called), ti)))
    await asyncio.to_thread(hook.cancel_job, (await begun(ti)).name)
    assert (await waiting).payload["status"] == "Canceled"


async def test_an_end_without_retries_comes_back_to_a_worker_where_airflow_would_retry(
    xcoms: XComs, hook: AzureMLHook
) -> None:
    ti = Deferred(xcoms, retries=1)
    waiting = asyncio.ensure_future(fired(trigger_of(task_of("sleep 60", retries=1), ti)))
    await asyncio.to_thread(hook.cancel_job, (await begun(ti)).name)
    assert (await waiting).payload["status"] == "Canceled"


async def kill(trigger: AzureMLStartTrigger, run: asyncio.Task[Any]) -> None:
    """What Airflow 3.3 does to the trigger of a task that was ended."""
    run.cancel("__airflow_user_action__")
    with pytest.raises(asyncio.CancelledError):
        await run
    await trigger.on_kill()


@pytest.mark.parametrize(
    ("state", "newest", "ends"),
    [("failed", None, True), ("deferred", None, False), ("deferred", "d-t-another-1", True)],
)
@pytest.mark.parametrize("during", ["submission", "wait"])
async def test_a_kill_ends_the_job_and_a_move_does_not(
    xcoms: XComs,
    emulator: RunningEmulator,
    hook: AzureMLHook,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    newest: str | None,
    ends: bool,
    during: str,
) -> None:
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", lambda **asked: {asked["run_ids"][0]: {"t": state}})
    ti = Deferred(xcoms)
    if during == "submission":
        emulator.fault("delay", route="PUT .*/jobs/d-t-.*", delay=1.5, times=1, when="after")
    trigger = trigger_of(task_of("sleep 60"), ti)
    run = asyncio.ensure_future(fired(trigger))
    await begun(ti)
    if during == "wait":
        await asyncio.sleep(1)
    if newest:
        xcoms.values["azureml_job_name"] = newest
    await kill(trigger, run)
    (job,) = jobs_of(ti)
    assert (job.status in ("Canceled", "CancelRequested")) == ends
    if not ends:
        await asyncio.to_thread(hook.cancel_job, job.name)


async def test_a_start_looks_for_a_job_once_its_name_is_recorded(xcoms: XComs, emulator: RunningEmulator) -> None:
    """Until then none was put, and the PUT would say it otherwise; a trigger that moves puts nothing twice."""
    ti = Deferred(xcoms)

    def asked() -> list[str]:
        rows = emulator.journal(f"/jobs/{xcoms.values['azureml_job_name']}")
        return [row["method"] for row in rows]

    await fired(trigger_of(task_of("true"), ti))
    first = asked()
    await fired(trigger_of(task_of("true"), ti))
    again = asked()[len(first) :]
    assert (first[0], again[0], first.count("PUT"), again.count("PUT")) == ("PUT", "GET", 1, 0)


async def test_a_task_out_of_time_ends_by_its_own_limit(xcoms: XComs) -> None:
    task, ti = task_of("sleep 60", execution_timeout=timedelta(seconds=2)), Deferred(xcoms)
    trigger = trigger_of(task, ti)
    trigger.timeout_after = datetime.now(timezone.utc) + timedelta(seconds=2)  # type: ignore[attr-defined]
    begun = time.monotonic()
    event = await fired(trigger)
    assert event.payload["outcome"] == "deadline"
    assert time.monotonic() - begun < 10
    with pytest.raises(exceptions.AzureMLJobTimeoutError):
        task.resume_execution("execute_complete", {"event": event.payload}, Instance(run_id=ti.run_id).context())
    assert jobs_of(ti)[0].status in ("Canceled", "CancelRequested")


async def test_a_sensor_waits_without_a_worker(xcoms: XComs, hook: AzureMLHook) -> None:
    spec = {"type": "command", "command": "true", "environment": IMAGE}
    name = await asyncio.to_thread(lambda: hook.create_job(spec, f"sensed-{time.time_ns()}").name)
    with DAG("d", schedule=None):
        sensor = AzureMLJobSensor(task_id="t", job_name="{{ params.job }}", poke_interval=0.2, **MODE)
    ti = Deferred(xcoms)
    ti.get_template_context = lambda: {**ti.context(), "params": {"job": name}}  # type: ignore[method-assign]
    trigger = trigger_of(sensor, ti)
    trigger.timeout_after = datetime.now(timezone.utc) + sensor.trigger_timeout()  # type: ignore[attr-defined,operator]
    assert isinstance(await fired(trigger), TaskSuccessEvent)
    assert xcoms.values["return_value"]["job_name"] == name
    assert xcoms.values["azureml_studio_url"]


async def test_an_end_does_not_stand_behind_starts(xcoms: XComs, tmp_path: Path) -> None:
    ending, gate = Deferred(xcoms), tmp_path / "gate"
    first = asyncio.ensure_future(fired(trigger_of(task_of(f"until test -e {gate}; do sleep 0.1; done"), ending)))
    await begun(ending)
    go_on = threading.Event()
    try:
        others = [Slow(xcoms, go_on) for _ in range(THREADS + 1)]
        starts = [asyncio.ensure_future(fired(trigger_of(task_of("true"), ti))) for ti in others]
        while sum(ti.asked for ti in others) < THREADS:
            await asyncio.sleep(0.02)
        gate.touch()
        assert isinstance(await asyncio.wait_for(first, 30), TaskSuccessEvent)
        assert sum(ti.asked for ti in others) == THREADS, "all threads for starts are taken"
    finally:
        go_on.set()
    assert all(isinstance(event, TaskSuccessEvent) for event in await asyncio.gather(*starts))


def test_the_log_of_a_worker_says_once_why_it_has_the_task(
    hook: AzureMLHook, capsys: pytest.CaptureFixture[str]
) -> None:
    task = task_of("sleep 60", environment_variables={"API_TOKEN": "not-to-be-stored"}, poll_interval=0.1)
    context: Any = Instance().context()
    task.render_template_fields(context)
    with pytest.raises(TaskDeferred):
        task.execute(context)
    hook.cancel_job(context["ti"].xcoms["azureml_job_name"])
    assert (
        capsys.readouterr().out.count(
            "start_in_trigger: this task starts on a worker: environment_variables holds a secret"
        )
        == 1
    )


@pytest.mark.parametrize("most", [None, 0])
async def test_a_job_that_azure_ended_comes_back_to_a_worker_that_submits_it_again(
    xcoms: XComs, emulator: RunningEmulator, most: int | None
) -> None:
    ti = Deferred(xcoms)
    emulator.fault("preempt", scope=ti.run_id, times=1)
    event = await fired(trigger_of(task_of("sleep 0.3", max_resubmissions=most), ti))
    assert isinstance(event, TaskFailedEvent) == (most == 0)
