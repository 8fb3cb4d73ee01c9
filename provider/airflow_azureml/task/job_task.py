"""What becomes of a task when its job has ended: a result and an XCom per output, a skip, or one clear error."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from airflow_azureml.exceptions import (
    AzureMLJobCanceledError,
    AzureMLJobCanceledFinalError,
    AzureMLJobFailedError,
    AzureMLSpecError,
)
from airflow_azureml.links import STUDIO_URL_KEY
from airflow_azureml.version_compat import AirflowSkipException

if TYPE_CHECKING:
    from airflow_azureml.client import MLClient
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.rest.flow import Steps
    from airflow_azureml.rest.jobs import Job

OnCanceled = Literal["fail", "skip", "retry"]
ON_CANCELED: dict[str, type[Exception]] = {
    "fail": AzureMLJobCanceledFinalError,
    "skip": AirflowSkipException,
    "retry": AzureMLJobCanceledError,
}
"""What a cancel by somebody else does to the task: an end without retries, a skip, or a failure as any other."""

JOB_NAME_KEY = "azureml_job_name"
"""The XCom key under which a task that waits leaves the name of its job, for whoever resumes it in another process."""

DEFERRAL_KEY = "azureml_deferral"
"""The XCom key under which a task on Airflow 3.0 leaves which try is deferred, and since when it runs."""

RESERVED_KEYS = frozenset({"return_value", STUDIO_URL_KEY, JOB_NAME_KEY, DEFERRAL_KEY})
"""XCom keys that an output may not be named like: it would hide what stands there."""


def check_on_canceled(value: Any) -> None:
    """Refuse a word that ``on_canceled`` does not know.

    :raises AzureMLSpecError: names what is accepted.
    """
    if not isinstance(value, str) or value not in ON_CANCELED:
        raise AzureMLSpecError(f"on_canceled: {value!r} is not accepted. Accepted: {', '.join(ON_CANCELED)}.")


def job_name_of(value: Any) -> str:
    """Take a job's name, given as such or as the result mapping of the task that submitted it.

    :raises AzureMLSpecError: it is neither.
    """
    name = value.get("job_name") if isinstance(value, Mapping) else value
    if not isinstance(name, str) or not name:
        raise AzureMLSpecError(
            f"job_name: {value!r} is not accepted. Accepted: a job's name, or a result mapping with its job_name."
        )
    return name


def announce(ti: Any, log: Any, client: MLClient, job: Job) -> str | None:
    """Show the job's Studio page as soon as the job is known: a link on the task and one line in its log.

    :return: the page's address, None where the service gives none.
    """
    url = studio_url(client, job)
    if url:
        ti.xcom_push(key=STUDIO_URL_KEY, value=url)
        log.info("Azure ML Studio: %s", url)
    return url


def studio_url(client: MLClient, job: Job) -> str | None:
    """The address of the job's page, opening in the connection's tenant."""
    from airflow_azureml.rest.ids import with_tenant

    return with_tenant(job.studio_url, client.settings.tenant_id) if job.studio_url else None


def first_look(client: MLClient, name: str, poll_interval: float, patience: float) -> Steps[Job]:
    """Look at a job from a process that has not seen it yet: a bad spell is ridden out, a wrong secret fails at once.

    :raises rest.errors.NotFoundError: the job has been missing for a minute.
    :raises rest.errors.PatienceError: looks kept failing for longer than ``patience``.
    """
    from airflow_azureml.lifecycle.wait import look
    from airflow_azureml.rest import jobs
    from airflow_azureml.rest.errors import NotFoundError, TransientError

    try:
        return (yield from jobs.get(client.workspace, name))
    except (NotFoundError, TransientError):
        return (yield from look(name, clock=time.time, interval=poll_interval, patience=patience))


def conclude(
    ti: Any, log: Any, client: MLClient, job: Job, on_canceled: OnCanceled, *, tail: bool = False
) -> dict[str, Any]:
    """End a task whose job has ended by itself, or was ended by somebody else; its log says how.

    :param tail: also write the end of the job's log, which has not been copied to this task's log.
    :return: the result mapping; each output has been pushed under its own name as well.
    :raises AzureMLJobFailedError: the job failed, or its own limit of time has ended it.
    :raises AzureMLJobCanceledError: somebody canceled the job and ``on_canceled`` is ``retry``; with ``fail`` as the
        subclass that is not retried.
    :raises AirflowSkipException: the same with ``skip``.
    """
    from airflow_azureml.lifecycle.result import failure, log_tail, result
    from airflow_azureml.rest.status import Phase

    url = studio_url(client, job)
    if job.phase is Phase.CANCELED:
        raise _canceled(log, client, job, on_canceled, url)
    if job.phase is not Phase.SUCCEEDED:
        log.error("Azure ML job %s ended as %s.", job.name, job.status)
        why = client.run(failure(client.workspace, job))
        raise AzureMLJobFailedError(job.name, job.status, why.code, why.reason, why.log_tail, url, why.codes, why.kind)
    if tail:
        for line in client.run(log_tail(client.workspace, job)).splitlines():
            log.info("| %s", line)
    found = client.run(result(client.workspace, job, tenant_id=client.settings.tenant_id)).to_dict()
    for name, output in found["outputs"].items():
        if name in RESERVED_KEYS:
            log.warning("The output %s is only in the result: its own XCom would hide another.", name)
        else:
            ti.xcom_push(key=name, value=output)
    log.info("Azure ML job %s ended as %s.%s", job.name, job.status, _in_words(found["metrics"]))
    return found


def _canceled(log: Any, client: MLClient, job: Job, on_canceled: OnCanceled, url: str | None) -> Exception:
    """The error of a task whose job is Canceled, though the task has not asked for it."""
    from airflow_azureml.lifecycle.cancel_reason import cancellation
    from airflow_azureml.lifecycle.result import overdue

    why = client.run(cancellation(client.workspace, job))
    if why.limit is not None:
        log.error("Azure ML job %s was ended by its own limit of time.", job.name)
        told = client.run(overdue(client.workspace, job, why.limit))
        return AzureMLJobFailedError(
            job.name, job.status, told.code, told.reason, told.log_tail, url, told.codes, told.kind
        )
    log.warning("Azure ML job %s ended as %s, and not by this task.", job.name, job.status)
    parts = (f"Azure ML job {job.name} was canceled, and not by this task.", why.reason, url)
    return ON_CANCELED[on_canceled](" ".join(part for part in parts if part))


def _in_words(metrics: Mapping[str, Any]) -> str:
    """A job's metrics as the end of a sentence; empty where it has none."""
    return f" Metrics: {', '.join(f'{name} = {value}' for name, value in sorted(metrics.items()))}." if metrics else ""


