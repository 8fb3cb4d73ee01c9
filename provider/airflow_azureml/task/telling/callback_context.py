"""What callbacks and notifiers find in their context of the task's job: ``context["azureml"]``.

A mapping that always has the keys of ``FACTS``; what is not known is None, so that a template may name each of them.

Airflow hands the mapping that ``execute`` was given to the task's callbacks, in the same process: ``task_runner.run``
and ``finalize`` of 3.x, ``TaskInstance._run_raw_task`` and ``handle_failure`` of 2.11. Where a task is ended from
outside (marked, or its process is gone) no process has looked at the job, and there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airflow_azureml.exceptions import AzureMLJobFailedError
from airflow_azureml.links import STUDIO_URL_KEY
from airflow_azureml.task.xcom import pull_job_name, pull_own

CONTEXT_KEY = "azureml"

FACTS = ("job_name", "studio_url", "status", "failure", "usage")
"""``failure`` is the class of a failed job, see ``rest.failures``; ``usage`` what the job has used, as in a result."""


def tell_callbacks(**facts: Any) -> None:
    """Add facts to those that callbacks of the running task find."""
    from airflow_azureml.version_compat import AirflowException, get_current_context

    try:
        context: Any = get_current_context()
    except (AirflowException, RuntimeError):
        return  # no task runs here: a trigger, or a test
    context[CONTEXT_KEY] = {**dict.fromkeys(FACTS), **(context.get(CONTEXT_KEY) or {}), **facts}


def tell_of_deferred_job(ti: Any, event: Any) -> None:
    """Add the job of a task that was deferred, where nobody has looked at its end: time was up, or looks failed.

    :param event: of the trigger, if there was one.
    """
    from airflow_azureml.version_compat import AirflowException, get_current_context

    try:
        context: Any = get_current_context()
    except (AirflowException, RuntimeError):
        return
    if (context.get(CONTEXT_KEY) or {}).get("job_name") is None:
        name = event.get("job_name") if isinstance(event, Mapping) else None
        tell_callbacks(job_name=name or pull_job_name(ti), studio_url=pull_own(ti, STUDIO_URL_KEY))


@contextmanager
def telling_callbacks() -> Iterator[None]:
    """Let callbacks find their facts, as unknown as they still are; in the end the class of a failure, too."""
    tell_callbacks()
    try:
        yield
    except AzureMLJobFailedError as error:
        tell_callbacks(failure=error.failure)
        raise
