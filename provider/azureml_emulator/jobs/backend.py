"""The backend of jobs: their records and types, the engine that runs them, and what others logged of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from azureml_emulator.control.faults import Faults, subject
from azureml_emulator.control.kinds import QUOTA
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.resource_body import ENVELOPE, invalid, read_properties
from azureml_emulator.core.schema import Problem, record
from azureml_emulator.core.settings import Settings
from azureml_emulator.identity.tokens import Tokens
from azureml_emulator.jobs.checks import job_type_of
from azureml_emulator.jobs.definitions import Properties, changed_properties, immutable_message, updated_definition
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.models import NAME, Job, Jobs
from azureml_emulator.jobs.quotas import no_quota
from azureml_emulator.workspace.computes import Computes


class LoggedValues(Protocol):
    """What jobs logged with MLflow."""

    def params(self, run: str) -> dict[str, str]:
        """The parameters of a job."""

    def tags(self, run: str) -> dict[str, str]:
        """The tags of a job."""


@dataclass(frozen=True)
class JobsBackend:
    """The jobs of the workspace."""

    settings: Settings
    jobs: Jobs
    engine: Engine
    faults: Faults
    tokens: Tokens
    logged: LoggedValues
    computes: Computes

    def read(self, name: str, body: dict[str, Any]) -> Properties:
        """The checked properties of a job's PUT, ``jobType`` in the service's spelling.

        :raises ServiceError: 400 for a body that the service would refuse, 501 for a type of job that is not emulated.
        """
        problems: list[Problem] = []
        record(ENVELOPE, ("properties",))(body, "", problems.append)
        if not NAME.fullmatch(name):
            message = f"{name!r}: letters, digits, '-' and '_', the first one a letter or digit, at most 255."
            problems.append(Problem("name", message))
        if problems:
            raise invalid(problems)
        job_type = job_type_of(body["properties"], self.engine.types)
        return {**read_properties(body, self.engine.types[job_type].schema), "jobType": job_type}

    def check_quota(self, name: str, properties: Properties) -> None:
        """Refuse a new job for which there are no cores (fault ``quota`` with ``when`` ``before``).

        Source: Microsoft's page on serverless compute says that a job may be refused so. Status and form are
        undocumented; the words are those of a job that fails later.
        """
        if not self.faults.has(QUOTA):
            return
        who = subject(name, tags=properties.get("tags"))
        if self.faults.take(QUOTA, who, lambda fault: fault.when == "before"):
            raise no_quota(self.computes, properties)

    def update(self, job: Job, properties: Properties) -> Job:
        """Change what may change of a job that exists.

        :raises ServiceError: 400 ``JobPropertyImmutable`` when the definition is another one. The status 400 is
            unproven.
        """
        changed = changed_properties(job.definition, self.engine.complete(job.name, properties))
        if {"environmentId", "inputs", "trial"} & set(changed):  # the stored spelling is the service's
            resolved = self.engine.complete(job.name, self.engine.check(properties))
            changed = changed_properties(job.definition, resolved)
        if changed:
            raise ServiceError(
                400,
                "UserError",
                immutable_message(changed),
                inner=("Immutable", "JobPropertyImmutable"),
                message_format=immutable_message(["{property}"]),
                parameters={"property": ", ".join(changed)},
            )
        return self.jobs.change(job.name, definition=updated_definition(job.definition, properties))
