"""Batch deployments: the YAML of ``az ml batch-deployment create``.

Source: azure-ai-ml 1.35.2, ``_schema/_endpoint/batch/`` and ``_schema/_deployment/batch/`` for what is accepted,
``entities/_deployment/`` for what is sent. A deployment's ``settings`` may also stand flat beside its other keys, as in
the older of the two schemas. A component from a file is registered by its content, as one in a pipeline is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.jobspec.assets.models import inline as inline_model
from airflow_azureml.jobspec.batch.endpoints import LABELS, resource_name, tracked
from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Placeholder, Register
from airflow_azureml.jobspec.grammar.code import code
from airflow_azureml.jobspec.grammar.computes import compute
from airflow_azureml.jobspec.grammar.environments import deployed
from airflow_azureml.jobspec.grammar.references import ARM_ID, VERSION_ID, asset, has_prefix
from airflow_azureml.jobspec.grammar.scoring_scripts import check_script
from airflow_azureml.jobspec.grammar.shared import resources
from airflow_azureml.jobspec.kinds.table import job_translator
from airflow_azureml.jobspec.nodes.component import ANONYMOUS
from airflow_azureml.jobspec.nodes.kind import JobTranslator
from airflow_azureml.jobspec.nodes.node_component import component
from airflow_azureml.jobspec.recognition.recognised import explained
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field, answers
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.json_values import anything, warn_of_reading
from airflow_azureml.jobspec.table.translator import INVALID, Body, Invalid, Translator
from airflow_azureml.jobspec.table.values import at_least, choice, count, duration, mapped, text
from airflow_azureml.rest.errors import Problem, SpecError
from airflow_azureml.rest.ids import Workspace


@dataclass(frozen=True)
class Deployment:
    """A deployment to be made below an endpoint.

    :param body: as an endpoint's, with placeholders where something must be uploaded, resolved or registered first.
    :param lacking: what a new deployment needs and one that is there already has.
    """

    endpoint: str
    name: str
    body: Mapping[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()
    lacking: tuple[Problem, ...] = ()


RETRIES = (Field("max_retries", "maxRetries", count), Field("timeout", "timeout", duration))
LEVELS = {"info": "Info", "warning": "Warning", "debug": "Debug"}
ACTIONS = {"append_row": "AppendRow", "summary_only": "SummaryOnly"}

SCORING = (
    Field("mini_batch_size", "miniBatchSize", count),
    Field("max_concurrency_per_instance", "maxConcurrencyPerInstance", count),
    Field("output_action", "outputAction", choice(ACTIONS, "an output action", fold=snake)),
    Field("output_file_name", "outputFileName", text),
    Field("error_threshold", "errorThreshold", at_least(-1)),
    Field("retry_settings", "retrySettings", nested(RETRIES)),
    Field("logging_level", "loggingLevel", choice(LEVELS, "a logging level")),
    Field("environment_variables", "environmentVariables", mapped(anything)),
    Field("instance_count", "instanceCount", count),
)
"""How a model scores; in ``settings`` or beside it. The published description has ``errorThreshold`` begin at -1."""


def model_id(located: Located, ctx: Translator) -> str | Placeholder | Invalid:
    """Take a registered model, or one that is written out."""
    if isinstance(located.value, Mapping):
        return inline_model(located, ctx)
    if not isinstance(located.value, str):
        accepted = "azureml:NAME:VERSION, azureml:NAME@latest, an ARM id, a mapping with path"
        return ctx.error(located, f"{show(located.value)} is not a model. Accepted: {accepted}.")
    if not located.document.from_python and not has_prefix("models", located.value, located, ctx):
        return INVALID
    return asset("models", located.value, located, ctx)


def model(located: Located, ctx: Translator) -> Body | Invalid:
    """Take the model of a batch deployment, which refers to it by its id."""
    return _reference(model_id(located, ctx))


HEAD = (
    Field("name", "name", resource_name, required=True),
    Field("endpoint_name", "endpoint_name", resource_name, required=True),
    Field("type", None, choice({"model": "model", "pipeline": "pipeline"}, "a type of deployment")),
    Field("description", "description", text),
    Field("tags", "tags", LABELS),
    *answers("id", "provisioning_state", "creation_context"),
)


def deployed_code(located: Located, ctx: Translator) -> str | Placeholder | Invalid:
    """Take the code of a deployment; unlike a job's, an ARM id needs no ``azureml:`` before it."""
    if isinstance(located.value, str) and VERSION_ID.fullmatch(located.value):
        return asset("codes", located.value, located, ctx)
    return code(located, ctx)


CODE = (
    Field("code", "codeId", deployed_code, required=True),
    Field("scoring_script", "scoringScript", text, required=True),
)


def code_configuration(located: Located, ctx: Translator) -> Body | Invalid:
    """Take code and the scoring script in it; a script that is not there or no Python can parse is refused."""
    body = nested(CODE)(located, ctx)
    if isinstance(body, dict) and "scoringScript" in body:
        check_script(located.child("scoring_script"), body.get("codeId"), ctx)
    return body


MODEL = (
    *HEAD,
    Field("properties", "properties", LABELS),
    Field("model", "model", model),
    Field("code_configuration", "codeConfiguration", code_configuration),
    Field("environment", "environmentId", deployed),
    Field("compute", "compute", compute),
    Field("resources", "resources", resources),
    *SCORING,
)

UNSET: Mapping[str, Any] = {
    "errorThreshold": -1,
    "maxConcurrencyPerInstance": 1,
    "miniBatchSize": 10,
    "outputFileName": "predictions.csv",
}
"""What Microsoft's client sends with each deployment of a pipeline component, where none of it has a meaning."""

