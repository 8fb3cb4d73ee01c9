"""Mini-batches: scripts that run inside of jobs, under the jobs' interpreters, and import nothing of the emulator."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

DRIVER = Path(__file__).with_name("batch_driver.py")
MLFLOW_SCRIPT = Path(__file__).with_name("mlflow_scoring.py")
"""The scoring script of MLflow models that are deployed without one."""


def driver_command(options: Mapping[str, object], own: str = "") -> str:
    """The command of a job that runs a script over mini-batches.

    :param options: the driver's, by name.
    :param own: further arguments, as they are to stand in the command; those of the script.
    """
    pairs = " ".join(f"--{name}={shlex.quote(str(value))}" for name, value in options.items())
    return f"exec python {shlex.quote(str(DRIVER))} {pairs} {own}".rstrip()
