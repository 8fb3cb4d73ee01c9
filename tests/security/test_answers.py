"""Whatever the service answers, a scenario ends: with a value, or with one clear error of ours.

Each scenario runs once against the emulator; then it is played back many times, each time with one answer changed.
``COUNT`` and ``SEED`` of the environment choose how many for each scenario, and which.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowSkipException

from airflow_azureml import exceptions
from airflow_azureml.client import drivers, kept_client
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.records import JobEvent
from airflow_azureml.triggers import AzureMLJobTrigger, base
from tests.airflow.conftest import hook
from tests.security.replay import EndlessError, Playback, changed, recording
from tests.security.scenarios import SCENARIOS, Scenario, acted, prepare

__all__ = ["hook"]

COUNT, SEED = int(os.environ.get("COUNT", "15")), int(os.environ.get("SEED", "0"))
NOW = time.time
LONGEST = 40_000
"""Characters of an error's text: what the service says is shortened."""


@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("no_garbage_collection")
@pytest.mark.parametrize("name", SCENARIOS)
def test_one_answer_is_another(
    name: str, hook: AzureMLHook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    act, one, chance = SCENARIOS[name], Scenario(tmp_path), random.Random(f"{SEED} {name}")
    prepare(name, one)
    kept_client._CLIENTS.forget()
    with recording(monkeypatch) as kept:
        acted(name, one)
    assert kept.count, "nothing was asked"
    wrong = []
    for number in range(COUNT):
        playback = Playback(kept, chance.randrange(kept.count), lambda reply: changed(reply, chance))
        kept_client._CLIENTS.forget()
        with monkeypatch.context() as patch:
            patch.setattr(drivers.MLClient, "_do", playback.stand_in)
            patch.setattr("time.sleep", lambda seconds: None)
            patch.setattr("time.time", lambda playback=playback: NOW() + playback.paused)
            said = outcome(lambda: act(one))
        if said:
            wrong.append(f"{number}: {said}: {shown(playback)}")
        caplog.clear()
        if number % 100 == 99:
            gc.collect()
    kept_client._CLIENTS.forget()
    assert not wrong, "\n".join(wrong[:20]) + f"\n{len(wrong)} of {COUNT}"


@pytest.mark.timeout(1800)
def test_one_answer_to_a_trigger_is_another(
    hook: AzureMLHook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The same through the other driver, and the poller that many share: one event comes, whatever is answered."""
    monkeypatch.setattr(base, "SETTLE", 0)
    one, chance = Scenario(tmp_path), random.Random(f"{SEED} trigger")
    job = one.command(command="sleep 1; echo here", wait_for_completion=False)["job_name"]
    log_copy = {"files": [], "kind": "command", "since": 0.0}

    def wait() -> None:
        limits: dict[str, Any] = {"poll_interval": 0.05, "patience": 0.5, "deadline": time.time() + 2}
        trigger = AzureMLJobTrigger(job_name=job, log_copy=log_copy, **limits)

        async def fire() -> list[Any]:
            return [event.payload async for event in trigger.run()]

        (event,) = asyncio.run(asyncio.wait_for(fire(), 30))
        JobEvent.from_dict(event)

    with recording(monkeypatch) as kept:
        wait()
    assert kept.count > 3
    wrong = []
    for number in range(COUNT // 3):
        playback = Playback(kept, chance.randrange(kept.count), lambda reply: changed(reply, chance))
        with monkeypatch.context() as patch:
            patch.setattr(drivers.AsyncMLClient, "_send", playback.send_in)
            said = outcome(wait)
        if said:
            wrong.append(f"{number}: {said}: {shown(playback)}")
        caplog.clear()
    assert not wrong, "\n".join(wrong[:20]) + f"\n{len(wrong)} of {COUNT // 3}"


def outcome(act: Callable[[], Any]) -> str:
    """Do it; empty where it ended as it may, else what was wrong with its end."""
    try:
        act()
    except (exceptions.AzureMLException, AirflowSkipException, AirflowException) as error:
        return "" if str(error) and len(str(error)) < LONGEST else f"a message of {len(str(error))} characters"
    except EndlessError:
        return "no end"
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "airflow_azureml" in frame.filename][-2:]
        where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(ours))
        return f"{type(error).__name__}: {error!s:.100} at {where}"
    return ""


def shown(playback: Playback) -> str:
    """The answer that did it."""
    reply = playback.changed
    return "nothing" if reply is None else f"{reply.method} {reply.url[-80:]} {reply.status} {reply.body[:300]!r}"
