"""Task Loops of Airflow 3.4: whose state Airflow tells, and what becomes of the jobs. Airflow's answers are given."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.task.cancellation import TaskCancellation
from airflow_azureml.task_states import iteration_end, iteration_state
from airflow_azureml.triggers import AzureMLJobTrigger
from tests.airflow.instance import Instance
from tests.airflow.scoring import unique

REGION, OTHER = UUID("0199f5a2-7b11-7c3e-8a55-3f2a90c1d2e3"), UUID("0199f5a2-9999-7c3e-8a55-3f2a90c1d2e3")
DATE = datetime(2024, 1, 1, tzinfo=timezone.utc)


def crumb(state: str, region: UUID = REGION, index: int = 1, task: str = "t") -> dict[str, Any]:
    """A task instance that has ended, as Airflow 3.4.0b2 lists it (``execution_api/routes/task_instances.py``)."""
    place = {"region_id": str(region), "region_index": index}
    return {"task_id": task, "map_index": -1, "state": state, "operator": "x", "duration": 1.0, **place}


def iteration(index: int, **given: Any) -> dict[str, Any]:
    """What ``execute`` is given in iteration ``index``."""
    ti: Any = Instance(**given)
    ti.region_id, ti.region_index = REGION, index
    context = {**ti.context(), "loop": SimpleNamespace(index=index)}
    context["dag_run"].logical_date = DATE
    ti.get_template_context = lambda: context
    ti.get_previous_ti = lambda **asked: None
    return context


def airflow_says(monkeypatch: pytest.MonkeyPatch, latest: str | None, *ended: dict[str, Any]) -> None:
    """Has Airflow answer with the state of the latest iteration, and with what has ended; it reports no iteration."""
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", lambda **asked: {asked["run_ids"][0]: {"t": latest}})
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_breadcrumbs", lambda dag_id, run_id: iter(ended))


@pytest.mark.parametrize(
    ("latest", "ended", "expected"),
    [
        ("running", [crumb("failed")], "failed"),  # marked by hand, while a later iteration runs
        ("success", [crumb("success", index=2)], "running"),  # the later one ended, this one runs
        ("failed", [crumb("failed", OTHER), crumb("failed", task="u")], "running"),
        (None, [], "running"),  # cleared: the next try finds the job
        ("restarting", [], "restarting"),
        ("running", [], "running"),
    ],
)
def test_an_iteration_s_state_is_not_the_latest_one_s(
    monkeypatch: pytest.MonkeyPatch, latest: str | None, ended: list[dict[str, Any]], expected: str
) -> None:
    airflow_says(monkeypatch, latest, *ended)
    assert iteration_state(iteration(1)["ti"]) == expected


@pytest.mark.parametrize(
    ("place", "state", "expected"),
    [
        ({}, "failed", "failed"),
        ({}, "restarting", "restarting"),  # cleared alone, while a later iteration runs
        ({}, None, None),
        ({"region_id": OTHER}, "failed", "running"),
        ({"region_index": 2}, "failed", "running"),
        ({"run_id": "earlier"}, "failed", "running"),
    ],
)
def test_airflow_is_asked_for_the_very_iteration(
    monkeypatch: pytest.MonkeyPatch, place: dict[str, Any], state: str | None, expected: str | None
) -> None:
    airflow_says(monkeypatch, "running")
    ti, asked = iteration(1)["ti"], []

    def answer(**question: Any) -> Any:
        asked.append(question)
        return SimpleNamespace(**{"run_id": ti.run_id, "region_id": REGION, "region_index": 1, "state": state, **place})

    ti.get_previous_ti = answer
    assert iteration_state(ti) == expected
    # The moment after the date of its DAG run: no other run lies between.
    assert asked == [{"logical_date": DATE + timedelta(microseconds=1), "map_index": -1}]


def test_a_dag_run_without_a_date_is_asked_for_what_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow_says(monkeypatch, "running", crumb("failed"))
    context = iteration(1)
    context["dag_run"].logical_date = None
    context["ti"].get_previous_ti = None
    assert iteration_state(context["ti"]) == "failed"


@pytest.mark.parametrize(
    ("run", "ended", "expected"),
    [
        ("running", [crumb("failed")], "failed"),  # marked while no process held it
        ("running", [crumb("failed", OTHER), crumb("success", index=2)], "running"),
        ("success", [crumb("success", OTHER)], "removed"),  # a Clear has replaced it, and nothing came after
        ("failed", [], "removed"),
        ("queued", [], "running"),
    ],
)
def test_a_sweep_learns_whether_an_iteration_has_ended(
    monkeypatch: pytest.MonkeyPatch, run: str, ended: list[dict[str, Any]], expected: str
) -> None:
    airflow_says(monkeypatch, "running", *ended)
    monkeypatch.setattr(RuntimeTaskInstance, "get_dagrun_state", lambda dag_id, run_id: run)
    assert iteration_end("d", "t", "r", str(REGION), 1) == expected


@pytest.mark.parametrize(("index", "is_ended"), [(1, True), (2, False)])
def test_only_the_job_of_the_iteration_that_ended_ends(
    hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch, index: int, is_ended: bool
) -> None:
    airflow_says(monkeypatch, "success" if index == 2 else "running", crumb("failed", index=1))
    name = hook.create_job(
        {"type": "command", "command": "sleep 60", "environment": {"image": "x"}}, unique("loop")
    ).name
    log = SimpleNamespace(info=lambda *_: None, warning=lambda *_: None)
    cancellation = TaskCancellation(iteration(index)["ti"], log, AzureMLHook(), True, looped=True)
    cancellation.job_name = name
    cancellation.begin()
    cancellation.join()
    job = hook.get_job(name)
    assert (job.is_being_canceled or job.status == "Canceled") == is_ended
    if not is_ended:
        hook.cancel_job(name)


async def test_a_trigger_of_a_loop_is_told_to_end_only_if_nobody_waits(
    hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    airflow_says(monkeypatch, "deferred")  # another iteration, which waits again
    name = hook.create_job(
        {"type": "command", "command": "sleep 60", "environment": {"image": "x"}}, unique("loop")
    ).name
    trigger = AzureMLJobTrigger(job_name=name, cancel_on_kill=True, looped=True)
    ti = iteration(1)["ti"]
    ti.task = None  # a trigger that waits is not given it
    trigger.task_instance = ti
    await trigger.on_kill()
    job = hook.get_job(name)
    assert job.is_being_canceled or job.status == "Canceled"


@pytest.mark.usefixtures("hook")
def test_each_iteration_runs_and_finds_its_own_job() -> None:
    def operator(**given: Any) -> AzureMLCommandJobOperator:
        environment = {"image": "docker.io/python"}
        return AzureMLCommandJobOperator(task_id="t", command="true", environment=environment, retries=1, **given)

    run = f"run-{uuid4().hex[:8]}"
    first, second = (iteration(index, run_id=run, retries=1) for index in (0, 1))
    submit = operator(wait_for_completion=False)
    names = [submit.execute(context)["job_name"] for context in (first, second)]
    assert ["-loop0-" in names[0], "-loop1-" in names[1]] == [True, True]
    while not all(AzureMLHook().get_job(name).phase.is_terminal for name in names):
        time.sleep(0.1)
    second["ti"].try_number = 2
    assert operator().execute(second)["job_name"] == names[1], "a retry finds the job of its iteration"


@pytest.mark.usefixtures("hook")
@pytest.mark.parametrize("looped", [True, False])
def test_the_trigger_knows_whether_its_task_is_in_a_loop(looped: bool) -> None:
    context = iteration(0) if looped else Instance().context()
    task = AzureMLCommandJobOperator(task_id="t", command="sleep 60", environment={"image": "x"}, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context)
    trigger: Any = deferred.value.trigger
    assert trigger.serialize()[1]["looped"] is looped
    AzureMLHook().cancel_job(trigger.job_name)
