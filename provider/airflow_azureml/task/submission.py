"""What a task asks of the submission of its job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.naming import JobIdentity
    from airflow_azureml.lifecycle.resume import Found
    from airflow_azureml.rest.flow import Flow
    from airflow_azureml.rest.ids import Workspace


class Submission(Protocol):
    """How the job of one task comes to be. No mistake is left in it that can be found without asking the service."""

    @property
    def identity(self) -> JobIdentity:
        """Whose job it is."""
        ...

    def find_or_start(self, ws: Workspace, *, cancels_earlier: bool) -> Flow[Found]:
        """Find this task's job or start it; reports its name as news as soon as there is one.

        :param cancels_earlier: cancel first what earlier generations of this task instance left running.
        """
        ...

    def find_active(self, ws: Workspace) -> Flow[tuple[str, ...]]:
        """Find the jobs of this task that go on and whose names no answer has brought."""
        ...
