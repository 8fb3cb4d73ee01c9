"""Does what each emulator would do for itself, once, in an interpreter whose forks are emulators: asks the interpreters
of jobs what they have installed, a sixth of a second of a processor each time, and reads the patterns of all routes and
the grammar of the command line."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from azureml_emulator.console import cli
from azureml_emulator.execution.requirements import Interpreters

for python in (Path(sys.executable), Path(__file__).parents[1] / ".venvs" / "jobs" / "bin" / "python"):
    if python.exists():
        asyncio.run(Interpreters().contents(python))
for module in list(sys.modules.values()):
    for route in getattr(module, "ROUTES", ()):
        _ = route.pattern, route.rank
cli.parser()
