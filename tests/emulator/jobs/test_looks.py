"""Looks at jobs: which running jobs a client's look counts for, and that it costs no reading of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.app import Emulator
from azureml_emulator.core.settings import load_settings
from azureml_emulator.core.transitions import JOBS, Transitions
from azureml_emulator.jobs.job_run import JobRun

GIVEN: dict[str, Any] = {"jobType": "Command", "command": "true", "environmentId": "azureml:AzureML-minimal:1"}


class Waiting(JobRun):
    """A run that waits until it is stopped."""

    async def work(self) -> None:
        """Wait."""
        await self._stop


async def test_a_look_counts_for_the_jobs_below_and_reads_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    em = Emulator(load_settings(tmp_path, "127.0.0.1", None, {}), Transitions(0, 0))
    em.workspace.create_defaults()
    em.engine._runners["waiting"] = lambda engine, name: Waiting(engine.context, name)
    given = em.engine.check(em.job_resources.read("j", {"properties": GIVEN}))
    for name, parent in (("top", None), ("step", "top"), ("inner", "step"), ("other", None)):
        em.engine.add(name, given, parent=parent, runner="waiting")
        em.engine.submit(name)
    await asyncio.sleep(0)
    looks: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(em.transitions, "look", lambda kind, key: looks.append(f"{kind}/{key}"))
        patch.setattr(em.store, "get", None)
        em.engine.look("step")
    assert looks == [f"{JOBS}/step", f"{JOBS}/inner"]
    await em.stop()
    looks.clear()
    monkeypatch.setattr(em.transitions, "look", lambda kind, key: looks.append(key))
    em.engine.look("step")
    assert looks == []
