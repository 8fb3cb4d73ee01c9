"""What keeps a task from starting in the triggerer, where Airflow 3.3 knows and does less than on a worker."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from airflow_azureml.local.file_names import is_file_name
from airflow_azureml.task.end_conditions import why_own_code
from airflow_azureml.task.stored_references import StoredReference
from airflow_azureml.task.templates_elsewhere import is_template, needs_worker
from airflow_azureml.version_compat import AIRFLOW_V_3_3_PLUS, AIRFLOW_V_3_4_PLUS, AIRFLOW_VERSION, conf, hides_secret


def why_start_on_worker(task: Any) -> str | None:
    """The first thing that keeps a task from it, its size aside; None for nothing."""
    if not AIRFLOW_V_3_3_PLUS:
        return f"Airflow {AIRFLOW_VERSION} cannot; 3.3 can"
    if conf.getboolean("triggerer", "queues_enabled", fallback=False):
        # 3.3.2 and 3.4.0b2, models/taskinstance.py: defer_task makes the trigger without a queue, and a triggerer with
        # --queues takes none of those.
        return "with [triggerer] queues_enabled the triggerers of its queue would pass over it"
    reason = task.only_workers_start or why_own_code(task)
    if reason is not None:
        return reason
    if not getattr(task, "wait_for_completion", True):
        return "with wait_for_completion=False there is nothing to wait for"
    if task.on_execute_callback:
        return "on_execute_callback would not run"
    if AIRFLOW_V_3_4_PLUS and getattr(task, "retry_policy", None) is not None:
        return "its retry_policy may put it off, and only a worker is told that it was"
    if any(True for _ in task.iter_mapped_task_groups()):
        return "it is in a mapped task group"
    dag = task.dag if task.has_dag() else None
    if dag and (dag.jinja_environment_kwargs or dag.template_undefined.__name__ != "StrictUndefined"):
        return "the DAG renders templates in its own way"
    for field in task.template_fields:
        reason = _why_value(field, getattr(task, field, None), field)
        if reason is not None:
            return reason
    for field in getattr(task, "template_file_fields", ()):
        value = getattr(task, field)
        if is_file_name(value) and is_template(os.fspath(value)):
            return f"{field}: which file it is, only a worker finds out"
    return None


def _why_value(field: str, value: Any, key: str) -> str | None:
    """What keeps a value of a field from the triggerer; None for nothing.

    :param key: the nearest one that the value stands under.
    """
    if isinstance(value, str):
        asked = needs_worker(value)
        if asked is not None:
            return f"{field}: {asked}"
        if hides_secret(key, value, is_template(value)):
            return f"{field} holds a secret ({key}), and would be stored with the trigger"
    elif isinstance(value, Mapping):
        return next(filter(None, (_why_value(field, item, str(name)) for name, item in value.items())), None)
    elif isinstance(value, (list, tuple, set)):
        return next(filter(None, (_why_value(field, item, key) for item in value)), None)
    elif hasattr(value, "iter_references") and StoredReference.of(value) is None:
        return f"{field} takes what Airflow resolves only on a worker: {value!r}"
    return None
