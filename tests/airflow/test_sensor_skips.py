"""``soft_fail``, ``never_fail`` and ``silent_fail`` of sensors: what skips, what ends the wait, and what is said."""

from __future__ import annotations

import time
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowSkipException, BaseSensorOperator

from airflow_azureml.exceptions import (
    AzureMLConnectionError,
    AzureMLException,
    AzureMLJobFailedError,
    AzureMLServiceError,
)
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCreateComputeOperator
from airflow_azureml.sensors import AzureMLComputeSensor, AzureMLJobSensor
from tests.airflow.instance import Instance
from tests.airflow.task_process import operator
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")

WAYS: dict[str, dict[str, Any]] = {"poke": {}, "deferred": {"deferrable": True}}
SKIPS = ("soft_fail", "never_fail")


def sensor(job: str, **given: Any) -> AzureMLJobSensor:
    """A sensor of a job."""
    return AzureMLJobSensor(task_id="t", job_name=job, poke_interval=0.2, **{"timeout": 600, **given})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("skips", SKIPS)
def test_a_job_that_is_missing_skips_the_task_within_its_timeout_and_the_reason_is_said(way: str, skips: str) -> None:
    waiting = sensor("no-such-job", timeout=0.5, **{skips: True}, **WAYS[way])
    began = time.monotonic()
    with pytest.raises(AirflowSkipException, match="no-such-job"):
        waiting.execute(Instance().context())
    assert time.monotonic() - began < 30, "a minute, if the sensor's time were longer"


@pytest.mark.parametrize("way", WAYS)
def test_a_look_fails_no_longer_than_the_timeout(way: str, emulator: RunningEmulator) -> None:
    job = operator("sleep 60", wait_for_completion=False).execute(Instance().context())["job_name"]
    emulator.fault("status", route=f"jobs/{job}", status=503, times=1000)
    began = time.monotonic()
    with pytest.raises(AzureMLServiceError, match=r"kept failing for 0\.5 seconds"):
        sensor(job, timeout=0.5, **WAYS[way]).execute(Instance().context())
    assert time.monotonic() - began < 60, "a quarter of an hour by default"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["job", "compute"])
def test_so_does_a_connection_that_is_wrong(way: str, kind: str) -> None:
    given: dict[str, Any] = {"azureml_conn_id": "no_such_connection", "timeout": 600, **WAYS[way]}
    for skips in ({"soft_fail": True}, {"never_fail": True}, {}):
        waiting: Any = (
            sensor("j", **given, **skips)
            if kind == "job"
            else AzureMLComputeSensor(**{"task_id": "t", "name": "c", **given, **skips})
        )
        with pytest.raises(AirflowSkipException if skips else AzureMLConnectionError, match="no_such_connection"):
            waiting.execute(Instance().context())


@pytest.mark.parametrize("skips", SKIPS)
def test_a_task_that_comes_back_from_the_triggerer_says_why_it_is_skipped(skips: str, hook: AzureMLHook) -> None:
    job = operator("exit 3", wait_for_completion=False).execute(Instance().context())["job_name"]
    hook.wait_for_job(job, 30)
    event = {"job_name": job, "outcome": "finished", "status": "Failed", "message": ""}
    with pytest.raises(AirflowSkipException, match=f"Azure ML job {job} ended as Failed"):
        sensor(job, deferrable=True, **{skips: True}).resume_execution(
            "execute_complete", {"event": event}, Instance().context()
        )


def test_never_fail_skips_also_where_airflow_does_not_heed_it_after_a_deferral(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_on_airflow_2(self: Any, *_: object) -> None:
        raise AirflowException("it broke")

    monkeypatch.setattr(BaseSensorOperator, "resume_execution", as_on_airflow_2)
    with pytest.raises(AirflowSkipException, match="it broke"):
        sensor("x", never_fail=True).resume_execution("execute_complete", {}, Instance().context())
    with pytest.raises(AirflowException, match="it broke"):
        sensor("x").resume_execution("execute_complete", {}, Instance().context())


def test_a_silent_sensor_ends_with_its_job() -> None:
    job = operator("exit 3", wait_for_completion=False).execute(Instance().context())["job_name"]
    waiting = sensor(job, silent_fail=True)
    with pytest.raises(AzureMLJobFailedError, match="ended as Failed"):
        waiting.execute(Instance().context())
    assert waiting.silent_fail, "the next try of the same object is silent as well"


def test_a_silent_sensor_ends_with_a_resource_that_has_failed(emulator: RunningEmulator) -> None:
    emulator.fault("operation_fails", route="computes/broken-one", times=1)
    with pytest.raises(AzureMLException):
        AzureMLCreateComputeOperator(task_id="t", name="broken-one").execute(Instance().context())
    given: dict[str, Any] = {"task_id": "t", "name": "broken-one", "poke_interval": 0.1, "timeout": 600}
    with pytest.raises(AzureMLException, match="Compute broken-one is Failed"):
        AzureMLComputeSensor(silent_fail=True, **given).execute(Instance().context())
    for way in WAYS.values():
        with pytest.raises(AirflowSkipException, match="Compute broken-one is Failed"):
            AzureMLComputeSensor(never_fail=True, **given, **way).execute(Instance().context())
