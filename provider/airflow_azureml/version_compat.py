"""The only place that compares Airflow versions, and the doors to names that moved between 2.11 and 3.4.

Everything heavy is imported inside the functions: this module is read by every process that parses a DAG.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from airflow import __version__ as airflow_version


def _release(text: str) -> tuple[int, int]:
    """Major and minor number of a version such as ``3.3.0rc1``."""
    major, minor = text.split(".")[:2]
    return int(major), int(minor)


AIRFLOW_RELEASE = _release(airflow_version)
AIRFLOW_V_3_0_PLUS = AIRFLOW_RELEASE >= (3, 0)
AIRFLOW_V_3_1_PLUS = AIRFLOW_RELEASE >= (3, 1)
AIRFLOW_V_3_3_PLUS = AIRFLOW_RELEASE >= (3, 3)

if TYPE_CHECKING or AIRFLOW_V_3_0_PLUS:
    from airflow.sdk.definitions.mappedoperator import OperatorPartial as OperatorPartial
else:
    from airflow.models.mappedoperator import OperatorPartial as OperatorPartial

_MASKERS = (
    "airflow.sdk.log",  # 3.1 and later
    "airflow.sdk.execution_time.secrets_masker",  # 3.0
    "airflow.utils.log.secrets_masker",  # 2.11
)

_DEFERRAL_TIMEOUTS = (
    ("airflow.sdk.exceptions", "TaskDeferralTimeout"),  # 3.2 and later; 3.0 and 3.1 have the module without the name
    ("airflow.exceptions", "TaskDeferralTimeout"),  # 3.0 and 3.1
    ("airflow.exceptions", "TaskDeferralError"),  # 2.11
)


def mask_secret(secret: str) -> None:
    """Have Airflow hide a value in all logs of this process from now on."""
    for module in _MASKERS:
        try:
            masker = import_module(module)
        except ImportError:
            continue
        masker.mask_secret(secret)
        return


def deferral_timeout() -> type[Exception]:
    """The exception with which a task comes back when its trigger ran into ``defer(timeout=)``.

    On 2.11 it is the error of every trigger that broke; there its text begins with ``Trigger``.
    """
    found: type[Exception]
    for module, name in _DEFERRAL_TIMEOUTS:
        try:
            found = getattr(import_module(module), name)
        except (ImportError, AttributeError):
            continue
        return found
    raise ImportError("Airflow has no exception for a deferral that ran out of time.")


def task_state(dag_id: str, task_id: str, run_id: str, map_index: int) -> str | None:
    """Ask Airflow for the state that it holds of one task instance, such as ``running`` or ``deferred``.

    Blocks (a request to the API server on 3.x, a query on 2.11): in a coroutine call it on a thread.

    :return: the state, or None where the task instance has none or is gone.
    """
    if AIRFLOW_V_3_0_PLUS:
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        # Airflow says -1 for "not mapped" but filters by it too, so it is passed as it is.
        runs = RuntimeTaskInstance.get_task_states(
            dag_id=dag_id, task_ids=[task_id], run_ids=[run_id], map_index=map_index
        )
        state = runs.get(run_id, {}).get(task_id if map_index < 0 else f"{task_id}_{map_index}")
        return None if state is None else str(getattr(state, "value", state))
    return _task_state_2(dag_id, task_id, run_id, map_index)


def _task_state_2(dag_id: str, task_id: str, run_id: str, map_index: int) -> str | None:
    """The same on 2.11, where tasks and triggers may read the database."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        row = (
            session.query(TaskInstance.state)
            .filter_by(dag_id=dag_id, task_id=task_id, run_id=run_id, map_index=map_index)
            .one_or_none()
        )
    return None if row is None or row[0] is None else str(getattr(row[0], "value", row[0]))
