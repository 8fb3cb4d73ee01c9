"""The keys of Spark jobs. Source: ``SparkJob`` in the models of azure-ai-ml 1.35.2 (``arm_ml_service``)."""

from __future__ import annotations

from azureml_emulator.core.resource_body import TEXTS
from azureml_emulator.core.schema import many, record, text
from azureml_emulator.jobs.schemas import INPUTS, JOB, OUTPUTS, QUEUE, STEP_INPUTS

SPARK = {
    **JOB,
    "archives": many(text),
    "args": text,
    "codeId": text,
    "conf": TEXTS,
    "entry": record({"sparkJobEntryType": text, "file": text, "className": text}, ("sparkJobEntryType",)),
    "environmentId": text,
    "environmentVariables": TEXTS,
    "files": many(text),
    "inputs": INPUTS,
    "jars": many(text),
    "outputs": OUTPUTS,
    "pyFiles": many(text),
    "queueSettings": QUEUE,
    "resources": record({"instanceType": text, "runtimeVersion": text}),
}
NEEDS = ("jobType", "codeId", "entry")
SPARK_JOB = record(SPARK, NEEDS)
STEP_SPARK = record({**SPARK, "inputs": STEP_INPUTS}, NEEDS)
