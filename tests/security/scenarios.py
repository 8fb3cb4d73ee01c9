"""Scenarios: what each operator does with the service, the same way each time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from airflow_azureml import exceptions, operators
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.sensors import AzureMLComputeSensor, AzureMLJobSensor
from airflow_azureml.task.identity import job_identity
from tests.airflow.instance import Instance
from tests.airflow.scoring import IMAGE, scorer, unique

COMMAND: dict[str, Any] = {"environment": IMAGE, "outputs": {"out": {}}}


class Scenario:
    """What is done with the service, the same way each time.

    :param folder: a place for local files, which stays the same.
    :param around: entered around what each operator does, told its name.
    """

    def __init__(self, folder: Path, around: Callable[[str], AbstractContextManager[None]] | None = None) -> None:
        self.folder, self.around = folder, around or (lambda _: nullcontext())
        self.name = unique("fuzz")
        (folder / "src").mkdir()
        (folder / "src" / "main.py").write_text("print('here')")
        (folder / "data.csv").write_text("a,b")

    def task(self, cls: Any, *, tries_before: int = 0, retries: int = 0, second: bool = False, **given: Any) -> Any:
        """Run an operator as the task of this scenario.

        :param second: as the second try.
        """
        instance = Instance(run_id=self.name, tries_before=tries_before, retries=max(retries, int(second)))
        instance.try_number += second
        with self.around(cls.__name__):
            return cls(task_id="t", **given).execute(instance.context())

    def command(self, **given: Any) -> Any:
        """Run a command job."""
        return self.task(operators.AzureMLCommandJobOperator, **{"poll_interval": 0.2, **COMMAND, **given})

    def job(self, job: dict[str, Any], **given: Any) -> Any:
        """Run a job of another kind."""
        return self.task(operators.AzureMLJobOperator, poll_interval=0.2, job=job, **given)


def command_with_files(one: Scenario) -> Any:
    data = {"type": "uri_file", "path": str(one.folder / "data.csv")}
    command = "echo ${{inputs.d}} && echo 1 > ${{outputs.out}}/x"
    return one.command(command=command, code=str(one.folder / "src"), inputs={"d": data}, compute="cpu-cluster")


def job_that_fails(one: Scenario) -> Any:
    return one.command(command="echo no; exit 3")


def second_try(one: Scenario) -> Any:
    try:
        one.command(command="exit 3", retries=1)
    except exceptions.AzureMLJobFailedError:
        return one.command(command="exit 3", second=True)


def cleared(one: Scenario) -> Any:
    one.command(command="sleep 60", wait_for_completion=False)
    return one.command(command="true", tries_before=1)


def pipeline_that_fails(one: Scenario) -> Any:
    steps = {name: {"type": "command", "command": f"exit {name[-1]}", "environment": IMAGE} for name in ("a0", "b1")}
    return one.job({"type": "pipeline", "jobs": steps, "settings": {"default_compute": "azureml:cpu-cluster"}})


def sweep(one: Scenario) -> Any:
    return one.job(
        {
            "type": "sweep",
            "trial": {"command": "echo ${{search_space.x}}", "environment": IMAGE},
            "search_space": {"x": {"type": "choice", "values": [1, 2]}},
            "sampling_algorithm": "grid",
            "objective": {"goal": "maximize", "primary_metric": "m"},
            "limits": {"max_total_trials": 2},
            "compute": "azureml:cpu-cluster",
        }
    )


def sensor(one: Scenario) -> Any:
    one.command(command="true", wait_for_completion=False)
    return one.task(AzureMLJobSensor, job_name=_job_of(one), poke_interval=0.2, timeout=60)


def cancel(one: Scenario) -> Any:
    one.command(command="sleep 60", wait_for_completion=False)
    return one.task(operators.AzureMLCancelJobOperator, job_name=_job_of(one))


def download(one: Scenario) -> Any:
    one.command(command="echo 1 > ${{outputs.out}}/x")
    with tempfile.TemporaryDirectory() as folder:
        given: dict[str, Any] = {"job_name": _job_of(one), "output_name": "out", "local_path": folder}
        return len(one.task(operators.AzureMLDownloadJobOutputOperator, **given))


def _job_of(one: Scenario) -> str:
    """The name of the first job of the scenario's task."""
    return job_identity(Instance(run_id=one.name).context(), 0).name(1)


