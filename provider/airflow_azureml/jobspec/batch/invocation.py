"""The invocation of a batch endpoint: the CLI's ``inputs.yml`` and the run-time overrides, to the service's words.

Sources: Microsoft Learn, *Create jobs and input data for batch endpoints*; azure-ai-ml 1.35.2,
``_schema/_deployment/batch/batch_job.py`` and ``operations/_batch_endpoint_operations.py``; the published data-plane
model ``BatchJob`` for what that client does not know (``tags``, ``loggingLevel``, ``maxConcurrencyPerInstance``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from airflow_azureml.jobspec.batch.invocation_io import INPUTS, OUTPUTS, batch_inputs, batch_outputs
from airflow_azureml.jobspec.batch.model_rules import ModelRules
from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.recognition.recognised import explained
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Body, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import at_least, choice, duration, mapped, text, title
from airflow_azureml.rest.errors import Problem, SpecError
from airflow_azureml.rest.ids import Workspace

LOGGING_LEVELS = {"info": "Info", "warning": "Warning", "debug": "Debug"}


def _seconds(located: Located, ctx: Translator) -> Converted[str]:
    """Take whole seconds, also as a timedelta, sent as an ISO 8601 duration."""
    given = located.value
    if isinstance(given, timedelta):
        given = given.total_seconds()
    return duration(located.within(int(given) if isinstance(given, float) and given.is_integer() else given), ctx)


def _target(located: Located, ctx: Translator) -> Converted[str]:
    """Take a compute as azure-ai-ml does: only with the prefix, or as an ARM id; sent without the prefix."""
    value = located.value
    if isinstance(value, str) and value.lower() == "local":  # which is not sent
        return OMIT
    if isinstance(value, str) and (value.startswith("azureml:") or value.startswith("/subscriptions/")):
        return value.removeprefix("azureml:")
    return ctx.error(located, f"{show(value)} is not a compute. Accepted: azureml:NAME, an ARM id.")


def _datastore(located: Located, ctx: Translator) -> str | Invalid:
    """Take the datastore of the old way to place the output: its ARM id, or ``azureml:NAME``."""
    given = located.value
    if isinstance(given, str) and (given.startswith("azureml:") or given.startswith("/subscriptions/")):
        return given.removeprefix("azureml:")
    return ctx.error(located, f"{show(given)} is not a datastore. Accepted: azureml:NAME, an ARM id.")


SECTIONS = ("aisupercomputer", "singularity")


def _properties(located: Located, ctx: Translator) -> Body | Invalid:
    """Take the properties of a compute, each sent as JSON text.

    Source: azure-ai-ml 1.35.2, ``ComputeConfiguration._to_rest_object``.
    """
    properties = mapped(anything)(located, ctx)
    if properties is INVALID:
        return INVALID
    return {"AISuperComputer" if key.lower() in SECTIONS else key: json.dumps(item) for key, item in properties.items()}


RETRIES = (Field("max_retries", "maxRetries", at_least(0)), Field("timeout", "timeout", _seconds))
COMPUTE = (
    Field("target", "target", _target),
    Field("instance_count", "instanceCount", at_least(1)),
    Field("instance_type", "instanceType", text),
    Field("location", "location", text),
    Field("properties", "properties", _properties),
)


def _compute(located: Located, ctx: Translator) -> Converted[Body]:
    """Take the compute of a run; an empty one sends nothing, and the submitter's own machine is one instance."""
    compute = nested(COMPUTE)(located, ctx)
    if compute is INVALID:
        return INVALID
    if str(located.value.get("target")).lower() == "local" and compute.get("instanceCount", 1) != 1:
        return ctx.error(located, "the compute local has exactly one instance.", "instance_count")
    return compute or OMIT


TABLE = (
    Field("job_name", "name", title),
    Field("description", "description", text),
    Field("mini_batch_size", "miniBatchSize", at_least(1)),
    Field("max_concurrency_per_instance", "maxConcurrencyPerInstance", at_least(1)),
    Field("error_threshold", "errorThreshold", at_least(-1)),
    Field("logging_level", "loggingLevel", choice(LOGGING_LEVELS, "a logging level")),
    Field("output_file_name", "outputFileName", text),
    Field("retry_settings", "retrySettings", nested(RETRIES)),
    Field("compute", "compute", _compute),
    Field("dataset", "dataset", anything),
    Field(
        "output_dataset",
        "outputDataset",
        nested(
            (
                Field("datastore_id", "datastoreId", _datastore),
                Field("path", "path", text),
            )
        ),
    ),
    Field("tags", "tags", mapped(anything)),
    Field("properties", "properties", mapped(anything)),
)
"""The keys of an invocation that stand for themselves; ``inputs`` and ``outputs`` have a grammar of their own."""

