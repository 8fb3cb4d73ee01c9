"""Images of environments: whether there is one, and its build.

Undocumented; the v2 API has no such requests. Source: azureml-core 1.61.0 (the v1 client), ``Environment.build`` and
``get_image_details``: ``_restclient/environment_client.py``, ``core/environment.py``. That environments which the v2
API has registered are found there, too, is an assumption: both are one list in Studio.
"""

from __future__ import annotations

from urllib.parse import quote

from airflow_azureml.rest.errors import NoAnswerError
from airflow_azureml.rest.flow import Call, Plane, Reply
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.json_values import get_any_case, get_text
from airflow_azureml.rest.links import follow


def exists(ws: Workspace, name: str, version: str) -> Call[bool]:
    """Ask whether the image of a version is in the workspace's container registry.

    Undocumented. Source: azureml-core 1.61.0, ``environment_client``.
    """

    def parse(reply: Reply) -> bool:
        return get_any_case(reply.json(), "imageExistsInRegistry") is True

    return Call("GET", f"/environment/v1.0{_path(ws, name, version)}", parse, plane=Plane.DATA)


def begin_build(ws: Workspace, name: str, version: str) -> Call[str]:
    """Begin to build the image of a version; where the state of the build is found.

    Undocumented. Source: azureml-core 1.61.0, ``environment_client``.
    """

    def parse(reply: Reply) -> str:
        location = get_text(reply.json(), "location")
        if not location:
            raise NoAnswerError(f"The image of {name}:{version} was to be built, and no build was named.") from None
        return location

    return Call("POST", f"/environment/v2.0{_path(ws, name, version)}", parse, plane=Plane.DATA, body={})


def log_address(location: str) -> Call[str | None]:
    """Ask where the log of a build is: an address that carries its own signature.

    Undocumented. Source: azureml-core 1.61.0, ``environment_client``.
    """
    return follow(location, lambda reply: get_text(reply.json(), "logUrl"), Plane.DATA)


def log(address: str) -> Call[str]:
    """Read the log of a build.

    Undocumented. Source: azureml-core 1.61.0, ``environment_client``.
    """
    return follow(address, lambda reply: reply.body.decode("utf-8", "replace"), Plane.SIGNED, ok=(200,))


def _path(ws: Workspace, name: str, version: str) -> str:
    return f"{ws.path}/environments/{quote(name, safe='')}/versions/{quote(version, safe='')}/image"
