"""Active jobs that may have no task any more, and whose they are: what the tags of the jobs in the workspace say.

Several Airflows may share a workspace and have DAGs, runs and tasks of equal ids. What tells them apart is the name of
the job that a task recorded in its Airflow before it was submitted: the name's hash and the tags hold the start of the
DAG run in microseconds (``naming``). So a job is of the Airflow that recorded its name, or that of another job of the
same DAG run and task.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from airflow_azureml.lifecycle.naming import IDENTITY_TAGS, LOOP_TAGS, split
from airflow_azureml.rest import jobs
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.status import Phase

OUTLIVES_TAG = "airflow_outlives_task"
"""The tag, ``true``, of a job that is to go on whatever becomes of its task: ``wait_for_completion=False`` or
``cancel_on_kill=False``."""

_SAME_INSTANCE = IDENTITY_TAGS[:5]
"""The tags that all jobs of one task instance share, over generations and attempts."""


@dataclass(frozen=True)
class TaskJob:
    """An active job that ends with its task, and the task as the job's tags name it.

    :param map_index: -1 for a task that is not mapped.
    :param place: in a Task Loop (Airflow 3.4) the region of its iteration and the index in it; None outside of loops.
    """

    job: Job
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    place: tuple[str, int] | None = None

    @classmethod
    def of(cls, job: Job) -> TaskJob | None:
        """Read the tags of a job; None for one that has ended or is ending, outlives its task, or is not a task's."""
        if job.phase is not Phase.ACTIVE or job.is_being_canceled or job.tags.get(OUTLIVES_TAG) == "true":
            return None
        if any(tag not in job.tags for tag in IDENTITY_TAGS):
            return None
        dag_id, run_id, _, task_id, map_index = (job.tags[tag] for tag in _SAME_INSTANCE)
        looped = any(tag in job.tags for tag in LOOP_TAGS)
        region, _, index = job.tags.get(LOOP_TAGS[1], "").rpartition("/")
        if not map_index.removeprefix("-").isdecimal() or (looped and not index.removeprefix("-").isdecimal()):
            return None
        return cls(job, dag_id, run_id, task_id, int(map_index), (region, int(index)) if looped else None)


def active_jobs(ws: Workspace, dag_ids: Collection[str] | None) -> Steps[tuple[TaskJob, ...]]:
    """List the active jobs that end with their tasks.

    The list may be half a minute late, and shows nothing of the jobs of batch endpoints: what an invocation starts
    carries no tags of ours.

    :param dag_ids: only those of these DAGs; None for all.
    """
    listed = yield from jobs.list(ws, tag=IDENTITY_TAGS[0], view="All")
    found = (TaskJob.of(job) for job in listed)
    return tuple(one for one in found if one is not None and (dag_ids is None or one.dag_id in dag_ids))


def is_recorded(ws: Workspace, found: TaskJob, recorded: str | None) -> Steps[bool]:
    """Whether a job is of the Airflow that is asked.

    :param recorded: the name that the task instance has recorded in this Airflow, of its newest job; None for none.
    """
    if recorded is None:
        return False
    if split(recorded)[0] == split(found.job.name)[0]:
        return True
    newest = yield from jobs.find(ws, recorded)
    return newest is not None and all(newest.tags.get(tag) == found.job.tags[tag] for tag in _SAME_INSTANCE)
