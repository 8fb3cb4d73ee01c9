"""The computes of a job in order of preference, and which of them an attempt takes.

Which one an attempt has taken is in its tags, so the next process goes on rightly, whichever has died.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_azureml.lifecycle.cancel_reason import cancellation
from airflow_azureml.lifecycle.naming import COMPUTE_TAG
from airflow_azureml.lifecycle.result import failure
from airflow_azureml.rest.failures import BY_PLATFORM
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.status import Phase

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.requirements import Translation


@dataclass(frozen=True)
class Choices:
    """One job, translated for each compute that it may run on.

    :param translations: in order of preference, one at least.
    :param computes: their names, where there are any.
    :param queue_timeout: seconds from submission to ``Running``; None for any number.
    """

    translations: tuple[Translation, ...]
    computes: tuple[str, ...] = ()
    queue_timeout: float | None = None

    def place_of(self, job: Job) -> int:
        """Which compute a job has taken."""
        said = job.tags.get(COMPUTE_TAG, "")
        return min(int(said), len(self.translations) - 1) if said.isdecimal() else 0

    def is_last(self, job: Job) -> bool:
        """Whether no other compute comes after a job's."""
        return self.place_of(job) == len(self.translations) - 1

    def name_of(self, job: Job) -> str | None:
        """The compute that a job has taken, where there are several; else None."""
        return self.computes[self.place_of(job)] if len(self.computes) > 1 else None

    def tried(self, job: Job) -> tuple[str, ...]:
        """The computes up to that of a job."""
        return self.computes[: self.place_of(job) + 1]

    def tags(self, place: int) -> dict[str, str]:
        """What the tags of a job say of its compute."""
        return {COMPUTE_TAG: str(place)} if len(self.translations) > 1 else {}

    def next_place(self, ws: Workspace, last: Job | None, *, same_try: bool) -> Steps[int]:
        """The compute of the next attempt: the next one where Azure has ended the last job, or left it in the queue.

        A new try begins with the first one after any other end, and once the queues of all have been tried.

        :param last: the attempt before, as it ended.
        :param same_try: the last one is known to have ended so.
        """
        if last is None or len(self.translations) == 1:
            return 0
        following = min(self.place_of(last) + 1, len(self.translations) - 1)
        if same_try:
            return following
        if last.phase is Phase.CANCELED:
            left = (yield from cancellation(ws, last, self.queue_timeout)).left_in_queue
            return following if left and not self.is_last(last) else 0
        if last.phase is Phase.FAILED:
            return following if (yield from failure(ws, last, tail=0)).kind in BY_PLATFORM else 0
        return 0
