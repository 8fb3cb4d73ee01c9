"""What a connection looks like.

Source: the published examples of Workspace Connections, api-version 2024-10-01, where only List Secrets answers
credentials, and the model WorkspaceConnectionPropertiesV2 of 2025-12-01.
"""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.operations import Record
from azureml_emulator.core.settings import Settings

TYPE = "Microsoft.MachineLearningServices/workspaces/connections"


def connection_resource(settings: Settings, record: Record, *, secrets: bool = False) -> dict[str, Any]:
    """A connection as ARM answers it.

    :param secrets: with its credentials.
    """
    return {
        "id": f"{settings.workspace_arm_id}/connections/{record['name']}",
        "name": record["name"],
        "type": TYPE,
        "properties": {
            "group": None,
            "expiryTime": None,
            "metadata": {},
            "isSharedToAll": True,
            "sharedUserList": [],
            "useWorkspaceManagedIdentity": False,
            **record["properties"],
            "createdByWorkspaceArmId": settings.workspace_arm_id,
            "credentials": record["credentials"] if secrets else None,
        },
        "systemData": {
            "createdAt": record["created_at"],
            "createdBy": record["created_by"],
            "createdByType": "Application",
            "lastModifiedAt": record["modified_at"],
            "lastModifiedBy": record["modified_by"],
            "lastModifiedByType": "Application",
        },
    }
