"""Visibility: jobs that lists of the service do not show yet."""

from __future__ import annotations

from azureml_emulator.control.faults import Faults
from azureml_emulator.core.clock import now
from azureml_emulator.jobs.models import Job, Jobs, moment

LAG = 5.0
"""Seconds for which a job is missing from lists when the fault has no delay."""

BATCH_TAG = "azureml.batchrun"
"""The tag of every job that an invocation of a batch endpoint made. Source: recorded GET of such a job."""


def listed_late(jobs: Jobs, faults: Faults, job: Job) -> bool:
    """Whether lists do not show a batch job, nor its steps, yet (fault ``list_lag``)."""
    delays = [row["delay"] for row in faults.list() if row["kind"] == "list_lag"]
    created = moment(job.created_at)
    if not delays or created is None:
        return False
    invoked = jobs.get(job.root or job.parent or job.name)
    if invoked is None or BATCH_TAG not in invoked.definition["tags"]:
        return False
    age = (now() - created).total_seconds()
    young = any(age < (LAG if delay is None else delay) for delay in delays)
    return young and faults.take("list_lag", invoked.name) is not None