PIPELINE = (*HEAD, Field("properties", "properties", LABELS))
SOURCES = ("component", "job_definition")
"""What a pipeline deployment is made of, one of them."""
PIPELINE_KEYS = (*SOURCES, "settings")


def translate_deployment(document: Document, workspace: Workspace) -> Deployment:
    """Translate a batch deployment: of a model, of a pipeline component, or of the pipeline of an existing job.

    :raises SpecError: with all problems of the document, each with its place.
    """
    ctx = job_translator(document.faults, workspace)
    root = document.root
    translate = _pipeline if _runs_a_pipeline(root.value) else _model
    body = translate(root, ctx)
    if problems := explained(document, ctx.errors(), "batch deployment"):
        raise SpecError(problems)
    endpoint, name = body.pop("endpoint_name"), body.pop("name")
    return Deployment(endpoint, name, tracked(body), tuple(ctx.warnings), _lacking(root))


def translate_new_deployment(document: Document, workspace: Workspace) -> Deployment:
    """Translate a batch deployment that is not there yet.

    :raises SpecError: with all problems of the document, each with its place.
    """
    deployment = translate_deployment(document, workspace)
    if deployment.lacking:
        raise SpecError(deployment.lacking)
    return deployment


def _lacking(root: Located) -> tuple[Problem, ...]:
    """What only a deployment that is there already can do without."""
    if _runs_a_pipeline(root.value):
        if any(root.value.get(key) is not None for key in SOURCES):
            return ()
        return (root.problem("a pipeline deployment needs exactly one of component and job_definition.", "component"),)
    missing = [key for key in ("model", "compute") if root.value.get(key) is None]
    return tuple(root.problem(f'"{key}" is required.', key) for key in missing)


def _runs_a_pipeline(value: Mapping[str, Any]) -> bool:
    kind = value.get("type")
    if isinstance(kind, str):
        return kind.lower() == "pipeline"
    return value.get("component") is not None or value.get("job_definition") is not None


def _model(root: Located, ctx: Translator) -> dict[str, Any]:
    body = convert_mapping(MODEL, root, ctx, extra=("settings",))
    if _given(root, "settings"):
        located = root.child("settings")
        inner = convert_mapping(SCORING, located, ctx)
        for row in SCORING:
            if row.api_name in body and row.api_name in inner:
                ctx.error(root, f"this is given here and in settings.{row.name}. Give it once.", row.name)
        body = {**body, **inner}
    count = body.pop("instanceCount", None)
    if count is not None:
        if "resources" in body:
            ctx.error(root, "this is given here and in resources. Give it once.", "instance_count")
        body["resources"] = {"instanceCount": count}
    if body.get("outputAction") == "SummaryOnly" and body.get("outputFileName"):
        ctx.error(
            root, "with output_action: summary_only no such file is written. Accepted: append_row.", "output_file_name"
        )
    return body


def _given(root: Located, key: str) -> bool:
    return key in root.value and not (root.document.from_python and root.value[key] is None)


def _pipeline(root: Located, ctx: JobTranslator) -> dict[str, Any]:
    body = convert_mapping(PIPELINE, root, ctx, extra=PIPELINE_KEYS)
    sources = [key for key in SOURCES if root.value.get(key) is not None]
    if len(sources) > 1:
        ctx.error(root, "a pipeline deployment needs exactly one of component and job_definition.", "component")
        return body
    configuration: dict[str, Any] = {"deploymentConfigurationType": "PipelineComponent"}
    for source in sources:
        located = root.child(source)
        component_id = _component(located, ctx) if source == "component" else _job(located, ctx)
        configuration["componentId"] = _reference(component_id)
    if _given(root, "settings"):
        configuration["settings"] = mapped(_setting)(root.child("settings"), ctx)
    return {**(UNSET if sources else {}), **body, "deploymentConfiguration": configuration}


def _component(located: Located, ctx: JobTranslator) -> str | Placeholder | Invalid:
    found = component(located, ctx, "pipeline")
    return found if found is INVALID else found.id


def _job(located: Located, ctx: Translator) -> Placeholder | Invalid:
    """Need a component made of the pipeline of a job; the service copies it by the job's name or id."""
    value = located.value
    name = value.removeprefix("azureml:") if isinstance(value, str) else ""
    arm_id = ARM_ID.fullmatch(name)
    if not re.fullmatch(r"[a-zA-Z0-9][\w-]*", name) and not (arm_id and arm_id[1].lower() == "jobs"):
        accepted = "the name of a pipeline job, azureml:NAME, an ARM id"
        return ctx.error(located, f"{show(value)} is not a job. Accepted: {accepted}.")
    spec = {"name": ANONYMOUS, "version": "1", "type": "pipeline", "_source": "CLASS", "jobs": {}}
    body = {
        "componentSpec": {**spec, "source_job_id": name, "sourceJobId": name},
        "isAnonymous": True,
        "properties": {},
        "tags": {},
    }
    return Placeholder(Register("components", ANONYMOUS, None, {"properties": body}))


def _setting(located: Located, ctx: Translator) -> str | Invalid:
    """Take a setting of the pipeline's jobs; the service holds all of them as texts."""
    if isinstance(located.value, (str, bool, int, float)):
        warn_of_reading(located, ctx, str(located.value))
        return str(located.value)
    return ctx.error(located, f"{show(located.value)} is not a setting. Accepted: a string, a number, true, false.")


def _reference(identity: str | Placeholder | Invalid) -> Body | Invalid:
    return INVALID if identity is INVALID else {"referenceType": "Id", "assetId": identity}
