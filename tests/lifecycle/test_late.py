"""Jobs that begin after their task was cleared or marked: what may come, who looks for it and when, what ends."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_azureml.lifecycle.batch.invocation import LOOK_FOR, invoke_once
from airflow_azureml.lifecycle.batch.outstanding import Outstanding
from airflow_azureml.lifecycle.late.looks import AFTER, LateLooks
from airflow_azureml.lifecycle.late.names import LateNames
from airflow_azureml.lifecycle.late_jobs import looks_of
from airflow_azureml.lifecycle.naming import JobIdentity, identify
from airflow_azureml.lifecycle.news import MayStart, Warned
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG
from airflow_azureml.lifecycle.resume import EndedEarlier, end_earlier, find_or_submit
from airflow_azureml.lifecycle.wait import WaitOptions, wait
from airflow_azureml.rest.errors import DeadlineError, ForbiddenError, PatienceError
from airflow_azureml.rest.flow import Look, Turn
from tests.lifecycle.batch_service import ENDPOINT
from tests.lifecycle.service import Service
from tests.lifecycle.submitting import Request
from tests.lifecycle.test_invocation import TARGET, World, request
from tests.lifecycle.test_invocation import identity as batch_identity
from tests.lifecycle.test_naming import FACTS
from tests.rest.driving import WS, DiedError, Drive, job_json


def of(generation: int, **facts: Any) -> JobIdentity:
    """A generation of the task."""
    return identify(replace(FACTS, generation=generation, try_number=generation + 1, **facts))


def jobs(identity: JobIdentity, *statuses: str) -> dict[str, dict[str, Any]]:
    """The jobs of a generation."""
    numbers = range(1, len(statuses) + 1)
    made = [(identity.name(number), identity.tags(number)) for number in numbers]
    return {name: job_json(name, status, tags=tags) for (name, tags), status in zip(made, statuses, strict=True)}


def ended(identity: JobIdentity, there: dict[str, dict[str, Any]]) -> EndedEarlier:
    """What comes of the look at what a Clear has left behind."""
    return Drive(Service(there)).run(end_earlier(WS, identity))


# -- what may come


@pytest.mark.parametrize("last", ["Running", "Queued", "Completed"])
def test_nothing_comes_after_a_job_that_goes_on_or_has_succeeded(last: str) -> None:
    assert ended(of(1), jobs(of(0), "Failed", last)).late is None


@pytest.mark.parametrize("last", ["Failed", "Canceled", "CancelRequested"])
def test_the_next_job_may_come_after_one_that_has_not_succeeded(last: str) -> None:
    assert ended(of(1), jobs(of(0), last)).late == LateNames((of(0).name(2),))


def test_the_first_job_may_come_where_there_is_none() -> None:
    assert ended(of(1), {}).late == LateNames((of(0).name(1),))


def test_only_the_newest_generation_with_jobs_and_those_after_it_count() -> None:
    there = jobs(of(0), "Failed") | jobs(of(1), "Canceled")
    assert ended(of(3), there).late == LateNames((of(1).name(2), of(2).name(1)))


def test_a_task_never_cleared_waits_for_nothing_late() -> None:
    service = Service()
    assert Drive(service).run(end_earlier(WS, of(0))) == EndedEarlier((), None)
    assert service.seen == []


def test_after_a_clear_that_is_not_counted_the_older_generation_may_still_submit() -> None:
    counted = identify(replace(FACTS, try_number=2, trace_id="b" * 32))
    old = identify(replace(FACTS, trace_id="a" * 32))
    there = jobs(old, "Failed")
    there[old.name(1)]["properties"]["tags"] |= old.history_tags(0)
    found = Drive(Service(there)).run(find_or_submit(WS, counted, Request(), ends_cleared=True))
    assert found.job.name == counted.begun_now().name(1)
    assert found.late == LateNames((old.name(2),))


# -- what is canceled


LATE = LateNames((of(0).name(1), of(1).name(1)))


def test_what_has_come_is_canceled_once() -> None:
    service = Service(jobs(of(1), "Starting") | jobs(of(2), "Running"))
    assert Drive(service).run(LATE.cancel(WS)) == (of(1).name(1),)
    assert Drive(service).run(LATE.cancel(WS)) == ()
    assert service.jobs[of(2).name(1)]["properties"]["status"] == "Running"


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"airflow_dag_id": FACTS.dag_id},
        of(0, map_index=3).tags(1),
        of(1).tags(1),
        of(0).tags(2),
        of(0).tags(1) | {OUTLIVES_TAG: "true"},
    ],
)
def test_a_job_whose_tags_do_not_say_what_its_name_says_is_left_alone(tags: dict[str, str]) -> None:
    service = Service({of(0).name(1): job_json(of(0).name(1), "Running", tags=tags)})
    assert Drive(service).run(LATE.cancel(WS)) == ()
    assert not [call for call in service.seen if call.startswith("POST")]


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled", "CancelRequested"])
def test_a_job_that_does_not_go_on_is_left_alone(status: str) -> None:
    service = Service(jobs(of(0), status))
    assert Drive(service).run(LATE.cancel(WS)) == ()
    assert not [call for call in service.seen if call.startswith("POST")]


# -- when it is looked for


OWN = of(2)
AT_FIRST = 1000.0
"""The time at which a drive begins."""


def waited(service: Service, ends_at: float, late: LateLooks | None, **options: Any) -> Drive:
    """Wait for the task's own job, which ends at a time."""
    service.jobs |= jobs(OWN, "Running")

    def respond(effect: Any) -> Any:
        if isinstance(effect, Look) and drive.now >= ends_at:
            service.end(OWN.name(1), "Completed")
        return service(effect)

    drive = Drive(respond)
    given = {"poll_interval": 30, "patience": 900, "ageing": "none", **options}
    drive.run(wait(WS, OWN.name(1), WaitOptions(clock=drive.clock, late=late, **given)))
    return drive


