"""Driving a flow by hand: each effect is answered by the test, a failed answer is raised where the flow asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from airflow_azureml.rest.errors import AzureMLError, check
from airflow_azureml.rest.flow import Call, Effect, Flow, Look, News, Pause, Peek, Reply, Steps, Turn
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job

T = TypeVar("T")

WS = Workspace("sub", "group", "ws")

Answer = Reply | AzureMLError | None


def reply(status: int = 200, value: Any = None, *, headers: dict[str, str] | None = None, body: bytes = b"") -> Reply:
    """An answer; ``value`` becomes its JSON body."""
    return Reply(
        status, headers or {}, json.dumps(value).encode() if value is not None else body, "GET", "https://host/x"
    )


def job_json(name: str, status: str = "Running", **properties: Any) -> dict[str, Any]:
    """A job resource as the service sends it."""
    inner = {"jobType": "Command", "status": status, "experimentName": "exp", **properties}
    return {"id": f"{WS.path}/jobs/{name}", "name": name, "properties": inner}


def job(name: str = "j", status: str = "Running", **properties: Any) -> Job:
    """A job."""
    return Job.from_json(job_json(name, status, **properties))


MISSING_JOB = {
    "error": {
        "code": "UserError",
        "message": "Job j not found.",
        "details": [],
        "additionalInfo": [
            {"type": "Correlation", "info": {"value": {"operation": "op1", "request": "rq1"}}},
            {"type": "InnerError", "info": {"value": {"code": "NotFound", "innerError": {"code": "JobNotFound"}}}},
        ],
    }
}


def perform(call: Call[T], answer: Answer) -> T:
    """Read an answer as a driver does."""
    if isinstance(answer, AzureMLError):
        raise answer
    assert answer is not None, f"unexpected call: {call}"
    if answer.status not in call.ok:
        check(Reply(answer.status, answer.headers, answer.body, call.method, f"https://host{call.path}"))
    return call.parse(answer)


class DiedError(Exception):
    """The process that carried the flow is gone."""


@dataclass
class Drive:
    """A flow under way, and what it asked for.

    :param respond: answers calls and looks: a reply, a job for a look, or an error to raise.
    :param lives: effects after which the process dies: the last one has its effect, its answer is never seen.
    """

    respond: Callable[[Any], Any]
    now: float = 1000.0
    lives: int | None = None
    effects: list[Effect] = field(default_factory=list)
    looked_at: list[float] = field(default_factory=list)

    def clock(self) -> float:
        """The test's own time; only pauses move it."""
        return self.now

    def run(self, flow: Flow[T]) -> T:
        """Carry the flow to its end.

        :raises DiedError: see ``lives``.
        """
        steps = iter(flow)
        try:
            effect = next(steps)
            while True:
                self.effects.append(effect)
                try:
                    answer = self._answer(effect)
                except AzureMLError as error:
                    self._live_on(steps)
                    effect = steps.throw(error)
                else:
                    self._live_on(steps)
                    effect = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    def _live_on(self, steps: Steps[Any]) -> None:
        if self.lives == len(self.effects):
            steps.close()
            raise DiedError

    def _answer(self, effect: Effect) -> Any:
        if isinstance(effect, Pause):
            assert effect.seconds >= 0
            self.now += effect.seconds
            return None
        if isinstance(effect, (News, Turn)):
            return None
        if isinstance(effect, Look):
            assert effect.pause >= effect.not_before >= 0
            self.now += effect.pause
            self.looked_at.append(self.now)
            answer = self.respond(effect)
            if isinstance(answer, AzureMLError):
                raise answer
            return answer
        if isinstance(effect, Peek):
            return self.respond(effect)
        assert isinstance(effect, Call), effect
        return perform(effect, self.respond(effect))

    @property
    def news(self) -> list[Any]:
        """The records told."""
        return [effect.record for effect in self.effects if isinstance(effect, News)]

    @property
    def pauses(self) -> list[float]:
        """The seconds of all pauses."""
        looks = [effect.pause for effect in self.effects if isinstance(effect, Look) and effect.pause]
        return looks + [effect.seconds for effect in self.effects if isinstance(effect, Pause)]

    @property
    def calls(self) -> list[str]:
        """Method and last parts of the path of all calls."""
        calls = [effect for effect in self.effects if isinstance(effect, Call)]
        return [f"{call.method} {call.path.removeprefix(WS.path)}" for call in calls]


def run(flow: Flow[T], *answers: Answer) -> T:
    """Carry a flow to its end with answers in order; all of them must be used."""
    waiting = list(answers)
    result = Drive(lambda _: waiting.pop(0)).run(flow)
    assert not waiting, f"{len(waiting)} answers were not asked for"
    return result
