"""The retry policy: what cannot get better is not tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import RetryAction

from airflow_azureml import exceptions
from airflow_azureml.retry import AzureMLRetryPolicy
from tests.airflow.lines import Line

DELAY = timedelta(seconds=7)


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
        (exceptions.AzureMLServiceError("gone"), RetryAction.RETRY),
        (exceptions.AzureMLJobTimeoutError("late"), RetryAction.RETRY),
        (ValueError("x"), RetryAction.DEFAULT),
    ],
)
def test_it_decides_by_the_exception(error: Exception, action: Any) -> None:
    decision = AzureMLRetryPolicy(DELAY).evaluate(error, 1, 3)
    assert decision.action is action
    assert decision.retry_delay == (DELAY if action is RetryAction.RETRY else None)


def test_below_airflow_3_3_it_says_so_when_it_is_used(airflow2: Line) -> None:
    said = airflow2.python_says(
        "from airflow_azureml.retry import AzureMLRetryPolicy\n"
        "try:\n    AzureMLRetryPolicy()\nexcept RuntimeError as error:\n    print(error)"
    )
    assert said.strip() == "AzureMLRetryPolicy needs Airflow 3.3 or later, where tasks accept a retry_policy."
