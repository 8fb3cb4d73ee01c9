"""What Airflow loads of this provider in each of its processes: a plugin that does nothing but in two of them."""

from __future__ import annotations

import os
import sys
from typing import Any

from airflow_azureml.version_compat import HIDES_CLEARS, AirflowPlugin

REST_API = "airflow.api_fastapi.core_api.routes.public.task_instances"
"""The module that reports to listeners which task a user has marked: in the API server of 3.0 to 3.4, and in none of
Airflow's other processes."""

SCHEDULER = "airflow.jobs.scheduler_job_runner"
"""The module that reports to listeners which task has ended without its worker's saying so."""


class AzureMLPlugin(AirflowPlugin):
    """Brings the listener that hears of tasks that are marked, and of those that are cleared while they run.

    Only the API server and the scheduler get it, and not what the scheduler forks, its workers: in a process with any
    listener Airflow refuses DAGs whose tasks have ``end_from_trigger=True`` (``dag_processing/dagbag.py``), whatever
    the listener is for.
    """

    name = "azureml"
    in_worker = False
    """Whether this process is one that the scheduler has forked."""

    @property
    def listeners(self) -> list[Any]:  # type: ignore[override]
        """The listener, where there is something to hear."""
        hears_clears = HIDES_CLEARS and SCHEDULER in sys.modules and not self.in_worker
        if REST_API not in sys.modules and not hears_clears:
            return []
        from airflow_azureml.plugin.listener import LISTENER

        if REST_API not in sys.modules:
            os.register_at_fork(after_in_child=_leave)
        return [LISTENER]


def _leave() -> None:
    """Take the listener away from what the scheduler has forked."""
    from airflow_azureml.plugin.listener import LISTENER

    AzureMLPlugin.in_worker = True
    manager = sys.modules["airflow.listeners.listener"].get_listener_manager()
    if manager.pm.is_registered(LISTENER):
        manager.pm.unregister(LISTENER)
