"""What a job looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azureml_emulator.core.settings import Settings
from azureml_emulator.jobs.backend import JobsBackend
from azureml_emulator.jobs.fault_subjects import take_for
from azureml_emulator.jobs.models import Job

TYPE = "Microsoft.MachineLearningServices/workspaces/jobs"


def job_resource(backend: JobsBackend, job: Job) -> dict[str, Any]:
    """A job as ARM answers it. A step of a pipeline has no ``properties`` there at all. Source: recorded answers to
    GET of command jobs, pipeline jobs and a pipeline's child."""
    envelope = {
        "id": f"{backend.settings.workspace_arm_id}/jobs/{job.name}",
        "name": job.name,
        "type": TYPE,
        "systemData": {"createdAt": job.created_at, "createdBy": job.created_by, "createdByType": "Application"},
    }
    return envelope if job.node else {**envelope, "properties": job_properties(backend, job)}


def job_properties(backend: JobsBackend, job: Job) -> dict[str, Any]:
    """The properties of a job that is no step."""
    definition = job.definition
    view = backend.engine.type_of(job).job_view
    without_uri = job.ended and take_for(backend.faults, "null_outputs", backend.jobs, job) is not None
    return {
        **dict.fromkeys(view.absent),
        **definition,
        "status": job.status,
        "services": {**definition.get("services", {}), **job_services(backend.settings, job.name)},
        "properties": {**view.system_properties(definition), **definition["properties"]},
        "tags": shown_tags(job, backend.logged.tags(job.name)),
        "inputs": {name: {"description": None, **value} for name, value in definition["inputs"].items()},
        "outputs": {name: output_row(value, without_uri) for name, value in definition["outputs"].items()},
        **view.shown(definition, backend.logged.params(job.name)),
    }


def shown_tags(job: Job, logged: Mapping[str, str]) -> dict[str, str | None]:
    """The job's tags, with those that it set through MLflow, but for MLflow's own.

    :param logged: the tags that it set through MLflow.
    """
    custom = {key: value for key, value in logged.items() if not key.startswith("mlflow.")}
    return {**custom, **job.definition["tags"]}


def output_row(value: dict[str, Any], without_uri: bool) -> dict[str, Any]:
    """An output as the request had it: a ``uri`` that the request left out is null, also after the job's end."""
    row = {"uri": None, "assetName": None, "assetVersion": None, "description": None, **value}
    return {**row, "uri": None} if without_uri else row


def job_services(settings: Settings, name: str) -> dict[str, dict[str, Any]]:
    """The two services of every job: where it is tracked, and its Studio page."""
    empty = dict.fromkeys(("port", "status", "errorMessage", "properties", "nodes"))
    return {
        "Tracking": {"jobServiceType": "Tracking", "endpoint": tracking_address(settings), **empty},
        "Studio": {"jobServiceType": "Studio", "endpoint": studio_page(settings, name), **empty},
    }


def tracking_address(settings: Settings) -> str:
    """The address of the workspace's MLflow, as jobs show it."""
    return f"azureml://{settings.api.partition('://')[2]}/mlflow/v1.0{settings.workspace_arm_id}?"


def studio_page(settings: Settings, name: str) -> str:
    """The address of a job's Studio page."""
    group = f"/subscriptions/{settings.subscription_id}/resourcegroups/{settings.resource_group}"
    return f"{settings.studio_url}/runs/{name}?wsid={group}/workspaces/{settings.workspace_name}"
