"""What endpoints and deployments of every kind show."""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.operations import Record
from azureml_emulator.core.settings import Settings


def tracked(settings: Settings, value: Record, path: str, kind: str) -> dict[str, Any]:
    """What endpoints and deployments have in common.

    :param path: the ARM id.
    :param kind: the ARM type.
    """
    who = {"createdBy": settings.client_id, "createdByType": "Application"}
    times = {"createdAt": value["created_at"], "lastModifiedAt": value["modified_at"]}
    return {
        "id": path,
        "name": value["name"],
        "type": kind,
        "location": value["location"],
        "tags": value["tags"],
        "kind": value.get("kind"),
        "systemData": {**times, **who},
    }


def identity(settings: Settings, value: Record) -> dict[str, Any]:
    """An endpoint's identity: the one that was asked for, else the system's own."""
    given: dict[str, Any] | None = value.get("identity")
    return given or {"type": "SystemAssigned", "principalId": settings.client_id, "tenantId": settings.tenant_id}
