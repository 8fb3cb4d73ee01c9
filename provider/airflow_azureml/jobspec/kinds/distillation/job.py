"""Distillation jobs: fine-tuning jobs whose data a teacher model makes, described in properties.

Source: azure-ai-ml 1.35.2, ``_schema/_distillation/``, ``entities/_job/distillation/``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.outputs import outputs
from airflow_azureml.jobspec.grammar.shared import HEAD, JOB_SERVICES, identity
from airflow_azureml.jobspec.kinds.finetuning.job import hyperparameters, model, named, raw_compute, table
from airflow_azureml.jobspec.table.convert import by_type, convert_mapping, fixed, nested
from airflow_azureml.jobspec.table.field import Field, answers
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.json_values import anything, filled
from airflow_azureml.jobspec.table.translator import Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, mapped, number, text, truth, whole


def key(located: Located, ctx: Translator) -> str | Invalid:
    """Take a key, which may not be an empty text."""
    return ctx.error(located, "the key is empty.") if located.value == "" else text(located, ctx)


_CREDENTIALS = {
    "pat": ("pat",),
    "sas": ("sas_token",),
    "username_password": ("username", "password"),
    "managed_identity": ("client_id", "resource_id"),
    "service_principal": ("client_id", "client_secret", "tenant_id"),
    "access_key": ("access_key_id", "secret_access_key"),
    "api_key": ("key",),
    "account_key": ("account_key",),
    "aad": (),
    "none": (),
}
"""Kinds of credentials of a connection, and what each has."""


def credentials(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the credentials of a connection."""
    converters = {
        type_name: fixed(tuple(Field(name, name, text, required=True) for name in names), type=type_name)
        for type_name, names in _CREDENTIALS.items()
    }
    return by_type(converters, "credentials", fold=snake)(located, ctx)


_COMMON = (
    Field("name", "name", text, required=True),
    Field("type", "type", text),
    Field("description", "description", text),
    Field("tags", "tags", mapped(anything)),
    Field("metadata", "metadata", mapped(anything)),
    Field("is_shared", "is_shared", truth),
    Field("id", "id", text),
    *answers("creation_context"),
)
_SERVERLESS = nested(
    (
        *_COMMON,
        Field("api_key", "api_key", key, required=True),
        Field("endpoint", "endpoint", text, required=True),
        Field("target", None, text),
        Field("credentials", None, credentials),
    )
)
_CUSTOM = nested(
    (
        *_COMMON,
        Field("target", "target", text, required=True),
        Field("credentials", "credentials", credentials),
    )
)
_STORES = (
    *("git", "container_registry", "python_feed", "s3", "snowflake", "azure_sql_db", "azure_synapse_analytics"),
    *("azure_my_sql_db", "azure_postgres_db", "azure_data_lake_gen2"),
)
"""Kinds of connection that Microsoft's client takes here as it takes ``custom``, though no teacher answers there."""

CONNECTION = by_type(
    {"serverless": _SERVERLESS, "custom": _CUSTOM, **dict.fromkeys(_STORES, _CUSTOM)}, "connection", fold=snake
)

_WORDS = ("label_generation", "data_generation")
_TASKS = ("nli", "nlu_qa", "conversation", "math", "summarization")


