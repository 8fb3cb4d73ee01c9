"""What the earlier tries and generations of a task left behind at an endpoint, by the marks of its jobs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from airflow_azureml.lifecycle.batch.ambiguous_post import SKEW
from airflow_azureml.lifecycle.batch.job_search import FoundJob, SearchResult, look
from airflow_azureml.lifecycle.batch.target import Target
from airflow_azureml.lifecycle.cancellation import cancel_each
from airflow_azureml.lifecycle.naming import JobIdentity, split
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace


@dataclass
class EarlierTries:
    """What earlier tries left.

    :param identity: the generation to go on with.
    :param jobs: its jobs by attempt.
    :param all_seen: each earlier try has a job that was seen.
    """

    identity: JobIdentity
    jobs: dict[int, FoundJob] = field(default_factory=dict)
    all_seen: bool = False

    @classmethod
    def among(cls, seen: SearchResult, identity: JobIdentity) -> EarlierTries:
        """Sort what was seen by generation and attempt; a later generation that has jobs is the one to go on with."""
        facts = identity.facts
        generations = (*identity.later(), identity)
        stems = {generation.stem for generation in (*generations, *identity.earlier())}
        ours = [row for row in seen.found if _stem(row) in stems]
        newest = next(
            (generation for generation in generations if any(_stem(row) == generation.stem for row in ours)), identity
        )
        # Two jobs with one mark: something between us and the service sent the POST again. A usable one counts.
        ordered = sorted((row for row in ours if _stem(row) == newest.stem), key=lambda row: row.is_usable)
        all_seen = len({row.name for row in ours}) >= facts.try_number - 1 + facts.reschedules
        return cls(newest, {split(row.mark or "")[1]: row for row in ordered}, all_seen)

    @property
    def usable(self) -> tuple[int, FoundJob] | None:
        """The job that this task takes for its own, with its attempt's number."""
        attempts = [attempt for attempt, row in self.jobs.items() if row.is_usable]
        return (max(attempts), self.jobs[max(attempts)]) if attempts else None

    @property
    def next(self) -> int:
        """The number of the first attempt that is missing."""
        return max(self.jobs, default=0) + 1


def cancel_earlier(ws: Workspace, identity: JobIdentity, target: Target) -> Steps[tuple[str, ...]]:
    """Cancel what the generations before this one left active; the names of the jobs that were asked to end."""
    stems = {earlier.stem for earlier in identity.earlier()}
    return (yield from cancel_marked(ws, target, stems, began(identity))) if stems else ()


def cancel_marked(
    ws: Workspace, target: Target, stems: Collection[str], since: datetime | None
) -> Steps[tuple[str, ...]]:
    """Look once for jobs by their marks, and cancel those that go on; the names of those that were asked to end.

    :param stems: what their marks begin with.
    :param since: when the first of them may have been made.
    :raises AzureMLError: nothing could be looked at.
    """
    seen = yield from look(ws, target, since, thorough=True)
    if seen.nothing_readable:
        raise seen.troubles[0]
    return (yield from cancel_each(ws, [row.name for row in seen.found if row.is_active and _stem(row) in stems]))


def find_marked(ws: Workspace, identity: JobIdentity, target: Target) -> Steps[tuple[FoundJob, ...]]:
    """Look once for the active jobs of this generation: what to cancel where an answer's job name never came in.

    :raises AzureMLError: none was seen, and not all could be looked at.
    """
    seen = yield from look(ws, target, began(identity), thorough=True)
    marked = tuple(row for row in seen.found if row.is_active and _stem(row) == identity.stem)
    if not marked and seen.troubles:
        raise seen.troubles[0]
    return marked


def began(identity: JobIdentity) -> datetime | None:
    """Since when jobs of this task instance may be there."""
    return since_the_start(identity.facts.run_started)


def since_the_start(run_started: datetime | None) -> datetime | None:
    """Since when jobs of a DAG run may be there."""
    return None if run_started is None else run_started - SKEW


def _stem(row: FoundJob) -> str | None:
    """A mark without the attempt's number."""
    return split(row.mark)[0] if row.mark else None
