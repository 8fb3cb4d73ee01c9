"""Another job in the place of one that Azure has ended, or has not begun in time: in the same try, without a retry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_azureml.exceptions import AzureMLJobFailedError, AzureMLQueueTimeoutError

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.attempts.task_submission import TaskSubmission
    from airflow_azureml.rest.jobs import Job
    from airflow_azureml.task.job_task import JobTask

LONGEST_CAUSE = 300
"""Characters of the cause of an end in the line that names the job that follows; an error has all of them."""


def next_attempt(
    task: JobTask,
    submission: TaskSubmission,
    job: Job,
    error: AzureMLJobFailedError | AzureMLQueueTimeoutError,
    most: int,
) -> Job | None:
    """Submit the next attempt, or find it, and say so in one line of the log; None where the try is to end.

    :param job: as it ended.
    :param error: what it means for the task.
    :param most: resubmissions of one try.
    :raises AzureMLQueueTimeoutError: no other compute is left, in whose queue it could be.
    """
    choices, made = submission.choices, submission.identity.resubmissions(job.tags)
    counts = isinstance(error, AzureMLJobFailedError)
    if isinstance(error, AzureMLQueueTimeoutError):
        if choices.is_last(job):
            raise AzureMLQueueTimeoutError(job.name, seconds=error.seconds, computes=choices.tried(job)) from None
        cause = f"queued for more than {error.seconds:g} seconds"
    else:
        if made >= most:
            return None
        cause = f"{error.failure}: {error.reason or 'the service gives no reason'}"
    found = task.start_next(submission.start_next(task.workspace, job, counts=counts))
    said, compute = " ".join(cause.split()), choices.name_of(found.job)
    task.log.warning(
        "Azure ML job %s ended as %s (%s). Attempt %s follows, job %s%s. Resubmissions left in this try: %s.",
        job.name,
        job.status,
        said if len(said) <= LONGEST_CAUSE else f"{said[:LONGEST_CAUSE]} ...",
        found.attempt,
        found.job.name,
        f", on {compute}" if compute else "",
        max(most - made - counts, 0),
    )
    return found.job
