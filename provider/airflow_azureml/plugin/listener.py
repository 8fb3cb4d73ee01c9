"""The listener: it notes which tasks a user has marked, and returns at once.

Airflow calls it within the request that marks, before that is committed, so nothing is read or decided here. What is
called by which line (read in their sources, and tried on each):

======================================  ===============================  =====================================
what a user does                        3.0 to 3.2                       3.3 and 3.4
======================================  ===============================  =====================================
marks a task ``failed`` or ``success``  ``on_task_instance_…``, on 3.0   ``on_task_instance_…``, for a task
                                        for the first marked one alone   group, too
marks a DAG run                         ``on_dag_run_…`` alone           that, and ``on_task_instance_…`` for
                                                                         tasks that ran or were deferred
*Clear*, deletes a DAG run              nothing                          nothing
======================================  ===============================  =====================================

Marks are made in the API server, whoever asks it (the UI, the REST API, ``airflowctl``); Airflow's own command line
marks nothing.
"""

from __future__ import annotations

from typing import Any

from airflow_azureml.configuration import cancels_jobs_of_marked_tasks
from airflow_azureml.plugin.marks import MARKED
from airflow_azureml.version_compat import hookimpl


class MarkListener:
    """Hears of task instances and DAG runs that a user has marked; the names of its methods are Airflow's."""

    @hookimpl
    def on_task_instance_failed(self, previous_state: Any, task_instance: Any) -> None:
        """A task instance was marked ``failed``."""
        _note_task(previous_state, task_instance)

    @hookimpl
    def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
        """A task instance was marked ``success``."""
        _note_task(previous_state, task_instance)

    @hookimpl
    def on_task_instance_skipped(self, previous_state: Any, task_instance: Any) -> None:
        """A task instance was marked ``skipped`` (3.2 and later)."""
        _note_task(previous_state, task_instance)

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any) -> None:
        """A DAG run was marked ``failed``."""
        _note_run(dag_run)

    @hookimpl
    def on_dag_run_success(self, dag_run: Any) -> None:
        """A DAG run was marked ``success``."""
        _note_run(dag_run)


def _note_task(previous_state: Any, ti: Any) -> None:
    # With a mark Airflow does not tell the state before; a task that ends by itself has been running.
    if previous_state is None and cancels_jobs_of_marked_tasks():
        MARKED.add_task(ti.id)


def _note_run(dag_run: Any) -> None:
    if cancels_jobs_of_marked_tasks():
        MARKED.add_run(dag_run.dag_id, dag_run.run_id)


LISTENER = MarkListener()
