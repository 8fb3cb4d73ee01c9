"""One task, one job: whatever fails and whenever, a task never has a second job, and takes up the one it has."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest

from airflow_azureml.lifecycle.naming import identify
from airflow_azureml.lifecycle.news import Submitting
from airflow_azureml.lifecycle.resume import Replaced, find_or_submit
from airflow_azureml.lifecycle.submission import PAUSES, Prepared
from airflow_azureml.rest.errors import (
    AzureMLError,
    ConflictError,
    ForeignJobError,
    NotFoundError,
    TransientError,
)
from airflow_azureml.rest.flow import Call, News, Steps
from tests.lifecycle.service import Service
from tests.lifecycle.submitting import FIRST, IDENTITY, SECOND, THIRD, Request, attempt, spots, stored
from tests.lifecycle.test_naming import FACTS
from tests.rest.driving import WS, DiedError, Drive, job_json, reply


def test_a_request_does_not_show_its_body() -> None:
    """Environment variables of a job may hold what nobody should read in a log."""
    assert "SECRET" not in repr(Prepared({"properties": {"environmentVariables": {"KEY": "SECRET"}}}))


def test_nothing_there() -> None:
    service, request = Service(), Request()
    found, drive = attempt(service, request=request)
    assert (found.job.name, found.attempt, found.submitted, request.made) == (FIRST, 1, True, 1)
    assert service.seen == [f"GET /jobs/{FIRST}", f"PUT /jobs/{FIRST}"]
    assert found.job.tags == {"team": "a", **IDENTITY.tags(1), **IDENTITY.history_tags(0)}
    assert drive.news == [Submitting(FIRST, 1)]
    told = [type(effect) for effect in drive.effects]
    assert told.index(News) < len(told) - 1, "the name is told before the job is put"


@pytest.mark.parametrize(
    "status", ["Starting", "Queued", "Running", "NotResponding", "Paused", "Finalizing", "Novel", "Completed"]
)
def test_what_is_there_is_taken(status: str) -> None:
    service, request = Service({FIRST: stored(FIRST, 1, status)}), Request()
    found, _ = attempt(service, request=request)
    assert (found.job.name, found.attempt, found.submitted, request.made) == (FIRST, 1, False, 0)
    assert service.puts == []


@pytest.mark.parametrize("status", ["Failed", "Canceled", "CancelRequested"])
def test_what_is_lost_is_replaced(status: str) -> None:
    service = Service({FIRST: stored(FIRST, 1, status)})
    found, _ = attempt(service)
    assert (found.job.name, found.attempt, found.submitted) == (SECOND, 2, True)
    assert found.job.tags["airflow_attempt"] == "2"


@pytest.mark.parametrize("status", ["Running", "Completed", "Failed", "Canceled", "CancelRequested"])
def test_a_try_that_goes_on_in_another_process_takes_what_it_began(status: str) -> None:
    service, request = Service({FIRST: stored(FIRST, 1, status)}), Request()
    found = Drive(service).run(find_or_submit(WS, IDENTITY, request, takes_ended=True))
    assert (found.job.name, found.attempt, found.submitted, request.made) == (FIRST, 1, False, 0)


def test_the_place_of_one_that_azure_ended_is_taken_once() -> None:
    service = Service({FIRST: stored(FIRST, 1, "Failed")})
    for submitted in (True, False):
        found = Drive(service).run(find_or_submit(WS, IDENTITY, Request(), replaced=Replaced(FIRST)))
        assert (found.job.name, found.attempt, found.submitted) == (SECOND, 2, submitted)
        assert IDENTITY.resubmissions(found.job.tags) == 1
        service.end(SECOND, "Failed")
    third = Drive(service).run(find_or_submit(WS, IDENTITY, Request(), replaced=Replaced(SECOND))).job
    assert IDENTITY.resubmissions(third.tags) == 2
    service.end(THIRD, "Failed")
    retried = identify(replace(FACTS, try_number=2))
    assert retried.resubmissions(third.tags) == 0, "each try counts its own"
    assert retried.resubmissions(attempt(service, retried)[0].job.tags) == 0
    assert retried.resubmissions({**third.tags, "airflow_resubmission": "many", "airflow_try_number": "2"}) == 0


@pytest.mark.parametrize("lives", range(1, 9))
def test_a_process_that_dies_while_it_submits_again_leaves_one_job_at_most(lives: int) -> None:
    service = Service({FIRST: stored(FIRST, 1, "Failed")})
    with contextlib.suppress(DiedError):
        Drive(service, lives=lives).run(find_or_submit(WS, IDENTITY, Request(), replaced=Replaced(FIRST)))
    found = Drive(service).run(find_or_submit(WS, IDENTITY, Request(), replaced=Replaced(FIRST)))
    assert found.job.name == SECOND
    assert service.accepted == [SECOND]


@pytest.mark.parametrize("last", ["Running", "Completed"])
def test_the_last_one_decides(last: str) -> None:
    jobs = {FIRST: stored(FIRST, 1, "Failed"), SECOND: stored(SECOND, 2, "Canceled"), THIRD: stored(THIRD, 3, last)}
    service = Service(jobs)
    found, _ = attempt(service)
    assert (found.job.name, found.submitted) == (THIRD, False)
    jobs[THIRD]["properties"]["status"] = "Failed"
    assert attempt(service)[0].job.name == IDENTITY.name(4)


@pytest.mark.parametrize("status", ["Running", "Completed", "Failed"])
def test_a_job_of_somebody_else_is_refused(status: str) -> None:
    service, request = Service({FIRST: job_json(FIRST, status, tags={"airflow_dag_id": "other"})}), Request()
    with pytest.raises(ForeignJobError, match=r"airflow_dag_id is 'other', expected 'etl.daily'"):
        attempt(service, request=request)
    assert (request.made, service.puts) == (0, [])


def test_a_missing_workspace_fails_before_anything_is_made() -> None:
    request = Request()
    gone = reply(404, {"error": {"code": "ResourceNotFound", "message": "The Resource 'ws' was not found."}})
    with pytest.raises(NotFoundError, match="'ws' was not found"):
        attempt(lambda _: gone, request=request)
    assert request.made == 0


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_request_fails_at_once(status: int) -> None:
    answers = [reply(404), reply(status, {"error": {"code": "x", "message": "No."}})]
    with pytest.raises(AzureMLError, match="No"):
        attempt(lambda _: answers.pop(0))
    assert answers == []


def test_a_taken_name_that_nobody_shows() -> None:
    service = Service()

    def respond(call: Call[Any]) -> Any:
        return reply(409) if call.method == "PUT" else service(call)

    with pytest.raises(ConflictError):
        attempt(respond)


def test_an_equal_job_is_accepted_twice() -> None:
    service = Service(faults={1: "lost", 2: "unreachable"}, refuse_equal=False)
    assert attempt(service)[0].job.name == FIRST
    assert service.accepted == [FIRST]


def test_throttled_submission_waits_as_asked() -> None:
    service = Service(faults={1: "throttled"})
    _, drive = attempt(service)
    assert drive.pauses == [7]
    assert service.seen == [f"GET /jobs/{FIRST}", f"PUT /jobs/{FIRST}", f"GET /jobs/{FIRST}", f"PUT /jobs/{FIRST}"]


def test_a_service_that_stays_away() -> None:
    class Away(Service):
        """Answers nothing but the first look."""

        def __call__(self, effect: Any) -> Any:
            self.faults[len(self.seen)] = "unreachable"
            if not self.seen:
                self.faults.clear()
            return super().__call__(effect)

    away = Away()
    drive = Drive(away)
    with pytest.raises(TransientError, match=r"arm\.example:443"):
        drive.run(find_or_submit(WS, IDENTITY, Request()))
    assert drive.pauses == list(PAUSES)
    assert len(away.puts) == 1, "after an unclear answer nothing is put without a look"


@pytest.mark.parametrize("refuse_equal", [True, False])
def test_every_interleaving_of_faults_ends_with_one_job(refuse_equal: bool) -> None:
    """Tries go on until one succeeds, as Airflow's retries would; each may fail anywhere."""
    for faults in spots(7):
        service = Service(faults=dict(faults), refuse_equal=refuse_equal)
        for _ in range(3):
            try:
                found, _drive = attempt(service)
                break
            except TransientError:
                continue
        assert found.job.name == FIRST, faults
        assert service.accepted == [FIRST], faults
        for number, call in enumerate(service.seen):
            if call.startswith("PUT"):
                assert service.seen[number - 1].startswith("GET"), (faults, service.seen)


def test_death_between_any_two_steps_leaves_one_job() -> None:
    _, whole = attempt(Service())
    for lived in range(1, len(whole.effects) + 1):
        service = Service()
        with pytest.raises(DiedError):
            Drive(service, lives=lived).run(find_or_submit(WS, IDENTITY, Request()))
        found, _ = attempt(service)
        assert (found.job.name, service.accepted) == (FIRST, [FIRST])


def test_two_at_once_end_with_one_job() -> None:
    service = Service()

    def second_one_first(*_: Any) -> Steps[Prepared]:
        attempt(service)
        yield from ()
        return Prepared({"properties": {"command": "different"}})

    found, _ = attempt(service, request=second_one_first)
    assert (found.job.name, service.accepted) == (FIRST, [FIRST])
