"""When a task that was cleared looks for jobs of before that have come late, while it waits for its own.

What is looked for says itself how (``names`` for jobs whose names are ours, ``batch.outstanding`` for those of batch
endpoints). It only ever names generations before the task's own, which every newer try has left behind, so it does not
matter how old the process is that looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.rest.errors import AzureMLError
from airflow_azureml.rest.flow import News, Plane, Steps, Turn
from airflow_azureml.rest.ids import Workspace

AFTER = (20.0, 60.0, 240.0)
"""Seconds after a task has its own job at which it looks; after the last one it looks when that job has ended."""


class LateJobs(Protocol):
    """Jobs that may still begin."""

    def cancel(self, ws: Workspace) -> Steps[tuple[str, ...]]:
        """Look once, and cancel what has begun; the names of the jobs that were asked to end."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for another process."""
        ...


@dataclass(frozen=True)
class LateLooks:
    """The looks for late jobs that are still to come.

    :param at: epoch seconds, in their order; of those that are over, one look is made up for.
    """

    jobs: LateJobs
    at: tuple[float, ...]

    @classmethod
    def from_now(cls, jobs: LateJobs, now: float) -> LateLooks:
        """The looks of a task that has its own job now."""
        return cls(jobs, tuple(now + seconds for seconds in AFTER))

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, which ``lifecycle.late_jobs.looks_of`` reads."""
        return {"jobs": self.jobs.to_dict(), "at": list(self.at)}

    def look(self, ws: Workspace) -> Steps[None]:
        """Look once, and tell what came of it. Never raises: the task's own job does not suffer from it."""
        yield Turn(Plane.ARM)
        try:
            names = yield from self.jobs.cancel(ws)
        except AzureMLError as error:
            yield News(Warned(not_found_out(error)))
            return
        for name in names:
            yield News(Warned(came_late(name)))


def came_late(name: str) -> str:
    """Say that a job has come late."""
    return f"Azure ML job {name} was submitted before the task was cleared, and began later: canceled."


def not_found_out(error: AzureMLError) -> str:
    """Say that a look has failed."""
    return f"Whether a job of before the task was cleared still runs could not be found out: {error}"
