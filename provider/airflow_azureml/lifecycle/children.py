"""What becomes of the runs that a job starts, a pipeline's steps or a sweep's trials: a line for each change."""

from __future__ import annotations

from airflow_azureml.lifecycle.news import ChildChange
from airflow_azureml.rest import history
from airflow_azureml.rest.flow import News, Plane, Steps, Turn
from airflow_azureml.rest.ids import Workspace

PARENTS = frozenset({"Pipeline", "Sweep", "AutoML"})
"""Kinds of job that run others: their own error says little, the failed child's says why."""

RAREST = 8
"""Calls of ``look`` between two questions while nothing changes, at most."""


class Children:
    """The statuses of a job's children as they were last reported."""

    def __init__(self, ws: Workspace, job_name: str) -> None:
        self._ws = ws
        self._job_name = job_name
        self._statuses: dict[str, str] = {}
        self._unasked = 0
        self._ask_after = 1

    def look(self, *, last: bool = False) -> Steps[None]:
        """Report the children whose status has changed; while none changes, run history is asked more and more rarely.

        :param last: ask in any case.
        """
        self._unasked += 1
        if self._unasked < self._ask_after and not last:
            return
        yield Turn(Plane.DATA)
        self._unasked, self._ask_after = 0, min(2 * self._ask_after, RAREST)
        for run in (yield from history.children(self._ws, self._job_name)):
            if self._statuses.get(run.id) != run.status:
                self._statuses[run.id] = run.status
                self._ask_after = 1
                yield News(ChildChange(self._job_name, run.display_name or run.id, run.status))
