"""At most one job per task, whatever goes wrong around the POST: flows driven by hand, every interleaving."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_azureml.lifecycle.batch.earlier_tries import cancel_earlier, find_marked
from airflow_azureml.lifecycle.batch.invocation import LOOK_FOR, invoke_once
from airflow_azureml.lifecycle.batch.outstanding import Outstanding
from airflow_azureml.lifecycle.batch.target import Target
from airflow_azureml.lifecycle.naming import Iteration, JobIdentity, TaskFacts, identify
from airflow_azureml.lifecycle.news import InvocationTrouble, Invoked, Invoking, MayStart
from airflow_azureml.lifecycle.resume import Found
from airflow_azureml.lifecycle.submission import PAUSES
from airflow_azureml.rest.errors import (
    AmbiguousInvocationError,
    BadRequestError,
    ForbiddenError,
    TransientServiceError,
    UnreachableError,
)
from airflow_azureml.rest.flow import Steps
from tests.lifecycle.batch_service import ENDPOINT, LOST, NEVER_MADE, URI, BatchService, Fault
from tests.rest.driving import WS, DiedError, Drive

STARTED = datetime(2025, 1, 31, 10, tzinfo=timezone.utc)
FACTS = TaskFacts("dag", "run", STARTED, "score")
REGION = "0199f5a2-7b11-7c3e-8a55-3f2a90c1d2e3"
TARGET = Target(ENDPOINT, URI, None, "blue")
BODY = {"properties": {"inputData": {"d": {"jobInputType": "UriFolder", "uri": "azureml://datastores/s/paths/a/"}}}}


class World:
    """The service and the tries of one task instance."""

    def __init__(self, **service: Any) -> None:
        self.now = STARTED.timestamp() + 60
        self.service = BatchService(clock=lambda: self.now, **service)
        self.drives: list[Drive] = []

    def attempt(
        self,
        try_number: int = 1,
        generation: int = 0,
        target: Target = TARGET,
        lives: int | None = None,
        **facts: Any,
    ) -> Found:
        """Let one try have its way."""
        drive = _Shared(self, self.service, lives)
        self.drives.append(drive)
        named = identity(try_number, generation, **facts)
        return drive.run(invoke_once(WS, named, target, request, clock=drive.clock))

    @property
    def news(self) -> list[Any]:
        """What the last try told."""
        return self.drives[-1].news


class _Shared(Drive):
    """A drive whose time is the world's."""

    def __init__(self, world: World, service: BatchService, lives: int | None) -> None:
        super().__init__(service, lives=lives)
        self._world = world

    def clock(self) -> float:
        return self._world.now

    def _answer(self, effect: Any) -> Any:
        self.now = 0.0
        answer = super()._answer(effect)
        self._world.now += self.now
        return answer


def identity(try_number: int = 1, generation: int = 0, **facts: Any) -> JobIdentity:
    return identify(replace(FACTS, try_number=try_number, generation=generation, **facts))


def mark_of(post: Any) -> str:
    """The mark that an invocation carried."""
    return str(post["properties"]["properties"]["airflow_invocation"])


def request() -> Steps[Mapping[str, Any]]:
    yield from ()
    return BODY


def test_a_first_try_sends_one_post_and_looks_at_nothing() -> None:
    world = World()
    found = world.attempt()
    assert (found.job.name, found.attempt, found.submitted) == ("batchjob-1", 1, True)
    assert found.job.experiment_name == ENDPOINT
    assert [call for call in world.drives[0].calls if call.startswith("POST")] == [f"POST {URI}"]
    assert len(world.drives[0].calls) == 1
    record = MayStart(Outstanding.of(identity(), ENDPOINT, None, hidden=False).to_dict())
    assert world.news == [record, Invoking(ENDPOINT, identity().name(1)), Invoked("batchjob-1")]


def test_the_mark_is_all_that_is_added() -> None:
    world = World()
    user = {"properties": {**BODY["properties"], "properties": {"experimentName": "e"}, "tags": {"a": "b"}}}

    def own() -> Steps[Mapping[str, Any]]:
        yield from ()
        return user

    drive = _Shared(world, world.service, None)
    drive.run(invoke_once(WS, identity(), TARGET, own, clock=drive.clock))
    sent = world.service.posts[0]
    assert sent["properties"]["properties"].pop("airflow_invocation") == identity().name(1)
    assert sent == user


def test_the_header_names_the_deployment_that_was_asked_for_and_no_other() -> None:
    world = World()
    world.attempt(target=replace(TARGET, deployment="green", runs="green"))
    world.attempt()
    assert world.service.headers == [{"azureml-model-deployment": "green"}, {}]


