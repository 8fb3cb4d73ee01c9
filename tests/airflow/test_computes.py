"""The computes of a job are looked at before it is submitted: what a task's log and its error say of them."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml import exceptions
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.naming import COMPUTE_TAG
from tests.airflow.instance import Instance
from tests.airflow.test_one_process import operator
from tests.airflow.test_resubmission import each_way, until_done
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
