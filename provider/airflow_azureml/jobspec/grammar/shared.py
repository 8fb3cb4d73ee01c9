"""Rows that several kinds of job share: resources, limits, identity, distribution, services, queue, tags.

Source: azure-ai-ml 1.35.2, ``_schema/`` for what is accepted, ``entities/_job/`` for what is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.table.convert import by_type, convert_mapping, fixed, nested
from airflow_azureml.jobspec.table.field import Container, Field, answers
from airflow_azureml.jobspec.table.form import Form, snake
from airflow_azureml.jobspec.table.json_values import anything, without_empty
from airflow_azureml.jobspec.table.translator import INVALID, Body, Invalid, Json, Translator
from airflow_azureml.jobspec.table.values import choice, count, duration, listed, mapped, text, title, truth


def label(located: Located, ctx: Translator) -> Json | Invalid:
    """Take the value of a tag or property: a text, or nothing; by program, any scalar."""
    if located.value is None or (located.document.from_python and isinstance(located.value, (bool, int, float))):
        return located.value
    return text(located, ctx)


TAGS = mapped(label, null=True)


def variable(located: Located, ctx: Translator) -> Json | Invalid:
    """Take the value of an environment variable: the service has a mapping of texts. What is no text is sent as
    Microsoft's client sends it, as a number, a truth value or null, with a warning.

    Source: REST reference, ``CommandJob.environmentVariables``; a job with a truth value was refused in public
    (Azure/azure-cli-extensions#8475).
    """
    value = anything(located, ctx)
    if value is not INVALID and not isinstance(value, str) and located.written is None:
        exact = f'Write "{show(value)}" in quotes' if isinstance(value, int) else "Write it as a string, in quotes"
        advice = 'Write "" for an empty one' if value is None else exact
        ctx.warn(located, f"{show(value)} is not a string: the environment variable is sent as JSON. {advice}.")
    return value


VARIABLES = mapped(variable, scalars=True)
"""Environment variables: Microsoft's client sends any value under any key."""

HEAD = (
    Field("name", None, text),
    Field("type", None, text),
    Field("display_name", "displayName", title),
    Field("description", "description", text),
    Field("experiment_name", "experimentName", title),
    Field("tags", "tags", TAGS),
    Field("properties", "properties", TAGS),
    *answers("id", "status", "creation_context", "log_files"),
)
"""What every job begins with. The name goes into the request's address, not into its body."""


# -- identity


MANAGED = fixed(
    (
        Field("client_id", "clientId", text),
        Field("object_id", "objectId", text),
        Field("msi_resource_id", "resourceId", text, component="resource_id"),
        Field("resource_id", "resourceId", text, python_only=True),
        Field("principal_id", None, text, python_only=True),
    ),
    identityType="Managed",
)
_identity = by_type(
    {
        "user_identity": fixed((), identityType="UserIdentity"),
        "managed": MANAGED,
        "managed_identity": MANAGED,
        "aml_token": fixed((), identityType="AMLToken"),
    },
    "identity",
    fold=snake,
)


def identity(located: Located, ctx: Translator) -> Body | Invalid:
    """Take an identity; an operator's keyword may be the word of its type alone."""
    if isinstance(located.value, str) and located.document.from_python:
        located = located.within({"type": located.value})
    return _identity(located, ctx)


# -- resources and limits


def docker_args(located: Located, ctx: Translator) -> str | list[Any] | Invalid:
    """Take the arguments of docker, one text or a list of texts."""
    return listed(text)(located, ctx) if isinstance(located.value, list) else text(located, ctx)


def shm_size(located: Located, ctx: Translator) -> str | Invalid:
    """Take a size such as ``2g``."""
    size = text(located, ctx)
    if size is INVALID or re.fullmatch(r"\d+[bkmgBKMG]", size) or "${{" in size:
        return size
    ctx.warn(located, f"{show(size)} does not look like a size. Expected: a number and b, k, m or g, such as 2g.")
    return size


SECTIONS = {
    "aisupercomputer": "AISuperComputer",
    "singularity": "AISuperComputer",
    "itp": "itp",
    "target_selector": "target_selector",
}
"""Sections whose names are taken in any case, and how they are sent. Source: azure-ai-ml 1.35.2, ``Properties``."""


@Container
def compute_properties(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the properties of resources: those that are empty, or begin with ``_``, are not sent."""
    properties = mapped(anything)(located, ctx)
    if properties is INVALID:
        return INVALID
    kept = without_empty({name: value for name, value in properties.items() if not name.startswith("_")})
    return {SECTIONS.get(name.lower(), name): value for name, value in kept.items()}


RESOURCES = (
    Field("instance_count", "instanceCount", count),
    Field("instance_type", "instanceType", text),
    Field("shm_size", "shmSize", shm_size),
    Field("docker_args", "dockerArgs", docker_args),
    Field("locations", "locations", listed(text)),
    Field("max_instance_count", "maxInstanceCount", count),
    Field("properties", "properties", compute_properties),
)
_RESOURCES = nested(RESOURCES)


@Container
def resources(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the resources of a job. Docker arguments that are a list have a name of their own in the service, and beside
    them Microsoft's client leaves out the locations and the largest instance count; so does this, with a warning.

    Source: azure-ai-ml 1.35.2, ``JobResourceConfiguration._to_rest_object``.
    """
    body = _RESOURCES(located, ctx)
    key = ctx.key("dockerArgs")
    if body is not INVALID and ctx.form is not Form.COMPONENT and body.get(key) and isinstance(body[key], list):
        body[ctx.key("dockerArgsList")] = body.pop(key)
        for name, api_name in (("locations", "locations"), ("max_instance_count", "maxInstanceCount")):
            if body.pop(ctx.key(api_name), None) is not None:
                ctx.warn(located, f"{name} is not sent if docker_args is a list. Write docker_args as one string.")
    return body


LIMITS = nested((Field("timeout", "timeout", duration),), jobLimitsType="Command")

TIERS = {word.lower(): word for word in ("Null", "Spot", "Basic", "Standard", "Premium")}
QUEUE = nested(
    (
        Field("job_tier", "jobTier", choice(TIERS, "a job tier")),
        Field("priority", "priority", choice({"low": 1, "medium": 2, "high": 3}, "a priority")),
    )
)

EVENTS = {
    "jobcompleted": "JobCompleted",
    "jobfailed": "JobFailed",
    "jobcancelled": "JobCancelled",
    "job_completed": "JobCompleted",
    "job_failed": "JobFailed",
    "job_cancelled": "JobCancelled",
}
NOTIFICATION = nested(
    (
        Field("email_on", "emailOn", listed(choice(EVENTS, "an event"))),
        Field("emails", "emails", listed(text)),
        Field("webhooks", "webhooks", mapped(anything)),
    )
)
"""The service's ``notificationSetting``; the spelling of its events is the REST reference's."""


# -- distribution

_PER_INSTANCE = (Field("process_count_per_instance", "processCountPerInstance", count),)
_RAY = (
    Field("port", "port", count),
    Field("address", "address", text),
    Field("include_dashboard", "includeDashboard", truth),
    Field("dashboard_port", "dashboardPort", count),
    Field("head_node_additional_args", "headNodeAdditionalArgs", text),
    Field("worker_node_additional_args", "workerNodeAdditionalArgs", text),
)
_TENSORFLOW = fixed(
    (
        Field("parameter_server_count", "parameterServerCount", count),
        Field("worker_count", "workerCount", count),
    ),
    distributionType="TensorFlow",
)


def _tensorflow(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take TensorFlow's counts; Microsoft's client sends no parameter servers as 0."""
    body = _TENSORFLOW(located, ctx)
    return body if body is INVALID else {ctx.key("parameterServerCount"): 0, **body}


DISTRIBUTION = by_type(
    {
        "pytorch": fixed(_PER_INSTANCE, distributionType="PyTorch"),
        "mpi": fixed(_PER_INSTANCE, distributionType="Mpi"),
        "tensorflow": _tensorflow,
        "ray": fixed(_RAY, distributionType="Ray"),
    },
    "distribution",
)


# -- services

SERVICES = {
    "jupyter_lab": "JupyterLab",
    "ssh": "SSH",
    "tensor_board": "TensorBoard",
    "vs_code": "VSCode",
    "custom": "Custom",
    "raydashboard": "RayDashboard",
    "tracking": "Tracking",
    "studio": "Studio",
}
"""Types of services. Microsoft's client loses ``custom`` on the way, which is a defect."""

SERVICE_OWN = {"ssh": ("ssh_public_keys", "sshPublicKeys"), "tensor_board": ("log_dir", "logDir")}
"""What a type has of its own: the key in YAML and in the service's properties."""

_SERVICE = (
    Field("port", "port", count),
    Field("nodes", "nodes", choice({"all": {"nodesValueType": "All"}}, "a choice of nodes", fold=str)),
    Field("properties", "properties", mapped(anything)),
    *answers("endpoint", "status", "error_message"),
)


def service(located: Located, ctx: Translator) -> Body | Invalid:
    """Take one interactive service."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping.")
    type_word = service_type(located, ctx)
    key, api_name = SERVICE_OWN.get(type_word, ("", "")) if type_word is not INVALID else ("", "")
    body = convert_mapping(_SERVICE, located, ctx, extra=("type", *([key] if key else [])))
    if type_word is INVALID:
        return INVALID
    if "nodes" in body:
        body["nodes"] = {ctx.key(name): value for name, value in body["nodes"].items()}
    if key and key in located.value and not (located.document.from_python and located.value[key] is None):
        setting = text(located.child(key), ctx)
        if setting is INVALID:
            return INVALID
        if setting:
            body["properties"] = {**body.get("properties", {}), api_name: setting}
    return {ctx.key("jobServiceType"): SERVICES[type_word], **body}


def service_type(located: Located, ctx: Translator) -> str | Invalid:
    """Read the type; without one it is the type that has the keys given, ssh first, as Microsoft's client reads it."""
    type_name = located.value.get("type")
    if type_name is None and ("type" not in located.value or located.document.from_python):
        return "tensor_board" if "log_dir" in located.value else "ssh"
    if isinstance(type_name, str) and type_name.lower() in SERVICES:
        return type_name.lower()
    public = ("jupyter_lab", "ssh", "tensor_board", "vs_code", "custom")
    return ctx.error(located, f"{show(type_name)} is not a type of service.{nearest(type_name, public)}", "type")


JOB_SERVICES = mapped(service)
