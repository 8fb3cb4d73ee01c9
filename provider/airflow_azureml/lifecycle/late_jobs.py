"""Jobs of a cleared task that appear after its *Clear*.

A process that is killed while its PUT or POST is under way cannot take it back, and the service may carry it out when
the new try has long looked for what is to be canceled. So a task that was cleared looks again while it waits
(``late.looks``), where something may still come, and once more when its own job has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.lifecycle.batch.outstanding import Outstanding
from airflow_azureml.lifecycle.late.looks import LateLooks
from airflow_azureml.lifecycle.late.names import LateNames
from airflow_azureml.lifecycle.naming import identity_of
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG
from airflow_azureml.lifecycle.resume import cancel_earlier
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job


def cancel_late(ws: Workspace, job: Job, dag_id: str, run_id: str, task_id: str) -> Steps[tuple[str, ...]]:
    """Cancel what is active of the generations before a job's own; the names of the jobs that were asked to end.

    Asks nothing for a task that was never cleared, for jobs that go on without their task, and for those of other
    tasks, which sensors wait for.

    :param job: ended.
    """
    identity = identity_of(job.name, job.tags)
    if identity is None or job.tags.get(OUTLIVES_TAG) == "true":
        return ()
    facts = identity.facts
    if (facts.dag_id, facts.run_id, facts.task_id) != (dag_id, run_id, task_id):
        return ()
    return (yield from cancel_earlier(ws, identity))


def looks_of(given: Mapping[str, Any]) -> LateLooks:
    """Read what ``LateLooks.to_dict`` has written."""
    jobs = Outstanding.from_dict(given["jobs"]) or LateNames(tuple(given["jobs"]["names"]))
    return LateLooks(jobs, tuple(given["at"]))
