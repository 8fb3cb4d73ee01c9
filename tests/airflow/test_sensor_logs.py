"""The files that a sensor copies of a job's log: ``log_files``, on a worker and deferred."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.sensors import AzureMLJobSensor
from tests.airflow.instance import Instance
from tests.airflow.task_process import operator
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")

WRITES = "mkdir -p logs; echo chosen > logs/mine.txt; echo printed"


def sensor(job: str, **given: Any) -> AzureMLJobSensor:
    """A sensor of a job's log."""
    return AzureMLJobSensor(task_id="t", job_name=job, poke_interval=0.2, stream_logs=True, **given)


@pytest.mark.parametrize(
    ("given", "shown", "hidden"),
    [(None, "std_log.txt | printed", "| chosen"), ("logs/*", "mine.txt | chosen", "| printed")],
)
def test_patterns_choose_what_is_copied(
    capsys: pytest.CaptureFixture[str], given: Any, shown: str, hidden: str
) -> None:
    result = operator(WRITES, stream_logs=False).execute(Instance().context())
    capsys.readouterr()
    sensor(result["job_name"], log_files=given).execute(Instance().context())
    said = capsys.readouterr().out
    assert shown in said
    assert hidden not in said


def test_a_deferred_sensor_hands_them_to_its_trigger(hook: AzureMLHook) -> None:
    result = operator("sleep 60", wait_for_completion=False).execute(Instance().context())
    with pytest.raises(TaskDeferred) as deferred:
        sensor(result["job_name"], deferrable=True, log_files=["logs/*"]).execute(Instance().context())
    trigger: Any = deferred.value.trigger
    assert trigger.log_copy["files"] == ["logs/*"]
    hook.cancel_job(result["job_name"])


def test_what_is_no_pattern_is_refused_before_anything_is_asked(emulator: RunningEmulator) -> None:
    before = len(emulator.journal())
    with pytest.raises(AzureMLSpecError, match="log_files: 3 is not accepted"):
        sensor("no-job", log_files=3).execute(Instance().context())
    assert len(emulator.journal()) == before
