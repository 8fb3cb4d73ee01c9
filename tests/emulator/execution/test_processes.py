"""The start of a process tree, as a machine that is short of time has it."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from azureml_emulator.execution import processes

PATIENCE = 60.0


def test_a_start_that_is_canceled_leaves_nothing_of_what_has_begun(tmp_path: Path) -> None:
    marks = {"AZUREML_RUN_ID": str(tmp_path)}
    command = ["/bin/bash", "-c", "touch begun; sleep 300"]

    async def begun_and_canceled() -> None:
        variables = {"PATH": os.defpath, **marks}
        starting = asyncio.create_task(processes.start(command, tmp_path, variables, tmp_path / "log"))
        while not processes.marked_processes(marks):
            await asyncio.sleep(0)
        # The loop has no turn before the command has begun.
        deadline = time.monotonic() + PATIENCE
        while not (tmp_path / "begun").exists():
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.01)
        starting.cancel()
        await starting

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(begun_and_canceled())
    assert processes.marked_processes(marks) == []
