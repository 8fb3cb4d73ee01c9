"""Custom applications of a compute instance: containers that run beside Jupyter.

Source: azure-ai-ml 1.35.2, ``_schema/compute/custom_applications.py`` for what is accepted,
``entities/_compute/_custom_applications.py`` for what is sent: every container is privileged, its endpoints are called
``connect`` and speak HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.table.convert import nested
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Body, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, listed, mapped, text, whole

PORTS = range(1026, 65535)
"""The ports that Microsoft's client takes."""


def _port(located: Located, ctx: Translator) -> int | Invalid:
    port = whole(located, ctx)
    if port is INVALID or port in PORTS:
        return port
    return ctx.error(located, f"{show(located.value)} is not a port. Accepted: {PORTS[0]} to {PORTS[-1]}.")


def _variables(located: Located, ctx: Translator) -> Converted[Body]:
    """Take the variables of the container's environment."""
    found = mapped(anything)(located, ctx)
    if found is INVALID:
        return INVALID
    return {name: {"type": "local", "value": value} for name, value in found.items()} or OMIT


ENDPOINT = (
    Field("target", "target", _port, required=True),
    Field("published", "published", _port, required=True),
)
MOUNT = (Field("source", "source", text, required=True), Field("target", "target", text, required=True))
APPLICATION = (
    Field("name", "name", text, required=True),
    Field("type", "type", choice({"docker": "docker"}, "a type of application")),
    Field(
        "image", "image", nested((Field("reference", "reference", text, required=True),), type="docker"), required=True
    ),
    Field("endpoints", "endpoints", listed(nested(ENDPOINT, name="connect", protocol="http")), required=True),
    Field("environment_variables", "environmentVariables", _variables),
    Field("bind_mounts", "volumes", listed(nested(MOUNT, type="bind", readOnly=False))),
)


def _application(located: Located, ctx: Translator) -> Body | Invalid:
    body = nested(APPLICATION)(located, ctx)
    if body is INVALID:
        return INVALID
    given = {key: value for key, value in body.items() if value != []}
    return {"type": "docker", "docker": {"privileged": True}, **given}


def applications(located: Located, ctx: Translator) -> Converted[list[Any]]:
    """Take the applications of an instance; no two have a name or a published port in common."""
    found = listed(_application)(located, ctx)
    if found is INVALID:
        return INVALID
    for what, taken in (("the name", _names(located)), ("the published port", _published(located))):
        seen: set[Any] = set()
        for entry in taken:
            if entry.value in seen:
                ctx.error(entry, f"{what} {show(entry.value)} is used twice. Give each application its own.")
            seen.add(entry.value)
    return found or OMIT


def _names(located: Located) -> Iterator[Located]:
    for entry in located.items():
        if isinstance(entry.value, Mapping) and isinstance(entry.value.get("name"), str):
            yield entry.child("name")


def _published(located: Located) -> Iterator[Located]:
    for entry in located.items():
        ports = entry.value.get("endpoints") if isinstance(entry.value, Mapping) else None
        for one in entry.child("endpoints").items() if isinstance(ports, list) else ():
            if isinstance(one.value, Mapping) and isinstance(one.value.get("published"), int):
                yield one.child("published")
