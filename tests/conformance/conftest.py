"""How Microsoft's client is run: in its own interpreter, told only what ``azureml-emulator env`` prints.

Each script runs in a process of its own, in which the client is loaded already, unless what it is told must be known
before.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.core.transitions import PACE
from demo.warm_python import WarmPython
from tests.emulator_fixture import RunningEmulator
from tests.microsofts_client import KEPT

SCRIPTS = Path(__file__).parent / "scripts"
MARK = "RESULT "

RunScript = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def emulator(forked_jobs_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """An emulator at its default pace: Microsoft's client shows no log of a job that has ended when it first looks."""
    arguments = ["--pace", str(PACE), "--environment", f"*={forked_jobs_python}"]
    running = RunningEmulator(tmp_path_factory.mktemp("emulator") / "state", *arguments)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def run_script(
    emulator: RunningEmulator, microsofts_client: WarmPython, sdk_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> RunScript:
    """Runs a script of ``scripts/`` in a folder of its own and answers what it reports.

    ``early`` are variables that the client looks at while it is loaded.
    """

    def run(
        name: str, variables: Mapping[str, str] | None = None, early: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp(name.removesuffix(".py"))
        told = emulator.env if variables is None else variables
        if early:
            kept = {key: os.environ[key] for key in KEPT if key in os.environ}
            command = [str(sdk_python), str(SCRIPTS / name)]
            done = subprocess.run(
                command, cwd=folder, env={**kept, **told, **early}, capture_output=True, text=True, timeout=300
            )
        else:
            done = microsofts_client.run(SCRIPTS / name, cwd=folder, settings=told)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        line = next(line for line in reversed(done.stdout.splitlines()) if line.startswith(MARK))
        return dict(json.loads(line.removeprefix(MARK)))

    return run
