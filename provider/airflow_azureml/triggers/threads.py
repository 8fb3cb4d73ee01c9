"""The few threads of a triggerer on which what blocks is done: starts on some, all else on others.

A start renders templates, uploads files and waits for the service; hundreds of them may stand in line when the jobs of
others end. So that these end at once, neither the ends nor what is short stands behind them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Literal, TypeVar

T = TypeVar("T")

Pool = Literal["start", "end"]

THREADS = 8
"""Tasks of one triggerer that are begun at once, and as many that are ended; the others wait for their turn."""


async def in_thread(pool: Pool, work: Callable[..., T], *arguments: object) -> T:
    """Do what blocks on one of the few threads for it; what it logs is still this task's.

    On Airflow 3.0 and 3.1 what a thread asks Airflow goes over the loop that all triggers share, and back by asgiref
    alone: asked in another loop, or broken off before the answer is read, it leaves an answer behind that the whole
    triggerer dies of (``Response read out of order``). So asgiref gives the thread its work, and a cancel leaves it be.
    """
    from asgiref.sync import sync_to_async

    return await asyncio.shield(sync_to_async(work, thread_sensitive=False, executor=_threads(pool))(*arguments))


@cache
def _threads(pool: Pool) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix=f"azureml-{pool}")
