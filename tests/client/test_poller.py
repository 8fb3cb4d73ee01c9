"""One loop that looks at the jobs of many: what it asks, whom it answers, and what it finds out once."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import pytest

from airflow_azureml.client import poller
from airflow_azureml.client.poller import Poller
from airflow_azureml.client.shared_client import share
from airflow_azureml.lifecycle.pacing import groups, throttle
from airflow_azureml.lifecycle.pacing.groups import Groups
from airflow_azureml.rest.errors import (
    AuthenticationError,
    AzureMLError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    TransientError,
    TransientServiceError,
    UnreachableError,
    UntrustedHostError,
)
from airflow_azureml.rest.flow import Call, Flow, Look
from airflow_azureml.rest.history import RunStatus
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.settings import Settings
from tests.client.conftest import WORKSPACE
from tests.client.stub import Answer, Stub
from tests.rest.driving import job, job_json, reply

GONE = NotFoundError("There is no such job.", reply(404))
DOWN = UnreachableError("ml.example:443 cannot be reached.")
BUSY = TransientServiceError("Too many requests.", reply(429, headers={"Retry-After": "0.2"}))


@dataclass
class Service:
    """Answers calls from a table of statuses; ``together``, ``of_one`` (experiment) and ``alone`` may raise instead.

    ``asked``: for many jobs a list, for those of an experiment a tuple, for one job its name. ``latency``: seconds that
    an answer takes.
    """

    statuses: dict[str, str] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    together: Callable[[list[str]], None] = lambda names: None
    of_one: Callable[[list[str]], None] = lambda names: None
    experiments: dict[str, str] = field(default_factory=dict)
    alone: Callable[[str], None] = lambda name: None
    asked: list[list[str] | tuple[str, ...] | str] = field(default_factory=list)
    context: list[str] = field(default_factory=list)
    latency: float = 0.0

    async def ask(self, flow: Flow[Any]) -> Any:
        """Carry a flow of one call through."""
        steps = iter(flow)
        call = next(steps)
        answer = await self.answer(call)
        with pytest.raises(StopIteration) as end:
            steps.send(answer)
        return end.value.value

    async def answer(self, call: Any) -> Any:
        """What a call gives."""
        assert isinstance(call, Call)
        assert not call.may_repeat, "whoever waits decides when to ask again"
        self.context.append(TASK.get())
        await asyncio.sleep(self.latency)
        if call.path.endswith("/batchrundata"):
            names = list(call.body["requests"])
            self.asked.append(names)
            self.together(names)
            return {name: RunStatus(self.statuses[name]) for name in names if name not in self.unseen}
        if call.path.endswith("/runs:query"):
            names = re.findall(r"RunId eq ([^)]+)", call.body["filter"])
            assert {self.experiments[name] for name in names} == {call.path.split("/")[-2]}
            self.asked.append(tuple(names))
            self.of_one(names)
            return {"value": [{"runId": name, "status": self.statuses[name]} for name in names]}
        name = call.path.rpartition("/")[2]
        self.asked.append(name)
        self.alone(name)
        return job(name, self.statuses[name], experimentName=self.experiments.get(name))

    @property
    def singles(self) -> list[str]:
        """The jobs that were asked for alone."""
        return [asked for asked in self.asked if isinstance(asked, str)]


TASK: ContextVar[str] = ContextVar("task", default="nobody")


def failing(error: AzureMLError, times: int = 1_000_000) -> Callable[[Any], None]:
    """Raise so many times."""
    left = [times]

    def fail(asked: Any) -> None:
        if left[0] > 0:
            left[0] -= 1
            raise error

    return fail


def look(name: str, pause: float = 0.0, **others: Any) -> Look:
    """A look out of a row of them."""
    return Look(name, pause=pause, interval=30.0, **others)


def looked(service: Service, *names: str, budget: float = 1000.0) -> list[Job | BaseException]:
    """What those who wait for one look each get."""

    async def go() -> list[Job | BaseException]:
        one = Poller(WORKSPACE, service.ask, budget, Groups())
        answers = await asyncio.wait_for(
            asyncio.gather(*(one.look(look(name)) for name in names), return_exceptions=True), 20
        )
        assert one.waiting == 0
        await one.close()
        return answers

    return asyncio.run(go())


def statuses(answers: list[Job | BaseException]) -> list[str]:
    """The statuses in answers; none may be an error."""
    assert all(isinstance(answer, Job) for answer in answers), answers
    return [answer.status for answer in answers if isinstance(answer, Job)]


def test_those_who_wait_share_requests() -> None:
    service = Service({f"j{number}": "Completed" if number % 2 else "Running" for number in range(250)})
    answers = looked(service, *service.statuses)
    assert statuses(answers) == list(service.statuses.values())
    assert [len(asked) for asked in service.asked] == [100, 100, 50]


def test_who_is_missing_from_two_answers_is_looked_at_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller, "UNSEEN_PAUSE", 0.05)
    service = Service({"a": "Running", "b": "Completed", "c": "Running"}, unseen={"b", "c"})
    service.alone = lambda name: failing(GONE)(name) if name == "c" else None
    first, second, third = looked(service, "a", "b", "c")
    assert statuses([first, second]) == ["Running", "Completed"]
    assert third is GONE
    together = [asked for asked in service.asked if isinstance(asked, list)]
    # The two come due one after the other, and so perhaps in two requests.
    assert together in ([["a", "b", "c"], ["b", "c"]], [["a", "b", "c"], ["b"], ["c"]])
    assert service.singles == ["b", "c"]
    assert len(service.asked) == len(together) + 2


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("no route", reply(404)),
        BadRequestError("no method", reply(405)),
        BadRequestError("not implemented", reply(501)),
        ForbiddenError("not allowed", reply(403)),
        UntrustedHostError("not a host for tokens"),
    ],
)
def test_a_workspace_without_the_route_is_asked_once(error: AzureMLError, caplog: pytest.LogCaptureFixture) -> None:
    service = Service({f"j{number}": "Running" for number in range(150)}, together=failing(error))

    async def go() -> None:
        one = Poller(WORKSPACE, service.ask, 2000, Groups())
        for _ in range(2):
            answers = await asyncio.gather(*(one.look(look(name)) for name in service.statuses))
            assert statuses(list(answers)) == ["Running"] * 150

    with caplog.at_level(logging.INFO):
        asyncio.run(go())
    # The second request may have left before the first was answered.
    assert [len(asked) for asked in service.asked if isinstance(asked, list)] in ([100], [100, 50])
    assert len(service.singles) == 300
    assert len([record for record in caplog.records if record.name == poller.__name__]) == 1


def of_experiments(service: Service) -> list[Job | BaseException]:
    """What those who wait get, each with a job of a known experiment."""

    async def go() -> list[Job | BaseException]:
        one = Poller(WORKSPACE, service.ask, 1000, Groups())
        wanted = (one.look(look(name, experiment=service.experiments[name])) for name in service.statuses)
        return await asyncio.gather(*wanted, return_exceptions=True)

    return asyncio.run(go())


def test_a_workspace_that_tells_of_experiments_is_asked_for_each() -> None:
    service = Service({f"j{number}": "Running" for number in range(230)}, together=failing(GONE))
    service.experiments = {name: f"e{int(name[1:]) % 2}" for name in service.statuses}
    assert statuses(of_experiments(service)) == ["Running"] * 230
    refused = [len(asked) for asked in service.asked if isinstance(asked, list)]
    # Further ones may have left before the first was refused; whom they were for is asked about beside the others.
    assert refused in ([100], [100, 100], [100, 100, 30])
    answered = [asked for asked in service.asked if isinstance(asked, tuple)]
    assert sorted(name for asked in answered for name in asked) == sorted(service.statuses)
    assert max(map(len, answered)) <= 100
    assert len(answered) <= 2 + 2 * len(refused)
    assert not service.singles


def test_the_experiment_is_learned_from_a_look_alone() -> None:
    service = Service({f"j{number}": "Running" for number in range(20)}, together=failing(GONE))
    service.experiments = dict.fromkeys(service.statuses, "e")
    seen = dict.fromkeys(service.statuses, 0)

    def again(job: Job) -> float | None:
        seen[job.name] += 1
        return 0.1 if seen[job.name] < 3 else None

    async def go() -> None:
        one = Poller(WORKSPACE, service.ask, 1000, Groups())
        await asyncio.gather(*(one.look(look(name, again=again)) for name in service.statuses))

    asyncio.run(go())
    assert sorted(service.singles) == sorted(service.statuses)
    assert sum(len(asked) for asked in service.asked if isinstance(asked, tuple)) == 40


def test_a_workspace_that_refuses_both_is_asked_for_each_job() -> None:
    service = Service({f"j{number}": "Running" for number in range(30)}, together=failing(GONE), of_one=failing(GONE))
    service.experiments = dict.fromkeys(service.statuses, "e")
    assert statuses(of_experiments(service)) == ["Running"] * 30
    assert len(service.asked) - len(service.singles) == 2
    assert sorted(service.singles) == sorted(service.statuses)


def test_nobody_is_woken_while_nothing_is_new() -> None:
    service = Service({"a": "Running"})

    def again(job: Job) -> float | None:
        return None if job.status == "Completed" else 0.01

    async def go() -> None:
        one = Poller(WORKSPACE, service.ask, 1000, Groups())
        waiting = asyncio.ensure_future(one.look(Look("a", interval=0.01, again=again)))
        while len(service.asked) < 5:
            await asyncio.sleep(0.01)
            assert not waiting.done()
        assert one.waiting == 1
        service.statuses["a"] = "Completed"
        assert (await waiting).status == "Completed"

    asyncio.run(go())


def test_a_bug_in_who_waits_is_theirs() -> None:
    def broken(job: Job) -> float | None:
        raise KeyError("bug")

    service = Service({"a": "Running", "b": "Running"})

    async def go() -> list[Job | BaseException]:
        one = Poller(WORKSPACE, service.ask, 1000, Groups())
        looks = [one.look(look("a", again=broken)), one.look(look("b"))]
        return await asyncio.gather(*looks, return_exceptions=True)

    first, second = asyncio.run(go())
    assert isinstance(first, KeyError)
    assert isinstance(second, Job)


def test_the_route_is_tried_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "REMEMBERED_FOR", 0.05)
    service = Service({"a": "Running"}, together=failing(NotFoundError("no route", reply(404)), 1))

    async def go() -> None:
        one = Poller(WORKSPACE, service.ask, 1000, Groups())
        await one.look(look("a"))
        await asyncio.sleep(0.1)
        await one.look(look("a"))

    asyncio.run(go())
    assert service.asked == [["a"], "a", ["a"]]


@pytest.mark.parametrize("status", [400, 413])
def test_requests_that_are_too_large_are_halved(status: int) -> None:
    def refuse(names: list[str]) -> None:
        if len(names) > 30:
            raise BadRequestError("too many", reply(status))

    service = Service({f"j{number}": "Running" for number in range(100)}, together=refuse)
    assert statuses(looked(service, *service.statuses)) == ["Running"] * 100
    # The second half may have left before the first was refused.
    assert [len(asked) for asked in service.asked] in ([100, 50, *4 * [25]], [100, 50, 50, *4 * [25]])
    assert not service.singles


def test_a_route_that_takes_not_even_one_job_is_none() -> None:
    service = Service(
        {f"j{number}": "Running" for number in range(4)}, together=failing(BadRequestError("", reply(400)))
    )
    assert statuses(looked(service, *service.statuses)) == ["Running"] * 4
    assert sorted(service.singles) == sorted(service.statuses)
    together = [len(asked) for asked in service.asked if isinstance(asked, list)]
    # When the first of a size is refused, as many of that size may have left as there are.
    assert [size for size, _ in itertools.groupby(together)] == [4, 2, 1]
    assert (together.count(4), together.count(2) <= 2, together.count(1) <= 4) == (1, True, True)


@pytest.mark.parametrize("error", [DOWN, BUSY, AuthenticationError("no token")])
def test_a_failure_that_passes_is_met_in_silence(error: AzureMLError, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "LONGEST_BACK_OFF", 0.02)
    service = Service({f"j{number}": "Running" for number in range(50)}, together=failing(error, 1))
    assert statuses(looked(service, *service.statuses)) == ["Running"] * 50
    assert [len(asked) for asked in service.asked] == [50, 50]


def test_throttling_is_told_when_it_lasts_and_asks_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "LONGEST_BACK_OFF", 0.02)
    service = Service({f"j{number}": "Running" for number in range(250)}, together=failing(BUSY))

    async def go() -> float:
        one = Poller(WORKSPACE, service.ask, 1000, Groups())
        begun = asyncio.get_running_loop().time()
        answers = await asyncio.gather(*(one.look(look(name)) for name in service.statuses), return_exceptions=True)
        assert set(answers) == {BUSY}
        return asyncio.get_running_loop().time() - begun

    assert asyncio.run(go()) >= 0.2
    assert not service.singles
    assert len(service.asked) <= 6


def test_where_only_run_history_is_out_of_reach_each_is_looked_at_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "LONGEST_BACK_OFF", 0.02)
    service = Service({f"j{number}": "Running" for number in range(20)}, together=failing(DOWN))
    assert statuses(looked(service, *service.statuses)) == ["Running"] * 20
    assert [len(asked) for asked in service.asked if isinstance(asked, list)] == [20, 20]
    assert sorted(service.singles) == sorted(service.statuses)


@pytest.mark.parametrize("latency", [0.0, 0.01], ids=["one request at a time", "several under way"])
def test_an_outage_is_met_by_all_and_after_it_they_share_requests_again(
    monkeypatch: pytest.MonkeyPatch, latency: float
) -> None:
    monkeypatch.setattr(throttle, "LONGEST_BACK_OFF", 0.02)
    names = [f"j{number}" for number in range(200)]
    service = Service(dict.fromkeys(names, "Running"), together=failing(DOWN), alone=failing(DOWN), latency=latency)

    async def go() -> None:
        one = Poller(WORKSPACE, service.ask, 1000, Groups())
        answers = await asyncio.gather(*(one.look(look(name)) for name in names), return_exceptions=True)
        assert set(answers) == {DOWN}
        assert len(service.asked) < 15, "one request speaks for all"
        service.together = lambda names: None
        service.alone = lambda name: None
        assert statuses(list(await asyncio.gather(*(one.look(look(name)) for name in names)))) == ["Running"] * 200
        service.asked.clear()
        await asyncio.gather(*(one.look(look(name)) for name in names))
        assert [len(asked) for asked in service.asked] == [100, 100]

    asyncio.run(go())


def test_who_leaves_is_not_asked_for() -> None:
    service = Service({"a": "Running", "b": "Running"})

    async def go() -> None:
        one = Poller(WORKSPACE, service.ask, 1000, Groups())
        leaving = asyncio.ensure_future(one.look(look("a", 0.1, not_before=0.1)))
        staying = asyncio.ensure_future(one.look(look("b", 0.1, not_before=0.1)))
        await asyncio.sleep(0.02)
        leaving.cancel()
        assert (await staying).status == "Running"
        assert one.waiting == 0

    asyncio.run(go())
    assert service.asked == [["b"]]


def test_a_deadline_is_kept_although_nothing_may_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller, "LATE", 0.05)
    service = Service(
        {"a": "Running"}, together=failing(TransientServiceError("", reply(429, headers={"Retry-After": "60"})))
    )

    async def go() -> None:
        one = Poller(WORKSPACE, service.ask, 1000, Groups())
        with pytest.raises(TransientError, match="in time"):
            await one.look(look("a", latest=0.05))
        await one.close()

    asyncio.run(go())


def test_a_sooner_look_wakes_the_loop() -> None:
    service = Service({"a": "Running", "b": "Completed"})

    async def go() -> None:
        one = Poller(WORKSPACE, service.ask, 1000, Groups())
        late = asyncio.ensure_future(one.look(look("a", 20, not_before=20)))
        await asyncio.sleep(0.02)
        assert (await asyncio.wait_for(one.look(look("b", 0.02)), 2)).status == "Completed"
        late.cancel()
        await one.close()

    asyncio.run(go())


def test_the_loop_runs_in_nobody_s_context() -> None:
    service = Service({"a": "Running"})

    async def waiting() -> Job:
        TASK.set("trigger of a")
        return await Poller(WORKSPACE, service.ask, 1000, Groups()).look(look("a"))

    asyncio.run(waiting())
    assert service.context == ["nobody"]


def test_a_bug_leaves_nobody_waiting() -> None:
    class Broken(Service):
        async def ask(self, flow: Flow[Any]) -> Any:
            raise KeyError("bug")

    first, second = looked(Broken({"a": "Running", "b": "Running"}), "a", "b")
    assert isinstance(first, KeyError)
    assert isinstance(second, KeyError)


def test_a_budget_that_is_too_small_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    service = Service({f"j{number}": "Running" for number in range(20)}, together=failing(GONE))

    async def go() -> None:
        one = Poller(WORKSPACE, service.ask, 20, Groups())
        for _ in range(2):
            await asyncio.gather(*(one.look(Look(name, interval=0.1)) for name in service.statuses))

    asyncio.run(go())
    assert [message for message in caplog.messages if "max_requests_per_second" in message] == [
        "20 jobs of workspace ws-1 are waited for: within [azureml] max_requests_per_second, each is looked at every 1 "
        "seconds, less often than asked for."
    ]


def in_stub(settings: Settings, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Work with a shared client."""

    async def go() -> Any:
        async with share(settings, 100) as client:
            return await work(client)

    return asyncio.run(go())


