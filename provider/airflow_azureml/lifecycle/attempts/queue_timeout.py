"""The end of a job that was queued for too long."""

from __future__ import annotations

from dataclasses import replace

from airflow_azureml.lifecycle.cancellation import cancel
from airflow_azureml.lifecycle.wait import WaitOptions, first_look, wait
from airflow_azureml.rest import history
from airflow_azureml.rest.errors import ServiceError, TransientError
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.status import WAITING


def leave_queue(ws: Workspace, name: str, options: WaitOptions) -> Steps[tuple[Job, bool]]:
    """Cancel a job that was queued for too long, and wait for its end; one that has begun meanwhile goes on.

    A job that was taken from its node and is queued once more has begun, too.

    :return: the job, and whether it was asked to end.
    """
    job = yield from first_look(ws, name, options)
    if job.status not in WAITING or (yield from _has_begun(ws, name)):
        return job, False
    asked = (yield from cancel(ws, name)).asked
    return (yield from wait(ws, name, replace(options, queue_timeout=None, ageing="wait", stream_logs=False))), asked


def _has_begun(ws: Workspace, name: str) -> Steps[bool]:
    """Whether run history knows when the job began.

    :raises TransientError: it cannot be asked for now.
    """
    try:
        return (yield from history.run(ws, name)).started_at is not None
    except TransientError:
        raise
    except ServiceError:
        return False
