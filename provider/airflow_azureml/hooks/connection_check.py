"""*Test connection*: one request for the workspace, and what to change or to grant when it fails."""

from __future__ import annotations

import os

from airflow_azureml.connection_id import REFUSAL, is_written_out
from airflow_azureml.rest import workspace
from airflow_azureml.rest.errors import (
    AzureMLError,
    ForbiddenError,
    NotFoundError,
    ServiceError,
    SettingsError,
    UnauthorizedError,
    UnreachableError,
)
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.json_values import place_of_half
from airflow_azureml.rest.settings import Settings

COORDINATE_BY_CODE = {
    "SubscriptionNotFound": "subscription_id",
    "InvalidSubscriptionId": "subscription_id",
    "ResourceGroupNotFound": "resource_group",
}
"""Codes of Azure Resource Manager and the coordinate each is about. Source: Azure Resource Manager, error codes."""


def check_id(conn_id: object) -> None:
    """Refuse what cannot be the id of a connection, such as a template that rendered to a number.

    :raises SettingsError: it is no text, blank, or holds half of a surrogate pair; or it is a connection itself.
    """
    if is_written_out(conn_id):
        raise SettingsError(REFUSAL)
    if not isinstance(conn_id, str) or not conn_id.strip() or place_of_half(conn_id) is not None:
        raise SettingsError(f"azureml_conn_id: {conn_id!r} is not accepted. Accepted: the id of a connection.")


def undefined(conn_id: str) -> SettingsError:
    """What is wrong where Airflow gives no connection of an id."""
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    if variable in os.environ:  # 3.x passes over a value that it cannot read, and merely logs that
        return SettingsError(
            f"azureml_conn_id: Airflow cannot read the value of {variable}. Accepted: a connection as JSON or as a URI."
        )
    return SettingsError(f"azureml_conn_id: Airflow has no connection {conn_id!r}. Define one of type `azureml`.")


def check(settings: Settings) -> tuple[bool, str]:
    """Read the workspace, with short limits: somebody waits in front of a form."""
    from airflow_azureml.client import Limits, MLClient

    try:
        with MLClient(settings, Limits(connect=5, read=10, retries=1, throttled=0)) as client:
            resource = client.run(workspace.get(settings.workspace))
    except AzureMLError as error:
        return False, f"{error} {advice(error, settings)}".strip()
    where = f" in {resource.location}" if resource.location else ""
    return True, f"Workspace {resource.name or settings.workspace.name!r}{where} answers; auth={settings.auth}."


def advice(error: AzureMLError, settings: Settings) -> str:
    """What to change; empty where the error says it already."""
    if isinstance(error, ForbiddenError):
        who = f"the service principal {settings.client_id}" if settings.client_id else "the connection's identity"
        return (
            f"Grant {who} the role `AzureML Data Scientist` on the workspace "
            "(`Reader` is enough to look at jobs, not to submit them)."
        )
    if isinstance(error, UnauthorizedError):
        return "Check `tenant_id` and `cloud`: the token is valid, but not for this subscription's directory."
    if isinstance(error, ServiceError) and (isinstance(error, NotFoundError) or error.code in COORDINATE_BY_CODE):
        return _wrong_coordinate(error.code, settings.workspace)
    if isinstance(error, UnreachableError):
        field = "`endpoint`" if settings.endpoint else "`cloud`"
        return f"Check {field} and that this machine can reach the address."
    return ""


def _wrong_coordinate(code: str | None, ws: Workspace) -> str:
    field = COORDINATE_BY_CODE.get(code or "", "workspace_name")
    values = {
        "subscription_id": ws.subscription_id,
        "resource_group": ws.resource_group,
        "workspace_name": ws.name,
    }
    return f"Check `{field}`, which is {values[field]!r}."