@pytest.mark.parametrize("lag", [0.0, 7.0, 59.0])
@pytest.mark.parametrize("fault", LOST)
def test_a_job_whose_answer_was_lost_is_adopted(fault: Fault, lag: float) -> None:
    world = World(faults=[fault], lag=lag)
    found = world.attempt()
    assert found.job.name == "batchjob-1"
    assert len(world.service.posts) == len(world.service.jobs) == 1
    assert world.news[-1] == Invoked("batchjob-1")
    assert (lag == 0.0) or any(isinstance(record, InvocationTrouble) for record in world.news)


@pytest.mark.parametrize("blind", ["history", "list"])
def test_one_source_is_enough(blind: str) -> None:
    world = World(faults=["500 after"], blind={blind})
    assert world.attempt().job.name == "batchjob-1"


@pytest.mark.parametrize("fault", NEVER_MADE)
@pytest.mark.parametrize("echoes", [True, False])
def test_no_job_and_no_answer_end_without_another_post(fault: Fault, echoes: bool) -> None:
    world = World(faults=[fault], echoes=echoes)
    began = world.now
    with pytest.raises(AmbiguousInvocationError, match="No job with the task's mark is listed"):
        world.attempt()
    assert LOOK_FOR <= world.now - began <= LOOK_FOR + 1
    assert len(world.service.posts) == 1


@pytest.mark.parametrize("fault", LOST)
def test_where_the_mark_is_dropped_no_second_post_is_sent(fault: Fault) -> None:
    world = World(faults=[fault], echoes=False)
    with pytest.raises(AmbiguousInvocationError, match=r"batchjob-1 \(Running\)"):
        world.attempt()
    assert len(world.service.jobs) == 1


def test_a_job_that_is_listed_too_late_is_not_doubled() -> None:
    world = World(faults=["500 after"], lag=LOOK_FOR + 5)
    with pytest.raises(AmbiguousInvocationError):
        world.attempt()
    world.now += 10
    assert world.attempt(try_number=2).job.name == "batchjob-1"
    assert len(world.service.posts) == 1


def test_a_try_that_was_put_off_takes_the_job_that_it_started() -> None:
    world = World()
    started = world.attempt()
    found = world.attempt(reschedules=1)
    assert (found.job.name, found.attempt, found.submitted) == (started.job.name, 1, False)
    assert len(world.service.posts) == 1


@pytest.mark.parametrize("status", ["Failed", "Canceled"])
def test_a_try_that_was_put_off_after_its_job_had_ended_starts_the_next(status: str) -> None:
    world = World()
    world.attempt()
    world.service.jobs[0].status = status
    found = world.attempt(reschedules=1)
    assert (found.attempt, found.submitted) == (2, True)
    assert world.drives[1].pauses == [], "the one job that there can be is seen"
    world.service.jobs[1].status = status
    assert world.attempt(reschedules=2).attempt == 3
    assert [mark_of(post) for post in world.service.posts] == [identity().name(number) for number in (1, 2, 3)]


def test_a_try_that_was_put_off_waits_for_a_job_that_is_not_listed_yet() -> None:
    world = World(lag=40.0)
    world.attempt()
    assert not world.attempt(reschedules=1).submitted
    assert len(world.service.posts) == 1


def test_where_the_mark_is_dropped_a_try_that_was_put_off_starts_no_second_job() -> None:
    world = World(echoes=False)
    world.attempt()
    with pytest.raises(AmbiguousInvocationError, match=r"batchjob-1 \(Running\)"):
        world.attempt(reschedules=1)
    assert len(world.service.posts) == 1


def test_each_iteration_of_a_loop_invokes_once() -> None:
    world = World()
    first, second = Iteration(0, REGION, 0), Iteration(1, REGION, 1)
    assert world.attempt(iteration=first).submitted
    assert world.attempt(iteration=second).job.name == "batchjob-2"
    assert world.attempt(2, iteration=first).job.name == "batchjob-1", "a retry finds the job of its iteration"
    assert world.attempt(2, iteration=second).job.name == "batchjob-2"
    assert len({mark_of(post) for post in world.service.posts}) == len(world.service.posts) == 2


def test_a_tenth_attempt_is_counted_like_the_others() -> None:
    world = World()
    for number in range(1, 12):
        assert world.attempt(number).attempt == number
        world.service.jobs[-1].status = "Failed"
    assert mark_of(world.service.posts[-1]).endswith("-a11")


def test_nobody_else_s_job_is_adopted() -> None:
    world = World(faults=["500 before"])
    world.service.make("other-dag-0123456789abcdef-1")
    with pytest.raises(AmbiguousInvocationError):
        world.attempt()


