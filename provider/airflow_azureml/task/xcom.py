"""The XComs that a task with a job leaves beside its result, and what it reads from those of other tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.links import STUDIO_URL_KEY
from airflow_azureml.task.resource_fields import is_resource_name, no_name, text_of
from airflow_azureml.version_compat import map_index_of

JOB_NAME_KEY = "azureml_job_name"
"""The key under which a task leaves the name of its job, for the process that resumes it."""

DEFERRAL_KEY = "azureml_deferral"
"""The key under which a task on Airflow 3.0 leaves which try is deferred, and since when it runs."""

LOG_COPIED_KEY = "azureml_log_copied"
"""The key under which a trigger leaves how far it has copied the job's log, for one that goes on elsewhere."""

OUTLIVES_KEY = "azureml_job_outlives_task"
"""The key under which a task leaves ``true`` whose job is to go on whatever becomes of the task."""

INVOCATION_KEY = "azureml_invocation"
"""The key under which a task leaves what it may have started at a batch endpoint, before it invokes that."""

USAGE_KEY = "azureml_usage"
"""The key under which a task leaves what its last job has used, however that ended."""

NOTE_KEY = "azureml_note"
"""The key under which a task leaves the note that its job's script has written, for the API server and for people."""

RESERVED_KEYS = frozenset(
    {
        "return_value",
        STUDIO_URL_KEY,
        JOB_NAME_KEY,
        DEFERRAL_KEY,
        LOG_COPIED_KEY,
        OUTLIVES_KEY,
        INVOCATION_KEY,
        USAGE_KEY,
        NOTE_KEY,
    }
)
"""Keys that an output may not be named like: it would hide what is there."""

RESULT_KEYS = frozenset(
    {
        "metrics",
        "outputs",
        "job_name",
        "best_job_name",
        "status",
        "experiment_name",
        "studio_url",
        "started_at",
        "ended_at",
        "attempts",
        "usage",
    }
)
"""What a job's result has beside its outputs; of these only ``multiple_outputs`` makes XComs of their own."""


def reserved_keys(task: Any) -> frozenset[str]:
    """Keys that hide outputs of these names: with ``multiple_outputs`` Airflow pushes those of the result last."""
    return RESERVED_KEYS | RESULT_KEYS if getattr(task, "multiple_outputs", False) else RESERVED_KEYS


def push_job_name(ti: Any, name: str) -> None:
    """Leave the name of the job, before there is a job, for the process that resumes the task."""
    ti.xcom_push(key=JOB_NAME_KEY, value=name)


def push_outlives(ti: Any) -> None:
    """Leave, before there is a job, that it is to go on: a job's tags say so, too, but those of endpoints have none."""
    ti.xcom_push(key=OUTLIVES_KEY, value=True)


def pull_job_name(ti: Any) -> str | None:
    """The name of the job that this try submitted or found before it was deferred."""
    name = pull_own(ti, JOB_NAME_KEY)
    return name if isinstance(name, str) else None


def recorded_job_name(dag_id: str, task_id: str, run_id: str, map_index: int) -> str | None:
    """The name of the newest job that any task instance of this Airflow has left; None where there is none."""
    from airflow_azureml.version_compat import XCom

    name = XCom.get_one(key=JOB_NAME_KEY, dag_id=dag_id, task_id=task_id, run_id=run_id, map_index=map_index)
    return name if isinstance(name, str) else None


def pull_own(ti: Any, key: str) -> Any:
    """What this task instance itself has left under a key."""
    return ti.xcom_pull(task_ids=ti.task_id, key=key, map_indexes=map_index_of(ti))


def forget_result(ti: Any) -> None:
    """Delete the result of an earlier try, and its outputs: whoever reads them would take them for this try's.

    :param ti: a task instance that can delete.
    """
    result = pull_own(ti, "return_value")
    outputs = result.get("outputs") if isinstance(result, Mapping) else None
    for key in (*(outputs or ()), "return_value", STUDIO_URL_KEY):
        ti.xcom_delete(key)


def job_name_of(value: Any) -> str:
    """Take a job's name, given as such or as the result mapping of the task that submitted it.

    :raises AzureMLSpecError: it is neither.
    """
    name = value.get("job_name") if isinstance(value, Mapping) else value
    if not is_resource_name(name):
        raise no_name("job_name", value, "a job's name, or a result mapping with its job_name")
    return text_of(name)


def refuse_reserved_outputs(task: Any, outputs: object) -> None:
    """Refuse outputs whose XCom would hide one of ours, or would be hidden.

    :param task: the operator.
    :param outputs: those of a document, as they are written.
    :raises rest.errors.SpecError: names each of them.
    """
    from airflow_azureml.rest.errors import Problem, SpecError

    taken = sorted(reserved_keys(task) & set(outputs)) if isinstance(outputs, Mapping) else []
    if taken:
        message, why = "this name is reserved for another XCom of the task", ", because of multiple_outputs=True"
        raise SpecError(
            [Problem(f"outputs.{name}", f"{message}{'' if name in RESERVED_KEYS else why}.") for name in taken]
        )
