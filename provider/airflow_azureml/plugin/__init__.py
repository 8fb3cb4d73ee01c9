"""What Airflow loads of this provider in each of its processes: a plugin that does nothing but in the API server."""

from __future__ import annotations

import sys
from typing import Any

from airflow_azureml.version_compat import AirflowPlugin

REST_API = "airflow.api_fastapi.core_api.routes.public.task_instances"
"""The module that reports to listeners which task a user has marked: in the API server of 3.0 to 3.4, and in none of
Airflow's other processes."""


class AzureMLPlugin(AirflowPlugin):
    """Brings the listener that hears of tasks that are marked by hand.

    Only the API server gets it: in a process with any listener Airflow refuses DAGs whose tasks have
    ``end_from_trigger=True`` (``dag_processing/dagbag.py``), whatever the listener is for.
    """

    name = "azureml"

    @property
    def listeners(self) -> list[Any]:  # type: ignore[override]
        """The listener, where there is something to hear."""
        if REST_API not in sys.modules:
            return []
        from airflow_azureml.plugin.listener import LISTENER

        return [LISTENER]
