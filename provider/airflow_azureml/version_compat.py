"""The only place that compares Airflow versions, and that imports names which moved between 2.11 and 3.4.

Everything heavy is imported when it is asked for: this module is read by every process that parses a DAG.

Airflow's own names come from ``common-compat`` where it knows them (its module ``sdk`` is there since 1.8.0, all of our
names since 1.12.0). Where it does not, they are looked for as they lie on the Airflows of that time: the constraints of
3.0.6 hold ``common-compat`` at 1.7.3, and a floor above that could not be installed beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow import __version__ as airflow_version

AIRFLOW_VERSION: str = airflow_version


def _release(text: str) -> tuple[int, int]:
    """Major and minor number of a version such as ``3.3.0rc1``."""
    major, minor = text.split(".")[:2]
    return int(major), int(minor)


AIRFLOW_RELEASE = _release(airflow_version)
AIRFLOW_V_3_0_PLUS = AIRFLOW_RELEASE >= (3, 0)
AIRFLOW_V_3_1_PLUS = AIRFLOW_RELEASE >= (3, 1)
AIRFLOW_V_3_2_PLUS = AIRFLOW_RELEASE >= (3, 2)
AIRFLOW_V_3_3_PLUS = AIRFLOW_RELEASE >= (3, 3)
AIRFLOW_V_3_4_PLUS = AIRFLOW_RELEASE >= (3, 4)
TRACES_CLEARS = AIRFLOW_V_3_2_PLUS
"""Whether a task instance keeps its trace until it is cleared: ``task.clears``."""

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import (
        DAG,
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowPlugin,
        AirflowSensorTimeout,
        AirflowSkipException,
        AirflowTaskTimeout,
        BaseHook,
        BaseOperator,
        BaseOperatorLink,
        BaseSensorOperator,
        DecoratedOperator,
        PokeReturnValue,
        RetryDecision,
        RetryPolicy,
        Stats,
        TaskGroup,
        XCom,
        XComNotFound,
        conf,
        determine_kwargs,
        get_current_context,
        hookimpl,
        task_decorator_factory,
    )
    from airflow.sdk.definitions.mappedoperator import OperatorPartial

__all__ = [
    "DAG",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowPlugin",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "AirflowTaskTimeout",
    "BaseHook",
    "BaseOperator",
    "BaseOperatorLink",
    "BaseSensorOperator",
    "DecoratedOperator",
    "OperatorPartial",
    "PokeReturnValue",
    "RetryDecision",
    "RetryPolicy",
    "Stats",
    "TaskGroup",
    "XCom",
    "XComNotFound",
    "conf",
    "determine_kwargs",
    "get_current_context",
    "hookimpl",
    "task_decorator_factory",
]

COMPAT = "airflow.providers.common.compat.sdk"

PLACES = {
    **dict.fromkeys(
        (
            *("AirflowException", "AirflowFailException", "AirflowNotFoundException", "AirflowSensorTimeout"),
            *("AirflowSkipException", "AirflowTaskTimeout", "XComNotFound"),
        ),
        ("airflow.sdk.exceptions", "airflow.exceptions"),  # the first since 3.2, where the second warns
    ),
    "AirflowPlugin": ("airflow.sdk.plugins_manager", "airflow.plugins_manager"),  # the first since 3.2
    "BaseHook": ("airflow.sdk", "airflow.hooks.base"),  # the second on 3.0, too
    "BaseOperator": ("airflow.sdk", "airflow.models.baseoperator"),
    "BaseOperatorLink": ("airflow.sdk", "airflow.models.baseoperatorlink"),
    "BaseSensorOperator": ("airflow.sdk", "airflow.sensors.base"),
    "DecoratedOperator": ("airflow.sdk.bases.decorator", "airflow.decorators.base"),
    "OperatorPartial": ("airflow.sdk.definitions.mappedoperator", "airflow.models.mappedoperator"),
    "PokeReturnValue": ("airflow.sdk", "airflow.sensors.base"),
    "RetryDecision": ("airflow.sdk.definitions.retry_policy",),  # since 3.3
    "RetryPolicy": ("airflow.sdk.definitions.retry_policy",),
    "Stats": ("airflow.sdk.observability.stats", "airflow.stats"),  # the first since 3.2
    "TaskGroup": ("airflow.sdk", "airflow.utils.task_group"),
    "XCom": ("airflow.sdk.execution_time.xcom", "airflow.models.xcom"),
    "DAG": ("airflow.sdk", "airflow.models.dag"),
    "conf": ("airflow.configuration",),
    "determine_kwargs": ("airflow.sdk.bases.decorator", "airflow.utils.operator_helpers"),  # the first since 3.1
    "get_current_context": ("airflow.sdk", "airflow.operators.python"),
    "hookimpl": ("airflow.listeners",),
    "task_decorator_factory": ("airflow.sdk.bases.decorator", "airflow.decorators.base"),
}
"""Airflow's names that this provider imports, and where they are on Airflows whose ``common-compat`` lacks them."""

