"""What runs look like: jobs as run history answers them."""

from __future__ import annotations

from typing import Any

from azureml_emulator.assets.data_types import PASCAL
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import ServiceError, correlation
from azureml_emulator.history.backend import History
from azureml_emulator.jobs.fault_subjects import take_for
from azureml_emulator.jobs.models import Job, moment, span
from azureml_emulator.jobs.responses import shown_tags


def run_resource(history: History, job: Job) -> dict[str, Any]:
    """A run. ``inputs`` and ``outputs`` are null here; only rundata fills them. Source: recorded answers and the
    client's model."""
    return {
        "runNumber": run_number(job),
        "runId": job.name,
        "runUuid": job.uuid,
        "rootRunId": job.root or job.name,
        "rootRunUuid": job.uuid,
        "parentRunId": job.parent,
        "parentRunUuid": None,
        "experimentId": history.experiment_id(job),
        "name": job.definition.get("displayName"),
        "displayName": job.definition.get("displayName"),
        "description": job.definition.get("description"),
        "hidden": bool(job.definition.get("isArchived")),
        "status": job.status,
        **times(job),
        "createdUtc": job.created_at,
        "createdBy": author(job),
        "lastModifiedUtc": job.modified_at,
        "lastModifiedBy": author(job),
        "cancelationReason": job.cancel_reason,
        "dataContainerId": job.data_container,
        "runType": run_type(history, job),
        "runTypeV2": {"orchestrator": "Execution", "traits": [], "attribution": None, "computeType": "AmlCompute"},
        "properties": properties(history, job),
        "parameters": history.tracking.params(job.name),
        "tags": shown_tags(job, history.tracking.tags(job.name)),
        "target": target(history, job),
        "compute": compute(history, job),
        "error": error_response(history, job),
        "warnings": job.warnings,
        "queueingInfo": job.queueing,
        "services": {},
        "actionUris": {},
        "scriptName": None,
        "token": None,
        "tokenExpiryTimeUtc": None,
        "revision": len(job.walk),
        "statusRevision": len(job.walk),
        "primaryMetricName": None,
        "inputs": None,
        "outputs": None,
        "runDefinition": None,
        "jobSpecification": None,
    }


def run_number(job: Job) -> int:
    """A number that grows with each run of an experiment: the second of its making, which is assumed.

    Source: azureml-core 1.61, ``Run.number``, which cannot be without one.
    """
    made = moment(job.created_at)
    return int(made.timestamp()) if made else 0


def details_resource(history: History, job: Job) -> dict[str, Any]:
    """A run's details: what a run has, and the addresses of its logs."""
    run = run_resource(history, job)
    omitted = {"createdUtc", "token", "tokenExpiryTimeUtc", "hidden", "experimentId", "dataContainerId", "queueingInfo"}
    charged = (
        "chargedCpuCoreSeconds",
        "chargedCpuMemoryMegabyteSeconds",
        "chargedGpuSeconds",
        "chargedNodeUtilizationSeconds",
    )
    return {
        **{key: value for key, value in run.items() if key not in omitted},
        "createdTimeUtc": job.created_at,
        "logFiles": log_files(history, job),
        "jobCost": dict.fromkeys(charged),
        "inputs": typed_inputs(history, job),
        "outputs": typed_outputs(job),
    }


def times(job: Job) -> dict[str, Any]:
    """When the command began and ended, and how long it took."""
    start, end = job.started_at, job.ended_at
    length = span(start, end) if end else None
    return {
        "startTimeUtc": start,
        "effectiveStartTimeUtc": start,
        "lastStartTimeUtc": job.last_started_at,
        "endTimeUtc": end,
        "duration": length,
        "computeDuration": length,
        "currentComputeTime": span(start, None) if start and not end else "00:00:00",
    }


def author(job: Job) -> dict[str, Any]:
    """Who made the job."""
    return {"userObjectId": job.created_by, "userName": job.created_by, "userTenantId": None, "upn": None}


def properties(history: History, job: Job) -> dict[str, str]:
    """The run's properties, with those that the service adds."""
    system = history.engine.type_of(job).run_view.system_properties(job)
    return {**system, **reuse(history, job), **job.definition.get("properties", {})}


def reuse(history: History, job: Job) -> dict[str, str]:
    """What says that a step took over the results of an earlier one. Source: azure-ai-ml 1.35.2
    ``PipelineConstants``, a recorded reused step."""
    if not job.reuses:
        return {}
    earlier = history.jobs.get(job.reuses)
    marks = {"azureml.isreused": "true", "azureml.reusedrunid": job.reuses}
    return {**marks, **({"azureml.reusedpipelinerunid": earlier.parent} if earlier and earlier.parent else {})}


def run_type(history: History, job: Job) -> str:
    """The ``runType`` of a job, or of a step of a pipeline."""
    view = history.engine.type_of(job).run_view
    return view.step_type if job.node else view.run_type


def target(history: History, job: Job) -> str:
    """The compute's name."""
    return history.engine.type_of(job).run_view.target(job.definition)


def compute(history: History, job: Job) -> dict[str, Any]:
    """What the job runs on."""
    resources = job.definition.get("resources") or {}
    return {
        "target": target(history, job),
        "targetType": "amlctrain",
        "vmSize": resources.get("instanceType"),
        "instanceCount": resources.get("instanceCount") or 1,
        "gpuCount": 0,
        "priority": history.engine.type_of(job).run_view.priority(job.definition),
        "region": None,
    }


def error_response(history: History, job: Job) -> dict[str, Any] | None:
    """Why the job failed. Source: the client's model ``RunHistoryErrorResponse``."""
    if job.error is None:
        return None
    root = {
        "severity": None,
        "messageFormat": None,
        "messageParameters": {},
        "referenceCode": None,
        "detailsUri": None,
        "target": None,
        "details": [],
        "additionalInfo": None,
        **job.error,
    }
    return {
        "error": root,
        "correlation": {"operation": job.uuid.replace("-", ""), "request": job.uuid[:8]},
        "environment": history.settings.region,
        "location": history.settings.region,
        "time": job.ended_at,
        "componentName": "execution-worker",
    }


def log_files(history: History, job: Job) -> dict[str, str]:
    """The job's logs by name, each with an address that carries its own right to be read."""
    fault = take_for(history.faults, "expired_log_sas", history.jobs, job)
    lifetime = -60.0 if fault else 8 * 3600.0
    places = {
        name: history.artifacts.place(job, name)
        for folder in ("azureml-logs/", "logs/", "system_logs/", "user_logs/")
        for name in history.artifacts.names(job, folder)
    }
    return {name: history.signer.url(place.container, place.path, lifetime=lifetime) for name, place in places.items()}


def typed_outputs(job: Job) -> dict[str, dict[str, str]]:
    """The job's outputs by name as asset ids; those of a job that did not complete are not registered."""
    return {name: {"assetId": row["assetId"], "type": row["type"]} for name, row in job.outputs.items()}


def typed_inputs(history: History, job: Job) -> dict[str, dict[str, str]]:
    """The job's data inputs by name; an input that is no asset carries its address (unproven)."""
    rows = {}
    for name, row in job.definition["inputs"].items():
        if row["jobInputType"] != "literal":
            rows[name] = {"assetId": row["uri"], "type": PASCAL[row["jobInputType"]]}
    return rows


def failed_result(error: ServiceError, region: str) -> dict[str, Any]:
    """An error inside of a batch answer."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "innerError": {"code": "NotFoundError", "innerError": None},
        },
        "correlation": correlation(),
        "environment": region,
        "location": region,
        "time": stamp(now()),
        "componentName": "run-history",
    }
