"""The few threads of a triggerer on which what blocks is done: starts on some, all else on others.

A start renders templates, uploads files and waits for the service; hundreds of them may stand in line when the jobs of
others end. So that these end at once, neither the ends nor what is short stands behind them.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Literal, TypeVar

from airflow_azureml.blocking import on_thread

T = TypeVar("T")

Pool = Literal["start", "end"]

THREADS = 8
"""Tasks of one triggerer that are begun at once, and as many that are ended; the others wait for their turn."""


async def in_thread(pool: Pool, work: Callable[..., T], *arguments: object) -> T:
    """Do what blocks on one of the few threads for it; what it logs is still this task's."""
    return await on_thread(work, *arguments, executor=_threads(pool))


@cache
def _threads(pool: Pool) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix=f"azureml-{pool}")