def asked_for(service: Service) -> list[str]:
    """The names that were asked for, and those that were canceled."""
    return [call.removeprefix("GET /jobs/") for call in service.seen]


def test_it_is_looked_for_at_its_moments_whatever_the_poll_interval() -> None:
    service = Service()
    drive = waited(service, AT_FIRST + 1000, LateLooks.from_now(LATE, AT_FIRST), poll_interval=500)
    assert asked_for(service) == list(LATE.names) * len(AFTER)
    assert sum(isinstance(effect, Turn) for effect in drive.effects) == len(AFTER), "within the budget of requests"
    assert [at - AT_FIRST for at in drive.looked_at] == [0, *AFTER, AFTER[-1] + 500, AFTER[-1] + 1000]


def test_whoever_looks_at_jobs_for_many_is_told_when_it_is_time() -> None:
    service = Service()
    drive = waited(service, AT_FIRST + 1000, LateLooks.from_now(LATE, AT_FIRST), poll_interval=500)
    first, *_ = (effect for effect in drive.effects if isinstance(effect, Look))
    second = [effect for effect in drive.effects if isinstance(effect, Look)][1]
    assert (first.latest, second.latest) == (AFTER[0], AFTER[0])
    assert second.again is not None


def test_a_job_that_has_come_is_canceled_and_told_while_the_tasks_own_goes_on() -> None:
    service = Service()
    there = jobs(of(1), "Starting")
    looks = LateLooks.from_now(LATE, AT_FIRST)
    service.jobs |= there
    drive = waited(service, AT_FIRST + 100, looks)
    name = of(1).name(1)
    told = [one.message for one in drive.news if isinstance(one, Warned)]
    assert told == [f"Azure ML job {name} was submitted before the task was cleared, and began later: canceled."]
    assert service.seen.count(f"POST /jobs/{name}/cancel") == 1


def test_whoever_takes_the_wait_up_later_looks_once_for_the_moments_that_are_over() -> None:
    service = Service()
    waited(service, AT_FIRST + 100, LateLooks(LATE, tuple(AT_FIRST - seconds for seconds in (300, 200, 100))))
    assert asked_for(service) == list(LATE.names)


def test_a_wait_without_anything_late_asks_nothing_more() -> None:
    service = Service()
    drive = waited(service, AT_FIRST + 1000, None)
    assert service.seen == []
    assert not [effect for effect in drive.effects if isinstance(effect, Turn)]


def test_looks_for_late_jobs_that_fail_do_not_concern_the_tasks_own() -> None:
    service = Service(faults=dict.fromkeys(range(3), "unreachable"))
    drive = waited(service, AT_FIRST + 1000, LateLooks.from_now(LATE, AT_FIRST))
    told = [one.message for one in drive.news if isinstance(one, Warned)]
    assert len(told) == len(AFTER)
    assert told[0].startswith("Whether a job of before the task was cleared still runs could not be found out: ")


def test_deadline_and_patience_are_what_they_were() -> None:
    looks = LateLooks.from_now(LATE, AT_FIRST)
    with pytest.raises(DeadlineError):
        waited(Service(), AT_FIRST + 1000, looks, deadline=AT_FIRST + 30)
    service = Service()
    drive = Drive(lambda effect: ForbiddenError("no", None) if isinstance(effect, Look) else service(effect))  # type: ignore[arg-type]
    options = WaitOptions(clock=drive.clock, poll_interval=30, patience=90, ageing="none", late=looks)
    with pytest.raises(PatienceError):
        drive.run(wait(WS, OWN.name(1), options))
    assert drive.now == AT_FIRST + 90


