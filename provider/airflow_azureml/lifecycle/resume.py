"""One task, one job: reattach to the job that is there, take its result, or submit the one that is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from airflow_azureml.lifecycle.naming import JobIdentity
from airflow_azureml.rest.flow import Flow, Json, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job


@dataclass(frozen=True)
class Prepared:
    """A request that is ready to be sent: its body is ``{"properties": {...}}``."""

    body: Json
    user_token: bool = False
    api_version: str | None = None


@dataclass(frozen=True)
class Found:
    """The job of this task.

    :param attempt: its number among this generation's jobs.
    :param submitted: it was submitted just now.
    """

    job: Job
    attempt: int
    submitted: bool


Request = Callable[[], Flow[Prepared]]


def find_or_submit(ws: Workspace, identity: JobIdentity, request: Request) -> Steps[Found]:
    """Find the job to wait for, or submit it."""
    raise NotImplementedError
    yield


def cancel_earlier(ws: Workspace, identity: JobIdentity) -> Steps[tuple[str, ...]]:
    """Cancel what earlier generations left active; the names of the jobs canceled."""
    raise NotImplementedError
    yield
