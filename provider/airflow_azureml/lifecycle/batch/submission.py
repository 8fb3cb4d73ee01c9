"""The submission of a batch job: its target is resolved and checked, its uploads are made, then it is invoked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from airflow_azureml.jobspec.batch.invocation import InvocationRequest
from airflow_azureml.lifecycle.batch import existing_files
from airflow_azureml.lifecycle.batch.earlier_tries import cancel_earlier, find_marked
from airflow_azureml.lifecycle.batch.invocation import Clock, invoke_once
from airflow_azureml.lifecycle.batch.outstanding import Outstanding
from airflow_azureml.lifecycle.batch.target import Checks, Target, resolve_target
from airflow_azureml.lifecycle.missing_references import REFUSALS, explain
from airflow_azureml.lifecycle.naming import JobIdentity, TaskFacts, identify
from airflow_azureml.lifecycle.needs.fulfilment import Fulfilment
from airflow_azureml.lifecycle.news import MayStart, Warned
from airflow_azureml.lifecycle.resume import Found
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
    invocation: InvocationRequest
    warnings: tuple[str, ...] = ()
    scores: bool = True

    def request(self, ws: Workspace) -> Steps[Mapping[str, Any]]:
        """Upload what is local, find versions behind labels, and make the body; warn of scores that exist already."""
        try:
            body: Mapping[str, Any] = yield from Fulfilment(ws).fill(self.invocation.body)
        except REFUSALS as error:
            raise (yield from explain(ws, self.invocation.body, error)) from None
        if self.scores:
            yield from existing_files.report(ws, body)
        return body


def plan(ws: Workspace, endpoint_name: str, deployment_name: str | None, invocation: InvocationRequest) -> Steps[Plan]:
    """Find every mistake in an invocation by reading alone: nothing is uploaded, nothing is sent.

    :raises SpecError: with all problems together, those that only a look at the endpoint shows among them.
    :raises NotFoundError: there is no such endpoint, and nothing else is wrong.
    """
    checks = Checks(invocation.problems, invocation.of_model, invocation.stores)
    experiment_name = invocation.experiment_name
    target, deployment = yield from resolve_target(ws, endpoint_name, deployment_name, experiment_name, checks)
    warnings = invocation.warnings
    if deployment is not None and deployment.kind == "model" and experiment_name:
        ignored = f"experiment_name: jobs of a model deployment are always in the experiment {endpoint_name}."
        warnings = (*warnings, ignored)
    return Plan(target, invocation, warnings, deployment is None or deployment.kind != "pipeline")


class BatchSubmission:
    """The submission of a batch job, by the invocation of an endpoint; the service chooses the job's name."""

    def __init__(
        self,
        identity: JobIdentity,
        endpoint_name: str,
        deployment_name: str | None,
        invocation: InvocationRequest,
        clock: Clock,
    ) -> None:
        self.identity = identity
        self.endpoint_name = endpoint_name
        self.deployment_name = deployment_name
        self.invocation = invocation
        self.clock = clock
        self._plan: Plan | None = None

    def find_or_start(self, ws: Workspace, *, cancels_earlier: bool) -> Steps[Found]:
        """Find this task's job or invoke the endpoint, once nothing is wrong with the invocation.

        :param cancels_earlier: cancel first what earlier generations left running.
        """
        identity = self.identity
        if cancels_earlier and not identity.facts.is_first_run:
            # What the try before has recorded went when this one began.
            named = self.endpoint_name, self.invocation.experiment_name
            yield News(MayStart(Outstanding.of(identity, *named, hidden=True).to_dict()))
        plan = yield from self.plan(ws)
        for warning in plan.warnings:
            yield News(Warned(warning))
        if cancels_earlier:
            yield from cancel_earlier(ws, identity, plan.target)
        request, clock = partial(plan.request, ws), self.clock
        return (yield from invoke_once(ws, identity, plan.target, request, clock=clock, ends_with_task=cancels_earlier))

    def find_active(self, ws: Workspace) -> Steps[tuple[str, ...]]:
        """Find this task's jobs by their mark."""
        plan = yield from self.plan(ws)
        return tuple(row.name for row in (yield from find_marked(ws, self.identity, plan.target)))

    def plan(self, ws: Workspace) -> Steps[Plan]:
        """What is invoked and with what; asked for once."""
        if self._plan is None:
            self._plan = yield from plan(ws, self.endpoint_name, self.deployment_name, self.invocation)
        return self._plan


def invoke(
    ws: Workspace,
    endpoint_name: str,
    deployment_name: str | None,
    invocation: InvocationRequest,
    unique: str,
    clock: Clock,
) -> Steps[Job]:
    """Invoke an endpoint for a caller that is no task: whatever becomes of it, there is no later try.

    :param unique: what distinguishes this invocation from all others.
    """
    identity = identify(TaskFacts("", unique, None, "", name_hint=endpoint_name))
    task = BatchSubmission(identity, endpoint_name, deployment_name, invocation, clock)
    return (yield from task.find_or_start(ws, cancels_earlier=False)).job