_MASKERS = ("airflow.sdk.log", "airflow.sdk.execution_time.secrets_masker", "airflow.utils.log.secrets_masker")
"""Of 3.1 and later, of 3.0, and of 2.11."""

_DEFERRAL_TIMEOUTS = (
    ("airflow.sdk.exceptions", "TaskDeferralTimeout"),  # 3.2 and later; 3.0 and 3.1 have the module without the name
    ("airflow.exceptions", "TaskDeferralTimeout"),  # 3.0 and 3.1
    ("airflow.exceptions", "TaskDeferralError"),  # 2.11
)


def __getattr__(name: str) -> Any:
    """Find one of Airflow's names, once."""
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = _first((place, name) for place in (COMPAT, *PLACES[name]))
    return found


def _first(places: Iterable[tuple[str, str]]) -> Any:
    """The first of these names that there is, each given with its module.

    :raises ImportError: there is none.
    """
    tried = []
    for module, name in places:
        try:
            return getattr(import_module(module), name)
        except (ImportError, AttributeError):
            tried.append(f"{module}.{name}")
    raise ImportError(f"Airflow {airflow_version} has none of {', '.join(tried)}.")


async def get_async_connection(conn_id: str) -> Any:
    """Read a connection in a coroutine, or on a thread; never broken off, see ``blocking``."""
    from airflow_azureml.blocking import answers_coroutines, on_thread

    hook = __getattr__("BaseHook")
    if hasattr(hook, "aget_connection") and answers_coroutines():
        return await asyncio.shield(hook.aget_connection(conn_id=conn_id))
    return await on_thread(hook.get_connection, conn_id=conn_id)


def mask_secret(secret: str) -> None:
    """Have Airflow hide a value in all logs of this process from now on."""
    _first((module, "mask_secret") for module in _MASKERS)(secret)


def hides_secret(key: str, text: str, is_template: bool) -> bool:
    """Whether Airflow would hide a text, or a part of it, in its logs and its UI (3.x).

    :param key: what it stands under, such as ``DB_PASSWORD``.
    :param is_template: the text says only where the value comes from, whatever its key.
    """
    redact = import_module("airflow.sdk.log").redact
    return bool(redact(text, None if is_template else key) != text)


def deferral_timeout() -> type[Exception]:
    """The exception with which a task comes back when its trigger ran into ``defer(timeout=)``.

    On 2.11 it is the error of every trigger that broke; there its text begins with ``Trigger``.
    """
    found: type[Exception] = _first(_DEFERRAL_TIMEOUTS)
    return found


def event_trigger_class() -> Any:
    """The base of triggers for ``AssetWatcher`` (3.0 and later); on 2.11 that of all triggers."""
    return _first((("airflow.triggers.base", "BaseEventTrigger"), ("airflow.triggers.base", "BaseTrigger")))


def asset_class(name: str = "Asset") -> Any:
    """Airflow's class of assets, or its special one (``Model``); on 2.11 that of datasets."""
    return _first((("airflow.sdk.definitions.asset", name), ("airflow.datasets", "Dataset")))


def map_index_of(ti: Any) -> int:
    """The map index of a task instance; -1 for one that is not mapped, where some of Airflow's classes have None."""
    return -1 if ti.map_index is None else int(ti.map_index)
