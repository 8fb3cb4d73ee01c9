"""An auth manager for an API server under test: people of the simple one, of whom one may see no task's XComs."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

STRANGER, NO_LOGS = "stranger", "auditor"
"""Who may not read XComs, and who may not read logs."""

WITHHELD = {STRANGER: DagAccessEntity.XCOM, NO_LOGS: DagAccessEntity.TASK_LOGS}


class PageAccess(SimpleAuthManager):
    """Withholds one kind of what belongs to a DAG from some."""

    def is_authorized_dag(self, *, access_entity: Any = None, user: Any, **others: Any) -> bool:
        """Whether this person may."""
        if access_entity is not None and WITHHELD.get(user.username) is access_entity:
            return False
        return super().is_authorized_dag(access_entity=access_entity, user=user, **others)
