"""A POST without a clear answer: whether it was sent, when its job may have begun, and when to send it again."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from airflow_azureml.rest.errors import ServiceError, TransientError, TransientServiceError, UnreachableError

SKEW = timedelta(minutes=5)
"""How far the clocks of this machine and of the service may be apart."""

SLACK = timedelta(seconds=5)
"""How far the clocks of two parts of the service may be apart."""

THROTTLED = 429


def since_call(called_at: float) -> datetime:
    """Since when a job may be there that a call made, by the service's clock, estimated from ours."""
    return datetime.fromtimestamp(called_at, timezone.utc) - SKEW


def since_answer(error: ServiceError, called_at: float, answered_at: float) -> datetime:
    """The same, by the service's own clock if its answer shows it."""
    try:
        answered = parsedate_to_datetime(error.reply.header("Date") or "")
    except (TypeError, ValueError):
        return since_call(called_at)
    return answered - timedelta(seconds=answered_at - called_at) - SLACK


def is_throttled(error: TransientError) -> bool:
    """Whether the service turned the call away, before it did anything about it."""
    return isinstance(error, ServiceError) and error.reply.status == THROTTLED


def was_not_sent(error: TransientError) -> bool:
    """Whether nothing can have come of a call: no host was reached, or it was another one that failed (for a token)."""
    if isinstance(error, TransientServiceError):
        return error.reply.method != "POST"
    return isinstance(error, UnreachableError)