def test_a_refusal_is_raised_at_once() -> None:
    world = World(faults=["refused"])
    with pytest.raises(BadRequestError, match="no such input"):
        world.attempt()
    assert len(world.drives[0].calls) == 1


@pytest.mark.parametrize("fault", ["unreachable", "no token"])
def test_what_never_arrived_is_sent_again(fault: Fault) -> None:
    world = World(faults=[fault, fault])
    assert world.attempt().job.name == "batchjob-1"
    assert len(world.service.jobs) == 1
    assert world.drives[0].pauses == list(PAUSES[:2])


def test_an_unreachable_service_is_given_up() -> None:
    world = World(faults=["unreachable"] * 20)
    with pytest.raises(UnreachableError):
        world.attempt()
    assert len(world.service.posts) == len(PAUSES) + 1


def test_throttling_is_sat_out_as_long_as_the_service_asks() -> None:
    world = World(faults=["throttled"])
    world.service.make()
    world.now += 3600
    assert world.attempt().job.name == "batchjob-2"
    assert world.drives[0].pauses == [7.0]


def test_an_endless_throttling_is_given_up() -> None:
    world = World(faults=["throttled"] * 20)
    with pytest.raises(TransientServiceError):
        world.attempt()
    assert not world.service.jobs


@pytest.mark.parametrize("echoes", [True, False])
def test_a_throttled_answer_is_not_believed_blindly(echoes: bool) -> None:
    world = World(faults=["throttled after"], echoes=echoes)
    if echoes:
        assert world.attempt().job.name == "batchjob-1"
    else:
        with pytest.raises(AmbiguousInvocationError):
            world.attempt()
    assert len(world.service.jobs) == 1


@pytest.mark.parametrize("echoes", [True, False])
def test_a_process_may_die_between_any_two_effects(echoes: bool) -> None:
    """The next try finds the job, or says that it cannot tell; there is never a second one that stands."""
    lives = 1
    while True:
        world = World(echoes=echoes, lag=5.0)
        try:
            world.attempt(lives=lives)
        except DiedError:
            pass
        else:
            break
        try:
            world.attempt(try_number=2)
        except AmbiguousInvocationError:
            assert not echoes
        assert len(world.service.jobs) == 1
        lives += 1
    assert lives > 3


@pytest.mark.parametrize("echoes", [True, False])
@pytest.mark.parametrize("fault", [*LOST, *NEVER_MADE])
def test_a_later_try_may_die_too(fault: Fault, echoes: bool) -> None:
    """Three tries, of which the second one dies anywhere: never two jobs that stand."""
    for lives in range(1, 12):
        world = World(faults=[fault], echoes=echoes, lag=8.0)
        for try_number, limit in ((1, None), (2, lives), (3, None)):
            with contextlib.suppress(DiedError, AmbiguousInvocationError):
                world.attempt(try_number=try_number, lives=limit)
        assert len(world.service.jobs) <= 1, (fault, echoes, lives)


def test_a_later_try_takes_the_job_at_once() -> None:
    world = World()
    world.attempt()
    found = world.attempt(try_number=2)
    assert (found.job.name, found.attempt, found.submitted) == ("batchjob-1", 1, False)
    assert world.drives[-1].pauses == []
    record = MayStart(Outstanding.of(identity(), ENDPOINT, None, hidden=False).to_dict())
    assert world.news == [record, Invoked("batchjob-1")]


@pytest.mark.parametrize("status", ["Failed", "Canceled", "CancelRequested"])
def test_a_job_that_ended_badly_is_followed_by_the_next_attempt_without_waiting(status: str) -> None:
    world = World()
    world.attempt()
    world.service.jobs[0].status = status
    found = world.attempt(try_number=2)
    assert (found.job.name, found.attempt, found.submitted) == ("batchjob-2", 2, True)
    assert world.service.jobs[1].mark == identity().name(2)
    assert world.drives[-1].pauses == []


@pytest.mark.parametrize("status", ["Failed", "Canceled"])
def test_a_bad_end_is_followed_also_where_the_mark_is_dropped(status: str) -> None:
    world = World(echoes=False)
    world.attempt()
    world.service.jobs[0].status = status
    assert world.attempt(try_number=2).job.name == "batchjob-2"


@pytest.mark.parametrize("status", ["Running", "Completed"])
def test_an_unmarked_job_that_stands_stops_a_retry(status: str) -> None:
    world = World(echoes=False)
    world.attempt()
    world.service.jobs[0].status = status
    with pytest.raises(AmbiguousInvocationError, match="batchjob-1"):
        world.attempt(try_number=2)
    assert len(world.service.posts) == 1


