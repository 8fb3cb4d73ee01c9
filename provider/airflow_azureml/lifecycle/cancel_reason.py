"""Why a job is Canceled: somebody canceled it, or it exceeded its own time limit.

The service says that after ``limits.timeout`` "the job will be cancelled" (learn.microsoft.com, ``CommandJobLimits``),
so both come back as ``Canceled``. A run has a ``cancelationReason`` (RunHistory TypeSpec, ``Run``); what the service
writes there for a limit, and whether it writes anything, is unproven. So the times decide: a job that has a limit, and
ran for at least as long, was ended by it; where they are missing, a reason that speaks of a time-out is believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow_azureml.lifecycle.costs.prices import Prices
from airflow_azureml.lifecycle.costs.usage import usage
from airflow_azureml.lifecycle.news import Ended
from airflow_azureml.lifecycle.records import Cancellation
from airflow_azureml.lifecycle.submission import PAUSES
from airflow_azureml.rest import history, times
from airflow_azureml.rest.errors import AzureMLError, TransientError
from airflow_azureml.rest.flow import Json, News, Pause, Steps
from airflow_azureml.rest.history import Run
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.json_values import get_any_case
from airflow_azureml.rest.redaction import redact

SLACK = 1.0
"""Seconds by which a run may seem shorter than the limit that has ended it, at most a tenth of the limit: when exactly
the service begins to count is unproven."""

QUEUE_SLACK = 30.0
"""Seconds by which a job may seem to have been queued for less than its task allows, at most a tenth of that: the task
goes by its own clock, the times are the service's."""

TIME_WORDS = re.compile(r"tim(?:e|ed)[\s-]?out|time limit|longer than|max\w* (?:run )?(?:time|duration)", re.IGNORECASE)


def cancellation(
    ws: Workspace, job: Job, queue_timeout: float | None = None, prices: Prices | None = None
) -> Steps[Cancellation]:
    """Read why a job is Canceled, and what it has used; where run history does not say, somebody has canceled it.

    :param queue_timeout: seconds for which its task lets it be queued; None for ever.
    :param prices: of node hours; None leaves the cost out.
    """
    run = yield from _run(ws, job.name)
    yield News(Ended(run.created_at or job.created_at, run.started_at, run.ended_at))
    limit = limit_of(get_any_case(job.raw, "properties"))
    reason = redact(run.cancel_reason) if run.cancel_reason else None
    own = limit if limit is not None and was_ended_by(limit, run) else None
    used = yield from usage(ws, job, run, None, prices)
    return Cancellation(reason, own, left_in_queue(job, run, queue_timeout), used)


def left_in_queue(job: Job, run: Run, queue_timeout: float | None) -> bool:
    """Whether a Canceled job never began, and was queued for as long as its task allows."""
    created = run.created_at or job.created_at
    if queue_timeout is None or run.started_at is not None or created is None or run.ended_at is None:
        return False
    return (run.ended_at - created).total_seconds() >= queue_timeout - min(QUEUE_SLACK, queue_timeout / 10)


def limit_of(definition: Json) -> float | None:
    """A job's own time limit in seconds, from its definition; None if it has none."""
    for name in ("limits", "limitSettings"):
        limit = times.seconds_of(get_any_case(definition, name, "timeout"))
        if limit:
            return limit
    return None


def was_ended_by(limit: float, run: Run) -> bool:
    """Whether a Canceled run has used up its limit of time."""
    if run.started_at is not None and run.ended_at is not None:
        return (run.ended_at - run.started_at).total_seconds() >= limit - min(SLACK, limit / 10)
    return TIME_WORDS.search(run.cancel_reason or "") is not None


def beyond(limit: float) -> str:
    """Say that a job's own limit of time has ended it."""
    return f"it exceeded its own limit of {limit:g} seconds (limits.timeout)"


def overdue_step(job: Job, runs: tuple[Run, ...]) -> tuple[Run, float] | None:
    """The step of a pipeline that was ended by its limit, and the limit; None where none was."""
    nodes = get_any_case(job.raw, "properties", "jobs")
    if not isinstance(nodes, Mapping):
        return None
    for run in runs:
        limit = limit_of(nodes.get(run.display_name)) if run.status == "Canceled" else None
        if limit is not None and was_ended_by(limit, run):
            return run, limit
    return None


def _run(ws: Workspace, name: str) -> Steps[Run]:
    """Read a run, riding out a short bad spell; an empty one where it cannot be read."""
    for seconds in PAUSES:
        try:
            return (yield from history.run(ws, name))
        except TransientError:
            yield Pause(seconds)
        except AzureMLError:
            break
    return Run(name)
