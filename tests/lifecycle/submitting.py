"""A task of the tests, its tries, and what may go wrong in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from airflow_azureml.lifecycle.naming import JobIdentity, identify
from airflow_azureml.lifecycle.resume import Found, find_or_submit
from airflow_azureml.lifecycle.submission import Prepared
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.jobs import Job
from tests.lifecycle.service import FAULTS
from tests.lifecycle.test_naming import FACTS
from tests.rest.driving import WS, Drive, job_json

IDENTITY = identify(FACTS)
FIRST, SECOND, THIRD = (IDENTITY.name(number) for number in (1, 2, 3))


class Request:
    """The making of a request, counted."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, identity: JobIdentity, last: Job | None = None) -> Steps[Prepared]:
        self.made += 1
        yield from ()
        return Prepared({"properties": {"command": "x", "tags": {"team": "a", "airflow_dag_id": "forged"}}})


def attempt(service: Any, identity: JobIdentity = IDENTITY, request: Any = None) -> tuple[Found, Drive]:
    """One try of the task."""
    drive = Drive(service)
    return drive.run(find_or_submit(WS, identity, request or Request())), drive


def stored(name: str, number: int, status: str) -> dict[str, Any]:
    """A job of ours that is there already."""
    return job_json(name, status, tags=IDENTITY.tags(number))


def spots(length: int) -> Iterator[dict[int, Any]]:
    """Every way in which up to two of the first calls fail."""
    singles = list(itertools.product(range(length), FAULTS))
    yield from ({place: fault} for place, fault in singles)
    for one, two in itertools.combinations(singles, 2):
        if one[0] != two[0]:
            yield dict((one, two))
