"""A job service in a few lines that acts on calls as they come: enough to see what a flow does to it, or a fault."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_azureml.rest.errors import AzureMLError, NoAnswerError, NotFoundError, UnreachableError
from airflow_azureml.rest.flow import Call, Look, Reply
from airflow_azureml.rest.jobs import Job
from tests.rest.driving import MISSING_JOB, WS, job_json, reply

Fault = Literal["unreachable", "lost", "throttled", "broken before", "broken after"]
FAULTS: tuple[Fault, ...] = ("unreachable", "lost", "throttled", "broken before", "broken after")

TAKEN = {"error": {"code": "UserError", "message": "A job with this name already exists. Use a different name."}}


@dataclass
class Service:
    """Jobs by name, what was asked, and what is to go wrong.

    :param faults: by number of the call, from 0.
    """

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    refuse_equal: bool = True

    def __call__(self, effect: Any) -> Any:
        """Answer a call or a look."""
        if isinstance(effect, Look):
            found = self.jobs.get(effect.job)
            return Job.from_json(found) if found else NotFoundError(f"Job {effect.job} not found.", reply(404))
        assert isinstance(effect, Call)
        fault = self.faults.pop(len(self.seen), None)
        self.seen.append(f"{effect.method} {effect.path.removeprefix(WS.path)}")
        return self._meet(effect, fault)

    def _meet(self, call: Call[Any], fault: Fault | None) -> Reply | AzureMLError:
        if fault == "unreachable":
            return UnreachableError("arm.example:443 cannot be reached.")
        if fault == "throttled":
            return reply(429, headers={"Retry-After": "7"})
        if fault == "broken before":
            return reply(500)
        answer = self._act(call)
        if fault == "lost":
            return NoAnswerError("No whole answer came.")
        return reply(503) if fault == "broken after" else answer

    def _act(self, call: Call[Any]) -> Reply:
        if "/computes/" in call.path:
            return reply(200, {"properties": {"computeType": "AmlCompute", "provisioningState": "Succeeded"}})
        name = call.path.removeprefix(f"{WS.path}/jobs/").removesuffix("/cancel")
        found = self.jobs.get(name)
        if call.method == "PUT":
            if found is not None:
                return reply(400, TAKEN) if self.refuse_equal else reply(200, found)
            self.jobs[name] = job_json(name, "Starting", **call.body["properties"])
            self.accepted.append(name)
            return reply(201, self.jobs[name])
        if found is None:
            return reply(404, MISSING_JOB)
        if call.method == "POST":
            found["properties"]["status"] = "CancelRequested"
            return reply(202)
        return reply(200, found)

    def end(self, name: str, status: str) -> None:
        """Let a job end."""
        self.jobs[name]["properties"]["status"] = status

    @property
    def puts(self) -> list[str]:
        """The submissions received."""
        return [call for call in self.seen if call.startswith("PUT")]
