"""What blocks, done on a thread while a coroutine waits for it, and what has to be."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")


async def on_thread(
    work: Callable[..., T], *arguments: object, executor: ThreadPoolExecutor | None = None, **named: object
) -> T:
    """Do what blocks on a thread, asgiref's own or one of an executor; a cancel leaves it be.

    On Airflow 3.0 and 3.1 what a thread asks Airflow goes over the loop that all triggers share, and back by asgiref
    alone: asked in another loop, or broken off before the answer is read, it leaves an answer behind that the whole
    triggerer dies of (``Response read out of order``).
    """
    from asgiref.sync import sync_to_async

    given = sync_to_async(work, thread_sensitive=executor is None, executor=executor)
    return await asyncio.shield(given(*arguments, **named))


def answers_coroutines() -> bool:
    """Whether who answers this process's questions to Airflow can be asked in a coroutine.

    That of ``dag.test()``, ``airflow dags test`` and ``airflow tasks test``, which run a trigger in their own process,
    cannot, and a connection in the database then counts as missing (3.3.2, ``sdk/execution_time/supervisor.py``,
    ``InProcessSupervisorComms``).
    """
    comms = getattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS", None)
    return comms is None or hasattr(comms, "asend")
