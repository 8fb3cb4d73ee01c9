"""Batch jobs: what an invocation of a deployment makes of itself, as ARM and as the scoring host show it. No HTTP."""

from __future__ import annotations

from azureml_emulator.batch.invocation import Body, display_name, effective, parameters
from azureml_emulator.core.operations import Record
from azureml_emulator.jobs.visibility import BATCH_TAG

PIPELINE_PROPERTIES = {
    "azureml.runsource": "azureml.PipelineRun",
    "runSource": "Unavailable",
    "runType": "HTTP",
    "azureml.pipelineComponent": "pipelinerun",
}
"""Properties of every batch job. Source: recorded answers to invocations."""


def described(endpoint: Record, deployment: Record, given: Body, tags: Body) -> Body:
    """Names, tags and properties of a batch job. Source: recorded GET of such a job."""
    text = f"Pipeline submission for endpoint: {endpoint['name']}, deployment: {deployment['name']}."
    marks = {BATCH_TAG: "true", "azureml.deploymentname": deployment["name"], **tags}
    return {
        "displayName": display_name(given),
        "description": given.get("description") or text,
        "tags": {**(given.get("tags") or {}), **marks},
        "properties": {**(given.get("properties") or {}), **PIPELINE_PROPERTIES},
    }


def parent_definition(endpoint: Record, deployment: Record, given: Body, child: Body) -> Body:
    """A model deployment's batch job as ARM shows it: a pipeline, its experiment the endpoint's name."""
    output = child["outputs"]["score"]
    kinds = {"inputType": child["inputs"]["data"]["jobInputType"], "outputType": output["jobOutputType"]}
    definition = described(endpoint, deployment, given, {"azureml.jobtype": "azureml.batchjob", **kinds})
    definition["properties"]["azureml.parameters"] = parameters(
        effective(deployment["properties"], given), output.get("uri")
    )
    return {"jobType": "Pipeline", "experimentName": endpoint["name"], **definition}


def shown(deployment: Record, given: Body) -> Body:
    """What the answer to an invocation says of it beside the job's own state. Source: recorded answers."""
    settings = effective(deployment["properties"], given)
    resources = settings["resources"]
    body = {
        "dataset": None,
        "inputData": {
            name: {"description": None, **mode_of(row), **row} for name, row in (given.get("inputData") or {}).items()
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
    outputs = given.get("outputData")
    if outputs:  # recorded: the key is there only when the request had it
        body["outputData"] = {
            name: {"description": None, "mode": "ReadWriteMount", **row} for name, row in outputs.items()
        }
    return body


def mode_of(row: Body) -> Body:
    """The mode that the service fills in for data."""
    return {} if row["jobInputType"] == "Literal" else {"mode": "ReadOnlyMount"}
