"""Jobs as subjects of faults: under which names a fault's ``route`` finds a job, and which scopes it belongs to."""

from __future__ import annotations

from collections.abc import Iterable

from azureml_emulator.control.faults import Accept, Fault, Faults, Subject, whichever
from azureml_emulator.jobs.models import Job, Jobs


def subject_of(jobs: Jobs, job: Job) -> Subject:
    """A job as the subject of a fault.

    Its names are its own and, of a step, the way to it: ``<pipeline>/<node>``. Its scopes are the values of its tags
    and of those of the jobs around it, and the client ids of the applications that made them.
    """
    lineage = [job]
    while lineage[-1].parent:
        parent = jobs.get(lineage[-1].parent)
        if parent is None:
            break
        lineage.append(parent)
    way = "/".join(each.node or each.name for each in reversed(lineage))
    tags = {str(value) for each in lineage for value in (each.definition.get("tags") or {}).values()}
    makers = {each.created_by for each in lineage}
    return Subject((job.name, way) if job.node else (job.name,), frozenset(tags | makers))


def take_for(
    faults: Faults, kinds: str | Iterable[str], jobs: Jobs, job: Job, accept: Accept = whichever
) -> Fault | None:
    """The first fault of one of these kinds that is due for a job, counted; None when there is none."""
    return faults.take(kinds, subject_of(jobs, job), accept) if faults.has(kinds) else None