def student(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the model that is to learn: a mapping, or its name."""
    if isinstance(located.value, str) and located.value.startswith(("azureml:", "/subscriptions/")):
        return named(located.value, located, ctx)
    if isinstance(located.value, str):
        return ctx.error(located, f"{show(located.value)} does not name a model. Accepted: azureml:NAME:VERSION.")
    return model(located, ctx)


DETAILS = (
    Field("student_model", "model", student, required=True),
    Field("training_data", "trainingData", table),
    Field("validation_data", "validationData", table),
    Field("hyperparameters", "hyperParameters", hyperparameters),
)
SETTINGS = (
    Field("data_generation_type", "kind", choice({w: w for w in _WORDS}, "a kind of generation"), required=True),
    Field("data_generation_task_type", "task", choice({w: w.upper() for w in _TASKS}, "a task"), required=True),
    Field("teacher_model_endpoint_connection", "connection", CONNECTION, required=True),
    Field(
        "prompt_settings",
        "prompt",
        nested(
            (
                Field("enable_chain_of_thought", "enable_chain_of_thought", truth),
                Field("enable_chain_of_density", "enable_chain_of_density", truth),
                Field("max_len_summary", "max_len_summary", whole),
            )
        ),
    ),
    Field(
        "teacher_model_settings",
        "teacher",
        nested(
            (
                Field("inference_parameters", "parameters", mapped(filled)),
                Field(
                    "endpoint_request_settings",
                    "requests",
                    nested(
                        (
                            Field("request_batch_size", "request_batch_size", whole),
                            Field("min_endpoint_success_ratio", "min_endpoint_success_ratio", number),
                        )
                    ),
                ),
            )
        ),
    ),
    Field(
        "resources",
        "resources",
        nested(
            (
                Field("instance_type", "instanceType", text),
                Field("instance_count", None, whole, unsent=True),
                Field("properties", None, mapped(anything), unsent=True),
            )
        ),
    ),
)
JOB = (
    *HEAD,
    Field("compute", None, raw_compute, unsent=True),
    Field("outputs", "outputs", outputs),
    Field("services", None, JOB_SERVICES, unsent=True),
    Field("identity", None, identity, unsent=True),
)


def distillation(located: Located, ctx: Translator) -> dict[str, Any]:
    """Translate a distillation job."""
    detail_names, setting_names = ({row.name for row in rows} for rows in (DETAILS, SETTINGS))
    keys = [str(key) for key in located.value]
    body = convert_mapping(JOB, located, ctx, extra=detail_names | setting_names)
    details = convert_mapping(DETAILS, located, ctx, extra=[key for key in keys if key not in detail_names])
    settings = convert_mapping(SETTINGS, located, ctx, extra=[key for key in keys if key not in setting_names])
    if settings.get("kind") == "label_generation":
        for name in ("training_data", "validation_data"):
            if located.value.get(name) is None:
                ctx.error(located, f"{show(name)} is required for label_generation.", name)
    if ctx.problems:
        return {"jobType": "FineTuning"}
    properties = {**body.pop("properties", {}), **_properties(settings)}
    vertical = {"taskType": "ChatCompletion", "modelProvider": "Custom", **details}
    return {"jobType": "FineTuning", **body, "properties": properties, "fineTuningDetails": vertical}


def _properties(settings: Mapping[str, Any]) -> dict[str, str]:
    connection = settings["connection"]
    properties = {
        "enable_distillation": "True",
        "data_generation_task_type": settings["task"],
        "teacher_model.endpoint_name": connection["name"],
        "data_generation_type": settings["kind"],
        "connection_information": json.dumps(_connection(connection)),
    }
    if "prompt" in settings:
        chains = {"enable_chain_of_thought": False, "enable_chain_of_density": False}
        properties.update({name: str(value) for name, value in {**chains, **settings["prompt"]}.items()})
    teacher = settings.get("teacher", {})
    parameters = teacher.get("parameters", {})
    properties.update({f"teacher_model.{name}": str(value) for name, value in parameters.items()})
    properties.update({name: str(value) for name, value in teacher.get("requests", {}).items()})
    if settings.get("resources", {}).get("instanceType"):
        properties["instance_type.data_generation"] = settings["resources"]["instanceType"]
    return {f"azureml.{name}": value for name, value in properties.items()}


def _connection(connection: Mapping[str, Any]) -> dict[str, Any]:
    """Write the connection to the teacher as Microsoft's client does; the service takes the key out of it."""
    connection_type = snake(connection["type"])
    if connection_type == "serverless":
        target, key = connection.get("endpoint"), connection["api_key"]
        credentials = {"type": "api_key", "key": key}
        further = {"api_key": key, "endpoint": target}
    else:
        open_store = {"type": "aad" if connection_type == "azure_data_lake_gen2" else "none"}
        target, credentials, further = connection.get("target"), connection.get("credentials", open_store), {}
    labels = {**connection.get("tags", {}), **connection.get("metadata", {})}
    return {
        "name": connection["name"],
        **{key: connection[key] for key in ("id", "description") if key in connection},
        "tags": labels,
        "type": connection_type,
        "target": target,
        "credentials": credentials,
        "is_shared": connection.get("is_shared", True),
        "metadata": labels,
        **further,
    }
