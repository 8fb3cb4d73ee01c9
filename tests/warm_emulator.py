"""Asks the interpreters of jobs what they have installed, in an interpreter whose forks are emulators: else each would
ask for itself, a sixth of a second of a processor each time."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from azureml_emulator.execution.requirements import Interpreters

for python in (Path(sys.executable), Path(__file__).parents[1] / ".venvs" / "jobs" / "bin" / "python"):
    if python.exists():
        asyncio.run(Interpreters().contents(python))