def one_look(name: str) -> Any:
    """A flow of one look."""
    return (yield look(name))


def discovery(stub: Stub) -> None:
    """The workspace names the stub as its data plane."""
    value = {"properties": {"discoveryUrl": f"{stub.url}/discovery", "workspaceId": "guid"}}
    stub.script(f"GET {WORKSPACE.path}\\?", Answer(value=value))
    stub.script("GET /discovery", Answer(value={"api": stub.url}))


def test_over_https_many_are_asked_for_by_one_request(settings: Settings, stub: Stub) -> None:
    discovery(stub)
    names = [f"j{number}" for number in range(30)]
    shown = {name: {"runMetadata": {"runId": name, "status": "Running"}} for name in names}
    stub.script("POST .*/batchrundata", Answer(value={"successfulResults": shown, "failedResults": {}}))

    async def work(client: Any) -> Any:
        return await asyncio.gather(*(client.run(one_look(name)) for name in names))

    assert [answer.status for answer in in_stub(settings, work)] == ["Running"] * 30
    assert len(stub.requests("batchrundata")) == 1
    assert stub.requests("/jobs/") == []
    assert stub.tokens == 1


def test_over_https_a_workspace_without_run_history_is_looked_at_job_by_job(settings: Settings, stub: Stub) -> None:
    discovery(stub)
    stub.script("POST .*/batchrundata", Answer(404, {"error": {"code": "NotFound", "message": "no such route"}}))
    for number in range(5):
        stub.script(f"/jobs/j{number}", Answer(value=job_json(f"j{number}", "Completed")))

    async def work(client: Any) -> Any:
        return await asyncio.gather(*(client.run(one_look(f"j{number}")) for number in range(5)))

    assert [answer.status for answer in in_stub(settings, work)] == ["Completed"] * 5
    assert len(stub.requests("batchrundata")) == 1
    assert len(stub.requests("/jobs/")) == 5
