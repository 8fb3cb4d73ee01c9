"""One task, one job: whatever fails and whenever, a task never has a second job, and takes up the one it has."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from airflow_azureml.lifecycle.cancellation import cancel
from airflow_azureml.lifecycle.late_jobs import cancel_late
from airflow_azureml.lifecycle.naming import JobIdentity, TaskFacts, identify
from airflow_azureml.lifecycle.news import Submitting, Warned
from airflow_azureml.lifecycle.resume import Found, Replaced, cancel_earlier, find_or_submit
from airflow_azureml.lifecycle.submission import PAUSES, Prepared
from airflow_azureml.rest.errors import (
    AzureMLError,
    BadRequestError,
    ConflictError,
    ForeignJobError,
    NotFoundError,
    TransientError,
)
from airflow_azureml.rest.flow import Call, News, Steps
from airflow_azureml.rest.jobs import Job
from tests.lifecycle.service import FAULTS, Service
from tests.lifecycle.test_naming import FACTS
from tests.rest.driving import WS, DiedError, Drive, job_json, reply

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


def spots(length: int) -> Iterator[dict[int, Any]]:
    """Every way in which up to two of the first calls fail."""
    singles = list(itertools.product(range(length), FAULTS))
    yield from ({place: fault} for place, fault in singles)
    for one, two in itertools.combinations(singles, 2):
        if one[0] != two[0]:
            yield dict((one, two))


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


CLEARED = identify(replace(FACTS, generation=2))
PLACE = (FACTS.dag_id, FACTS.run_id, FACTS.task_id)


def earlier(generation: int, number: int, status: str) -> dict[str, dict[str, Any]]:
    """A job of an earlier generation."""
    old = identify(replace(FACTS, generation=generation))
    return {old.name(number): job_json(old.name(number), status, tags=old.tags(number))}


def test_clear_cancels_what_earlier_generations_left() -> None:
    left = earlier(0, 1, "Failed") | earlier(0, 2, "Running") | earlier(1, 1, "Queued")
    service = Service(left | {CLEARED.name(1): job_json(CLEARED.name(1), "Running", tags=CLEARED.tags(1))})
    names = Drive(service).run(cancel_earlier(WS, CLEARED))
    assert names == (identify(FACTS).name(2), identify(replace(FACTS, generation=1)).name(1))
    assert [service.jobs[name]["properties"]["status"] for name in names] == ["CancelRequested"] * 2
    assert service.jobs[CLEARED.name(1)]["properties"]["status"] == "Running"
    assert Drive(service).run(cancel_earlier(WS, CLEARED)) == ()


def test_a_job_that_comes_after_the_clear_is_found_by_the_tags_of_the_tasks_own() -> None:
    own = Job.from_json(job_json(CLEARED.name(1), "Completed", tags=CLEARED.tags(1)))
    service = Service(earlier(0, 1, "Completed") | earlier(0, 2, "Running"))
    assert Drive(service).run(cancel_late(WS, own, *PLACE)) == (identify(FACTS).name(2),)
    assert Drive(service).run(cancel_late(WS, own, *PLACE)) == ()


def test_a_task_that_was_never_cleared_asks_nothing_at_its_end() -> None:
    service = Service()
    outlives = {**CLEARED.tags(1), "airflow_outlives_task": "true"}
    for tags in (IDENTITY.tags(1), outlives, {}):
        own = Job.from_json(job_json(FIRST, "Completed", tags=tags))
        assert Drive(service).run(cancel_late(WS, own, *PLACE)) == ()
    of_another = Job.from_json(job_json(CLEARED.name(1), "Completed", tags=CLEARED.tags(1)))
    assert Drive(service).run(cancel_late(WS, of_another, "other", FACTS.run_id, FACTS.task_id)) == ()
    assert service.seen == []


def test_clear_leaves_the_jobs_of_others_alone() -> None:
    name = identify(FACTS).name(1)
    service = Service({name: job_json(name, "Running", tags={})})
    assert Drive(service).run(cancel_earlier(WS, CLEARED)) == ()
    assert service.jobs[name]["properties"]["status"] == "Running"


def test_a_clear_submits_anew_although_a_job_has_succeeded() -> None:
    service = Service(earlier(0, 1, "Completed"))
    found, _ = attempt(service, CLEARED)
    assert (found.job.name, found.submitted) == (CLEARED.name(1), True)


@pytest.mark.parametrize("status", ["Running", "Completed"])
def test_a_generation_that_fell_goes_on_with_the_newest_job(status: str) -> None:
    """The task was cleared after its second try, and its ``retries`` were raised while the new job ran."""
    service = Service(earlier(0, 1, "Completed") | earlier(2, 1, status))
    found, _ = attempt(service, identify(replace(FACTS, generation=0, try_number=4)))
    assert (found.job.name, found.submitted) == (CLEARED.name(1), False)
    service.end(CLEARED.name(1), "Failed")
    found, _ = attempt(service, identify(replace(FACTS, generation=0, try_number=5)))
    assert (found.job.name, found.submitted) == (CLEARED.name(2), True)
    assert found.job.tags["airflow_generation"] == "2"


TRACED = replace(FACTS, trace_id="a")


def traced(facts: TaskFacts, number: int, status: str) -> dict[str, Any]:
    """A job of ours that carries its trace and its try."""
    identity = identify(facts)
    tags = {**identity.tags(number), **identity.history_tags(0)}
    return job_json(identity.name(number), status, tags=tags)


@pytest.mark.parametrize("status", ["Running", "Completed", "Failed"])
@pytest.mark.parametrize(
    ("before", "after"),
    [(TRACED, {"trace_id": "b"}), (FACTS, {"cleared_try": 1}), (replace(TRACED, trace_id=None), {"cleared_try": 1})],
)
def test_a_clear_that_airflow_has_not_counted_begins_a_generation(
    before: TaskFacts, after: dict[str, Any], status: str
) -> None:
    """The task ran on a worker that was dead: ``max_tries`` is as before, and the try number one more."""
    service = Service({FIRST: traced(before, 1, status)})
    second_try = replace(before, try_number=2, **after)
    new = identify(replace(FACTS, generation=1)).name(1)
    drive = Drive(service)
    found = drive.run(find_or_submit(WS, identify(second_try), Request(), ends_cleared=True))
    assert (found.job.name, found.attempt, found.submitted) == (new, 1, True)
    assert found.job.tags["airflow_generation"] == "1"
    assert service.jobs[FIRST]["properties"]["status"] == ("CancelRequested" if status == "Running" else status)
    assert drive.news[0] == Warned(
        f"The task was cleared after Azure ML job {FIRST} was submitted; it is {status}. A new one follows."
    )
    found, _ = attempt(service, identify(replace(second_try, try_number=3)))
    assert (found.job.name, found.submitted) == (new, False), "its retries take it over"
    found, _ = attempt(service, identify(replace(second_try, try_number=4, trace_id="c", cleared_try=3)))
    assert (found.job.tags["airflow_generation"], found.submitted) == ("3", True), "another Clear begins another one"


def test_a_job_that_outlives_its_task_goes_on_after_a_clear_that_airflow_has_not_counted() -> None:
    service = Service({FIRST: traced(TRACED, 1, "Running")})
    found, _ = attempt(service, identify(replace(TRACED, try_number=2, trace_id="b")))
    assert (found.submitted, service.jobs[FIRST]["properties"]["status"]) == (True, "Running")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TRACED, {}),
        (TRACED, {"trace_id": None}),  # Airflow has none any more
        (FACTS, {"trace_id": "b"}),  # submitted by an earlier version of this provider
        (replace(FACTS, try_number=2), {"cleared_try": 1, "try_number": 3}),  # submitted after that Clear
        (TRACED, {"trace_id": "b", "try_number": 1}),  # by this very try
    ],
)
def test_what_is_no_clear_for_certain_leaves_the_job(before: TaskFacts, after: dict[str, Any]) -> None:
    service = Service({FIRST: traced(before, 1, "Running")})
    identity = identify(replace(before, **{"try_number": 2, **after}))
    found = Drive(service).run(find_or_submit(WS, identity, Request(), ends_cleared=True))
    assert (found.job.name, found.submitted, service.jobs[FIRST]["properties"]["status"]) == (FIRST, False, "Running")


@pytest.mark.parametrize("lives", range(1, 12))
def test_a_process_that_dies_after_a_clear_that_airflow_has_not_counted_leaves_one_new_job_at_most(lives: int) -> None:
    service = Service({FIRST: traced(TRACED, 1, "Running")})
    second_try = replace(TRACED, try_number=2, trace_id="b")
    with contextlib.suppress(DiedError):
        Drive(service, lives=lives).run(find_or_submit(WS, identify(second_try), Request(), ends_cleared=True))
    third_try = identify(replace(second_try, try_number=3))
    found = Drive(service).run(find_or_submit(WS, third_try, Request(), ends_cleared=True))
    assert service.accepted == [found.job.name]
    assert service.jobs[FIRST]["properties"]["status"] == "CancelRequested"


def test_a_plain_retry_finds_its_own_job() -> None:
    service = Service(earlier(0, 1, "Running"))
    found, _ = attempt(service, identify(replace(FACTS, try_number=3)))
    assert (found.job.name, found.submitted) == (FIRST, False)


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled", "CancelRequested"])
def test_cancelling_what_ends_anyway_asks_nothing(status: str) -> None:
    service = Service({FIRST: stored(FIRST, 1, status)})
    canceled = Drive(service).run(cancel(WS, FIRST))
    assert service.seen == [f"GET /jobs/{FIRST}"]
    assert not canceled.asked
    said = "was already being canceled" if status == "CancelRequested" else f"had already ended: it is {status}"
    assert str(canceled) == said


def test_cancelling_a_missing_job() -> None:
    canceled = Drive(Service()).run(cancel(WS, FIRST))
    assert (canceled.job, canceled.asked, str(canceled)) == (None, False, "does not exist")


def test_a_job_that_takes_the_request_was_asked() -> None:
    assert str(Drive(Service({FIRST: stored(FIRST, 1, "Running")})).run(cancel(WS, FIRST))) == "was asked to cancel"


@pytest.mark.parametrize(
    ("then", "refused"), [("Completed", False), ("Canceled", False), ("Finalizing", False), ("Running", True)]
)
def test_a_refused_cancel_counts_only_while_the_job_goes_on(then: str, refused: bool) -> None:
    answers = [
        reply(200, job_json(FIRST, "Running")),
        reply(400, {"error": {"code": "UserError", "message": "Cannot cancel."}}),
        reply(200, job_json(FIRST, then)),
    ]
    drive = Drive(lambda _: answers.pop(0))
    if refused:
        with pytest.raises(BadRequestError, match="Cannot cancel"):
            drive.run(cancel(WS, FIRST))
    else:
        canceled = drive.run(cancel(WS, FIRST))
        assert canceled.job is not None
        assert (canceled.job.status, canceled.asked) == (then, False)
        assert then in str(canceled)
