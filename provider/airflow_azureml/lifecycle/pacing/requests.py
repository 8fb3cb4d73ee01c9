"""What is asked for a group of jobs that are waited for, and what it means when that fails."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import replace

from airflow_azureml.lifecycle.pacing.groups import WORKSPACE, Group
from airflow_azureml.rest import history, jobs
from airflow_azureml.rest.errors import (
    AzureMLError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    ServiceError,
    SettingsError,
)
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job


def ask_for(ws: Workspace, group: Group, names: Sequence[str]) -> Steps[dict[str, Job]]:
    """Ask once for the jobs of a group: name → job; what the answer does not show is left out.

    :raises NotFoundError: the one job of group None is not there.
    """
    if group is None:
        # Who paces the looks decides when to ask again, not the pipeline.
        job = yield from replace(jobs.get(ws, names[0]), repeatable=False)
        return {names[0]: job}
    if group == WORKSPACE:
        runs = yield from history.read_many(ws, names)
    else:
        runs = yield from history.read_many_in(ws, group, names)
    return {
        name: Job(
            name,
            run.status,
            created_at=run.created_at,
            ended_at=run.ended_at,
            queue_message=run.queue_message or "",
        )
        for name, run in runs.items()
    }


class Verdict(enum.Enum):
    """What a failure of a request says."""

    TOO_LARGE = "too large"
    """Perhaps too many jobs at once; with one job in it, a refusal."""
    REFUSED = "refused"
    """Such requests are not answered here."""
    THROTTLED = "throttled"
    """The service has no time."""
    FAILED = "failed"
    """Anything else, which may pass."""


def judge(error: AzureMLError) -> Verdict:
    """What the failure of a request for many jobs says."""
    status = error.reply.status if isinstance(error, ServiceError) else None
    if status in (400, 413):
        return Verdict.TOO_LARGE
    if isinstance(error, (BadRequestError, ForbiddenError, NotFoundError, SettingsError)):
        return Verdict.REFUSED
    return Verdict.THROTTLED if status in (429, 503) else Verdict.FAILED
