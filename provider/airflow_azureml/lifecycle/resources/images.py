"""Flows of an environment's image: built where it is not there, and why a build has failed."""

from __future__ import annotations

from airflow_azureml.lifecycle.news import Noted
from airflow_azureml.lifecycle.resources.operations import Operation
from airflow_azureml.rest.errors import AzureMLError
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.resources import images

STATUS = "Azure-AsyncOperation"
"""How the state of a build is read: as that of an operation, by its ``status``."""

LOG_TAIL = 20
"""Lines of a build's log that tell why it failed."""


def begin_build(ws: Workspace, name: str, version: str) -> Steps[Operation | None]:
    """Begin to build the image of an environment; None where it is there."""
    if (yield from images.exists(ws, name, version)):
        yield News(Noted(f"The image of environment {name}:{version} is there."))
        return None
    location = yield from images.begin_build(ws, name, version)
    yield News(Noted(f"Azure ML builds the image of environment {name}:{version}."))
    return Operation(location, STATUS)


def why_failed(location: str, message: str) -> Steps[str]:
    """Say of a build that has failed what is known: the service's message, and the end of the build's log.

    :param location: where the state of the build is found.
    """
    try:
        address = yield from images.log_address(location)
        text = "" if address is None else (yield from images.log(address))
    except AzureMLError:
        return message
    tail = text.splitlines()[-LOG_TAIL:]
    return "\n".join((f"{message} The end of the build's log:", *tail)) if tail else message
