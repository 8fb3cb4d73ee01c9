"""Jobs of a cleared task that appear after its *Clear*.

A process that is killed while its PUT is under way cannot take it back, and the service may carry it out when the new
try has long looked for what is to be canceled. So a task that was cleared looks once more when its own job has ended.
"""

from __future__ import annotations

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
