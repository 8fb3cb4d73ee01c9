"""What a job that ended has to show: its outputs and metrics, or why it failed."""

from __future__ import annotations

from airflow_azureml.lifecycle.records import Failure, JobResult
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job


def result(ws: Workspace, job: Job, *, tenant_id: str | None = None) -> Steps[JobResult]:
    """Read what a job has produced."""
    raise NotImplementedError
    yield


def failure(ws: Workspace, job: Job, *, tail: int = 40) -> Steps[Failure]:
    """Read why a job failed."""
    raise NotImplementedError
    yield
