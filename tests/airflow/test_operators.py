"""What operators are before they run: keywords, template fields, mapping, copies and serialization."""

from __future__ import annotations

import copy
import inspect
import pickle
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from jinja2 import UndefinedError

from airflow_azureml.configuration import log_files
from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.operators import (
    AzureMLCancelJobOperator,
    AzureMLCancelOrphansOperator,
    AzureMLCommandJobOperator,
    AzureMLCreateBatchDeploymentOperator,
    AzureMLCreateBatchEndpointOperator,
    AzureMLCreateComponentOperator,
    AzureMLCreateComputeOperator,
    AzureMLCreateDataAssetOperator,
    AzureMLCreateEnvironmentOperator,
    AzureMLCreateOnlineDeploymentOperator,
    AzureMLCreateOnlineEndpointOperator,
    AzureMLDeleteBatchEndpointOperator,
    AzureMLDeleteComputeOperator,
    AzureMLDeleteOnlineEndpointOperator,
    AzureMLDownloadJobOutputOperator,
    AzureMLDownloadModelOperator,
    AzureMLInvokeBatchEndpointOperator,
    AzureMLInvokeOnlineEndpointOperator,
    AzureMLJobOperator,
    AzureMLRegisterModelOperator,
    AzureMLScaleComputeOperator,
    AzureMLSetOnlineTrafficOperator,
    AzureMLShareModelOperator,
    AzureMLStartComputeInstanceOperator,
    AzureMLStopComputeInstanceOperator,
)
from airflow_azureml.sensors import AzureMLJobSensor
from tests.airflow.commands import ENVIRONMENT, START, command

