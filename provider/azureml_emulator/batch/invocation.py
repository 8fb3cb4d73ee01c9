"""Invocation: what the service checks before it takes a batch job, and the job of a model deployment that it makes of
one. No HTTP."""

from __future__ import annotations

import json
import uuid
from random import SystemRandom
from typing import Any

from azureml_emulator.assets.data_types import PASCAL
from azureml_emulator.assets.reference_checks import check_reference, required_version
from azureml_emulator.assets.references import Page, Place, Resolver, UnresolvedError
from azureml_emulator.batch.deployments import CheckCompute, model_address
from azureml_emulator.batch.schemas import INVOCATION
from azureml_emulator.core.errors import invalid_field, not_emulated
from azureml_emulator.core.operations import Record
from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem, seconds
from azureml_emulator.execution.minibatches import MLFLOW_SCRIPT, driver_command
from azureml_emulator.jobs.views import MODULE_NAME

Body = dict[str, Any]

KINDS = {pascal: snake for snake, pascal in PASCAL.items()}
"""Data types in the scoring host's spelling and in that of jobs."""

CHANGEABLE = ("miniBatchSize", "maxConcurrencyPerInstance", "errorThreshold", "loggingLevel", "outputFileName")
"""What an invocation may set in place of its deployment's values. Source: the model ``BatchJob``."""

MLFLOW_ENVIRONMENT = "azureml://registries/azureml/environments/mlflow/versions/1"
"""The environment of a model that is deployed without one; the service's own image has another name (unproven)."""

ADJECTIVES = ("calm", "careful", "clever", "gentle", "honest", "lucid", "patient", "plucky", "quiet", "sincere")
NOUNS = ("basil", "bulb", "corn", "fig", "kettle", "lamp", "pear", "river", "sand", "thyme")


def read_invocation(body: Body) -> Body:
    """The checked properties of an invocation.

    :raises ServiceError: 400 that lists every problem.
    """
    problems: list[Problem] = []
    checked_body = INVOCATION(body, "", problems.append)
    checked: Body = (checked_body or {}).get("properties") or {}
    for name, least in (("miniBatchSize", 1), ("maxConcurrencyPerInstance", 1), ("errorThreshold", -1)):
        if checked.get(name) is not None and checked[name] < least:
            problems.append(Problem(f"properties.{name}", f"{checked[name]} is less than {least}."))
    if problems:
        raise invalid(problems)
    return checked


def job_name() -> str:
    """The name of a new batch job. Source: recorded answers."""
    return f"batchjob-{uuid.uuid4()}"


def display_name(invocation: Body) -> str:
    """The name given to the invocation, else an adjective, a noun and eight letters, as recorded ones are made."""
    if invocation.get("name"):
        return str(invocation["name"])
    chance = SystemRandom()
    tail = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=8))
    return f"{chance.choice(ADJECTIVES)}_{chance.choice(NOUNS)}_{tail}"


def effective_settings(deployment: Body, invocation: Body) -> Body:
    """The deployment's settings with what the invocation sets in their place."""
    changed = {name: invocation[name] for name in CHANGEABLE if invocation.get(name) is not None}
    compute = {name: each for name, each in (invocation.get("compute") or {}).items() if each not in (None, "")}
    return {
        **deployment,
        **changed,
        "retrySettings": {**deployment["retrySettings"], **(invocation.get("retrySettings") or {})},
        "compute": compute.get("target") or deployment["compute"],
        "resources": {
            **deployment["resources"],
            **{name: compute[name] for name in ("instanceCount", "instanceType") if name in compute},
        },
    }


def scoring_definition(
    resolver: Resolver, check_compute: CheckCompute, endpoint: str, deployment: Record, invocation: Body
) -> Body:
    """The definition of the command job that scores: the one child of a model deployment's batch job.

    :raises ServiceError: 400 for an invocation that does not fit the deployment, or names what does not exist.
    """
    settings = effective_settings(deployment["properties"], invocation)
    check_compute({"computeId": settings["compute"], "resources": settings["resources"]})
    address = model_address(settings)
    model = required_version(resolver, "model", address, "models")
    place = resolver.place(str(model.properties["modelUri"]))
    if isinstance(place, Page):
        raise invalid_field(
            "model", f"The model's files at {place.url!r} lie outside of the workspace.", "ModelNotReachable"
        )
    script = settings.get("codeConfiguration") or {"codeId": None, "scoringScript": str(MLFLOW_SCRIPT)}
    return {
        "jobType": "Command",
        "displayName": "batchscoring",
        "properties": {MODULE_NAME: "batchscoring"},
        "experimentName": endpoint,
        "command": scoring_command(settings, script["scoringScript"], place.path.rstrip("/").rpartition("/")[2]),
        "environmentId": settings.get("environmentId") or MLFLOW_ENVIRONMENT,
        "codeId": script["codeId"],
        "computeId": settings["compute"],
        "resources": {name: each for name, each in settings["resources"].items() if each is not None},
        "environmentVariables": settings["environmentVariables"],
        "inputs": {
            "model": {"jobInputType": model.properties["modelType"], "uri": address, "mode": "Download"},
            "data": data_input(resolver, invocation),
        },
        "outputs": {"score": score_output(resolver, invocation)},
    }


