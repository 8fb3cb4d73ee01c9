"""How Microsoft's client is run: in its own interpreter, told only what ``azureml-emulator env`` prints."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.core.transitions import PACE
from tests.emulator_fixture import REPOSITORY, RunningEmulator, job_environments

SDK = REPOSITORY / ".venvs" / "sdk" / "bin" / "python"
SCRIPTS = Path(__file__).parent / "scripts"
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "NO_PROXY", "no_proxy")
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
def run_script(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> RunScript:
    """Runs a script of ``scripts/`` in a folder of its own and answers what it reports."""
    if not SDK.exists():
        pytest.skip(f"{SDK} does not exist: `make install` makes it")

    def run(name: str, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
        kept = {key: os.environ[key] for key in KEPT if key in os.environ}
        folder = tmp_path_factory.mktemp(name.removesuffix(".py"))
        done = subprocess.run(
            [SDK, SCRIPTS / name],
            cwd=folder,
            env={**kept, **(emulator.env if variables is None else variables)},
            capture_output=True,
            text=True,
            timeout=540,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        line = next(line for line in reversed(done.stdout.splitlines()) if line.startswith(MARK))
        return dict(json.loads(line.removeprefix(MARK)))

    return run
