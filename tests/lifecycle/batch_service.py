"""Batch endpoints in a few lines: jobs that an invocation starts, marks echoed or dropped, lists that lag, faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal

from airflow_azureml.rest.errors import AzureMLError, NoAnswerError, TransientServiceError, UnreachableError
from airflow_azureml.rest.flow import Call, Reply
from tests.rest.driving import MISSING_JOB, WS, reply

ENDPOINT = "risk"
URI = "https://risk.eastus.inference.ml.azure.com/jobs"

Fault = Literal[
    "unreachable", "throttled", "throttled after", "500 before", "500 after", "dropped before", "dropped after",
    "nameless after", "refused", "no token",
]  # fmt: skip
LOST: tuple[Fault, ...] = ("500 after", "dropped after", "nameless after")
NEVER_MADE: tuple[Fault, ...] = ("500 before", "dropped before")


@dataclass
class BatchJob:
    """A job of the endpoint."""

    name: str
    mark: str | None
    made_at: float
    status: str = "Running"
    deployment: str = "blue"
    experiment: str = ENDPOINT
    inputs: Any = None


@dataclass
class BatchService:
    """The scoring host, run history and ARM.

    :param clock: the test's time.
    :param echoes: whether the mark is kept.
    :param lag: seconds before a job is listed, in run history and in ARM's list.
    :param faults: what is to go wrong with the POSTs, in order.
    :param blind: sources that refuse to answer.
    """

    clock: Callable[[], float] = lambda: 0.0
    echoes: bool = True
    lag: float = 0.0
    faults: list[Fault | None] = field(default_factory=list)
    blind: set[str] = field(default_factory=set)
    shows_inputs: bool = False
    jobs: list[BatchJob] = field(default_factory=list)
    posts: list[Any] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)

    def __call__(self, effect: Any) -> Reply | AzureMLError:
        """Answer a call."""
        assert isinstance(effect, Call), effect
        if effect.path == URI:
            self.headers.append(dict(effect.headers))
            return self.invoked(effect.body, self.faults.pop(0) if self.faults else None)
        if effect.path.endswith("/runs:query"):
            return self.history(effect)
        if effect.path == f"{WS.path}/jobs":
            return reply(403) if "list" in self.blind else reply(200, {"value": [self.arm(job) for job in self.listed]})
        name = effect.path.removeprefix(f"{WS.path}/jobs/").removesuffix("/cancel")
        found = next((job for job in self.listed if job.name == name), None)
        if found is None:
            return reply(404, MISSING_JOB)
        if effect.method == "POST":
            found.status = "CancelRequested"
            return reply(202)
        return reply(200, self.arm(found))

    @property
    def listed(self) -> list[BatchJob]:
        """The jobs that can be seen by now."""
        return [job for job in self.jobs if self.clock() >= job.made_at + self.lag]

    def make(self, mark: str | None = None, **facts: Any) -> BatchJob:
        """Make a job."""
        job = BatchJob(f"batchjob-{len(self.jobs) + 1}", mark, self.clock(), **facts)
        self.jobs.append(job)
        return job

    def invoked(self, body: Any, fault: Fault | None) -> Reply | AzureMLError:
        """Meet an invocation."""
        self.posts.append(body)
        date = {"Date": datetime.fromtimestamp(self.clock(), timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")}
        match fault:
            case "unreachable":
                return UnreachableError("risk:443 cannot be reached.")
            case "no token":
                return TransientServiceError("login issues no tokens at the moment.", Reply(503, url="https://login"))
            case "refused":
                return reply(400, {"error": {"message": "no such input"}})
            case "throttled":
                return reply(429, headers={"Retry-After": "7", **date})
            case "500 before":
                return reply(500)
            case "dropped before":
                return NoAnswerError("risk:443 gave no complete answer.")
        mark = body["properties"]["properties"]["airflow_invocation"]
        job = self.make(mark if self.echoes else None, inputs=body["properties"].get("inputData"))
        match fault:
            case "throttled after":
                return reply(429, headers=date)
            case "500 after":
                return reply(500)
            case "dropped after":
                return NoAnswerError("risk:443 gave no complete answer.")
            case "nameless after":
                return reply(201, {})
        inner = {"name": "careful_bulb", "status": "Preparing"}
        return reply(201, {"id": f"{WS.path}/batchEndpoints/{ENDPOINT}/jobs/{job.name}", "properties": inner})

    def history(self, call: Call[Any]) -> Reply:
        """Answer run history's query."""
        if "history" in self.blind:
            return reply(403)
        experiment = call.path.rpartition("/experiments/")[2].partition("/")[0]
        runs = [self.run(job) for job in self.listed if job.experiment == experiment]
        return reply(200, {"value": runs}) if runs else reply(404)

    def facts(self, job: BatchJob) -> dict[str, Any]:
        """What both sources show."""
        tags = {"azureml.batchrun": "true", "azureml.deploymentname": job.deployment}
        return {"status": job.status, "tags": tags, "properties": {"airflow_invocation": job.mark} if job.mark else {}}

    def run(self, job: BatchJob) -> dict[str, Any]:
        """The job as run history shows it."""
        return {"runId": job.name, "createdUtc": _time(job), **self.facts(job)}

    def arm(self, job: BatchJob) -> dict[str, Any]:
        """The job as ARM shows it."""
        shown = {"inputs": job.inputs if self.shows_inputs else None, "outputs": None}
        inner = {"jobType": "Pipeline", "experimentName": job.experiment, **shown, **self.facts(job)}
        return {"name": job.name, "properties": inner, "systemData": {"createdAt": _time(job)}}


def _time(job: BatchJob) -> str:
    return datetime.fromtimestamp(job.made_at, timezone.utc).isoformat()
