"""Waiting for a job: look, pause, patience, deadline."""

from __future__ import annotations

from collections.abc import Callable

from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job


def wait(
    ws: Workspace,
    name: str,
    *,
    clock: Callable[[], float],
    poll_interval: float,
    patience: float,
    deadline: float | None = None,
    stream_logs: bool = False,
    missing_ok_for: float = 60,
    first_look_after: float = 0,
) -> Steps[Job]:
    """Look at a job until it has ended; gives back the ended job."""
    raise NotImplementedError
    yield
