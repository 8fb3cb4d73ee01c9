"""The result of a job that ended: its outputs, metrics and times, or why it failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from airflow_azureml.lifecycle.batch import scores
from airflow_azureml.lifecycle.cancel_reason import beyond, overdue_step
from airflow_azureml.lifecycle.children import PARENTS
from airflow_azureml.lifecycle.costs.prices import Prices
from airflow_azureml.lifecycle.costs.usage import usage
from airflow_azureml.lifecycle.missing_references import pointed_out
from airflow_azureml.lifecycle.naming import attempt_of
from airflow_azureml.lifecycle.news import Ended
from airflow_azureml.lifecycle.outputs import BEST_TRIAL, SINGLE_RUN, Outputs
from airflow_azureml.lifecycle.records import Failure, JobResult, OutputRecord
from airflow_azureml.lifecycle.repair.finished import kept_outputs
from airflow_azureml.lifecycle.reports import reading
from airflow_azureml.lifecycle.reports.report import Report
from airflow_azureml.rest import failures, history, logs
from airflow_azureml.rest.errors import AzureMLError, ForbiddenError, ServiceError, TransientError
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.history import Details, Run
from airflow_azureml.rest.ids import Workspace, with_tenant
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.json_values import get_any_case
from airflow_azureml.rest.mlflow import metrics
from airflow_azureml.rest.redaction import redact
from airflow_azureml.rest.times import iso

T = TypeVar("T")

TAIL_BYTES = 32 * 1024
"""Bytes of a log that are read for its last lines."""

DEEPEST = 5
"""How many pipelines within pipelines are looked into for what failed."""


def result(ws: Workspace, job: Job, *, tenant_id: str | None = None, prices: Prices | None = None) -> Steps[JobResult]:
    """Read what a job has produced and used; a sweep's outputs and metrics are those of its best trial, and the metrics
    of a pipeline that has one step are the step's.

    Failing to read metrics, or what was used, never fails the job that succeeded.

    :param tenant_id: added to the Studio link.
    :param prices: of node hours; None leaves the cost out.
    :raises TransientError: its outputs could not be read for now.
    """
    found, _ = yield from _read(ws, job, tenant_id, prices)
    return found


def result_and_report(
    ws: Workspace, job: Job, taken: frozenset[str], *, tenant_id: str | None = None, prices: Prices | None = None
) -> Steps[tuple[JobResult, Report]]:
    """Read the same, and what the job's script reports: that of the run whose metrics are the job's.

    :param taken: keys of XCom that are not the script's, beside the names of the job's outputs.
    """
    found, run = yield from _read(ws, job, tenant_id, prices)
    has_files = job.kind in SINGLE_RUN or run.id != job.name
    report = yield from reading.read(ws, run, taken | set(found.outputs), has_files=has_files)
    return found, report


def _read(ws: Workspace, job: Job, tenant_id: str | None, prices: Prices | None) -> Steps[tuple[JobResult, Run]]:
    """Read the result of a job, and the run that speaks for it."""
    run = yield from _run(ws, job.name)
    yield News(Ended(run.created_at or job.created_at, run.started_at, run.ended_at))
    best = _best_trial(job, run)
    trial = (yield from _run(ws, best)) if best is not None else None
    outputs = yield from Outputs(ws, job, run).read() if trial is None else _of_trial(ws, job, run, trial)
    outputs = {**(yield from kept_outputs(ws, job)), **outputs}
    children = yield from _children(ws, job)
    if scores.scores_a_model(job):
        score = yield from scores.read(ws, job, children)
        outputs = {**outputs, scores.SCORE: score} if score is not None else outputs
    speaker = trial or _only_step(job, children) or replace(run, id=job.name)
    try:
        values = yield from metrics.last_values(ws, best or speaker.properties.get(BEST_TRIAL) or speaker.id)
    except AzureMLError:
        values = {}
    found = JobResult(
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
        usage=(yield from usage(ws, job, run, children, prices)),
    )
    return found, speaker


def _children(ws: Workspace, job: Job) -> Steps[tuple[Run, ...] | None]:
    """The runs that a job has started; None where they cannot be read, and of a job that starts none."""
    if job.kind not in PARENTS:
        return None
    try:
        return (yield from history.children(ws, job.name))
    except AzureMLError:
        return None


def _only_step(job: Job, children: tuple[Run, ...] | None) -> Run | None:
    """The run of the only step of a pipeline."""
    steps = get_any_case(job.raw, "properties", "jobs")
    if job.kind != "Pipeline" or not isinstance(steps, Mapping) or len(steps) != 1:
        return None
    return children[0] if children is not None and len(children) == 1 else None


def _best_trial(job: Job, run: Run) -> str | None:
    """The trial that a sweep found best."""
    if job.kind != "Sweep":
        return None
    return job.properties.get(BEST_TRIAL) or run.properties.get(BEST_TRIAL) or None


def _of_trial(ws: Workspace, job: Job, run: Run, trial: Run) -> Steps[dict[str, OutputRecord]]:
    """Read the outputs of a sweep's best trial; ``default`` stays the sweep's own."""
    own = yield from Outputs(
        ws, replace(job, outputs=_only(job.outputs, True)), replace(run, outputs=_only(run.outputs, True))
    ).read()
    of_trial = replace(trial, outputs=_only(trial.outputs, False))
    as_trial = replace(job, name=trial.id, kind="Command", outputs=_only(job.outputs, False))
    return {**own, **(yield from Outputs(ws, as_trial, of_trial).read())}


def _only(outputs: Mapping[str, T], default: bool) -> dict[str, T]:
    """The job's artifacts alone, or all that is not them."""
    return {name: output for name, output in outputs.items() if (name == "default") is default}


