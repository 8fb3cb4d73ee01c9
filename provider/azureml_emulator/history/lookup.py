"""Finding runs, jobs and those that scripts began, and what the fault ``run_lag`` hides."""

from __future__ import annotations

from azureml_emulator.core.clock import now
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.history.backend import History
from azureml_emulator.jobs.fault_subjects import take_for
from azureml_emulator.jobs.models import Job, moment
from azureml_emulator.mlflow.models import Run, run_of_job

LAG = 5.0
"""Seconds for which a new job is missing from run history when the fault has no delay."""


def find_run(
    history: History,
    name: str,
    experiment: str | None = None,
    experimentid: str | None = None,
    *,
    look: bool = False,
) -> Job | Run:
    """A run of the experiment that a path names, or of any when it names none: a job, or what a script began.

    :param look: count the request as a look at the job's status, which may be what ends the status.
    :raises ServiceError: run history's 404.
    """
    job = history.jobs.get(name)
    run = history.tracking.script_run(name) if job is None else job
    if run is None or (isinstance(run, Job) and lags(history, run)):
        raise missing_run(name)
    if look and isinstance(run, Job):
        history.engine.look(name)
    if not belongs(history, run, experiment, experimentid):
        raise missing_run(name)
    return run


def find_job(
    history: History,
    name: str,
    experiment: str | None = None,
    experimentid: str | None = None,
    *,
    look: bool = False,
) -> Job:
    """The same where only a job will do: for another run there is the 404 as well."""
    run = find_run(history, name, experiment, experimentid, look=look)
    if not isinstance(run, Job):
        raise missing_run(name)
    return run


def belongs(history: History, run: Job | Run, experiment: str | None, experimentid: str | None) -> bool:
    """Whether a run is one of the experiment that a path names; where it names none, any is."""
    named = experiment in (None, run.experiment)
    return named and (experimentid is None or experimentid == history.experiment_id(run))


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


def find_logged(history: History, name: str) -> Run:
    """A run that can be logged to and that has artifacts: a job, or one that a script began by itself.

    :raises ServiceError: run history's 404.
    """
    run = find_run(history, name)
    return run if isinstance(run, Run) else run_of_job(run)
