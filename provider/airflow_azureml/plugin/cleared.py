"""The *Clear* of a task whose worker is dead counts as a *Clear*: its next try begins a generation.

Airflow 3.1 to 3.3 raise the number of tries at a *Clear* only of a task that does not run. One that runs becomes
``restarting``. When its worker then ends in order, the scheduler raises the number itself, ``ti.max_tries =
ti.try_number + ti.task.retries`` (``SchedulerJobRunner.process_executor_events``); when the worker is dead, it handles
that as any failure and raises nothing, so that the next try looks like a retry and takes the old job over. It calls the
listeners before it stores the failure, with the task instance, on which the state before can still be seen. (3.0 leaves
such a task ``restarting`` for ever; 3.4 raises the number at the *Clear*.)
"""

from __future__ import annotations

import logging
from typing import Any

FIELD = "azureml_conn_id"
"""A template field of all operators of this provider."""

log = logging.getLogger(__name__)


def count_clear(ti: Any) -> None:
    """Give a task of ours the tries that a *Clear* gives, where it was cleared and its worker's death is handled.

    :param ti: a task instance of the scheduler's, about to be stored.
    """
    from sqlalchemy import inspect

    task = getattr(ti, "task", None)
    if ti.state != "up_for_retry" or FIELD not in getattr(task, "template_fields", ()):
        return
    if "restarting" not in (inspect(ti).attrs.state.history.deleted or ()):
        return
    ti.max_tries = max(ti.max_tries, ti.try_number + (getattr(task, "retries", None) or 0))
    log.info("Task %s.%s of DAG run %s was cleared: its next try starts a new job.", ti.dag_id, ti.task_id, ti.run_id)
