"""The managed identity of a resource: an endpoint or a compute. (That of a job is another thing: ``shared.identity``.)

Source: azure-ai-ml 1.35.2, ``_schema/compute/compute.py`` and ``entities/_credentials.py``.
"""

from __future__ import annotations

from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.table.convert import nested
from airflow_azureml.jobspec.table.field import Field, answers
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.translator import Body, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, listed, text

TYPES = {
    "system_assigned": "SystemAssigned",
    "user_assigned": "UserAssigned",
    "none": "None",
    "system_assigned,user_assigned": "SystemAssigned,UserAssigned",
}

USER_ASSIGNED = (Field("resource_id", "id", text), *answers("principal_id", "client_id", "tenant_id"))
FIELDS = (
    Field("type", "type", choice(TYPES, "a type of identity", fold=lambda word: snake(word).replace(",_", ","))),
    Field("user_assigned_identities", "userAssignedIdentities", listed(nested(USER_ASSIGNED))),
    *answers("principal_id", "tenant_id"),
)


def resource_identity(located: Located, ctx: Translator) -> Body | Invalid:
    """Take an identity; the service knows user-assigned ones by their ids."""
    body = nested(FIELDS)(located, ctx)
    if not isinstance(body, dict):
        return body
    assigned = body.pop("userAssignedIdentities", None)
    if "type" not in body:
        return ctx.error(located, f'"type" is required. Accepted: {", ".join(TYPES)}.', "type")
    identities: dict[str, Any] = {
        str(identity["id"]): {} for identity in assigned or () if isinstance(identity, dict) and "id" in identity
    }
    return {**body, **({"userAssignedIdentities": identities} if identities else {})}
