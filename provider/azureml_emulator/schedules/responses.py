"""What schedules look like. Source: recording test_schedule_lifetime."""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.operations import Record
from azureml_emulator.core.settings import Settings


def schedule_resource(settings: Settings, value: Record) -> dict[str, Any]:
    """A schedule as ARM answers it."""
    who = {"createdBy": settings.client_id, "createdByType": "Application"}
    times = {"createdAt": value["created_at"], "lastModifiedAt": value["modified_at"]}
    return {
        "id": f"{settings.workspace_arm_id}/schedules/{value['name']}",
        "name": value["name"],
        "type": "Microsoft.MachineLearningServices/workspaces/schedules",
        "properties": {**value["properties"], "provisioningState": value["state"]},
        "systemData": {**times, **who},
    }
