"""The threads of a triggerer: what they ask goes over the loop of the triggers, and is never broken off."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import async_to_sync

from airflow_azureml.triggers.threads import in_thread


async def test_a_thread_asks_in_the_loop_of_the_triggers() -> None:
    async def asked() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert await in_thread("end", async_to_sync(asked)) is asyncio.get_running_loop()


async def test_a_cancel_breaks_no_question_off() -> None:
    begun, answer, read = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def asked() -> None:
        begun.set()
        await answer.wait()
        read.set()

    asking = asyncio.ensure_future(in_thread("end", async_to_sync(asked)))
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    answer.set()
    await asyncio.wait_for(read.wait(), 10)
