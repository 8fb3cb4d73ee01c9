"""The result of a job that ended: its outputs, metrics and times, or why it failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from airflow_azureml.lifecycle.batch import scores
from airflow_azureml.lifecycle.cancel_reason import beyond, overdue_step
from airflow_azureml.lifecycle.children import PARENTS
from airflow_azureml.lifecycle.missing_references import pointed_out
from airflow_azureml.lifecycle.naming import attempt_of
from airflow_azureml.lifecycle.news import Ended
from airflow_azureml.lifecycle.outputs import Outputs
from airflow_azureml.lifecycle.records import Failure, JobResult, OutputRecord
from airflow_azureml.rest import failures, history, logs
from airflow_azureml.rest.errors import AzureMLError, ForbiddenError, ServiceError, TransientError
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.history import Details, Run
from airflow_azureml.rest.ids import Workspace, with_tenant
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.json_values import get_any_case
from airflow_azureml.rest.redaction import redact
from airflow_azureml.rest.times import iso

T = TypeVar("T")

BEST_TRIAL = "best_child_run_id"

TAIL_BYTES = 32 * 1024
"""Bytes of a log that are read for its last lines."""

DEEPEST = 5
"""How many pipelines within pipelines are looked into for what failed."""


def result(ws: Workspace, job: Job, *, tenant_id: str | None = None) -> Steps[JobResult]:
    """Read what a job has produced; a sweep's outputs and metrics are those of its best trial.

    Failing to read metrics never fails the job that succeeded.

    :param tenant_id: added to the Studio link.
    :raises TransientError: its outputs could not be read for now.
    """
    run = yield from _run(ws, job.name)
    yield News(Ended(run.created_at or job.created_at, run.started_at, run.ended_at))
    best = _best_trial(job, run)
    outputs = yield from Outputs(ws, job, run).read() if best is None else _of_trial(ws, job, run, best)
    if scores.scores_a_model(job):
        score = yield from scores.read(ws, job)
        outputs = {**outputs, scores.SCORE: score} if score is not None else outputs
    try:
        values = yield from history.last_metrics(ws, best or job.name)
    except AzureMLError:
        values = {}
    return JobResult(
        job_name=job.name,
        status=job.status,
        experiment_name=job.experiment_name,
        studio_url=with_tenant(job.studio_url, tenant_id) if job.studio_url else None,
        started_at=iso(run.started_at) if run.started_at else None,
        ended_at=iso(run.ended_at) if run.ended_at and job.phase.is_terminal else None,
        outputs=outputs,
        metrics=values,
        best_job_name=best,
        attempts=attempt_of(job.tags),
    )


def _best_trial(job: Job, run: Run) -> str | None:
    """The trial that a sweep found best. Source: azure-ai-ml 1.35.2, which reads this property."""
    if job.kind != "Sweep":
        return None
    return job.properties.get(BEST_TRIAL) or run.properties.get(BEST_TRIAL) or None


def _of_trial(ws: Workspace, job: Job, run: Run, best: str) -> Steps[dict[str, OutputRecord]]:
    """Read the outputs of a sweep's best trial; ``default`` stays the sweep's own."""
    own = yield from Outputs(
        ws, replace(job, outputs=_only(job.outputs, True)), replace(run, outputs=_only(run.outputs, True))
    ).read()
    trial = yield from _run(ws, best)
    of_trial = replace(trial, outputs=_only(trial.outputs, False))
    as_trial = replace(job, name=best, kind="Command", outputs=_only(job.outputs, False))
    return {**own, **(yield from Outputs(ws, as_trial, of_trial).read())}


def _only(outputs: Mapping[str, T], default: bool) -> dict[str, T]:
    """The job's artifacts alone, or all that is not them."""
    return {name: output for name, output in outputs.items() if (name == "default") is default}


def failure(ws: Workspace, job: Job, *, tail: int = 40) -> Steps[Failure]:
    """Read why a job failed; what cannot be read is left out, never raised.

    For data that does not exist the nearest names are given: the service looks for it only when the job starts.

    :param tail: lines of the log to give.
    """
    why = yield from _failure(ws, job, tail)
    if why.kind != "data":
        return why
    missing = yield from pointed_out(ws, get_any_case(job.raw, "properties"), why.reason)
    return replace(why, reason=f"{why.reason}\n{missing}") if missing else why


