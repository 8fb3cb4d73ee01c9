"""A retry policy for tasks with jobs: what cannot get better by itself is not tried again. Airflow 3.3 and later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_azureml.version_compat import AIRFLOW_V_3_3_PLUS

if TYPE_CHECKING:
    from datetime import timedelta

    from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy
elif AIRFLOW_V_3_3_PLUS:
    from airflow.providers.common.compat.sdk import RetryPolicy
else:
    RetryPolicy = object


class AzureMLRetryPolicy(RetryPolicy):
    """Retry faults of the service, at once fail a job that failed by its user's own code.

    Use it as ``retry_policy=AzureMLRetryPolicy()`` beside ``retries=``. The service calls a failure of the user's
    ``UserError``: a command that exits with another code than 0, a bad path, a missing package. Such a job fails again
    in the same way. Everything else (preempted nodes, time-outs, an unreachable service) is retried.

    :param retry_delay: how long to wait before a retry; default: the task's own ``retry_delay``.
    """

    def __init__(self, retry_delay: timedelta | None = None) -> None:
        if not AIRFLOW_V_3_3_PLUS:
            raise RuntimeError("AzureMLRetryPolicy needs Airflow 3.3 or later, where tasks accept a retry_policy.")
        self.retry_delay = retry_delay

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Decide after a failed try; exceptions that are none of ours keep the task's own rules."""
        from airflow.providers.common.compat.sdk import RetryDecision

        from airflow_azureml.exceptions import AzureMLException, AzureMLJobFailedError

        if isinstance(exception, AzureMLJobFailedError) and "UserError" in (exception.code, *exception.codes):
            return RetryDecision.fail(reason=f"Job {exception.job_name} failed with UserError: it would fail again.")
        if isinstance(exception, AzureMLException):
            return RetryDecision.retry(delay=self.retry_delay, reason=type(exception).__name__)
        return RetryDecision.default()