def assets(one: Scenario) -> Any:
    path = "azureml://datastores/workspaceblobstore/paths/x/"
    data: dict[str, Any] = {"name": one.name, "path": path, "version": "1"}
    one.task(operators.AzureMLCreateDataAssetOperator, **data)
    one.task(operators.AzureMLCreateDataAssetOperator, **data)
    one.task(operators.AzureMLRegisterModelOperator, name=one.name, path=str(one.folder / "data.csv"))
    one.task(operators.AzureMLCreateEnvironmentOperator, name=one.name, image="docker.io/python")
    spec = {"name": one.name, "type": "command", "command": "true", "environment": IMAGE}
    one.task(operators.AzureMLCreateComponentOperator, spec=spec)
    AzureMLHook().list_versions("models", one.name)
    with tempfile.TemporaryDirectory() as folder:
        given: dict[str, Any] = {"model": f"azureml:{one.name}:1", "local_path": folder}
        return len(one.task(operators.AzureMLDownloadModelOperator, **given))


def computes(one: Scenario) -> Any:
    given: dict[str, Any] = {"name": one.name[:20], "size": "STANDARD_DS3_V2", "type": "amlcompute"}
    one.task(operators.AzureMLCreateComputeOperator, **given, max_instances=2)
    one.task(operators.AzureMLScaleComputeOperator, name=given["name"], min_instances=0, max_instances=3)
    one.task(AzureMLComputeSensor, name=given["name"], poke_interval=0.2, timeout=60)
    return one.task(operators.AzureMLDeleteComputeOperator, name=given["name"])


def batch(one: Scenario) -> Any:
    endpoint: dict[str, Any] = {"endpoint_name": one.name}
    one.task(operators.AzureMLCreateBatchEndpointOperator, name=one.name)
    given = scorer(one.folder, f"azureml:{one.name}:1")
    one.task(operators.AzureMLCreateBatchDeploymentOperator, name="scorer", **endpoint, **given)
    data = {"numbers": {"type": "uri_file", "path": str(one.folder / "numbers.txt")}}
    invocation = {"inputs": data, "deployment_name": "scorer", **endpoint}
    one.task(operators.AzureMLInvokeBatchEndpointOperator, poll_interval=0.2, **invocation)
    return one.task(operators.AzureMLDeleteBatchEndpointOperator, **endpoint)


def online(one: Scenario) -> Any:
    one.task(operators.AzureMLCreateOnlineEndpointOperator, name=one.name)
    AzureMLHook().get_online_endpoint(one.name)
    return one.task(operators.AzureMLDeleteOnlineEndpointOperator, endpoint_name=one.name)


def connection_test(one: Scenario) -> Any:
    with one.around("Test connection"):
        return AzureMLHook().test_connection()


def batch_ready(one: Scenario) -> None:
    """What a batch deployment needs beforehand."""
    (one.folder / "numbers.txt").write_text("3")
    (one.folder / "factor.txt").write_text("2")
    one.task(operators.AzureMLRegisterModelOperator, name=one.name, path=str(one.folder / "factor.txt"))


SCENARIOS: dict[str, Callable[[Scenario], Any]] = {
    one.__name__: one
    for one in (
        *(command_with_files, job_that_fails, second_try, cleared, pipeline_that_fails, sweep, sensor, cancel),
        *(download, assets, computes, batch, online, connection_test),
    )
}
FAIL = {"job_that_fails", "second_try", "pipeline_that_fails"}
"""Those whose last task is to fail."""

BEFORE: dict[str, Callable[[Scenario], None]] = {"batch": batch_ready}


def prepare(name: str, one: Scenario) -> None:
    """Make what a scenario needs to be there."""
    if name in BEFORE:
        BEFORE[name](one)


def acted(name: str, one: Scenario) -> None:
    """Act a scenario, which ends as it should."""
    if name not in FAIL:
        SCENARIOS[name](one)
        return
    try:
        SCENARIOS[name](one)
    except exceptions.AzureMLJobFailedError:
        return
    raise AssertionError(f"{name} did not fail")