def test_nothing_is_uploaded_for_an_invocation_that_is_not_sent() -> None:
    world = World(echoes=False)
    world.attempt()

    def upload() -> Steps[Mapping[str, Any]]:
        yield from ()
        raise AssertionError("the request was made")

    drive = _Shared(world, world.service, None)
    with pytest.raises(AmbiguousInvocationError):
        drive.run(invoke_once(WS, identity(2), TARGET, upload, clock=drive.clock))


def test_a_job_with_other_inputs_is_somebody_else_s() -> None:
    world = World(shows_inputs=True)
    world.service.make(inputs={"d": {"jobInputType": "uri_folder", "uri": "azureml://datastores/s/paths/other/"}})
    assert world.attempt(try_number=2).submitted


def test_a_job_of_another_deployment_is_somebody_else_s() -> None:
    world = World()
    world.service.make(deployment="green")
    assert world.attempt(try_number=2).submitted


def test_a_retry_of_a_try_that_sent_nothing_looks_for_a_minute_first() -> None:
    world = World()
    began = world.now
    assert world.attempt(try_number=2).submitted
    assert LOOK_FOR <= world.now - began <= LOOK_FOR + 1


def test_a_try_that_may_not_look_sends_nothing() -> None:
    world = World(blind={"history", "list"})
    with pytest.raises(ForbiddenError):
        world.attempt(try_number=2)
    assert not world.service.posts


@pytest.mark.parametrize("echoes", [True, False])
@pytest.mark.parametrize("status", ["Completed", "Failed"])
def test_a_clear_of_a_finished_task_starts_a_new_job_at_once(status: str, echoes: bool) -> None:
    world = World(echoes=echoes)
    world.attempt()
    world.service.jobs[0].status = status
    found = world.attempt(try_number=2, generation=1)
    assert (found.job.name, found.attempt, found.submitted) == ("batchjob-2", 1, True)
    assert world.drives[-1].pauses == []


def test_a_clear_stops_where_the_earlier_job_may_still_run() -> None:
    world = World(echoes=False)
    world.attempt()
    with pytest.raises(AmbiguousInvocationError, match="batchjob-1"):
        world.attempt(try_number=2, generation=1)


def test_a_clear_after_an_ambiguous_end_finds_the_job_and_cancels_it() -> None:
    world = World(faults=["500 after"], lag=LOOK_FOR + 5)
    with pytest.raises(AmbiguousInvocationError):
        world.attempt()
    world.now += 10
    drive = _Shared(world, world.service, None)
    assert drive.run(cancel_earlier(WS, identity(2, 1), TARGET)) == ("batchjob-1",)
    assert world.service.jobs[0].status == "CancelRequested"
    assert world.attempt(try_number=2, generation=1).job.name == "batchjob-2"


def test_a_task_never_cleared_has_nothing_to_cancel() -> None:
    world = World()
    drive = _Shared(world, world.service, None)
    assert drive.run(cancel_earlier(WS, identity(2), TARGET)) == ()
    assert drive.calls == []


def test_a_generation_that_fell_goes_on_with_the_newest_that_has_jobs() -> None:
    world = World()
    world.attempt(try_number=3, generation=2)
    found = world.attempt(try_number=4, generation=0)
    assert (found.job.name, found.submitted) == ("batchjob-1", False)


def test_the_job_of_an_answer_that_never_came_can_be_found_to_be_cancelled() -> None:
    world = World(faults=["dropped after"])
    world.service.make("other-0123456789abcdef-1")
    with pytest.raises(DiedError):
        world.attempt(lives=3)
    drive = _Shared(world, world.service, None)
    assert [row.name for row in drive.run(find_marked(WS, identity(), TARGET))] == ["batchjob-2"]


@pytest.mark.parametrize("blind", [{"history"}, {"history", "list"}])
def test_that_none_is_seen_proves_nothing_where_not_all_can_be_looked_at(blind: set[str]) -> None:
    world = World(faults=["dropped after"], lag=30.0)
    with pytest.raises(DiedError):
        world.attempt(lives=3)
    drive = _Shared(world, world.service, None)
    assert drive.run(find_marked(WS, identity(), TARGET)) == ()
    world.service.blind = blind
    with pytest.raises(ForbiddenError):
        drive.run(find_marked(WS, identity(), TARGET))


def test_two_jobs_with_one_mark_count_as_one_that_stands() -> None:
    world = World()
    world.attempt()
    world.service.make(identity().name(1), status="Failed")
    assert world.attempt(try_number=2).job.name == "batchjob-1"


def test_the_experiment_that_was_asked_for_is_looked_at_too() -> None:
    world = World()
    world.service.make(identity().name(1), experiment="mine")
    found = world.attempt(try_number=2, target=replace(TARGET, experiment="mine"))
    assert found.job.name == "batchjob-1"
