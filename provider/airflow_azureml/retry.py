"""A retry policy for tasks with jobs: failures that a retry cannot fix are not retried. Airflow 3.3 and later.

Airflow 3.4 can also put a failed task off without using a retry (``RetryDecision.reschedule`` in
``airflow/sdk/definitions/retry_policy.py`` of its Task SDK 1.4.0b2): what only needs time is given it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_azureml.version_compat import AIRFLOW_V_3_3_PLUS

if TYPE_CHECKING:
    from airflow_azureml.version_compat import RetryDecision, RetryPolicy
elif AIRFLOW_V_3_3_PLUS:
    from airflow_azureml.version_compat import RetryPolicy
else:
    RetryPolicy = object


AGAIN = ("preempted", "capacity", "node", "service", "unknown")
"""Kinds of failure that the next job may not meet."""

ONCE = ("image",)
"""Kinds that are mostly the image's own fault, and sometimes the registry's."""

RESCHEDULE_DELAY, RESCHEDULE_TIMEOUT = timedelta(minutes=15), timedelta(hours=24)
"""How long a task is put off where there are no nodes, and for how long again and again."""

SHORTEST = timedelta(seconds=10)
"""How long a task is put off at least: where the same try is on its way again before the scheduler has read that the
process before it has ended, it takes the one for the other (``state mismatch``) and fails the task. Seen on 3.4.0b2
after 2 s, where the scheduler was a second late.
"""


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

    On Airflow 3.4 a try that found no nodes (``capacity``, or ``AzureMLQueueTimeoutError``) is put off and run again
    *without using a retry*: each ``reschedule_delay``, within the bounds of the last two parameters, of which the one
    that is met first counts. Then, and on Airflow 3.3 from the first time on, it is retried as the rest, and each retry
    may be put off anew. Sensors are not put off: the job that they wait for stays as it has ended.

    :param retry_delay: how long to wait before a retry; default: the task's own ``retry_delay``.
    :param reschedule_delay: how long to put a try off; 10 seconds or more.
    :param reschedule_timeout: for how long after it was first put off a try may be put off again; None for any time.
    :param max_reschedules: how often one try may be put off: 0 for never; None for any number.
    :raises ValueError: a parameter is not accepted, or neither bounds anything.
    """

    def __init__(
        self,
        retry_delay: timedelta | None = None,
        *,
        reschedule_delay: timedelta = RESCHEDULE_DELAY,
        reschedule_timeout: timedelta | None = RESCHEDULE_TIMEOUT,
        max_reschedules: int | None = None,
    ) -> None:
        from airflow_azureml.jobspec.document.plain_values import plain_values

        if not AIRFLOW_V_3_3_PLUS:
            raise RuntimeError("AzureMLRetryPolicy needs Airflow 3.3 or later, where tasks accept a retry_policy.")
        if retry_delay is not None and not (isinstance(retry_delay, timedelta) and retry_delay >= timedelta()):
            raise _not_accepted("retry_delay", retry_delay, "a timedelta of 0 or more, or None for the task's own")
        if not isinstance(reschedule_delay, timedelta) or reschedule_delay < SHORTEST:
            raise _not_accepted("reschedule_delay", reschedule_delay, "a timedelta of 10 seconds or more")
        if reschedule_timeout is not None and not (
            isinstance(reschedule_timeout, timedelta) and reschedule_timeout > timedelta()
        ):
            raise _not_accepted("reschedule_timeout", reschedule_timeout, "a timedelta above 0, or None")
        max_reschedules = plain_values(max_reschedules)
        if max_reschedules is not None and (type(max_reschedules) is not int or max_reschedules < 0):
            raise _not_accepted("max_reschedules", max_reschedules, "a whole number, 0 or more, or None")
        if reschedule_timeout is None and max_reschedules is None:
            raise ValueError("AzureMLRetryPolicy: reschedule_timeout and max_reschedules are both None. Give one.")
        self.retry_delay = retry_delay
        self.reschedule_delay = reschedule_delay
        self.reschedule_timeout = reschedule_timeout
        self.max_reschedules = max_reschedules

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Decide after a failed try; exceptions that are none of ours keep the task's own rules."""
        from airflow_azureml.exceptions import AzureMLException, AzureMLJobFailedError, AzureMLQueueTimeoutError
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
        no_nodes = isinstance(exception, AzureMLQueueTimeoutError) or getattr(exception, "failure", None) == "capacity"
        if no_nodes and not _looks_only(context):
            return self._later(RetryDecision, reason)
        return RetryDecision.retry(delay=self.retry_delay, reason=reason)

    def _later(self, decision: Any, reason: str) -> RetryDecision:
        """Put the task off where Airflow can; it retries instead where that was done too often, or for too long."""
        if self.max_reschedules == 0 or not hasattr(decision, "reschedule"):
            again: RetryDecision = decision.retry(delay=self.retry_delay, reason=reason)
            return again
        bounds = {"max_reschedules": self.max_reschedules, "reschedule_timeout": self.reschedule_timeout}
        later: RetryDecision = decision.reschedule(self.reschedule_delay, reason=reason, **bounds)
        return later


def _not_accepted(name: str, given: Any, accepted: str) -> ValueError:
    return ValueError(f"AzureMLRetryPolicy: {name}: {given!r} is not accepted. Accepted: {accepted}.")


def _looks_only(context: Any) -> bool:
    """Whether the task is a sensor."""
    from airflow_azureml.version_compat import BaseSensorOperator

    return isinstance((context or {}).get("task"), BaseSensorOperator)


def _tries(try_number: int, max_tries: int, context: Any) -> int:
    """How many tries there have been since the task was last cleared: a Clear raises ``max_tries``."""
    retries = getattr((context or {}).get("task"), "retries", None)
    return try_number - max(max_tries - retries, 0) if isinstance(retries, int) else try_number