def _failure(ws: Workspace, job: Job, tail: int) -> Steps[Failure]:
    try:
        details = yield from history.details(ws, job.name)
    except AzureMLError as error:
        return Failure(None, f"The reason could not be read: {error}")
    yield News(Ended(details.run.created_at or job.created_at, details.run.started_at, details.run.ended_at))
    if job.kind in PARENTS:
        way = yield from _failed_children(ws, job.name)
        if way:
            child = way[-1]
            name = " > ".join(step.run.display_name or step.run.id for step in way)
            end = yield from _log_end(ws, child, None, tail)
            job_reason, codes = _reason(details.run)
            said, child_codes = _reason(child.run)
            reason = f"{name}: {said or 'failed without a reason'}"
            all_codes = child_codes or codes
            return _because(
                all_codes,
                f"{reason} ({job_reason})" if job_reason and job_reason != said else reason,
                end,
                said or job_reason,
            )
        late = yield from _overdue_step(ws, job)
        if late is not None:
            return late
    reason, codes = _reason(details.run)
    end = yield from _log_end(ws, details, job.kind, tail)
    return _because(codes, reason or "The service gives no reason; the job's log may.", end, reason)


def overdue(ws: Workspace, job: Job, limit: float) -> Steps[Failure]:
    """Describe a job that its own limit of time has ended, with the end of its log.

    :param limit: in seconds.
    """
    why = yield from failure(ws, job)
    return replace(why, reason=beyond(limit), kind="timeout")


def log_tail(ws: Workspace, job: Job, *, lines: int = 40) -> Steps[str]:
    """Read the last lines of the log of a job that has ended; empty when there is none, or it cannot be read."""
    try:
        details = yield from history.details(ws, job.name)
    except AzureMLError:
        return ""
    return (yield from _log_end(ws, details, job.kind, lines))


def _overdue_step(ws: Workspace, job: Job) -> Steps[Failure | None]:
    """Describe a pipeline that failed since one of its steps was ended by its own limit of time; else None."""
    try:
        overdue = overdue_step(job, (yield from history.children(ws, job.name)))
    except AzureMLError:
        return None
    if overdue is None:
        return None
    step, limit = overdue
    return Failure(None, f"{step.display_name or step.id}: {beyond(limit)}", kind="timeout")


def _run(ws: Workspace, name: str) -> Steps[Run]:
    """Read the run with its outputs; an empty one if run history refuses to answer."""
    try:
        return (yield from history.run_data(ws, name))
    except TransientError:
        raise
    except ServiceError:
        return Run(name)


def _log_end(ws: Workspace, details: Details, kind: str | None, tail: int) -> Steps[str]:
    """Read the last lines of a job's log; empty when there is none, or it cannot be read."""
    files = details.log_files
    for file in [*logs.errors(files), *logs.followed(files, kind), *logs.written_by_user(files)]:
        try:
            data = yield from _read_end(ws, details, file)
        except AzureMLError:
            continue
        kept = logs.lines(data.rstrip())[-tail:] if data.strip() and tail > 0 else ()
        if kept:
            return redact("\n".join(kept))
    return ""


def _read_end(ws: Workspace, details: Details, file: str) -> Steps[bytes]:
    """Read the end of a file; an address whose signature has expired is asked for anew, once."""
    try:
        return (yield from logs.read_end(details.log_files[file], TAIL_BYTES))
    except ForbiddenError:
        fresh = (yield from history.details(ws, details.run.id)).log_files
        return (yield from logs.read_end(fresh.get(file, details.log_files[file]), TAIL_BYTES))


def _failed_children(ws: Workspace, name: str) -> Steps[tuple[Details, ...]]:
    """Read the child that failed first, and in it the one that failed first, down to the one that has no such child.

    What cannot be read ends the way.
    """
    way: tuple[Details, ...] = ()
    while len(way) < DEEPEST:
        try:
            runs = yield from history.children(ws, name)
            failed = [run for run in runs if run.status == "Failed"]
            if not failed:
                return way
            first = min(failed, key=lambda run: (run.ended_at is None, run.ended_at and run.ended_at.timestamp()))
            way = (*way, (yield from history.details(ws, first.id)))
        except AzureMLError:
            return way
        name = first.id
    return way


def _reason(run: Run) -> tuple[str, tuple[str, ...]]:
    """The service's words about a run, its remarks where it names no error; and the codes."""
    codes = run.error.codes if run.error is not None else ()
    if run.error is not None and run.error.message:
        return run.error.message, codes
    return "; ".join(run.warnings), codes


def _because(codes: tuple[str, ...], reason: str, log_end: str, said: str) -> Failure:
    return Failure(codes[-1] if codes else None, reason, log_end, codes, failures.kind(codes, said))


def in_words(metrics: Mapping[str, float | None]) -> str:
    """A job's metrics as the end of a sentence; empty where it has none."""
    return f" Metrics: {', '.join(f'{name} = {value}' for name, value in sorted(metrics.items()))}." if metrics else ""
