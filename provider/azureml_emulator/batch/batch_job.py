"""Batch jobs: the job of an invocation, as ARM and as the scoring host show it. No HTTP."""

from __future__ import annotations

from azureml_emulator.batch.invocation import Body, display_name, effective_settings, parameters
from azureml_emulator.core.operations import Record
from azureml_emulator.jobs.visibility import BATCH_TAG

PIPELINE_PROPERTIES = {
    "azureml.runsource": "azureml.PipelineRun",
    "runSource": "Unavailable",
    "runType": "HTTP",
    "azureml.pipelineComponent": "pipelinerun",
}
"""Properties of every batch job. Source: recorded answers to invocations."""


def job_description(endpoint: Record, deployment: Record, invocation: Body, tags: Body) -> Body:
    """Names, tags and properties of a batch job. Source: recorded GET of such a job."""
    text = f"Pipeline submission for endpoint: {endpoint['name']}, deployment: {deployment['name']}."
    marks = {BATCH_TAG: "true", "azureml.deploymentname": deployment["name"], **tags}
    return {
        "displayName": display_name(invocation),
        "description": invocation.get("description") or text,
        "tags": {**(invocation.get("tags") or {}), **marks},
        "properties": {**(invocation.get("properties") or {}), **PIPELINE_PROPERTIES},
    }


def parent_definition(endpoint: Record, deployment: Record, invocation: Body, child: Body) -> Body:
    """A model deployment's batch job as ARM shows it: a pipeline, its experiment the endpoint's name."""
    output = child["outputs"]["score"]
    kinds = {"inputType": child["inputs"]["data"]["jobInputType"], "outputType": output["jobOutputType"]}
    definition = job_description(endpoint, deployment, invocation, {"azureml.jobtype": "azureml.batchjob", **kinds})
    definition["properties"]["azureml.parameters"] = parameters(
        effective_settings(deployment["properties"], invocation), output.get("uri")
    )
    return {"jobType": "Pipeline", "experimentName": endpoint["name"], **definition}


def invocation_answer(deployment: Record, invocation: Body) -> Body:
    """The part of the answer to an invocation that does not depend on the job's state. Source: recorded answers."""
    settings = effective_settings(deployment["properties"], invocation)
    resources = settings["resources"]
    body = {
        "dataset": None,
        "inputData": {
            name: {"description": None, **mode_of(row), **row}
            for name, row in (invocation.get("inputData") or {}).items()
        },
        "output": {"datastoreId": None, "path": None},
        "miniBatchSize": settings["miniBatchSize"],
        "maxConcurrencyPerInstance": settings["maxConcurrencyPerInstance"],
        "errorThreshold": settings["errorThreshold"],
        "retrySettings": settings["retrySettings"],
        "loggingLevel": settings["loggingLevel"],
        "outputFileName": settings["outputFileName"],
        "compute": {
            "target": settings["compute"],
            "instanceCount": resources["instanceCount"],
            "isLocal": False,
            "location": None,
            "instanceType": resources.get("instanceType"),
            "properties": None,
        },
    }
    outputs = invocation.get("outputData")
    if outputs:  # recorded: the key is there only when the request had it
        body["outputData"] = {
            name: {"description": None, "mode": "ReadWriteMount", **row} for name, row in outputs.items()
        }
    return body


def mode_of(row: Body) -> Body:
    """The mode that the service fills in for data."""
    return {} if row["jobInputType"] == "Literal" else {"mode": "ReadOnlyMount"}
