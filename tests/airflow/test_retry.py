"""The retry policy: what cannot get better is not tried again."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import RetryAction

from airflow_azureml import exceptions
from airflow_azureml.retry import AzureMLRetryPolicy
from tests.airflow.installs import AirflowInstall

DELAY = timedelta(seconds=7)


def failed(kind: Any) -> exceptions.AzureMLJobFailedError:
    """A job that failed in this way."""
    return exceptions.AzureMLJobFailedError("j", failure=kind)


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (exceptions.AzureMLJobFailedError("j", code="UserError"), RetryAction.FAIL),
        (
            exceptions.AzureMLJobFailedError("j", code="BadArgument", codes=["UserError", "BadArgument"]),
            RetryAction.FAIL,
        ),
        (exceptions.AzureMLJobFailedError("j", code="SystemError"), RetryAction.RETRY),
        (exceptions.AzureMLJobFailedError("j"), RetryAction.RETRY),
        (exceptions.AzureMLJobFailedError("j", code="UserError", reason="PreemptionError: gone"), RetryAction.RETRY),
        *(
            (failed(kind), RetryAction.RETRY)
            for kind in ("preempted", "capacity", "node", "service", "unknown", "image")
        ),
        *((failed(kind), RetryAction.FAIL) for kind in ("user", "data", "timeout")),
        (exceptions.AzureMLJobCanceledError("canceled"), RetryAction.RETRY),
        (exceptions.AzureMLServiceError("gone"), RetryAction.RETRY),
        (exceptions.AzureMLJobTimeoutError("late"), RetryAction.RETRY),
        (ValueError("x"), RetryAction.DEFAULT),
    ],
)
def test_it_decides_by_the_exception(error: Exception, action: Any) -> None:
    decision = AzureMLRetryPolicy(DELAY).evaluate(error, 1, 3)
    assert decision.action is action
    assert decision.retry_delay == (DELAY if action is RetryAction.RETRY else None)


@pytest.mark.parametrize(
    ("try_number", "max_tries", "context", "action"),
    [
        (1, 3, None, RetryAction.RETRY),
        (2, 3, None, RetryAction.FAIL),
        # Cleared after two tries: the third is the first again.
        (3, 5, {"task": SimpleNamespace(retries=3)}, RetryAction.RETRY),
        (4, 5, {"task": SimpleNamespace(retries=3)}, RetryAction.FAIL),
    ],
)
def test_a_broken_image_is_tried_again_once(try_number: int, max_tries: int, context: Any, action: Any) -> None:
    assert AzureMLRetryPolicy().evaluate(failed("image"), try_number, max_tries, context).action is action


def test_below_airflow_3_3_it_says_so_when_it_is_used(airflow2: AirflowInstall) -> None:
    said = airflow2.python_says(
        "from airflow_azureml.retry import AzureMLRetryPolicy\n"
        "try:\n    AzureMLRetryPolicy()\nexcept RuntimeError as error:\n    print(error)"
    )
    assert said.strip() == "AzureMLRetryPolicy needs Airflow 3.3 or later, where tasks accept a retry_policy."
