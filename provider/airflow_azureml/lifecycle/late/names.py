"""Jobs of earlier generations that were not there when a cleared task looked, by the names that they would have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow_azureml.lifecycle.cancellation import cancel_each
from airflow_azureml.lifecycle.naming import attempt_of, identity_of
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG
from airflow_azureml.rest import jobs
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.status import Phase


@dataclass(frozen=True)
class LateNames:
    """The names under which jobs of earlier generations may still begin."""

    names: tuple[str, ...]

    def cancel(self, ws: Workspace) -> Steps[tuple[str, ...]]:
        """Look once at each name, and cancel the job that has begun under it; the names of those asked to end."""
        asked: tuple[str, ...] = ()
        for name in self.names:
            job = yield from jobs.find(ws, name)
            if job is not None and _is_left_behind(job):
                asked += yield from cancel_each(ws, (name,))
        return asked

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"names": list(self.names)}


def may_follow(found: Sequence[Job]) -> bool:
    """Whether the next job of a generation may have been on its way when these were all that it had.

    A task submits none beside a job that goes on, and none after one that has succeeded.

    :param found: in their order, as they were before anybody asked them to end for the generation's sake.
    """
    last = found[-1] if found else None
    return last is None or last.is_being_canceled or last.phase not in (Phase.ACTIVE, Phase.SUCCEEDED)


def _is_left_behind(job: Job) -> bool:
    """Whether a job goes on, ends with its task, and is what its name says: a name holds a hash of the tags."""
    if job.phase is not Phase.ACTIVE or job.is_being_canceled or job.tags.get(OUTLIVES_TAG) == "true":
        return False
    identity, attempt = identity_of(job.name, job.tags), attempt_of(job.tags)
    return identity is not None and attempt is not None and identity.name(attempt) == job.name