COORDINATES = {"azureml_conn_id", "subscription_id", "resource_group", "workspace_name"}
WAITING = {
    "wait_for_completion",
    "deferrable",
    "poll_interval",
    "patience",
    "stream_logs",
    "log_files",
    "cancel_on_kill",
    "on_canceled",
    "start_in_trigger",
    "finish_in_trigger",
}
RESUBMISSION = {"max_resubmissions", "queue_timeout", "checkpoint"}
KEYWORDS: dict[type[Any], set[str]] = {
    AzureMLCommandJobOperator: COORDINATES
    | WAITING
    | RESUBMISSION
    | {
        "command",
        "environment",
        "compute",
        "code",
        "inputs",
        "outputs",
        "environment_variables",
        "tags",
        "properties",
        "distribution",
        "identity",
        "queue_settings",
        "services",
        "notification_setting",
        "limits",
        "timeout",
        "job_resources",
        "instance_type",
        "instance_count",
        "shm_size",
        "docker_args",
        "experiment_name",
        "display_name",
        "description",
        "parent_job_name",
    },
    AzureMLJobOperator: COORDINATES
    | RESUBMISSION
    | WAITING
    | {
        "job",
        "set",
        "repair",
        "inputs",
        "outputs",
        "tags",
        "properties",
        "environment_variables",
        "compute",
        "experiment_name",
        "display_name",
        "description",
        "identity",
    },
    AzureMLCancelJobOperator: COORDINATES | {"job_name", "wait_for_completion", "poll_interval"},
    AzureMLCancelOrphansOperator: COORDINATES | {"dag_ids"},
    AzureMLCreateDataAssetOperator: COORDINATES | {"name", "path", "type", "version", "description", "tags", "spec"},
    AzureMLRegisterModelOperator: COORDINATES
    | {"name", "path", "type", "version", "description", "tags", "stage", "spec"},
    AzureMLCreateEnvironmentOperator: COORDINATES
    | {"name", "image", "build", "conda_file", "version", "description", "tags", "spec"}
    | {"wait_for_build", "deferrable"},
    AzureMLCreateComponentOperator: COORDINATES | {"spec", "version"},
    AzureMLCreateOnlineEndpointOperator: COORDINATES
    | {
        "deferrable",
        "name",
        "auth_mode",
        "description",
        "tags",
        "properties",
        "identity",
        "public_network_access",
        "spec",
    },
    AzureMLCreateOnlineDeploymentOperator: COORDINATES
    | {
        "deferrable",
        "name",
        "endpoint_name",
        "model",
        "code",
        "scoring_script",
        "code_configuration",
        "environment",
        "environment_variables",
        "instance_type",
        "instance_count",
        "request_settings",
        "liveness_probe",
        "readiness_probe",
        "scale_settings",
        "app_insights_enabled",
        "description",
        "tags",
        "properties",
        "traffic",
        "spec",
    },
    AzureMLSetOnlineTrafficOperator: COORDINATES | {"deferrable", "endpoint_name", "traffic"},
    AzureMLInvokeOnlineEndpointOperator: COORDINATES | {"endpoint_name", "data", "file", "deployment_name"},
    AzureMLDeleteOnlineEndpointOperator: COORDINATES | {"deferrable", "endpoint_name"},
    AzureMLCreateComputeOperator: COORDINATES
    | {
        "deferrable",
        "name",
        "type",
        "size",
        "min_instances",
        "max_instances",
        "tier",
        "idle_time_before_scale_down",
        "description",
        "tags",
        "identity",
        "if_exists",
        "spec",
    },
    AzureMLScaleComputeOperator: COORDINATES | {"deferrable", "name", "min_instances", "max_instances"},
    AzureMLDeleteComputeOperator: COORDINATES | {"deferrable", "name", "if_missing"},
    AzureMLStartComputeInstanceOperator: COORDINATES | {"deferrable", "name"},
    AzureMLStopComputeInstanceOperator: COORDINATES | {"deferrable", "name"},
    AzureMLShareModelOperator: COORDINATES | {"model", "registry_name", "name", "version"},
    AzureMLDownloadModelOperator: COORDINATES | {"model", "local_path", "overwrite"},
    AzureMLDownloadJobOutputOperator: COORDINATES | {"job_name", "output_name", "local_path", "overwrite"},
    AzureMLInvokeBatchEndpointOperator: COORDINATES
    | WAITING
    | {
        "endpoint_name",
        "deployment_name",
        "inputs",
        "outputs",
        "input",
        "input_type",
        "file",
        "set",
        "experiment_name",
        "job_name",
        "mini_batch_size",
        "instance_count",
        "error_threshold",
        "max_concurrency_per_instance",
        "max_retries",
        "retry_timeout",
        "logging_level",
        "output_file_name",
        "tags",
        "properties",
    },
    AzureMLCreateBatchEndpointOperator: COORDINATES
    | {"deferrable", "name", "description", "tags", "properties", "default_deployment", "spec"},
    AzureMLCreateBatchDeploymentOperator: COORDINATES
    | {
        "deferrable",
        "name",
        "endpoint_name",
        "type",
        "model",
        "component",
        "job_definition",
        "code",
        "scoring_script",
        "code_configuration",
        "environment",
        "environment_variables",
        "compute",
        "job_resources",
        "instance_count",
        "mini_batch_size",
        "max_concurrency_per_instance",
        "output_action",
        "output_file_name",
        "error_threshold",
        "retry_settings",
        "logging_level",
        "settings",
        "description",
        "tags",
        "properties",
        "set_default",
        "spec",
    },
    AzureMLDeleteBatchEndpointOperator: COORDINATES | {"deferrable", "endpoint_name"},
    AzureMLJobSensor: COORDINATES
    | {
        "job_name",
        "deferrable",
        "poll_interval",
        "stream_logs",
        "log_files",
        "on_canceled",
        "start_in_trigger",
        "finish_in_trigger",
    },
}
NOT_TEMPLATES = (WAITING - {"log_files"}) | RESUBMISSION | {"repair"}
"""Keywords that say how a task waits and what follows a failure; everything else is a template field."""
REQUIRED: dict[type[Any], dict[str, Any]] = {
    AzureMLCommandJobOperator: {"command": "echo", "environment": ENVIRONMENT},
    AzureMLJobOperator: {"job": "job.yml"},
    AzureMLCancelJobOperator: {"job_name": "a-job"},
    AzureMLCancelOrphansOperator: {"dag_ids": ["a-dag"]},
    AzureMLCreateDataAssetOperator: {"name": "cards", "path": "data"},
    AzureMLRegisterModelOperator: {"name": "cards", "path": "data"},
    AzureMLCreateEnvironmentOperator: {"name": "cards", "image": "docker.io/python"},
    AzureMLCreateComponentOperator: {"spec": "component.yml"},
    AzureMLCreateOnlineEndpointOperator: {"name": "cards"},
    AzureMLCreateOnlineDeploymentOperator: {"name": "blue", "endpoint_name": "cards"},
    AzureMLSetOnlineTrafficOperator: {"endpoint_name": "cards", "traffic": {"blue": 100}},
    AzureMLInvokeOnlineEndpointOperator: {"endpoint_name": "cards", "data": [1]},
    AzureMLDeleteOnlineEndpointOperator: {"endpoint_name": "cards"},
    AzureMLCreateComputeOperator: {"name": "cpu"},
    AzureMLDeleteComputeOperator: {"name": "cpu"},
    AzureMLScaleComputeOperator: {"name": "cpu"},
    AzureMLStartComputeInstanceOperator: {"name": "cpu"},
    AzureMLStopComputeInstanceOperator: {"name": "cpu"},
    AzureMLShareModelOperator: {"model": "azureml:cards:1", "registry_name": "r"},
    AzureMLDownloadModelOperator: {"model": "azureml:cards:1", "local_path": "here"},
    AzureMLDownloadJobOutputOperator: {"job_name": "a-job", "output_name": "o", "local_path": "here"},
    AzureMLInvokeBatchEndpointOperator: {"endpoint_name": "cards", "input": "data"},
    AzureMLCreateBatchEndpointOperator: {"name": "cards"},
    AzureMLCreateBatchDeploymentOperator: {"name": "blue", "endpoint_name": "cards"},
    AzureMLDeleteBatchEndpointOperator: {"endpoint_name": "cards"},
    AzureMLJobSensor: {"job_name": "a-job"},
}
each_class = pytest.mark.parametrize("cls", KEYWORDS)


