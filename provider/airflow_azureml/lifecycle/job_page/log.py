"""The end of a job's log, as a person sees it first."""

from __future__ import annotations

from airflow_azureml.lifecycle.children import PARENTS
from airflow_azureml.lifecycle.result import failure, log_tail
from airflow_azureml.rest import jobs
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.status import WAITING, Phase

LINES = 60
"""Lines that are shown."""


def log_end(ws: Workspace, name: str) -> Steps[str]:
    """Read the last lines of a job's log, or of that of the child that a failed pipeline or sweep failed by.

    :return: without a line end at its end; empty where there is none (yet), or it cannot be read.
    :raises AzureMLError: the job itself cannot be read.
    """
    job = yield from jobs.find(ws, name)
    if job is None or job.status in WAITING:
        return ""
    if job.phase is Phase.FAILED and job.kind in PARENTS:
        return (yield from failure(ws, job, tail=LINES)).log_tail
    return (yield from log_tail(ws, job, lines=LINES))
