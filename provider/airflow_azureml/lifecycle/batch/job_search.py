"""The jobs of a batch endpoint as they can be seen: in run history since a moment, then in the list of jobs.

Run history is asked by experiment, which is the endpoint's name; only a pipeline component's jobs are put where the
invocation asks (Microsoft Learn, *Create jobs and input data for batch endpoints*), so both are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from airflow_azureml.lifecycle.batch.target import Target
from airflow_azureml.rest import history, jobs
from airflow_azureml.rest.errors import AzureMLError, NotFoundError, SettingsError
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.status import Phase, is_being_canceled, phase

MARK = "airflow_invocation"
"""The property that a job of ours carries; its value says whose it is."""

BATCH_TAG = "azureml.batchrun"
DEPLOYMENT_TAG = "azureml.deploymentname"


@dataclass(frozen=True)
class FoundJob:
    """A job of the endpoint.

    :param mark: None for a job that carries none.
    """

    name: str
    status: str
    mark: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether it goes on: not ended, and not on its way to ``Canceled``."""
        return phase(self.status) is Phase.ACTIVE and not is_being_canceled(self.status)

    @property
    def is_usable(self) -> bool:
        """Whether a task would take it for its own: it goes on, or has succeeded."""
        return self.is_active or phase(self.status) is Phase.SUCCEEDED


@dataclass(frozen=True)
class SearchResult:
    """What one look has shown.

    :param troubles: why a source could not be read.
    :param nothing_readable: no source could be read: that nothing was seen proves nothing.
    """

    found: tuple[FoundJob, ...] = ()
    troubles: tuple[AzureMLError, ...] = ()
    nothing_readable: bool = False

    @property
    def unmarked(self) -> tuple[FoundJob, ...]:
        """Those that carry no mark."""
        return tuple(row for row in self.found if row.mark is None)


def look(ws: Workspace, target: Target, since: datetime | None, *, thorough: bool) -> Steps[SearchResult]:
    """Look once at the jobs that were made since a moment; what cannot be read is reported, never raised.

    :param thorough: read the list of jobs also where run history can be read; it is long.
    :raises SettingsError: the connection is wrong.
    """
    rows: dict[str, FoundJob] = {}
    troubles: list[AzureMLError] = []
    read = 0
    for experiment in target.experiments:
        try:
            rows |= yield from _from_history(ws, target, experiment, since)
            read += 1
        except SettingsError:
            raise
        except AzureMLError as error:
            troubles.append(error)
    if thorough or troubles:
        try:
            rows = {**(yield from _from_list(ws, target, since)), **rows}
            read += 1
        except SettingsError:
            raise
        except AzureMLError as error:
            troubles.append(error)
    return SearchResult(tuple(rows.values()), tuple(troubles), nothing_readable=read == 0)


def _from_history(ws: Workspace, target: Target, experiment: str, since: datetime | None) -> Steps[dict[str, FoundJob]]:
    try:
        runs = yield from history.created_since(ws, experiment, since)
    except NotFoundError:
        # The first job of an experiment makes it.
        return {}
    return {
        run.id: FoundJob(run.id, run.status, run.properties.get(MARK))
        for run in runs
        if run.parent_id is None and _is_new(run.created_at, since) and _belongs(run.properties, run.tags, target)
    }


def _from_list(ws: Workspace, target: Target, since: datetime | None) -> Steps[dict[str, FoundJob]]:
    listed = yield from jobs.list(ws, tag=BATCH_TAG, kind="Pipeline")
    return {
        job.name: FoundJob(job.name, job.status, job.properties.get(MARK))
        for job in listed
        if job.experiment_name in target.experiments
        and _is_new(job.created_at, since)
        and _belongs(job.properties, job.tags, target)
    }


def _is_new(created_at: datetime | None, since: datetime | None) -> bool:
    return created_at is None or since is None or created_at >= since


def _belongs(properties: Mapping[str, str], tags: Mapping[str, str], target: Target) -> bool:
    """Whether a job is one of the target's: it carries a mark, or is a batch job and of no other deployment.

    Old services set fewer tags (recorded answers up to 2023), so a tag that is missing speaks against nothing but that
    it is a batch job at all.
    """
    if MARK in properties:
        return True
    runs = tags.get(DEPLOYMENT_TAG)
    return tags.get(BATCH_TAG, "").lower() == "true" and (runs is None or target.runs is None or runs == target.runs)
