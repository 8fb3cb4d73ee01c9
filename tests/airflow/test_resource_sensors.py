"""Sensors of resources that somebody else makes: what ends the wait, on a worker and deferred, and how."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException, TaskDeferred

from airflow_azureml.exceptions import AzureMLException, AzureMLNotFoundError, AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import (
    AzureMLCreateComputeOperator,
    AzureMLCreateOnlineDeploymentOperator,
    AzureMLCreateOnlineEndpointOperator,
    AzureMLStopComputeInstanceOperator,
)
from airflow_azureml.rest.resources import computes, tracked
from airflow_azureml.sensors import AzureMLComputeSensor, AzureMLJobSensor, AzureMLOnlineDeploymentSensor
from airflow_azureml.triggers import AzureMLResourceTrigger
from tests.airflow.scoring import IMAGE, context, register, unique
from tests.airflow.test_infrastructure import played
from tests.emulator.online.service import DOUBLER
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")

QUICK: dict[str, Any] = {"task_id": "t", "poke_interval": 0.2, "timeout": 20}


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return unique("rs")


def begin(hook: AzureMLHook, name: str, kind: str = "AmlCompute") -> None:
    """Begin to make a compute, as somebody outside of Airflow does."""
    body = {"location": "westeurope", "properties": {"computeType": kind, "properties": {"vmSize": "S"}}}
    with hook.client() as client:
        client.run(tracked.begin_put(computes.path(client.workspace, name), body))


def test_a_compute_that_is_made_meanwhile_is_waited_for(
    name: str, hook: AzureMLHook, capsys: pytest.CaptureFixture[str]
) -> None:
    sensor = AzureMLComputeSensor(name=name, **QUICK)
    assert not sensor.poke(context()), "missing"
    begin(hook, name)
    made = sensor.execute(context())
    assert made["id"].endswith(f"/computes/{name}")
    assert made["name"] == name
    said = capsys.readouterr().out
    assert f"Compute {name} is missing." in said
    assert f"Compute {name} is Succeeded." in said


async def test_a_deferred_wait_begins_before_there_is_anything(
    name: str, hook: AzureMLHook, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_azureml.triggers.base.SETTLE", 0)
    sensor: Any = AzureMLComputeSensor(name=name, deferrable=True, **QUICK)
    waiting = asyncio.create_task(played(sensor))
    while not any(row["status"] == 404 for row in emulator.journal(f"/computes/{name}")):
        await asyncio.sleep(0.02)
    await asyncio.to_thread(begin, hook, name)
    assert await waiting == 1
    assert await played(sensor) == 0, "what is there already is not waited for"


def test_an_instance_is_ready_when_it_runs_and_may_be_awaited_stopped(name: str, hook: AzureMLHook) -> None:
    begin(hook, name, "ComputeInstance")
    ready, stopped = (AzureMLComputeSensor(name={"name": name}, state=state, **QUICK) for state in ("ready", "stopped"))
    made = ready.execute(context())
    assert not stopped.poke(context())
    AzureMLStopComputeInstanceOperator(task_id="t", name=name).execute(context())
    assert not ready.poke(context())
    assert stopped.execute(context()) == made
    AzureMLCreateComputeOperator(task_id="t", name=f"{name}-c").execute(context())
    with pytest.raises(AzureMLSpecError, match=r"state: 'stopped' is not accepted.*of type AmlCompute"):
        AzureMLComputeSensor(name=f"{name}-c", state="stopped", **QUICK).poke(context())


def test_a_compute_that_could_not_be_made_fails_the_task_or_skips_it(
    name: str, hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    emulator.fault("operation_fails", route=f"computes/{name}", times=1)
    begin(hook, name)
    sensor: dict[str, Any] = {"name": name, **QUICK}
    with pytest.raises(AzureMLException, match=f"Compute {name} is Failed.\n"):
        AzureMLComputeSensor(**sensor).execute(context())
    with pytest.raises(AirflowSkipException, match=f"Compute {name} is Failed."):
        AzureMLComputeSensor(soft_fail=True, **sensor).execute(context())
    with pytest.raises(AzureMLException, match=f"Compute {name} is Failed."):
        AzureMLComputeSensor(**sensor).execute_complete(context(), {"step": 0, "outcome": "done", "message": ""})


async def test_a_deferred_wait_that_is_in_vain_says_what_it_saw(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_azureml.triggers.base.SETTLE", 0)
    sensor: Any = AzureMLComputeSensor(name=name, deferrable=True, **{**QUICK, "timeout": 0.5})
    with pytest.raises(AirflowSensorTimeout, match=rf"Compute {name} was missing at the deadline.*timeout is 0.5 s"):
        await played(sensor)


def test_the_trigger_takes_the_sensors_own_terms(name: str) -> None:
    sensor = AzureMLOnlineDeploymentSensor(
        endpoint_name={"name": name}, deployment_name="blue", deferrable=True, poll_interval=7, **QUICK
    )
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(context())
    where, what = deferred.value.trigger.serialize()
    assert where == "airflow_azureml.triggers.resources.AzureMLResourceTrigger"
    assert (what["kind"], what["name"], what["endpoint"], what["poll_interval"]) == (
        "online deployment",
        "blue",
        name,
        7,
    )
    assert 0 < what["deadline"] - time.time() <= 20
    assert AzureMLResourceTrigger(**what).serialize() == (where, what)


def test_a_deployment_stands_or_shows_the_end_of_its_log(name: str, tmp_path: Path) -> None:
    endpoint = AzureMLCreateOnlineEndpointOperator(task_id="t", name=name).execute(context())
    (tmp_path / "src").mkdir()
    script = tmp_path / "src" / "score.py"
    given: dict[str, Any] = {"endpoint_name": name, "model": register(tmp_path, "2"), "environment": IMAGE}
    given |= {"code": str(tmp_path / "src"), "scoring_script": "score.py"}
    given |= {"instance_type": "Standard_DS3_v2", "instance_count": 1}
    script.write_text(DOUBLER)
    made = AzureMLCreateOnlineDeploymentOperator(task_id="t", name="blue", **given).execute(context())
    sensor: dict[str, Any] = {"endpoint_name": name, **QUICK}
    assert AzureMLOnlineDeploymentSensor(deployment_name="blue", **sensor).execute(context()) == made
    whole: dict[str, Any] = {**QUICK, "endpoint_name": endpoint, "deployment_name": made}
    assert AzureMLOnlineDeploymentSensor(**whole).execute(context()) == made
    with pytest.raises(AzureMLSpecError, match=r"endpoint_name: .* is not accepted. Accepted: an endpoint's name"):
        AzureMLOnlineDeploymentSensor(**{**whole, "endpoint_name": {"id": endpoint["id"]}}).poke(context())
    script.write_text("raise SystemError('the scorer is broken')\n")
    with pytest.raises(AzureMLException):
        AzureMLCreateOnlineDeploymentOperator(task_id="t", name="red", **given).execute(context())
    with pytest.raises(AzureMLException, match=r"(?s)red of online endpoint .* is Failed.*the scorer is broken"):
        AzureMLOnlineDeploymentSensor(deployment_name="red", **sensor).execute(context())
    assert not AzureMLOnlineDeploymentSensor(deployment_name="green", **sensor).poke(context())


@pytest.mark.parametrize("given", [0, -1, "5", float("nan"), True])
def test_a_poll_interval_that_is_none_is_refused_before_the_first_look(given: Any) -> None:
    deferred: dict[str, Any] = {**QUICK, "deferrable": True, "poll_interval": given, "azureml_conn_id": "no_such"}
    sensors: list[Any] = [
        lambda: AzureMLComputeSensor(name="c", **deferred),
        lambda: AzureMLOnlineDeploymentSensor(endpoint_name="e", deployment_name="d", **deferred),
        lambda: AzureMLJobSensor(job_name="j", **deferred),
    ]
    for sensor in sensors:
        with pytest.raises(AzureMLSpecError, match=r"^poll_interval: .* Accepted: a number of seconds, more than 0"):
            sensor()


@pytest.mark.parametrize("blank", ["", " ", ".", ".."])
def test_a_blank_name_is_not_waited_for(blank: str) -> None:
    with pytest.raises(AzureMLSpecError, match=r"^name: .* is not accepted. Accepted: a (compute's name|text that)"):
        AzureMLComputeSensor(name=blank, **QUICK).poke(context())
    with pytest.raises(AzureMLSpecError, match=r"^job_name: .* is not accepted. Accepted: a (job's name|text that)"):
        AzureMLJobSensor(job_name=blank, **QUICK).poke(context())


def test_what_is_no_name_and_no_workspace_fails_at_once(name: str) -> None:
    wrong: Any = 3
    with pytest.raises(AzureMLSpecError, match="deployment_name: 3 is not accepted"):
        AzureMLOnlineDeploymentSensor(endpoint_name=name, deployment_name=wrong, **QUICK).poke(context())
    with pytest.raises(AzureMLSpecError, match=r'^state: "idle" is not accepted. Accepted: ready, stopped'):
        AzureMLComputeSensor(name=name, state="idle", **QUICK).poke(context())  # type: ignore[arg-type]
    with pytest.raises(AzureMLNotFoundError):
        AzureMLComputeSensor(name=name, workspace_name="no-such-workspace", **QUICK).poke(context())
