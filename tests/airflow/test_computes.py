"""The computes of a job are looked at before it is submitted: what a task's log and its error say of them."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest

from airflow_azureml import exceptions
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.naming import COMPUTE_TAG
from airflow_azureml.operators import AzureMLJobOperator
from tests.airflow.instance import Instance
from tests.airflow.task_process import operator
from tests.airflow.test_resubmission import each_way, until_done
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")


def puts(emulator: RunningEmulator, ti: Instance) -> list[Any]:
    """The submissions of a task's job."""
    name = str(ti.xcoms.get("azureml_job_name", "none at all"))
    return [row for row in emulator.journal(f"/jobs/{name}") if row["method"] == "PUT"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"compute": "cpu-clutser"}, 'compute: compute "cpu-clutser" does not exist .* Did you mean "cpu-cluster"?'),
        ({"compute": "azureml:gpu-cluster@latest"}, 'compute: compute "gpu-cluster@latest" does not exist'),
        (
            {"compute": "cpu-cluster", "instance_count": 5},
            'compute: compute "cpu-cluster" has 4 nodes at most, and the job asks for 5',
        ),
        ({"compute": ["nowhere", "no-cluster"]}, r'compute\[0\]: compute "nowhere" .*\ncompute\[1\]: compute "no-clu'),
    ],
)
def test_a_compute_that_cannot_run_the_job_is_one_clear_error(
    emulator: RunningEmulator, given: dict[str, Any], said: str
) -> None:
    ti = Instance()
    with pytest.raises(exceptions.AzureMLSpecError, match=said):
        operator("true", **given).execute(ti.context())
    assert puts(emulator, ti) == []
    assert "azureml_job_name" not in ti.xcoms


@each_way
def test_the_next_compute_of_a_list_is_taken(
    hook: AzureMLHook, capsys: pytest.CaptureFixture[str], deferrable: bool
) -> None:
    result = until_done(operator("true", deferrable=deferrable, compute=["nowhere", "cpu-cluster"]), Instance())
    job = hook.get_job(result["job_name"])
    assert (job.tags[COMPUTE_TAG], result["attempts"]) == ("1", 1)
    assert 'compute[0]: compute "nowhere" does not exist' in (said := capsys.readouterr().out)
    assert "The next compute is tried: cpu-cluster." in said


def test_who_may_not_read_computes_is_told_nothing(emulator: RunningEmulator) -> None:
    emulator.fault("status", route="GET .*/computes/cpu-cluster", status=403, times=9)
    assert operator("true", compute="cpu-cluster").execute(Instance().context())["status"] == "Completed"


@each_way
def test_a_job_that_is_refused_for_want_of_quota_goes_to_the_next_compute(
    hook: AzureMLHook, emulator: RunningEmulator, capsys: pytest.CaptureFixture[str], deferrable: bool
) -> None:
    ti = Instance()
    emulator.fault("quota", scope=ti.run_id, when="before", times=1)
    result = until_done(operator("true", deferrable=deferrable, compute=["cpu-cluster", "serverless"]), ti)
    assert hook.get_job(result["job_name"]).tags[COMPUTE_TAG] == "1"
    assert [row["status"] for row in puts(emulator, ti)] == [400, 201]
    assert "The next compute is tried: serverless." in capsys.readouterr().out


def test_where_none_is_left_the_refusal_can_be_retried(hook: AzureMLHook, emulator: RunningEmulator) -> None:
    ti = Instance(retries=1)
    emulator.fault("quota", scope=ti.run_id, when="before", times=2)
    with pytest.raises(exceptions.AzureMLNoCapacityError, match="JobNodeCountExceedsCoreQuota") as failed:
        operator("true", compute=["cpu-cluster", "serverless"], retries=1).execute(ti.context())
    assert (failed.value.failure, failed.value.job_name) == ("capacity", ti.xcoms["azureml_job_name"])
    assert not isinstance(failed.value, exceptions.AzureMLSpecError)
    emulator.fault("quota", scope="hook's", when="before", times=1)
    spec = {"command": "true", "environment": {"image": "docker.io/python"}, "tags": {"of": "hook's"}}
    with pytest.raises(exceptions.AzureMLNoCapacityError):
        hook.create_job(spec, f"refused-{ti.run_id}")


