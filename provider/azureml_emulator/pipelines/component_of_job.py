"""Pipeline components made from a job: a batch deployment of an existing pipeline job runs one. No HTTP, no files."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from azureml_emulator.assets.references import Resolver
from azureml_emulator.core.errors import invalid_field
from azureml_emulator.jobs.models import Job, Jobs
from azureml_emulator.pipelines.components import ports
from azureml_emulator.pipelines.graph import CONTROL, bound
from azureml_emulator.pipelines.plans import Plan, read_plan

SOURCE_KEYS = ("sourceJobId", "source_job_id")
"""Where the job is named. Source: azure-ai-ml 1.35.2 sends both."""


def source_job(spec: Mapping[str, Any]) -> str | None:
    """The name of the job from which a component is made, or None; the job's ARM id is accepted as well."""
    text = next((spec[key] for key in SOURCE_KEYS if spec.get(key)), None)
    return None if text is None else str(text).removeprefix("azureml:").rstrip("/").rpartition("/")[2]


def with_parts(resolver: Resolver, jobs: Jobs, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with inputs, outputs and nodes of the pipeline job that it names.

    Literals of the job become defaults; data becomes inputs that must be given. Both are unproven.

    :raises ServiceError: 400: there is no such job, or it is no pipeline with nodes.
    """
    name = source_job(spec)
    if name is None or spec.get("type") != "pipeline":
        return dict(spec)
    job = jobs.get(name)
    if job is None:
        raise invalid_field("componentSpec.sourceJobId", f"Job {name} not found.", "JobNotFound")
    if job.definition["jobType"] != "Pipeline":
        message = f"The job {name} is of type {job.definition['jobType']}, not a pipeline."
        raise invalid_field("componentSpec.sourceJobId", message, "JobTypeMismatch")
    return {**spec, **parts(read_plan(resolver, job.definition), job)}


def kept_as(properties: Mapping[str, Any], version: str) -> str:
    """The version that an asset is kept under: the one asked for, but for an anonymous component that is made of a job.

    azure-ai-ml 1.35.2 puts all of these as ``azureml_anonymous`` version 1; the service answers anonymous components
    with a GUID of its own making (recording test_batch_component).
    """
    name = source_job(properties.get("componentSpec") or {})
    if name is None or not properties.get("isAnonymous"):
        return version
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"jobs/{name}"))


def parts(plan: Plan, job: Job) -> dict[str, Any]:
    """Inputs, outputs and nodes of a pipeline job, in the words of component files; its compute goes to the nodes that
    name none."""
    settings = job.definition.get("settings") or {}
    compute = job.definition.get("computeId") or settings.get("default_compute")
    shared = {"computeId": compute} if compute else {}
    inputs = {name: declared(plan, name) for name in (*plan.inputs, *sorted(plan.optional - set(plan.inputs)))}
    rows = {name: {"type": row["jobOutputType"]} for name, row in plan.outputs.items()}
    nodes = {
        name: dict(node) if node["type"] in {"pipeline", *CONTROL} else {**shared, **node}
        for name, node in plan.graph.nodes.items()
    }
    return {"inputs": inputs, "outputs": rows, "jobs": nodes}


def declared(plan: Plan, name: str) -> dict[str, Any]:
    """The declaration of an input from what the job was given; a literal has the type of what it is bound to."""
    row = plan.inputs.get(name, {})
    optional = {"optional": True} if name in plan.optional else {}
    if "uri" in row:
        return {"type": row["jobInputType"], **optional}
    default = {"default": row["value"]} if row else {}
    return {"type": bound_type(plan, name), **default, **optional}


def bound_type(plan: Plan, name: str) -> str:
    """The type that the first node declares for what it takes from an input of the pipeline."""
    for node, body in plan.graph.nodes.items():
        for target, given in (body.get("inputs") or {}).items():
            if bound(given.get("value")) == f"inputs.{name}":
                return ports(plan.specs[node], "inputs")[target].type
    return "string"
