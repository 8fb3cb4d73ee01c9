"""The first try of a task puts its job without a look: whatever fails and whenever, there is one job."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from airflow_azureml.lifecycle.news import Submitting
from airflow_azureml.lifecycle.resume import Found, find_or_submit
from airflow_azureml.rest.errors import (
    ForeignJobError,
    TransientError,
)
from tests.lifecycle.service import Service
from tests.lifecycle.submitting import FIRST, IDENTITY, SECOND, Request, attempt, spots, stored
from tests.rest.driving import WS, DiedError, Drive, job_json


def first_run(service: Any, request: Any = None) -> tuple[Found, Drive]:
    """A try of a task that no process has run before."""
    drive = Drive(service)
    return drive.run(find_or_submit(WS, IDENTITY, request or Request(), looks_first=False)), drive


def test_where_nothing_can_be_there_the_put_is_all_that_is_asked() -> None:
    service, request = Service(), Request()
    found, drive = first_run(service, request)
    assert (found.job.name, found.attempt, found.submitted, request.made) == (FIRST, 1, True, 1)
    assert service.seen == [f"PUT /jobs/{FIRST}"]
    assert found.job.tags == {"team": "a", **IDENTITY.tags(1), **IDENTITY.history_tags(0)}
    assert drive.news == [Submitting(FIRST, 1)]


@pytest.mark.parametrize("refuse_equal", [True, False])
@pytest.mark.parametrize(
    ("status", "number", "submitted"),
    [("Running", 1, False), ("Completed", 1, False), ("Failed", 2, True), ("CancelRequested", 2, True)],
)
def test_what_is_there_all_the_same_is_seen_by_the_put(
    refuse_equal: bool, status: str, number: int, submitted: bool
) -> None:
    """As after a look: Airflow has run one try twice, or has forgotten a try."""
    service = Service({FIRST: stored(FIRST, 1, status)}, refuse_equal=refuse_equal)
    found, _ = first_run(service)
    assert (found.job.name, found.attempt, found.submitted) == (IDENTITY.name(number), number, submitted)
    assert service.accepted == ([SECOND] if submitted else [])


def test_a_job_of_somebody_else_is_refused_by_the_put_as_well() -> None:
    service = Service({FIRST: job_json(FIRST, "Running", tags={"airflow_dag_id": "other"})})
    with pytest.raises(ForeignJobError, match="airflow_dag_id is 'other'"):
        first_run(service)
    assert service.accepted == []


@pytest.mark.parametrize("refuse_equal", [True, False])
def test_every_interleaving_of_faults_of_a_first_run_ends_with_one_job(refuse_equal: bool) -> None:
    for faults in spots(6):
        service = Service(faults=dict(faults), refuse_equal=refuse_equal)
        found = None
        with contextlib.suppress(TransientError):
            found, _ = first_run(service)
        found = found or attempt(service)[0]
        assert found.job.name == FIRST, faults
        assert service.accepted == [FIRST], faults
        for number, call in enumerate(service.seen[1:], 1):
            assert not call.startswith("PUT") or service.seen[number - 1].startswith("GET"), (faults, service.seen)


@pytest.mark.parametrize(("lives", "faults"), [(1, {}), (2, {}), (2, {0: "lost"}), (3, {0: "lost"})])
def test_a_first_run_that_dies_leaves_one_job_at_most(lives: int, faults: dict[int, Any]) -> None:
    service = Service(faults=faults)
    with contextlib.suppress(DiedError):
        Drive(service, lives=lives).run(find_or_submit(WS, IDENTITY, Request(), looks_first=False))
    assert attempt(service)[0].job.name == FIRST
    assert service.accepted == [FIRST]
