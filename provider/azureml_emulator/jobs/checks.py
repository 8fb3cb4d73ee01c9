"""Checks of a submission that all types of jobs share. No HTTP; the refusals are the service's."""

from __future__ import annotations

from collections.abc import Container

from azureml_emulator.assets.reference_checks import check_reference
from azureml_emulator.assets.references import Resolver
from azureml_emulator.core.errors import invalid_field, not_emulated
from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem
from azureml_emulator.core.settings import Settings
from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.workspace.computes import Computes, most_nodes, refusal_of

JOB_TYPES = ("Command", "Pipeline", "Sweep", "Spark", "AutoML", "FineTuning", "Distillation", "Labeling")
"""The types of jobs that the service runs."""


def job_type_of(properties: object, emulated: Container[str]) -> str:
    """The type of the job that a PUT asks for.

    :param emulated: the types that run here.
    :raises ServiceError: 400 for a word that is no type of job, 501 for a type that is not emulated.
    """
    asked_type = properties.get("jobType") if isinstance(properties, dict) else None
    job_type = {word.lower(): word for word in JOB_TYPES}.get(str(asked_type).lower())
    if job_type is None:
        raise invalid([Problem("properties.jobType", f"{asked_type!r} is not one of: {', '.join(JOB_TYPES)}.")])
    if job_type not in emulated:
        raise not_emulated(f"Jobs of type {job_type} are not emulated")
    return job_type


def check_inputs(resolver: Resolver, properties: Properties) -> None:
    """Every asset among the inputs exists.

    :raises ServiceError: 400 for one that does not.
    """
    for name, row in (properties.get("inputs") or {}).items():
        if row["jobInputType"] != "literal":
            asset_kind = "models" if row["jobInputType"].endswith("_model") else "data"
            check_reference(resolver, f"inputs.{name}.uri", row["uri"], asset_kind)


def check_compute(settings: Settings, computes: Computes, properties: Properties) -> None:
    """The compute exists and can run jobs; none, or ``serverless``, is Azure ML's own.

    :param properties: ``computeId`` and ``resources`` of a job.
    :raises ServiceError: 400 for a compute that does not exist, is too small, or takes no job now, 501 for the
        submitter's own machine.
    """
    compute_id = properties.get("computeId")
    local = (properties.get("resources") or {}).get("properties") or {}
    if "IsLocal" in local or str(compute_id).lower() == "local":
        raise not_emulated("Jobs on the submitter's own machine are not emulated")
    if not compute_id:
        return
    head, _, name = compute_id.rpartition("/")
    if head and head.lower() != f"{settings.workspace_arm_id}/computes".lower():
        raise invalid_field("computeId", f"{compute_id!r} is not a compute of this workspace.", "ComputeNotFound")
    if name.lower() == "serverless":
        return
    compute = computes.get(name)
    if compute is None:
        raise invalid_field("computeId", f"The compute {name!r} was not found in the workspace.", "ComputeNotFound")
    refusal = refusal_of(compute)
    if refusal is not None:
        raise invalid_field("computeId", f"The compute {name!r} {refusal}.", "ComputeNotReady")
    limit = most_nodes(compute)
    nodes = (properties.get("resources") or {}).get("instanceCount") or 1
    if limit is not None and nodes > limit:
        message = f"{nodes} nodes were requested; the compute {name!r} has at most {limit}."
        raise invalid_field("resources.instanceCount", message, "RequestedNodeCountExceedsMax")
