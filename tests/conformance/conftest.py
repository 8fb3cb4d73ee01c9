"""How Microsoft's client is run: in its own interpreter, told only what ``azureml-emulator env`` prints.

Each script runs in a process of its own, which is told so when the client is loaded already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.core.transitions import PACE
from demo.warm_python import WarmPython
from tests.emulator_fixture import RunningEmulator, job_environments

SCRIPTS = Path(__file__).parent / "scripts"
MARK = "RESULT "

RunScript = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """An emulator at its default pace: Microsoft's client shows no log of a job that has ended when it first looks."""
    arguments = ["--pace", str(PACE), *job_environments()]
    running = RunningEmulator(tmp_path_factory.mktemp("emulator") / "state", *arguments)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def run_script(
    emulator: RunningEmulator, microsofts_client: WarmPython, tmp_path_factory: pytest.TempPathFactory
) -> RunScript:
    """Runs a script of ``scripts/`` in a folder of its own and answers what it reports."""

    def run(name: str, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp(name.removesuffix(".py"))
        told = emulator.env if variables is None else variables
        done = microsofts_client.run(SCRIPTS / name, cwd=folder, settings=told)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        line = next(line for line in reversed(done.stdout.splitlines()) if line.startswith(MARK))
        return dict(json.loads(line.removeprefix(MARK)))

    return run