@pytest.mark.parametrize(
    "late", [LATE, Outstanding.of(batch_identity(3, 2), ENDPOINT, "asked for", hidden=True)], ids=["names", "marks"]
)
def test_looks_travel_as_plain_values(late: Any) -> None:
    looks = LateLooks.from_now(late, AT_FIRST)
    assert looks_of(json.loads(json.dumps(looks.to_dict()))) == looks


# -- batch endpoints


def canceled(world: World, outstanding: Outstanding) -> tuple[str, ...]:
    """What a look at the endpoint cancels."""
    return Drive(world.service).run(outstanding.cancel(WS))


def records(world: World) -> list[Outstanding | None]:
    """What the last try has left for others, in its order."""
    return [Outstanding.from_dict(one.record) for one in world.news if isinstance(one, MayStart)]


def test_an_invocation_is_recorded_before_it_is_sent() -> None:
    world = World()
    with pytest.raises(DiedError):
        world.attempt(lives=1)
    assert world.service.posts == []
    (record,) = records(world)
    assert record == Outstanding.of(batch_identity(), ENDPOINT, None, hidden=False)


def test_a_job_that_comes_after_its_process_has_died_is_found_by_the_record_and_ends() -> None:
    world = World()
    world.service.make(None)
    world.service.make("dag-other-0123456789abcdef-1")
    world.service.make(batch_identity(1, map_index=1).name(1))
    with pytest.raises(DiedError):
        world.attempt(lives=3)
    (record,) = records(world)
    assert record is not None
    assert canceled(world, record) == ("batchjob-4",)
    assert [job.status for job in world.service.jobs] == ["Running"] * 3 + ["CancelRequested"]
    assert canceled(world, record) == ()


def test_a_service_that_drops_the_mark_has_no_job_ended() -> None:
    world = World(echoes=False)
    with pytest.raises(DiedError):
        world.attempt(lives=3)
    (record,) = records(world)
    assert record is not None
    assert canceled(world, record) == ()
    assert world.service.jobs[0].status == "Running"


def test_where_nothing_can_be_looked_at_that_is_said() -> None:
    world = World(blind={"history", "list"})
    with pytest.raises(ForbiddenError):
        canceled(world, Outstanding.of(batch_identity(), ENDPOINT, None, hidden=False))


def test_a_clear_whose_earlier_job_was_seen_has_nothing_to_wait_for() -> None:
    world = World()
    world.attempt()
    world.service.jobs[0].status = "Canceled"
    found = world.attempt(try_number=2, generation=1)
    (record,) = records(world)
    assert record is not None
    assert (found.late, record.hidden, record.of_earlier) == (None, False, None)


def test_after_a_clear_the_earlier_job_that_was_not_seen_may_still_come_and_then_ends() -> None:
    world = World(lag=LOOK_FOR + 5)
    with pytest.raises(DiedError):
        world.attempt(lives=3)
    found = world.attempt(try_number=2, generation=1)
    world.now += LOOK_FOR + 10
    assert found.late is not None
    assert Drive(world.service).run(found.late.cancel(WS)) == ("batchjob-1",)
    assert [job.status for job in world.service.jobs] == ["CancelRequested", "Running"]
    (record,) = records(world)
    assert record is not None
    assert record.of_earlier == found.late


def test_a_retry_never_ends_a_job_of_its_own_generation() -> None:
    world = World(lag=LOOK_FOR + 5)
    with pytest.raises(DiedError):
        world.attempt(lives=3)
    found = world.attempt(try_number=2)
    assert found.late is None


def test_a_job_that_is_to_go_on_without_its_task_leaves_no_record() -> None:
    world = World()
    drive = Drive(world.service)
    flow = invoke_once(WS, batch_identity(2, 1), TARGET, request, clock=world.service.clock, ends_with_task=False)
    assert drive.run(flow).late is None
    assert not [one for one in drive.news if isinstance(one, MayStart)]


@pytest.mark.parametrize(
    "nonsense",
    [None, "x", {}, {"endpoint": 3, "stems": ["s"]}, {"endpoint": "e", "stems": "s"}, {"endpoint": "e", "stems": [""]}],
)
def test_what_is_no_record_is_none(nonsense: Any) -> None:
    assert Outstanding.from_dict(nonsense) is None


def test_a_record_keeps_the_start_of_its_run() -> None:
    started = datetime(2025, 1, 31, 10, 0, 0, 7, tzinfo=timezone.utc)
    record = Outstanding.of(batch_identity(run_started=started), ENDPOINT, None, hidden=True)
    read = Outstanding.from_dict(json.loads(json.dumps(record.to_dict())))
    assert read == record


@pytest.mark.parametrize(("hidden", "unclear"), [(False, False), (True, True)])
def test_a_name_that_is_known_settles_an_invocation_but_not_those_of_earlier_tries(hidden: bool, unclear: bool) -> None:
    record = Outstanding.of(batch_identity(2), ENDPOINT, None, hidden=hidden)
    assert record.beside(None) == record
    assert (record.beside("batchjob-1") == record) is unclear
