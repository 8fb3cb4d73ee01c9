"""The backend of batch endpoints: endpoints, deployments, and the jobs that their invocations make."""

from __future__ import annotations

from functools import partial

from azureml_emulator.assets.references import Resolver
from azureml_emulator.batch.batch_job import invocation_answer, job_description, parent_definition
from azureml_emulator.batch.batch_run import BATCH_RUNNER
from azureml_emulator.batch.deployments import Properties, completed, is_pipeline
from azureml_emulator.batch.invocation import Body, job_name, scoring_definition
from azureml_emulator.batch.models import Deployments, Endpoints, Invocations
from azureml_emulator.batch.pipeline_invocation import pipeline_definition
from azureml_emulator.control.faults import Faults, subject
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.operations import Record
from azureml_emulator.core.settings import Settings
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.endpoints.records import OperatedRecords
from azureml_emulator.jobs.checks import check_compute
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.models import Job
from azureml_emulator.jobs.visibility import listed_late
from azureml_emulator.workspace.computes import Computes

NO_DEFAULT = (
    "No valid deployments to route to. Please check that the endpoint has at least one deployment with positive weight "
    "values or use a deployment specific header to route."
)
"""Source: Microsoft's page on troubleshooting batch endpoints; its status and code are unproven."""


class Batch:
    """The batch endpoints of the workspace."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        transitions: Transitions,
        faults: Faults,
        invocations: Invocations,
        resolver: Resolver,
        computes: Computes,
        engine: Engine,
    ) -> None:
        self.settings = settings
        self.faults = faults
        self.endpoints = Endpoints(store, transitions)
        self.deployments = Deployments(store, transitions)
        self.invocations = invocations
        self.jobs = engine.jobs
        self._store = store
        self._resolver = resolver
        self._engine = engine
        self._check_compute = partial(check_compute, settings, computes)

    def operated(self) -> tuple[OperatedRecords, ...]:
        """All its records that have operations."""
        return self.endpoints, self.deployments

    def complete_deployment(self, properties: Properties) -> Properties:
        """The properties of a deployment as the service stores them.

        :raises ServiceError: 400 for what is missing, contradicts itself, or names something that does not exist.
        """
        return completed(self._resolver, self._check_compute, properties)

    def route(self, endpoint: str, deployment: str | None) -> tuple[Record, Record]:
        """The endpoint and the deployment that an invocation goes to.

        :param deployment: the one that the request names; None: the endpoint's default.
        :raises ServiceError: 404 for what does not exist, 400 where there is no default. Status and codes are unproven.
        """
        holder = self.endpoints.get(endpoint)
        if holder is None:
            raise missing(f"The batch endpoint {endpoint} was not found.", "EndpointNotFound")
        name = deployment or (holder["properties"].get("defaults") or {}).get("deploymentName")
        if not name:
            raise ServiceError(400, "UserError", NO_DEFAULT, ("BadArgument", "NoDefaultDeployment"), Envelope.HISTORY)
        chosen = self.deployments.get(f"{holder['name']}/{name}")
        if chosen is None:
            raise missing(f"The deployment {name} of endpoint {endpoint} was not found.", "DeploymentNotFound")
        if chosen["state"] in ("Creating", "Deleting", "Failed"):
            message = f"The deployment {name} is not ready: its state is {chosen['state']}."
            raise ServiceError(400, "UserError", message, ("BadArgument", "DeploymentNotReady"), Envelope.HISTORY)
        return holder, chosen

    def invoke(self, endpoint: Record, deployment: Record, invocation: Body) -> Job:
        """Make and start the job of an invocation.

        :raises ServiceError: the invocation does not fit the deployment; no job was made.
        """
        name, echoed = job_name(), invocation
        who = subject(f"POST /scoring/{endpoint['name']}/jobs", tags=invocation.get("tags"))
        if self.faults.take("drop_mark", who):
            echoed = {key: value for key, value in invocation.items() if key not in ("properties", "tags")}
        record = {
            "endpoint": endpoint["name"],
            "deployment": deployment["name"],
            "shown": invocation_answer(deployment, invocation),
        }
        if is_pipeline(deployment["properties"]):
            graph = pipeline_definition(self._resolver, endpoint, deployment, invocation)
            tags = {"azureml.jobtype": "azureml.pipelinejob"}
            job = self._engine.begin(name, {**graph, **job_description(endpoint, deployment, echoed, tags)})
            self.invocations.put(name, record)
            return job
        child = scoring_definition(self._resolver, self._check_compute, endpoint["name"], deployment, invocation)
        definition = parent_definition(endpoint, deployment, echoed, child)
        with self._store.transaction():
            self.invocations.put(name, {**record, "child": child})
            job = self._engine.add(name, definition, runner=BATCH_RUNNER)
        self._engine.submit(name)
        return job

    def find_job(self, endpoint: str, name: str) -> tuple[Record, Job]:
        """A job of an endpoint, with the record of its invocation; counts as a client's look at its status.

        :raises ServiceError: the scoring host's 404.
        """
        record, job = self.invocations.get(name), self.jobs.get(name)
        if record is None or job is None or record["endpoint"].lower() != endpoint.lower():
            raise missing(f"The job {name} of endpoint {endpoint} was not found.", "JobNotFound")
        self._engine.look(name)
        return record, job

    def jobs_of(self, endpoint: str, deployment: str | None) -> list[tuple[Record, Job]]:
        """The jobs of an endpoint, or of one of its deployments, the newest first."""
        rows = []
        for name, record in self.invocations.all():
            if record["endpoint"].lower() != endpoint.lower():
                continue
            if deployment is not None and record["deployment"].lower() != deployment.lower():
                continue
            job = self.jobs.get(name)
            if job is not None and not listed_late(self.jobs, self.faults, job):
                rows.append((record, job))
        return rows[::-1]


def missing(message: str, code: str) -> ServiceError:
    """404 of the scoring host."""
    return ServiceError(404, "UserError", message, ("NotFoundError", code), Envelope.HISTORY)