def failure(ws: Workspace, job: Job, *, tail: int = 40, prices: Prices | None = None) -> Steps[Failure]:
    """Read why a job failed, and what it has used; what cannot be read is left out, never raised.

    For data that does not exist the nearest names are given: the service looks for it only when the job starts.

    :param tail: lines of the log to give.
    :param prices: of node hours; None leaves the cost out.
    """
    try:
        details = yield from history.details(ws, job.name)
    except AzureMLError as error:
        return Failure(None, f"The reason could not be read: {error}")
    children = yield from _children(ws, job)
    why = yield from _failure(ws, job, details, children, tail)
    why = replace(why, usage=(yield from usage(ws, job, details.run, children, prices)))
    if why.kind != "data":
        return why
    missing = yield from pointed_out(ws, get_any_case(job.raw, "properties"), why.reason)
    return replace(why, reason=f"{why.reason}\n{missing}") if missing else why


def _failure(ws: Workspace, job: Job, details: Details, children: tuple[Run, ...] | None, tail: int) -> Steps[Failure]:
    yield News(Ended(details.run.created_at or job.created_at, details.run.started_at, details.run.ended_at))
    if children is not None:
        way = yield from _failed_children(ws, children)
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
        late = overdue_step(job, children)
        if late is not None:
            step, limit = late
            return Failure(None, f"{step.display_name or step.id}: {beyond(limit)}", kind="timeout")
    reason, codes = _reason(details.run)
    end = yield from _log_end(ws, details, job.kind, tail)
    return _because(codes, reason or "The service gives no reason; the job's log may.", end, reason)


def overdue(ws: Workspace, job: Job, limit: float, prices: Prices | None = None) -> Steps[Failure]:
    """Describe a job that its own limit of time has ended, with the end of its log.

    :param limit: in seconds.
    :param prices: as in ``failure``.
    """
    why = yield from failure(ws, job, prices=prices)
    return replace(why, reason=beyond(limit), kind="timeout")


def log_tail(ws: Workspace, job: Job, *, lines: int = 40) -> Steps[str]:
    """Read the last lines of the log of a job that has ended; empty when there is none, or it cannot be read."""
    try:
        details = yield from history.details(ws, job.name)
    except AzureMLError:
        return ""
    return (yield from _log_end(ws, details, job.kind, lines))


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
    files = details.log_files if tail > 0 else {}
    for file in [*logs.errors(files), *logs.followed(files, kind), *logs.written_by_user(files)]:
        try:
            data = yield from _read_end(ws, details, file)
        except AzureMLError:
            continue
        kept = logs.lines(data.rstrip())[-tail:] if data.strip() else ()
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


def _failed_children(ws: Workspace, runs: tuple[Run, ...]) -> Steps[tuple[Details, ...]]:
    """Read the child that failed first, and in it the one that failed first, down to the one that has no such child.

    What cannot be read ends the way.
    """
    way: tuple[Details, ...] = ()
    while len(way) < DEEPEST:
        try:
            if way:
                runs = yield from history.children(ws, way[-1].run.id)
            failed = [run for run in runs if run.status == "Failed"]
            if not failed:
                return way
            first = min(failed, key=lambda run: (run.ended_at is None, run.ended_at and run.ended_at.timestamp()))
            way = (*way, (yield from history.details(ws, first.id)))
        except AzureMLError:
            return way
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
