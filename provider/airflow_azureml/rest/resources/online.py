"""Online endpoints and their deployments: where they are, their credentials, scoring.

Sources: https://learn.microsoft.com/rest/api/azureml/online-endpoints and
https://learn.microsoft.com/rest/api/azureml/online-deployments; azure-ai-ml 1.35.2,
``operations/_online_endpoint_operations.py``, for what scoring sends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from airflow_azureml.rest.endpoints import DEPLOYMENT_HEADER
from airflow_azureml.rest.errors import NoAnswerError
from airflow_azureml.rest.flow import Call, Json, Plane, Reply
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.json_values import get_text

CREDENTIALS: Mapping[str, tuple[str, str]] = {"key": ("listKeys", "primaryKey"), "amltoken": ("token", "accessToken")}
"""By ``authMode`` in lower case: the action that shows a credential, and its key in the answer."""


def endpoints(ws: Workspace) -> str:
    """Where the endpoints of a workspace are."""
    return f"{ws.path}/onlineEndpoints"


def endpoint(ws: Workspace, name: str) -> str:
    """Where an endpoint is."""
    return f"{endpoints(ws)}/{quote(name, safe='')}"


def deployment(ws: Workspace, endpoint_name: str, name: str) -> str:
    """Where a deployment is."""
    return f"{endpoint(ws, endpoint_name)}/deployments/{quote(name, safe='')}"


def credential(ws: Workspace, name: str, action: str, key: str) -> Call[str]:
    """Ask for what an endpoint knows its callers by; see ``CREDENTIALS``.

    Source: https://learn.microsoft.com/rest/api/azureml/online-endpoints (List Keys, Get Token)
    """

    def parse(reply: Reply) -> str:
        found = get_text(reply.json(), key)
        if not found:
            raise NoAnswerError(f"The credential of online endpoint {name} was asked for, and none came.") from None
        return found

    return Call("POST", f"{endpoint(ws, name)}/{action}", parse, repeatable=True)


def logs(ws: Workspace, endpoint_name: str, name: str, tail: int) -> Call[str]:
    """Read the last lines of a deployment's log.

    Source: https://learn.microsoft.com/rest/api/azureml/online-deployments/get-logs
    """
    path = f"{deployment(ws, endpoint_name, name)}/getLogs"
    return Call(
        "POST", path, lambda reply: get_text(reply.json(), "content") or "", body={"tail": tail}, repeatable=True
    )


def score(uri: str, data: Json, deployment_name: str | None = None, bearer: str | None = None) -> Call[Json]:
    """Score data; the answer as JSON, or as text where it is none. Sent once: a script may have effects of its own.

    Source: https://learn.microsoft.com/azure/machine-learning/how-to-authenticate-online-endpoint

    :param uri: the endpoint's ``scoringUri``, as it is.
    :param deployment_name: None lets the endpoint's shares decide.
    :param bearer: the endpoint's own credential; None sends the caller's token.
    """
    headers = {DEPLOYMENT_HEADER: deployment_name} if deployment_name else {}
    return Call(
        "POST",
        uri,
        _answer,
        plane=Plane.SCORING,
        headers=headers,
        body=data,
        bearer=bearer,
        repeatable=False,
        ok=(200,),
    )


def _answer(reply: Reply) -> Json:
    try:
        return json.loads(reply.body)
    except ValueError:
        return reply.body.decode("utf-8", "replace")
