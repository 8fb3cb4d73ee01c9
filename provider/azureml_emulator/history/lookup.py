"""Finding runs: the job of a name, and what the fault ``run_lag`` hides."""

from __future__ import annotations

from azureml_emulator.core.clock import now
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.history.backend import History
from azureml_emulator.jobs.fault_subjects import take_for
from azureml_emulator.jobs.models import Job, moment
from azureml_emulator.mlflow.models import Run, run_of_job

LAG = 5.0
"""Seconds for which a new job is missing from run history when the fault has no delay."""


def find_run(history: History, name: str, *, look: bool = False) -> Job:
    """The job of a run.

    :param look: count the request as a look at the job's status, which may be what ends the status.
    :raises ServiceError: run history's 404, with the fault ``run_lag`` also for a new job.
    """
    job = history.jobs.get(name)
    if job is None or lags(history, job):
        raise missing_run(name)
    if look:
        history.engine.look(name)
    return job


def lags(history: History, job: Job) -> bool:
    """Whether run history does not show a job yet, because it is younger than the delay of a fault ``run_lag``."""
    created = moment(job.created_at)
    age = (now() - created).total_seconds() if created else 0.0
    found = take_for(history.faults, "run_lag", history.jobs, job, lambda fault: age < fault.seconds(LAG))
    return found is not None


def missing_run(name: str) -> ServiceError:
    """Run history's 404 for an unknown run. The inner codes are unproven."""
    return ServiceError(
        404, "UserError", f"Run {name} was not found.", ("NotFoundError", "RunNotFound"), Envelope.HISTORY
    )


def in_experiment(
    history: History, name: str, experiment: str | None, experimentid: str | None, *, look: bool = False
) -> Job:
    """A run of the experiment that the path names, or of any experiment when it names none."""
    job = find_run(history, name, look=look)
    if experiment is not None and experiment != job.experiment:
        raise missing_run(name)
    if experimentid is not None and experimentid != history.experiment_id(job):
        raise missing_run(name)
    return job


def find_logged(history: History, name: str) -> Run:
    """A run that can be logged to and that has artifacts: a job, or one that a script began by itself.

    :raises ServiceError: run history's 404.
    """
    return history.tracking.script_run(name) or run_of_job(find_run(history, name))
