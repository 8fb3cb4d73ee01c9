"""The way of an invocation to its job: aimed, checked, and only then provided for and sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_azureml.jobspec.batch.invocation import Invocation
from airflow_azureml.lifecycle.batch import existing_files
from airflow_azureml.lifecycle.batch.invocation import Clock, invoke_once
from airflow_azureml.lifecycle.batch.target import Checks, Target, aim
from airflow_azureml.lifecycle.fulfilment import Provision
from airflow_azureml.lifecycle.missing_references import explained
from airflow_azureml.lifecycle.naming import TaskFacts, identify
from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job


@dataclass(frozen=True)
class Plan:
    """An invocation in which no mistake was found.

    :param warnings: sentences for the task log.
    :param scores: a model runs, as far as that is known.
    """

    target: Target
    invocation: Invocation
    warnings: tuple[str, ...] = ()
    scores: bool = True

    def request(self, ws: Workspace) -> Steps[Mapping[str, Any]]:
        """Upload what is local, find versions behind labels, and make the body; tell of scores that lie there."""
        filling = Provision(ws).fill(self.invocation.body)
        body: Mapping[str, Any] = yield from explained(ws, self.invocation.body, filling)
        if self.scores:
            yield from existing_files.tell(ws, body)
        return body


def plan(ws: Workspace, endpoint_name: str, deployment_name: str | None, invocation: Invocation) -> Steps[Plan]:
    """Find every mistake in an invocation by reading alone: nothing is uploaded, nothing is sent.

    :raises SpecError: with all problems together, those that only a look at the endpoint shows among them.
    :raises NotFoundError: there is no such endpoint, and nothing else is wrong.
    """
    checks = Checks(invocation.problems, invocation.of_model, invocation.stores)
    target, deployment = yield from aim(ws, endpoint_name, deployment_name, invocation.experiment_name, checks)
    warnings = invocation.warnings
    if deployment is not None and deployment.kind == "model" and invocation.experiment_name:
        ignored = f"experiment_name: jobs of a model deployment are always in the experiment {endpoint_name}."
        warnings = (*warnings, ignored)
    return Plan(target, invocation, warnings, deployment is None or deployment.kind != "pipeline")


def invoke(
    ws: Workspace,
    endpoint_name: str,
    deployment_name: str | None,
    invocation: Invocation,
    unique: str,
    clock: Clock,
) -> Steps[Job]:
    """Invoke an endpoint for a caller that is no task: whatever becomes of it, there is no later try.

    :param unique: what tells this invocation from all others.
    """
    made = yield from plan(ws, endpoint_name, deployment_name, invocation)
    for warning in made.warnings:
        yield News(Warned(warning))
    identity = identify(TaskFacts("", unique, None, "", name_hint=endpoint_name))
    return (yield from invoke_once(ws, identity, made.target, lambda: made.request(ws), clock=clock)).job