def own_keywords(cls: type[Any]) -> set[str]:
    """The keywords that our classes add to Airflow's."""
    found: set[str] = set()
    for one in cls.__mro__:
        if one.__module__.startswith("airflow_azureml") and "__init__" in vars(one):
            found |= set(inspect.signature(one).parameters) - {"kwargs"}
    return found


@each_class
def test_the_keywords_are_those_promised(cls: type[Any]) -> None:
    assert own_keywords(cls) == KEYWORDS[cls]


@each_class
def test_all_that_can_be_computed_is_a_template_field(cls: type[Any]) -> None:
    assert set(cls.template_fields) == KEYWORDS[cls] - NOT_TEMPLATES
    assert not cls.template_ext
    assert set(cls.template_fields_renderers) <= set(cls.template_fields)


@each_class
def test_each_keyword_is_kept_as_given(cls: type[Any]) -> None:
    marks = {name: f"{{{{ params.{name} }}}}" for name in cls.template_fields if name not in COORDINATES}
    operator = cls(task_id="t", **marks)
    assert {name: getattr(operator, name) for name in marks} == marks


@each_class
def test_it_is_copied_and_pickled(cls: type[Any]) -> None:
    operator = cls(task_id="t", **REQUIRED[cls])
    for other in (copy.copy(operator), copy.deepcopy(operator), pickle.loads(pickle.dumps(operator))):
        assert type(other) is cls
        for name in REQUIRED[cls]:
            assert getattr(other, name) == getattr(operator, name)


@each_class
def test_it_is_mapped_and_serialized(cls: type[Any]) -> None:
    name, value = next(iter(REQUIRED[cls].items()))
    rest = {key: given for key, given in REQUIRED[cls].items() if key != name}
    with DAG("d", start_date=START, schedule=None) as dag:
        cls(task_id="plain", **REQUIRED[cls])
        cls.partial(task_id="mapped", **rest).expand(**{name: [value, value]})
    there = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert set(there.task_dict) == {"plain", "mapped"}
    assert set(there.task_dict["plain"].template_fields) == set(cls.template_fields)


def test_the_studio_link_is_on_whatever_has_a_job() -> None:
    for cls in (
        AzureMLCommandJobOperator,
        AzureMLJobOperator,
        AzureMLInvokeBatchEndpointOperator,
        AzureMLJobSensor,
    ):
        (link,) = cls.operator_extra_links
        assert (link.name, link.xcom_key) == ("Azure ML Studio", "azureml_studio_url")


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("{{ ds }}", "{{ (dag_run.logical_date or dag_run.run_after) | ds }}"),
        ("a/{{ ts_nodash }}/${{name}}", "{{ (dag_run.logical_date or dag_run.run_after) | ts_nodash }}"),
        ("{{ data_interval_end.year }}", "{{ (dag_run.logical_date or dag_run.run_after) }}"),
    ],
)
def test_a_date_that_the_run_does_not_have(text: str, better: str) -> None:
    with DAG("d", start_date=START, schedule=None) as dag:
        task = command(inputs={"day": [text]})
    with pytest.raises(AzureMLSpecError) as caught:
        task.render_template(task.inputs, {}, dag.get_template_env())
    assert f"undefined, because this run has no logical date. Write {better}, or" in str(caught.value)
    run = SimpleNamespace(logical_date=None, run_after=START)
    rendered = task.render_template(better, {"dag_run": run}, dag.get_template_env())
    assert rendered.startswith(str(START.year))


def test_any_other_name_that_is_missing_is_jinjas_own_affair() -> None:
    with DAG("d", start_date=START, schedule=None) as dag:
        task = command()
    with pytest.raises(UndefinedError, match="'day' is undefined"):
        task.render_template("{{ day }}", {}, dag.get_template_env())


def test_an_upstream_output_sets_the_dependency() -> None:
    with DAG("d", start_date=START, schedule=None):
        first = command(task_id="first", outputs={"data": None})
        output: Any = first.output
        second = command(task_id="second", inputs={"nested": output["data"]})
    assert second.upstream_task_ids == {"first"}


def test_log_files_are_one_pattern_or_several() -> None:
    assert [log_files(given) for given in (None, "user_logs/*", ["a", "b"])] == [(), ("user_logs/*",), ("a", "b")]


@pytest.mark.parametrize("cls", [AzureMLCommandJobOperator, AzureMLInvokeBatchEndpointOperator, AzureMLJobSensor])
def test_log_files_are_rendered(cls: type[Any]) -> None:
    task = cls(task_id="t", log_files=["user_logs/{{ day }}*", "logs/*"], **REQUIRED[cls])
    task.render_template_fields({"day": "mon"})
    assert task.log_files == ["user_logs/mon*", "logs/*"]