SINGLE = {
    "experiment_name": title,
    "instance_count": at_least(1),
    "max_retries": at_least(0),
    "retry_timeout": _seconds,
}
"""Keywords that go into one of those."""

INPUT_KEYS = ("inputs", "input_data")
OUTPUT_KEYS = ("outputs", "output_data")
"""The CLI's key, and what azure-ai-ml calls it in ``params_override``."""


@dataclass(frozen=True)
class InvocationRequest:
    """An invocation, read.

    :param body: ``{"properties": {…}}`` with placeholders.
    :param problems: what is wrong with it whatever runs.
    :param of_model: what is wrong besides where a model deployment runs.
    :param stores: paths that outputs go to, each with the place to complain at where its datastore will not do.
    """

    body: Mapping[str, Any]
    experiment_name: str | None = None
    problems: tuple[Problem, ...] = ()
    of_model: tuple[Problem, ...] = ()
    stores: tuple[tuple[str, Problem], ...] = field(default=(), repr=False)
    warnings: tuple[str, ...] = ()


def read(document: Document, workspace: Workspace) -> InvocationRequest:
    """Read an invocation; its problems are returned, not raised, because the endpoint may show more."""
    ctx = Translator.of(document, workspace)
    root, rules = document.root, ModelRules()
    body = convert_mapping(TABLE, root, ctx, (*SINGLE, *INPUT_KEYS, *OUTPUT_KEYS))
    for key in INPUT_KEYS:
        _port(root, ctx, body, key, INPUTS, lambda located: batch_inputs(located, ctx, rules))
    for key in OUTPUT_KEYS:
        _port(root, ctx, body, key, OUTPUTS, lambda located: batch_outputs(located, ctx, rules))
    experiment = _singles(root, ctx, body)
    _old_output(root, body)
    if "dataset" not in body:
        rules.check_count(root)
    return InvocationRequest(
        {"properties": body},
        experiment,
        tuple(explained(document, ctx.errors(), "batch inputs")),
        tuple(rules.problems),
        tuple(rules.stores),
        tuple(dict.fromkeys(ctx.warnings)),
    )


def translate_invocation(document: Document, workspace: Workspace) -> InvocationRequest:
    """Read an invocation where no endpoint is at hand.

    :raises SpecError: with all problems of the document, each with its place.
    """
    invocation = read(document, workspace)
    if invocation.problems:
        raise SpecError(invocation.problems)
    return invocation


def _port(
    root: Located,
    ctx: Translator,
    body: dict[str, Any],
    key: str,
    api_name: str,
    convert: Callable[[Located], Body | Invalid],
) -> None:
    if root.value.get(key) is None:
        return
    ports = convert(root.child(key))
    if ports is not INVALID and ports:
        body[api_name] = {**body.get(api_name, {}), **ports}


def _singles(root: Located, ctx: Translator, body: dict[str, Any]) -> str | None:
    """Put the single keywords where they belong; returns the experiment's name."""
    sent = {}
    for name, convert in SINGLE.items():
        if root.value.get(name) is not None:
            value = convert(root.child(name), ctx)
            if value is not INVALID and value is not OMIT:
                sent[name] = value
    for name, part, rest in (
        ("instance_count", "compute", "instanceCount"),
        ("max_retries", "retrySettings", "maxRetries"),
        ("retry_timeout", "retrySettings", "timeout"),
        ("experiment_name", "properties", "experimentName"),
    ):
        if name in sent:
            body[part] = {**body.get(part, {}), rest: sent[name]}
    experiment = (body.get("properties") or {}).get("experimentName")
    return experiment if isinstance(experiment, str) else None


def _old_output(root: Located, body: dict[str, Any]) -> None:
    """Write the old way to place the output, with a datastore's short name, as the output that it means.

    Source: azure-ai-ml 1.35.2, ``convert_v1_dataset_to_v2``; there the output is called ``output_name``.
    """
    old = body.get("outputDataset")
    if not old or not old.get("datastoreId") or old["datastoreId"].startswith("/"):
        return
    del body["outputDataset"]
    file = body.pop("outputFileName", None)
    uri = f"azureml://datastores/{old['datastoreId']}/paths/{old.get('path', '')}" + (f"/{file}" if file else "")
    body[OUTPUTS] = {**body.get(OUTPUTS, {}), "score": {"jobOutputType": "UriFile", "uri": uri}}
