"""Bodies of batch endpoints: the keys of endpoints, deployments and invocations.

Source of the keys: the models ``BatchEndpointProperties``, ``BatchDeploymentProperties`` and ``BatchJob`` (2020-09-01
dataplanepreview) of Microsoft's specification and of azure-ai-ml 1.35.2. In an invocation the case of keys does not
matter: Microsoft's pages write ``InputData``, its client sends ``inputData``, and the service takes both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azureml_emulator.core.resource_body import TEXTS
from azureml_emulator.core.schema import (
    Problem,
    Report,
    Shape,
    anything,
    bag,
    duration,
    filled,
    kind_of,
    record,
    text,
    whole,
    words,
)
from azureml_emulator.endpoints.bodies import BASE, TRACKED
from azureml_emulator.jobs.schemas import MODES_IN

ACTIONS = words("AppendRow", "SummaryOnly")
LEVELS = words("Info", "Warning", "Debug")
RETRIES: Mapping[str, Shape] = {"maxRetries": whole, "timeout": duration}

ENDPOINT = record(
    {
        **TRACKED,
        "properties": record(
            {
                **BASE,
                "authMode": words("AADToken"),
                "defaults": record({"deploymentName": text}),
                "keys": anything,
                "scoringUri": text,
                "swaggerUri": text,
            }
        ),
    },
    ("location", "properties"),
)

REFERENCE = record(
    {
        "referenceType": words("Id", "DataPath", "OutputPath"),
        "assetId": text,
        "datastoreId": text,
        "jobId": text,
        "path": text,
    },
    ("referenceType",),
)
DEPLOYMENT = record(
    {
        **TRACKED,
        "properties": record(
            {
                **BASE,
                "codeConfiguration": record({"codeId": text, "scoringScript": text}, ("scoringScript",)),
                "compute": text,
                "deploymentConfiguration": record(
                    {
                        "deploymentConfigurationType": words("PipelineComponent", "Model"),
                        "componentId": REFERENCE,
                        "description": text,
                        "settings": bag(text, nulls=True),
                        "tags": TEXTS,
                    },
                    ("deploymentConfigurationType",),
                ),
                "environmentId": text,
                "environmentVariables": TEXTS,
                "errorThreshold": whole,
                "loggingLevel": LEVELS,
                "maxConcurrencyPerInstance": whole,
                "miniBatchSize": whole,
                "model": REFERENCE,
                "outputAction": ACTIONS,
                "outputFileName": text,
                "resources": record(
                    {
                        "instanceCount": whole,
                        "instanceType": text,
                        "locations": anything,
                        "maxInstanceCount": whole,
                        "properties": bag(anything, nulls=True),
                    }
                ),
                "retrySettings": record(RETRIES),
            }
        ),
    },
    ("location", "properties"),
)


def any_case(fields: Mapping[str, Shape], required: tuple[str, ...] = ()) -> Shape:
    """An object whose keys are taken in any case and stored as they are written here."""
    spellings = {name.lower(): name for name in fields}
    inner = record(fields, required)

    def check(value: Any, path: str, report: Report) -> Any:
        if not isinstance(value, dict):
            return inner(value, path, report)
        return inner({spellings.get(key.lower(), key): each for key, each in value.items()}, path, report)

    return check


def literal(value: Any, path: str, report: Report) -> Any:
    """A JSON scalar, kept as it is; text is not blank. Source: Microsoft's client sends ``3``, ``0.5`` and ``true`` as
    they are. That blank text is refused as in jobs is an assumption."""
    if isinstance(value, (dict, list)):
        report(Problem(path, f"Expected a string, a number or a boolean, got {kind_of(value)}."))
        return None
    return filled(value, path, report) if isinstance(value, str) else value


DATA_WORDS = ("UriFile", "UriFolder", "MLTable", "CustomModel", "MLFlowModel", "TritonModel")


def by_type(key: str, choices: Mapping[str, Shape]) -> Shape:
    """An object whose shape depends on the word under ``key``; the word is one of these, in this case.

    Source: both of Microsoft's spellings of a request have these PascalCase words.
    """

    def check(value: Any, path: str, report: Report) -> Any:
        if not isinstance(value, dict):
            report(Problem(path, f"Expected an object, got {kind_of(value)}."))
            return None
        chosen = next((each for name, each in value.items() if name.lower() == key.lower()), None)
        if not isinstance(chosen, str) or chosen not in choices:
            report(Problem(f"{path}.{key}", f"{chosen!r} is not one of: {', '.join(choices)}."))
            return None
        return choices[chosen](value, path, report)

    return check


DATA_IN = any_case({"jobInputType": text, "uri": text, "mode": MODES_IN, "description": text}, ("uri",))
LITERAL_IN = any_case({"jobInputType": text, "value": literal, "description": text}, ("value",))
DATA_OUT = any_case(
    {"jobOutputType": text, "uri": text, "mode": words("ReadWriteMount", "Upload"), "description": text}
)
DATASET = any_case(
    {
        "dataInputType": words("DataUrl", "DatasetId", "DatasetVersion"),
        "path": text,
        "datasetId": text,
        "datasetName": text,
        "datasetVersion": text,
    },
    ("dataInputType",),
)

INVOCATION = any_case(
    {
        "properties": any_case(
            {
                "inputData": bag(
                    by_type("jobInputType", {"Literal": LITERAL_IN, **dict.fromkeys(DATA_WORDS, DATA_IN)})
                ),
                "outputData": bag(by_type("jobOutputType", dict.fromkeys(DATA_WORDS, DATA_OUT))),
                "miniBatchSize": whole,
                "maxConcurrencyPerInstance": whole,
                "errorThreshold": whole,
                "retrySettings": any_case(RETRIES),
                "loggingLevel": LEVELS,
                "compute": any_case(
                    {
                        "instanceCount": whole,
                        "instanceType": text,
                        "isLocal": anything,
                        "location": text,
                        "properties": anything,
                        "target": text,
                    }
                ),
                "outputFileName": text,
                "name": text,
                "description": text,
                "tags": TEXTS,
                "properties": TEXTS,
                "dataset": DATASET,
                "outputDataset": any_case({"datastoreId": text, "path": text}),
                "partitionKeys": anything,
                "output": anything,
                "provisioningState": text,
                "status": text,
                "interactionEndpoints": anything,
            }
        )
    },
    ("properties",),
)
DEPLOYMENT_PATCH = record({"tags": TEXTS, "properties": record({"description": text})})
"""Source: PartialBatchDeployment and what holds it, of api-version 2025-12-01."""
