"""Thousands of triggers that begin together: what they need is found out once, and they begin a few at a time."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from airflow_azureml.hooks import sharing
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.hooks.sharing import once_in_a_while
from airflow_azureml.triggers import AzureMLJobTrigger, base
from airflow_azureml.triggers.base import BEGIN_AT_ONCE, Entrance
from tests.client.stub import Answer, Stub


async def test_many_ask_and_one_finds_out() -> None:
    asked = 0

    async def find() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)
        return asked

    assert await asyncio.gather(*(once_in_a_while("many", find) for _ in range(50))) == [1] * 50
    assert await once_in_a_while("another", find) == 2


async def test_what_was_found_is_looked_up_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "FOR", 0.02)
    found = iter(range(5))

    async def find() -> int:
        return next(found)

    assert [await once_in_a_while("old", find) for _ in range(2)] == [0, 0]
    await asyncio.sleep(0.05)
    assert await once_in_a_while("old", find) == 1


async def test_who_fails_or_leaves_takes_nobody_along() -> None:
    async def fail() -> int:
        await asyncio.sleep(0.01)
        raise KeyError("mine")

    async def succeed() -> int:
        return 7

    failing = asyncio.ensure_future(once_in_a_while("fault", fail))
    await asyncio.sleep(0)
    assert await once_in_a_while("fault", succeed) == 7
    with pytest.raises(KeyError):
        await failing
    leaving = asyncio.ensure_future(once_in_a_while("leave", fail))
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(once_in_a_while("leave", succeed)) for _ in range(3)]
    await asyncio.sleep(0)
    leaving.cancel()
    assert await asyncio.gather(*others) == [7, 7, 7]


async def test_the_connection_is_read_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHARED", '{"conn_type": "azureml", "extra": {"workspace_name": "w"}}')
    read: list[str] = []
    real = AzureMLHook.async_settings

    async def settings(hook: AzureMLHook) -> Any:
        read.append(hook.azureml_conn_id)
        return await real(hook)

    monkeypatch.setattr(AzureMLHook, "async_settings", settings)
    place: dict[str, Any] = {"azureml_conn_id": "shared", "subscription_id": "s", "resource_group": "g"}
    triggers = [AzureMLJobTrigger(job_name=f"j{number}", **place) for number in range(100)]
    clients = await asyncio.gather(*(trigger.hook().async_client() for trigger in triggers))
    assert read == ["shared"]
    assert len({id(client) for client in clients}) == 1
    for client in clients:
        await client.close()


async def test_a_few_begin_in_each_turn_of_the_loop_and_who_left_holds_up_nobody() -> None:
    entrance, begun = Entrance(asyncio.get_running_loop()), 0

    async def begin() -> None:
        nonlocal begun
        await entrance.turn()
        begun += 1

    tasks = [asyncio.ensure_future(begin()) for _ in range(200)]
    await asyncio.sleep(0)
    for task in tasks[:50]:
        task.cancel()
    before, most = 0, 0
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        most, before = max(most, begun - before), begun
    assert begun == 150
    assert most <= BEGIN_AT_ONCE


async def test_what_is_kept_for_a_trigger_that_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "SETTLE", 0)
    names = [f"j{number}" for number in range(200)]
    stub = Stub(tmp_path, trustme.CA())
    try:
        monkeypatch.setenv("AIRFLOW_CONN_STUB", connection(stub))
        answer_for(stub, names)
        told = 0

        def count(trigger: AzureMLJobTrigger, record: Any) -> None:
            nonlocal told
            told += 1
            tell(trigger, record)

        tell = AzureMLJobTrigger.tell
        monkeypatch.setattr(AzureMLJobTrigger, "tell", count)
        triggers = [AzureMLJobTrigger(job_name=name, azureml_conn_id="stub") for name in names]
        # The first one loads what all need.
        tasks = [asyncio.ensure_future(anext(triggers[0].run()))]
        await until(lambda: told == 1)
        tracemalloc.start()
        tasks += [asyncio.ensure_future(anext(trigger.run())) for trigger in triggers[1:]]
        await until(lambda: told == len(names))
        await asyncio.sleep(0.1)
        gc.collect()
        ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/airflow_azureml/*")])
        tracemalloc.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        stub.close()
    kept = sum(one.size for one in ours.statistics("filename")) / len(names)
    # Objects and frames are larger before Python 3.11.
    assert kept < (2550 if sys.version_info >= (3, 11) else 3900)


def connection(stub: Stub) -> str:
    """Airflow's connection to a scripted server."""
    place = {"tenant_id": "t", "subscription_id": "s", "resource_group": "g", "workspace_name": "w"}
    extra = {**place, "endpoint": stub.url, "verify": str(stub.ca_file)}
    return json.dumps({"conn_type": "azureml", "login": "client", "password": "password", "extra": extra})


def answer_for(stub: Stub, names: list[str]) -> None:
    """Have a scripted server show jobs as running, whichever it is asked for."""
    value = {"properties": {"discoveryUrl": f"{stub.url}/discovery", "workspaceId": "guid"}}
    stub.script("GET /subscriptions/.*/workspaces/w\\?", Answer(value=value))
    stub.script("GET /discovery", Answer(value={"api": stub.url}))
    shown = {name: {"runMetadata": {"runId": name, "status": "Running"}} for name in names}
    stub.script("POST .*/batchrundata", Answer(value={"successfulResults": shown, "failedResults": {}}))


async def until(reached: Callable[[], bool]) -> None:
    """Wait for something for half a minute."""
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
