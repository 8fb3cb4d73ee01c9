"""The job of a task that was marked by hand: whether it ends, and its end.

Whoever asks knows the job's name from what the task instance has recorded; the job's tags must say the same. The law of
``task_fate`` holds: the caller has seen that the task has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_azureml.lifecycle.cancellation import Cancellation, cancel
from airflow_azureml.lifecycle.naming import IDENTITY_TAGS, LOOP_TAGS
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG
from airflow_azureml.rest import jobs
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.times import iso

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.batch.outstanding import Outstanding

_PLACE_TAGS = (IDENTITY_TAGS[0], IDENTITY_TAGS[1], IDENTITY_TAGS[3], IDENTITY_TAGS[4])
"""The tags that say of which task instance a job is: DAG, run, task and map index."""


@dataclass(frozen=True)
class MarkedTask:
    """A task instance that a user has marked.

    :param map_index: -1 for a task that is not mapped.
    :param region: where Airflow 3.4 keeps it, ``<region id>/<index>``, as the tags of jobs in a Task Loop say; else
        None.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    region: str | None = None

    def __str__(self) -> str:
        """Name it in a log."""
        index = f" [{self.map_index}]" if self.map_index >= 0 else ""
        return f"task {self.dag_id}.{self.task_id}{index} of DAG run {self.run_id}"


@dataclass(frozen=True)
class ClearedSince:
    """A *Clear* after the mark.

    A *Clear* of a DAG run that has ended gives it another start (``models/taskinstance.py: clear_task_instances``),
    which is part of its jobs' names: the next try does not find the older ones.

    :param run_started: the start of the DAG run by now; None where it has not started again, or is gone.
    """

    run_started: datetime | None

    def finds(self, job: Job) -> bool:
        """Whether the next try finds this job, and cancels it; it does without tags, by which it could not be known."""
        said = job.tags.get(IDENTITY_TAGS[2])
        return said is None or (self.run_started is not None and said == iso(self.run_started))

    def looks_for(self, outstanding: Outstanding) -> bool:
        """Whether the next try looks for the jobs of these invocations, by marks that hold the start of the run."""
        return self.run_started == outstanding.run_started


def reason_to_leave(job: Job, task: MarkedTask) -> str | None:
    """Why an active job is left alone although its task was marked; None where it ends.

    The jobs of batch endpoints carry no tags: of them the recorded name alone says whose they are.
    """
    tags = job.tags
    if tags.get(OUTLIVES_TAG) == "true":
        return "it is to go on whatever becomes of its task"
    if not any(tag in tags for tag in IDENTITY_TAGS):
        return None
    place = (task.dag_id, task.run_id, task.task_id, str(task.map_index))
    if tuple(tags.get(tag) for tag in _PLACE_TAGS) != place:
        return "its tags name another task"
    if LOOP_TAGS[1] in tags and tags[LOOP_TAGS[1]] != task.region:
        return "its tags name another iteration of the Task Loop"
    return None


def end_job(
    ws: Workspace, name: str, task: MarkedTask, cleared: ClearedSince | None = None
) -> Steps[Cancellation | str]:
    """End the job of a task that was marked, where it is active and is the task's.

    :param name: of the job, as the task instance has recorded it.
    :param cleared: the task was cleared after the mark.
    :return: what the cancel came to, or why the job is left alone.
    """
    job = yield from jobs.find(ws, name)
    if job is None or job.phase.is_terminal or job.is_being_canceled:
        return Cancellation(job)
    reason = reason_to_leave(job, task)
    if reason is None and cleared is not None and cleared.finds(job):
        reason = "the task was cleared since, and its next try sees to it"
    if reason is not None:
        return reason
    return (yield from cancel(ws, name))