def scoring_command(settings: Body, script: str, model_name: str) -> str:
    """The command of the scoring job: the batch driver with the deployment's settings.

    Source of the names: the recorded property ``azureml.parameters``, and the service's step for parallel runs.
    """
    processes = settings["maxConcurrencyPerInstance"] * settings["resources"]["instanceCount"]
    values = {
        "scoring_module_name": script,
        "model_name": model_name,
        "mini_batch_size": settings["miniBatchSize"],
        "error_threshold": settings["errorThreshold"],
        "run_invocation_timeout": seconds(settings["retrySettings"]["timeout"]),
        "run_max_retries": settings["retrySettings"]["maxRetries"],
        "process_count": processes,
        "logging_level": settings["loggingLevel"],
        "output_action": "append_row" if settings["outputAction"] == "AppendRow" else "summary_only",
        "append_row_file_name": settings["outputFileName"],
    }
    return driver_command(values)


def data_input(resolver: Resolver, invocation: Body) -> Body:
    """The one data input of a model deployment, whatever its name.

    :raises ServiceError: 400 when there is none, more than one, a literal, or another kind than a file or a folder.
        Source of the rule: Microsoft's page on the inputs of batch endpoints; the service's words are unproven.
    """
    rows = dict(invocation.get("inputData") or {})
    if invocation.get("dataset"):
        rows["dataset"] = deprecated_input(invocation["dataset"])
    for name, row in rows.items():
        if row["jobInputType"] not in ("UriFile", "UriFolder"):
            message = f"A model deployment takes a UriFile or a UriFolder, not {row['jobInputType']}."
            raise invalid_field(f"inputData.{name}.jobInputType", message, "UnsupportedInputType")
    if len(rows) != 1:
        message = (
            f"A model deployment takes exactly one data input; {len(rows)} were given ({', '.join(rows) or 'none'})."
        )
        raise invalid_field("inputData", message, "InvalidInputCount")
    ((name, row),) = rows.items()
    check_reference(resolver, f"inputData.{name}.uri", row["uri"], "data")
    kept = {"mode": row["mode"]} if row.get("mode") not in (None, "Direct") else {}
    return {"jobInputType": KINDS[row["jobInputType"]], "uri": row["uri"], **kept}


def deprecated_input(dataset: Body) -> Body:
    """The old way to name the input, as the new one.

    :raises ServiceError: 501 for datasets of version 1.
    """
    if dataset["dataInputType"] != "DataUrl" or not dataset.get("path"):
        raise not_emulated("Datasets of version 1 are not emulated")
    return {"jobInputType": "UriFolder", "uri": dataset["path"]}


def score_output(resolver: Resolver, invocation: Body) -> Body:
    """Where the result goes: the one output of the invocation, whatever its name; the service's own place without one.

    :raises ServiceError: 400 for more than one, for other kinds than files and folders, and for other stores than
        blob datastores of the workspace (Microsoft's page on outputs of batch endpoints).
    """
    rows = dict(invocation.get("outputData") or {})
    old = invocation.get("outputDataset") or {}
    if old.get("datastoreId"):
        uri = f"{old['datastoreId'].rstrip('/')}/paths/{(old.get('path') or '').strip('/')}"
        rows["outputDataset"] = {"jobOutputType": "UriFolder", "uri": uri}
    if len(rows) > 1:
        message = f"A model deployment has one output; {len(rows)} were given ({', '.join(rows)})."
        raise invalid_field("outputData", message, "InvalidOutputCount")
    if not rows:
        return {"jobOutputType": "uri_folder"}
    ((name, row),) = rows.items()
    if row["jobOutputType"] not in ("UriFile", "UriFolder"):
        message = f"A model deployment writes a UriFile or a UriFolder, not {row['jobOutputType']}."
        raise invalid_field(f"outputData.{name}.jobOutputType", message, "UnsupportedOutputType")
    check_output_place(resolver, f"outputData.{name}.uri", row.get("uri"))
    kept = {key: row[key] for key in ("uri", "mode") if row.get(key)}
    return {"jobOutputType": KINDS[row["jobOutputType"]], **kept}


def check_output_place(resolver: Resolver, field: str, uri: str | None) -> None:
    """An output's address is a path in a blob datastore of the workspace."""
    try:
        place = resolver.place(uri) if uri else None
    except UnresolvedError as error:
        raise invalid_field(field, str(error), "UnsupportedOutputStore") from None
    if place is not None and (not isinstance(place, Place) or "/datastores/" not in str(uri).lower()):
        raise invalid_field(
            field, f"{uri!r} is not a path in a blob datastore of the workspace.", "UnsupportedOutputStore"
        )


def parameters(settings: Body, output_uri: str | None) -> str:
    """The property ``azureml.parameters``. Source: recorded answers; a value that is absent stays out."""
    rows = {
        "run_max_try": settings["retrySettings"]["maxRetries"],
        "run_invocation_timeout": seconds(settings["retrySettings"]["timeout"]),
        "mini_batch_size": settings["miniBatchSize"],
        "error_threshold": settings["errorThreshold"],
        "logging_level": settings["loggingLevel"],
        "append_row_file_name": settings["outputFileName"] if settings["outputAction"] == "AppendRow" else None,
        "output_uri": output_uri,
    }
    return json.dumps(
        {
            name: f"{value:g}" if isinstance(value, float) else str(value)
            for name, value in rows.items()
            if value is not None
        }
    )
