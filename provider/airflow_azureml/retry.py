"""A retry policy for tasks with jobs: failures that a retry cannot fix are not retried. Airflow 3.3 and later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_azureml.version_compat import AIRFLOW_V_3_3_PLUS

if TYPE_CHECKING:
    from datetime import timedelta

    from airflow_azureml.version_compat import RetryDecision, RetryPolicy
elif AIRFLOW_V_3_3_PLUS:
    from airflow_azureml.version_compat import RetryPolicy
else:
    RetryPolicy = object


AGAIN = ("preempted", "capacity", "node", "service", "unknown")
"""Kinds of failure that the next job may not meet."""

ONCE = ("image",)
"""Kinds that are mostly the image's own fault, and sometimes the registry's."""


class AzureMLRetryPolicy(RetryPolicy):
    """Retry what the next job may not meet, and at once fail what would fail again in the same way.

    Use it as ``retry_policy=AzureMLRetryPolicy()`` beside ``retries=``. A failed job is judged by its kind of failure,
    ``AzureMLJobFailedError.failure``:

    * ``preempted``, ``capacity``, ``node``, ``service``, ``unknown``: again;
    * ``image``: once, after the first try (a registry may have been out of reach);
    * ``user``, ``data``: not again, the command, its code or its data must be changed first;
    * ``timeout``: not again, the job has had all of the time that its own limit gives it.

    Everything else of ours that can be retried at all is: an unreachable service, a task that ran out of its own
    ``execution_timeout``, a job that somebody canceled with ``on_canceled="retry"``.

    :param retry_delay: how long to wait before a retry; default: the task's own ``retry_delay``.
    """

    def __init__(self, retry_delay: timedelta | None = None) -> None:
        if not AIRFLOW_V_3_3_PLUS:
            raise RuntimeError("AzureMLRetryPolicy needs Airflow 3.3 or later, where tasks accept a retry_policy.")
        self.retry_delay = retry_delay

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Decide after a failed try; exceptions that are none of ours keep the task's own rules."""
        from airflow_azureml.exceptions import AzureMLException, AzureMLJobFailedError
        from airflow_azureml.version_compat import RetryDecision

        if not isinstance(exception, AzureMLException):
            return RetryDecision.default()
        reason = type(exception).__name__
        if isinstance(exception, AzureMLJobFailedError):
            kind = exception.failure
            first = _tries(try_number, max_tries, context) <= 1
            if kind not in AGAIN and not (kind in ONCE and first):
                return RetryDecision.fail(reason=f"Job {exception.job_name} failed ({kind}): it would fail again.")
            reason = f"{reason} ({kind})"
        return RetryDecision.retry(delay=self.retry_delay, reason=reason)


def _tries(try_number: int, max_tries: int, context: Any) -> int:
    """How many tries there have been since the task was last cleared: a Clear raises ``max_tries``."""
    retries = getattr((context or {}).get("task"), "retries", None)
    return try_number - max(max_tries - retries, 0) if isinstance(retries, int) else try_number
