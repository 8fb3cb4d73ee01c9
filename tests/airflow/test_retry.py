"""The retry policy: what cannot get better is not tried again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
from airflow.providers.common.compat.sdk import RetryAction, RetryDecision

from airflow_azureml import exceptions
from airflow_azureml.operators import AzureMLCommandJobOperator
from airflow_azureml.retry import AzureMLRetryPolicy
from airflow_azureml.sensors import AzureMLJobSensor
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
        *((failed(kind), RetryAction.RETRY) for kind in ("preempted", "node", "service", "unknown", "image")),
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


@dataclass(frozen=True)
class Rescheduling(RetryDecision):
    """What a policy answers on Airflow 3.4 (Task SDK 1.4.0b2, ``definitions/retry_policy.py``), as far as is used."""

    max_reschedules: int | None = None
    reschedule_timeout: timedelta | None = None

    @classmethod
    def reschedule(cls, delay: timedelta | None = None, *, reason: str | None = None, **bounds: Any) -> Rescheduling:
        """Run the task again after ``delay``, without using a retry, within at least one of the bounds."""
        assert any(bound is not None for bound in bounds.values())
        return cls(action="reschedule", retry_delay=delay, reason=reason, **bounds)  # type: ignore[arg-type]


CAN_RESCHEDULE = hasattr(RetryDecision, "reschedule")
QUEUED = exceptions.AzureMLQueueTimeoutError("j", seconds=60)


@pytest.mark.skipif(CAN_RESCHEDULE, reason="Airflow 3.4 puts it off")
@pytest.mark.parametrize("error", [failed("capacity"), QUEUED])
def test_what_lacks_nodes_is_retried_where_it_cannot_be_put_off(error: Exception) -> None:
    assert AzureMLRetryPolicy(DELAY).evaluate(error, 1, 3).action is RetryAction.RETRY


@pytest.mark.parametrize(
    ("error", "given", "context", "expected"),
    [
        (failed("capacity"), {}, None, (timedelta(minutes=15), None, timedelta(hours=24))),
        (QUEUED, {"reschedule_delay": DELAY * 2, "max_reschedules": 3}, {}, (DELAY * 2, 3, timedelta(hours=24))),
        (QUEUED, {"reschedule_timeout": None, "max_reschedules": 3}, {}, (timedelta(minutes=15), 3, None)),
        (failed("capacity"), {"max_reschedules": 0}, None, None),
        (failed("preempted"), {}, None, None),
        (failed("capacity"), {}, {"task": AzureMLJobSensor(task_id="s", job_name="j")}, None),
    ],
)
def test_what_lacks_nodes_is_put_off_on_airflow_3_4(
    monkeypatch: pytest.MonkeyPatch, error: Exception, given: dict[str, Any], context: Any, expected: Any
) -> None:
    if not CAN_RESCHEDULE:
        monkeypatch.setattr("airflow_azureml.version_compat.RetryDecision", Rescheduling)
    found: Any = AzureMLRetryPolicy(timedelta(seconds=9), **given).evaluate(error, 1, 0, context)
    if expected is None:
        assert (found.action, found.retry_delay) == (RetryAction.RETRY, timedelta(seconds=9))
    else:
        assert getattr(found.action, "value", found.action) == "reschedule"
        assert (found.retry_delay, found.max_reschedules, found.reschedule_timeout) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"reschedule_delay": 60},
            "reschedule_delay: 60 is not accepted. Accepted: a timedelta of 10 seconds or more.",
        ),
        (
            {"reschedule_delay": timedelta(seconds=9)},
            "reschedule_delay: datetime.timedelta(seconds=9) is not accepted.",
        ),
        ({"reschedule_timeout": timedelta()}, "reschedule_timeout: datetime.timedelta(0) is not accepted."),
        ({"max_reschedules": True}, "max_reschedules: True is not accepted. Accepted: a whole number, 0 or more"),
        (
            {"max_reschedules": "3"},
            "max_reschedules: '3' is not accepted. Accepted: a whole number, 0 or more, or None.",
        ),
        ({"max_reschedules": 1.5}, "max_reschedules: 1.5 is not accepted."),
        ({"retry_delay": 60}, "retry_delay: 60 is not accepted. Accepted: a timedelta of 0 or more, or None"),
        ({"retry_delay": timedelta(seconds=-1)}, "retry_delay: datetime.timedelta(days=-1, seconds=86399) is not acc"),
        ({"reschedule_timeout": None}, "reschedule_timeout and max_reschedules are both None. Give one."),
    ],
)
def test_how_often_and_how_long_is_checked_when_the_dag_is_read(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"AzureMLRetryPolicy: {re.escape(said)}"):
        AzureMLRetryPolicy(**given)


def test_a_number_of_another_library_is_one() -> None:
    found = AzureMLRetryPolicy(max_reschedules=cast("int", Decimal(3))).max_reschedules
    assert (found, type(found)) == (3, int)


def test_a_task_that_may_be_put_off_starts_on_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def why() -> str | None:
        policy: dict[str, Any] = {"retry_policy": AzureMLRetryPolicy()}
        task = AzureMLCommandJobOperator(
            task_id="t", command="true", environment={"image": "x"}, start_in_trigger=True, **policy
        )
        return task.why_start_on_worker()

    switch = "airflow_azureml.task.start_conditions.AIRFLOW_V_3_4_PLUS"
    monkeypatch.setattr(switch, False)
    assert why() is None
    monkeypatch.setattr(switch, True)
    assert why() == "its retry_policy may put it off, and only a worker is told that it was"
