"""No-worker mode: what a task would lose that ends in the triggerer, so that it comes back to a worker instead."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from typing import Any

from airflow_azureml.version_compat import AIRFLOW_V_3_3_PLUS, conf


def why_end_on_worker(operator: Any) -> str | None:
    """What would be lost if the task ended in the triggerer; None for nothing.

    :param operator: one that waits for a job.
    """
    return why_own_code(operator) or _why_followers_suffer(operator)


def why_own_code(operator: Any) -> str | None:
    """The code of a task's author that only a worker would run; None for none."""
    if not type(operator).__module__.startswith("airflow_azureml."):
        return f"{type(operator).__qualname__} may have code of its own"
    for name in ("pre_execute", "post_execute"):
        if getattr(operator, f"_{name}_hook", None) is not None:
            return f"{name} would not run"
    return None


def _why_followers_suffer(operator: Any) -> str | None:
    """What others that go by the task's end would miss."""
    if operator.outlets:
        return "its outlets would get no asset events"
    if operator.on_success_callback:
        return "on_success_callback would not run"
    if getattr(operator, "multiple_outputs", False):
        return "multiple_outputs would not be pushed"
    # Airflow walks the whole DAG to answer; only what comes after a task can be mapped over it.
    if operator.downstream_task_ids and any(True for _ in operator.iter_mapped_dependants()):
        return "a task is mapped over its result, whose length only a worker reports"
    if lineage_is_recorded():
        return "OpenLineage would get no COMPLETE"
    return None


def failure_ends_here(operator: Any, is_retried: bool) -> bool:
    """Whether the task may also fail in the triggerer, where callbacks get no exception and nobody writes mails.

    :param is_retried: a try follows; below 3.3 Airflow would not make it.
    """
    if is_retried and not AIRFLOW_V_3_3_PLUS:
        return False
    followed = ("on_failure_callback", "on_retry_callback", "retry_policy", "email")
    return not any(getattr(operator, name, None) for name in followed) and not _ends_its_run(operator)


def _ends_its_run(operator: Any) -> bool:
    """Whether the task's failure is to end the whole run, which it does only where a worker or the scheduler says so.

    Source: Airflow 3.3, ``execution_api/routes/task_instances.py`` beside ``models/trigger.py``.
    """
    dag = operator.dag if operator.has_dag() else None
    return any(getattr(dag, name, False) for name in ("fail_fast", "fail_stop"))


def skip_ends_here(operator: Any) -> bool:
    """Whether the task may also be skipped in the triggerer, where ``on_skipped_callback`` is not called."""
    return not getattr(operator, "on_skipped_callback", None)


@cache
def lineage_is_recorded() -> bool:
    """Whether Airflow's provider for OpenLineage is installed, switched on, and knows where to report to.

    It decides so itself in ``airflow.providers.openlineage.conf.is_disabled``; importing that takes its time.
    """
    try:
        if find_spec("airflow.providers.openlineage") is None:
            return False
    except ModuleNotFoundError:
        return False
    if conf.getboolean("openlineage", "disabled", fallback=False) or _is_true(os.getenv("OPENLINEAGE_DISABLED", "")):
        return False
    told = (conf.get("openlineage", name, fallback="") for name in ("transport", "config_path"))
    return any(told) or bool(os.getenv("OPENLINEAGE_URL") or os.getenv("OPENLINEAGE_CONFIG"))


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("true", "1", "t")