def record_name(ti: Any, name: str) -> None:
    """Leave the name of the job, before the job is there, for whoever takes the task up in another process."""
    ti.xcom_push(key=JOB_NAME_KEY, value=name)


def recorded_name(ti: Any) -> str | None:
    """The name of the job that this try submitted or found before it was deferred."""
    map_index = -1 if ti.map_index is None else ti.map_index
    found = ti.xcom_pull(task_ids=ti.task_id, key=JOB_NAME_KEY, map_indexes=map_index)
    return found if isinstance(found, str) else None


def refuse_reserved_outputs(document: Document) -> None:
    """Refuse outputs whose XCom would hide one of ours.

    :raises rest.errors.SpecError: names each of them.
    """
    from airflow_azureml.rest.errors import Problem, SpecError

    outputs = document.value.get("outputs")
    taken = sorted(RESERVED_KEYS & set(outputs)) if isinstance(outputs, Mapping) else []
    if taken:
        message = "an output cannot have this name: the task's XCom of this key is another."
        raise SpecError([Problem(f"outputs.{name}", message) for name in taken])


def unfinished(job: Job, url: str | None) -> dict[str, Any]:
    """The result of a task that does not wait: what is known of its job, no outputs yet."""
    from airflow_azureml.lifecycle.records import JobResult

    return JobResult(job.name, job.status, job.experiment_name, url).to_dict()
