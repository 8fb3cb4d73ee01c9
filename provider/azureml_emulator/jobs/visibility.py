"""Visibility: jobs that lists of the service do not show yet."""

from __future__ import annotations

from azureml_emulator.control.faults import Faults
from azureml_emulator.core.clock import now
from azureml_emulator.jobs.fault_subjects import take_for
from azureml_emulator.jobs.models import Job, Jobs, moment

LAG = 5.0
"""Seconds for which a job is missing from lists when the fault has no delay."""

BATCH_TAG = "azureml.batchrun"
"""The tag of every job that an invocation of a batch endpoint made. Source: recorded GET of such a job."""


def listed_late(jobs: Jobs, faults: Faults, job: Job) -> bool:
    """Whether lists do not show a batch job, nor its steps, yet (fault ``list_lag``)."""
    if not faults.has("list_lag"):
        return False
    created = moment(job.created_at)
    invoked = jobs.get(job.root or job.parent or job.name)
    if created is None or invoked is None or BATCH_TAG not in invoked.definition["tags"]:
        return False
    age = (now() - created).total_seconds()
    return take_for(faults, "list_lag", jobs, invoked, lambda fault: age < fault.seconds(LAG)) is not None
