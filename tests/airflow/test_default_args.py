"""``default_args``, wherever they are given: refused when the DAG is parsed, also of mapped tasks, or used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG
from airflow.sdk import task_group

from airflow_azureml.decorators import azureml_command
from airflow_azureml.exceptions import AzureMLConnectionError, AzureMLSpecError
from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.sensors import AzureMLComputeSensor, AzureMLJobSensor
from airflow_azureml.task_groups import AzureMLPipelineTaskGroup
from tests.airflow.installs import AirflowInstall

SECRET = "pa55-w0rd-of-nobody"
WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "connection": (
        {"azureml_conn_id": f"azureml://client:{SECRET}@?tenant_id=t"},
        AzureMLConnectionError,
        "^azureml_conn_id: a connection itself is given",
    ),
    "kind": ({"workspace_name": 0}, AzureMLSpecError, "^workspace_name: 0 is not accepted"),
}
JOB: dict[str, Any] = {"environment": "azureml:e:1"}
PIPELINE = {"type": "pipeline", "jobs": {"a": {"type": "command", "command": "echo", **JOB}}}


def decorated(**given: Any) -> Any:
    """A decorated function with one argument."""
    return azureml_command(**JOB, **given)(lambda x: f"echo {x}")


TASKS: dict[str, Callable[..., Any]] = {
    "plain": lambda **given: AzureMLCommandJobOperator(task_id="t", command="echo", **JOB, **given),
    "sensor": lambda **given: AzureMLComputeSensor(task_id="t", name="c", **given),
    "function": lambda **given: decorated(task_id="t", **given)(1),
    "steps": lambda **given: AzureMLPipelineTaskGroup("g", job=PIPELINE, **given),
    "mapped": lambda **given: AzureMLCommandJobOperator.partial(task_id="t", **JOB, **given).expand(command=["a"]),
    "mapped sensor": lambda **given: AzureMLJobSensor.partial(task_id="t", **given).expand(job_name=["a"]),
    "rows": lambda **given: AzureMLJobSensor.partial(task_id="t", **given).expand_kwargs([{"job_name": "a"}]),
    "mapped function": lambda **given: decorated(task_id="t", **given).expand(x=[1, 2]),
    "overridden function": lambda **given: decorated(task_id="t").override(**given).expand(x=[1, 2]),
    "partial function": lambda **given: decorated(task_id="t", **given).partial().expand_kwargs([{"x": 1}]),
}


@pytest.mark.parametrize(("given", "error", "said"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("make", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("where", ["keyword", "task", "group", "dag"])
def test_what_is_wrong_is_refused_at_parse_wherever_it_is_given(
    where: str, make: Callable[..., Any], given: dict[str, Any], error: type[Exception], said: str
) -> None:
    own = {"keyword": given, "task": {"default_args": given}}.get(where, {})

    @task_group(default_args=given if where == "group" else {})
    def group() -> None:
        make(**own)

    with DAG("d", default_args=given if where == "dag" else {}), pytest.raises(error, match=said) as refused:
        group()
    assert SECRET not in str(refused.value)


def test_a_wrong_value_in_the_dag_that_a_task_does_not_take_is_fine() -> None:
    with DAG("d", default_args=WRONG["connection"][0]):
        mapped: Any = AzureMLJobSensor.partial(task_id="t", azureml_conn_id="mine").expand(job_name=["a"])
    assert mapped.partial_kwargs["azureml_conn_id"] == "mine"


KEPT = """
from airflow.providers.common.compat.sdk import DAG, BaseOperator
from airflow_azureml.decorators import azureml_command
from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.sensors import AzureMLJobSensor

own = {"azureml_conn_id": "prod", "compute": "gpu", "retries": 4, "unknown_to_it": 1}
job = {"environment": "azureml:e:1"}
with DAG("d", default_args={"azureml_conn_id": "test", "compute": "cpu", "queue_timeout": 9}):
    partial = lambda **more: AzureMLCommandJobOperator.partial(default_args=own, **job, **more)
    mapped = [
        partial(task_id="a").expand(command=["x"]),
        partial(task_id="b", command="x").expand(compute=["mapped"]),
        partial(task_id="c").expand_kwargs([{"command": "x"}, {"command": "x", "compute": "row"}]),
        AzureMLJobSensor.partial(task_id="d", default_args=own).expand(job_name=["x"]),
        azureml_command(task_id="e", default_args=own, **job)(lambda x: "echo").expand(x=[1]).operator,
    ]
found = [dict(each.partial_kwargs) for each in mapped]
rows = mapped[2].expand_input.value
print([[each.get("azureml_conn_id"), each.get("compute"), each["retries"]] for each in found] + [rows])
"""


@pytest.mark.parametrize("line", ["airflow3", "airflow2"])
def test_those_of_a_mapped_task_are_kept_where_airflow_drops_them(line: str, request: pytest.FixtureRequest) -> None:
    install: AirflowInstall = request.getfixturevalue(line)
    assert eval(install.python_says(KEPT)) == [
        ["prod", "gpu", 4],
        ["prod", None, 4],
        ["prod", None, 4],
        ["prod", None, 4],
        ["prod", "gpu", 4],
        [{"compute": "gpu", "command": "x"}, {"compute": "row", "command": "x"}],
    ]
