"""Pipeline invocation: the pipeline job that an invocation of a pipeline component's deployment makes. No HTTP."""

from __future__ import annotations

from typing import Any

from azureml_emulator.assets.references import Resolver
from azureml_emulator.batch.invocation import KINDS, Body, check_output_place
from azureml_emulator.core.operations import Record
from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem
from azureml_emulator.pipelines.schemas import SETTINGS

PREFIX = "componentdeployment.settings."
"""What Microsoft's client writes before some of a deployment's settings."""

FLAGS = frozenset({"continue_on_step_failure", "continue_run_on_failed_optional_input", "force_rerun"})


def pipeline_definition(resolver: Resolver, endpoint: Record, deployment: Record, invocation: Body) -> Body:
    """The properties of the pipeline job, for the same checks as any other pipeline job.

    Its experiment is the endpoint's name unless ``properties.experimentName`` names another. Source: Microsoft's page
    on jobs of batch endpoints; only these deployments honour it.

    :raises ServiceError: 400 for an output in a store that cannot take it, and for settings of the wrong kind.
    """
    configuration = deployment["properties"]["deploymentConfiguration"]
    outputs = invocation.get("outputData") or {}
    for name, row in outputs.items():
        check_output_place(resolver, f"outputData.{name}.uri", row.get("uri"))
    return {
        "jobType": "Pipeline",
        "componentId": configuration["componentId"]["assetId"],
        "experimentName": (invocation.get("properties") or {}).get("experimentName") or endpoint["name"],
        "inputs": {name: job_input(row) for name, row in (invocation.get("inputData") or {}).items()},
        "outputs": {name: job_output(row) for name, row in outputs.items()},
        "settings": settings(configuration.get("settings") or {}),
    }


def job_input(row: Body) -> Body:
    """An input as the jobs API has it. A literal becomes text there, a boolean ``True`` or ``False``."""
    if row["jobInputType"] == "Literal":
        return {"jobInputType": "literal", "value": str(row["value"])}
    kept = {"mode": row["mode"]} if row.get("mode") else {}
    return {"jobInputType": KINDS[row["jobInputType"]], "uri": row["uri"], **kept}


def job_output(row: Body) -> Body:
    """An output as the jobs API has it."""
    kept = {key: row[key] for key in ("uri", "mode") if row.get(key)}
    return {"jobOutputType": KINDS[row["jobOutputType"]], **kept}


def settings(texts: dict[str, Any]) -> Body:
    """A deployment's settings, which are strings, as those of a pipeline job; other settings are left out."""
    rows: Body = {}
    for key, value in texts.items():
        name = key.lower().removeprefix(PREFIX)
        if value in (None, ""):
            continue
        rows[name] = str(value).lower() == "true" if name in FLAGS else str(value)
    pipeline_settings = {
        name: rows[name] for name in ("default_compute", "default_datastore", *sorted(FLAGS)) if name in rows
    }
    problems: list[Problem] = []
    checked: Body = SETTINGS(pipeline_settings, "deploymentConfiguration.settings", problems.append)
    if problems:
        raise invalid(problems)
    return checked
