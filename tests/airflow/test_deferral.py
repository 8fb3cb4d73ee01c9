"""Coming back from the triggerer: the try that was deferred goes on, and another one begins anew."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any

import airflow.exceptions
import airflow.sdk.exceptions
import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_azureml import exceptions, version_compat
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLCreateBatchEndpointOperator
from airflow_azureml.sensors import AzureMLJobSensor
from airflow_azureml.task import deferral
from airflow_azureml.triggers import AzureMLOperationTrigger
from tests.airflow.instance import Instance
from tests.airflow.scoring import unique

pytestmark = pytest.mark.usefixtures("hook")


def operator(command: str, **given: Any) -> AzureMLCommandJobOperator:
    """A command job that is waited for on a worker, unless something else is given."""
    environment = {"image": "docker.io/python"}
    return AzureMLCommandJobOperator(
        task_id="t", command=command, environment=environment, **{"poll_interval": 0.2, **given}
    )


def retry_of(first: Instance) -> Instance:
    """The next try of a task instance."""
    second = Instance(run_id=first.run_id, retries=1)
    second.try_number = 2
    return second


@pytest.fixture
def failed(hook: AzureMLHook) -> tuple[Instance, str]:
    """A first try whose job has failed, and the job's name."""
    first = Instance(retries=1)
    task = operator("exit 3", wait_for_completion=False, retries=1)
    name = task.execute(first.context())["job_name"]
    while not hook.get_job(name).phase.is_terminal:
        time.sleep(0.1)
    return first, name


def event_of(name: str, **more: Any) -> dict[str, Any]:
    """What a trigger says of a job that has ended."""
    return {"job_name": name, "outcome": "finished", "status": "Failed", "message": "", **more}


def test_a_retry_that_is_given_the_event_of_the_first_try_runs_its_own_job(failed: tuple[Instance, str]) -> None:
    first, name = failed
    task = operator("true", retries=1)
    kwargs = {"event": event_of(name, try_number=1)}
    result = task.resume_execution("execute_complete", kwargs, retry_of(first).context())
    assert (result["job_name"], result["status"]) == (f"{name[:-1]}2", "Completed")


@pytest.mark.parametrize("more", [{"try_number": 2}, {"try_number": None}, {}], ids=["this", "unknown", "older"])
def test_the_event_of_this_try_or_of_an_older_version_is_taken(failed: tuple[Instance, str], more: Any) -> None:
    first, name = failed
    kwargs = {"event": event_of(name, **more)}
    with pytest.raises(exceptions.AzureMLJobFailedError, match=name):
        operator("true", retries=1).resume_execution("execute_complete", kwargs, retry_of(first).context())


def test_a_sensor_looks_again_when_the_event_is_another_try_s(failed: tuple[Instance, str]) -> None:
    first, name = failed
    sensor = AzureMLJobSensor(task_id="t", job_name=name, poke_interval=0.2, deferrable=True)
    lost = {"event": {**event_of(name), "outcome": "patience", "message": "lost", "try_number": 1}}
    with pytest.raises(exceptions.AzureMLJobFailedError, match=name):
        sensor.resume_execution("execute_complete", lost, retry_of(first).context())


def test_an_operation_begins_anew_when_the_event_is_another_try_s(hook: AzureMLHook) -> None:
    name, first = unique("ep"), Instance()
    task = AzureMLCreateBatchEndpointOperator(task_id="t", name=name, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(first.context())
    trigger = deferred.value.trigger
    assert isinstance(trigger, AzureMLOperationTrigger)
    assert trigger.serialize()[1]["try_number"] == 1
    refusal = {"event": {"step": 0, "outcome": "failed", "message": "no quota", "try_number": 1}}
    with pytest.raises(exceptions.AzureMLSpecError, match="no quota"):
        task.resume_execution("execute_complete", refusal, first.context())
    made = task.resume_execution("execute_complete", refusal, retry_of(first).context())
    assert made["name"] == name, "it looks for itself: the endpoint is there"


def test_a_deferral_that_broke_in_the_first_try_is_not_the_second_one_s(
    failed: tuple[Instance, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Airflow 3.0, which resumes the retry with "__fail__", keeps the XComs and says when the first try began.
    monkeypatch.setattr(deferral, "KEEPS_NEXT_METHOD", True)
    first, name = failed
    second = retry_of(first)
    second.start_date = datetime.now(timezone.utc) - timedelta(hours=2)
    second.xcoms["azureml_deferral"] = {"try_number": 1, "began": second.start_date.timestamp()}
    task = operator("sleep 60", retries=1, deferrable=True, execution_timeout=timedelta(minutes=5))
    with pytest.raises(TaskDeferred) as deferred:
        task.resume_execution("__fail__", {"error": "Trigger timeout"}, second.context())
    trigger: Any = deferred.value.trigger
    assert trigger.job_name == f"{name[:-1]}2"
    assert trigger.deadline == pytest.approx(time.time() + 300, abs=60)
    assert second.xcoms["azureml_deferral"]["try_number"] == 2
    AzureMLHook().cancel_job(trigger.job_name)

    later = operator("true", execution_timeout=timedelta(minutes=5))
    with pytest.raises(exceptions.AzureMLJobTimeoutError, match=trigger.job_name):
        later.resume_execution("__fail__", {"error": "Trigger timeout"}, second.context())
    assert later.began(second) == pytest.approx(time.time(), abs=60)


def test_the_end_of_a_deferral_is_found_where_airflow_3_0_and_3_1_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class TaskDeferralTimeout(Exception):
        pass

    monkeypatch.delattr(airflow.sdk.exceptions, "TaskDeferralTimeout")
    monkeypatch.setitem(vars(airflow.exceptions), "TaskDeferralTimeout", TaskDeferralTimeout)
    assert version_compat.deferral_timeout() is TaskDeferralTimeout
