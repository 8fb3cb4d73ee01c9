"""What Airflow loads in each of its processes: a plugin that does nothing but in API server and triggerer."""

from __future__ import annotations

import sys
from typing import Any

from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_1_PLUS, AirflowPlugin

REST_API = "airflow.api_fastapi.core_api.routes.public.task_instances"
"""The module that reports to listeners which task a user has marked: in the API server of 3.0 to 3.4, and in none of
Airflow's other processes."""

TRIGGERER = "airflow.jobs.triggerer_job_runner"
"""The module that a triggerer is; the API server has it, too, but no scheduler, DAG processor or worker."""


class AzureMLPlugin(AirflowPlugin):
    """Brings listeners for tasks that are marked by hand and for events of watchers, and a task instance's tab.

    Only the API server and the triggerer get a listener: in a process with any Airflow refuses DAGs whose tasks have
    ``end_from_trigger=True`` (``dag_processing/dagbag.py``), whatever the listener is for. Only the API server asks for
    the tab, which Airflow has a place for since 3.1.
    """

    name = "azureml"

    @property
    def listeners(self) -> list[Any]:  # type: ignore[override]
        """The listeners, where there is something to hear."""
        found: list[Any] = []
        if REST_API in sys.modules:
            from airflow_azureml.plugin.listener import LISTENER

            found.append(LISTENER)
        if TRIGGERER in sys.modules and AIRFLOW_V_3_0_PLUS:
            from airflow_azureml.plugin.watch_listener import WATCH_LISTENER

            found.append(WATCH_LISTENER)
        return found

    @property
    def fastapi_apps(self) -> list[Any]:  # type: ignore[override]
        """What serves the tab. Airflow asks for it when it makes an API server, which from then on writes notes."""
        if AIRFLOW_V_3_0_PLUS:
            from airflow_azureml.plugin import notes

            notes.listen()
        if not AIRFLOW_V_3_1_PLUS:
            return []
        from airflow_azureml.plugin.page.tab import fastapi_app

        return [fastapi_app()]

    @property
    def react_apps(self) -> list[Any]:  # type: ignore[override]
        """The tab itself."""
        if not AIRFLOW_V_3_1_PLUS:
            return []
        from airflow_azureml.plugin.page.tab import react_app

        return [react_app()]
