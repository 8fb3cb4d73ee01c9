"""The jobs that a task instance has had before the one that it has now: found again by their names.

A job's name is made of what its tags say, so the names of earlier attempts follow from the tags of the newest job, and
each is looked for by one request. A *Clear* after the end of a DAG run gives the run another start: the jobs of before
have other names then, and are not found. Jobs of endpoints have names and no tags of ours: they stand alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_azureml.lifecycle.naming import (
    TRY_TAG,
    TaskFacts,
    facts_of,
    identify,
    numbered,
    split,
)
from airflow_azureml.rest import jobs
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace, with_tenant
from airflow_azureml.rest.jobs import Job

MOST = 12
"""Jobs that are looked for beside the newest one, the newer ones first."""


def attempts(ws: Workspace, name: str, *, tenant_id: str | None = None) -> Steps[list[dict[str, Any]]]:
    """Read the jobs of a task instance, the newest first: that of this name, and those before it.

    :param tenant_id: added to the Studio links.
    :return: of each its name, status, Studio link, and the try of the task that submitted it (None where unknown).
    :raises AzureMLError: one of them cannot be read.
    """
    job = yield from jobs.find(ws, name)
    if job is None:
        return []
    found, left = [job], MOST
    stem, attempt = split(name)
    facts = facts_of(job.tags)
    if facts is None or _hash(facts) != stem.rpartition("-")[2]:
        return [_row(job, tenant_id)]
    for number in range(attempt - 1, max(attempt - 1 - left, 0), -1):
        found += yield from _one(ws, numbered(stem, number))
    left -= len(found) - 1
    for generation in range(facts.generation - 1, -1, -1):
        earlier = f"{stem.rpartition('-')[0]}-{_hash(replace(facts, generation=generation))}"
        of_generation: list[Job] = []
        while left > 0:
            next_one = yield from _one(ws, numbered(earlier, len(of_generation) + 1))
            left -= 1
            if not next_one:
                break
            of_generation += next_one
        found += reversed(of_generation)
    return [_row(one, tenant_id) for one in found]


def _one(ws: Workspace, name: str) -> Steps[list[Job]]:
    """The job of a name, as a list of one or none."""
    job = yield from jobs.find(ws, name)
    return [job] if job is not None else []


def _hash(facts: TaskFacts) -> str:
    """The part of a job's name that stands for the task instance."""
    return identify(facts).stem.rpartition("-")[2]


def _row(job: Job, tenant_id: str | None) -> dict[str, Any]:
    try_number = job.tags.get(TRY_TAG, "")
    return {
        "name": job.name,
        "status": job.status,
        "phase": job.phase.value,
        "studio_url": with_tenant(job.studio_url, tenant_id) if job.studio_url else None,
        "try_number": int(try_number) if try_number.isdecimal() else None,
    }