def test_after_an_eviction_a_refusal_on_the_last_compute_is_the_try_s_end(
    hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    ti = Instance()
    emulator.fault("preempt", scope=ti.run_id, times=1)
    emulator.fault("quota", scope=ti.run_id, when="before", route="[-]2$", times=1)
    with pytest.raises(exceptions.AzureMLNoCapacityError):
        operator("sleep 0.3", compute=["cpu-cluster", "serverless"]).execute(ti.context())
    first = ti.xcoms["azureml_job_name"][:-1] + "1"
    assert hook.get_job(first).status == "Failed"


STARTS = {"computeStartStop": [{"action": "Start", "triggerType": "Cron", "cron": {"expression": "0 8 * * *"}}]}
FOREVER = 3600


class Made:
    """A compute of the emulator, made for one test.

    :param kind: ``AmlCompute`` or ``ComputeInstance``.
    """

    def __init__(self, emulator: RunningEmulator, kind: str = "AmlCompute", **inner: Any) -> None:
        self.service, self.name = Service(emulator), f"c{uuid.uuid4().hex[:10]}"
        properties = {"computeType": kind, "properties": {"vmSize": "STANDARD_DS3_V2", **inner}}
        self.done(self.service.put(f"computes/{self.name}", {"location": "eastus", "properties": properties}))

    def done(self, begun: Any) -> None:
        """Wait until an operation is over."""
        deadline = time.monotonic() + 20
        while self.service.get(begun.headers["azure-asyncoperation"]).body["status"] == "InProgress":
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def power(self, action: str) -> None:
        """Start or stop an instance."""
        self.done(self.service.post(f"computes/{self.name}/{action}"))


def test_a_stopped_instance_is_an_error_until_it_is_started(emulator: RunningEmulator, hook: AzureMLHook) -> None:
    """What the process keeps of the stopped one is not believed."""
    instance, ti = Made(emulator, "ComputeInstance"), Instance()
    instance.power("stop")
    with pytest.raises(exceptions.AzureMLSpecError, match=r"is Stopped, and has no schedule that starts it\. Start it"):
        operator("true", compute=instance.name).execute(ti.context())
    spec = {"command": "true", "environment": {"image": "docker.io/python"}, "compute": instance.name}
    with pytest.raises(exceptions.AzureMLSpecError, match=r"has no schedule that starts it\. Start it"):
        hook.create_job(spec, f"stopped-{instance.name}")
    assert puts(emulator, ti) == emulator.journal(f"/jobs/stopped-{instance.name}") == []
    instance.power("start")
    assert operator("true", compute=instance.name).execute(ti.context())["status"] == "Completed"


def test_a_job_for_an_instance_that_a_schedule_starts_is_warned_of_and_waits(
    emulator: RunningEmulator, hook: AzureMLHook, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Made(emulator, "ComputeInstance", schedules=STARTS)
    instance.power("stop")
    job = operator("true", compute=instance.name, wait_for_completion=False).execute(Instance().context())
    said = f'compute: compute "{instance.name}" is Stopped: the job waits until its schedule starts it.'
    assert said in capsys.readouterr().out
    instance.power("start")
    assert hook.wait_for_job(job["job_name"], 30).status == "Completed"


@pytest.mark.parametrize("way", ["failed", "deleting"])
def test_a_cluster_that_is_no_more_good_leads_to_the_next_one(
    emulator: RunningEmulator, hook: AzureMLHook, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    if way == "failed":
        emulator.fault("operation_fails", route="PUT .*/computes/", times=1)
    cluster = Made(emulator)
    if way == "deleting":
        emulator.fault("operation_slow", route=f"DELETE .*/{cluster.name}", delay=FOREVER, times=1)
        cluster.service.request("DELETE", f"computes/{cluster.name}")
    ti = Instance()
    with pytest.raises(exceptions.AzureMLSpecError, match="failed state" if way == "failed" else "being deleted"):
        operator("true", compute=cluster.name).execute(ti.context())
    assert puts(emulator, ti) == []
    result = operator("true", compute=[cluster.name, "cpu-cluster"]).execute(Instance().context())
    assert hook.get_job(result["job_name"]).tags[COMPUTE_TAG] == "1"
    assert f'compute[0]: compute "{cluster.name}" is ' in capsys.readouterr().out


def test_a_cluster_without_cores_is_warned_of(
    emulator: RunningEmulator, hook: AzureMLHook, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = Made(emulator)
    emulator.fault("quota", scope=cluster.name, delay=FOREVER, times=1)
    held, compute = f"held-{cluster.name}", f"{cluster.service.ws}/computes/{cluster.name}"
    cluster.service.submit(held, "true", computeId=compute, tags={"of": cluster.name})
    cluster.service.wait(held, "Queued")
    operator("true", compute=compute).execute(Instance().context())
    emulator.clear_faults()
    assert hook.wait_for_job(held, 30).status == "Completed"
    assert "has trouble with its nodes, jobs may wait. The service says: The specified sub" in capsys.readouterr().out


def test_each_node_of_a_pipeline_is_looked_at(emulator: RunningEmulator) -> None:
    node = {"type": "command", "command": "true", "environment": {"image": "docker.io/python"}}
    jobs = {
        "small": {**node, "compute": "cpu-cluster", "resources": {"instance_count": 9}},
        "typo": {**node, "compute": "gpu-clustr"},
        "fine": {**node, "compute": "cpu-cluster"},
    }
    ti = Instance()
    with pytest.raises(exceptions.AzureMLSpecError) as failed:
        AzureMLJobOperator(task_id="t", job={"type": "pipeline", "jobs": jobs}).execute(ti.context())
    lines = str(failed.value).splitlines()
    assert lines[0].startswith('jobs.small.compute: compute "cpu-cluster" has 4 nodes at most, and the job asks for 9.')
    assert lines[1].startswith('jobs.typo.compute: compute "gpu-clustr" does not exist')
    assert len(lines) == 2
    assert puts(emulator, ti) == []
