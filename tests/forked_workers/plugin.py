"""A pytest plugin: the workers of a test run are forks of one interpreter, which has loaded what all tests import.

Each worker would load it for itself, four fifths of the time until its tests begin. Each still collects for itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.forked_jobs.fixture import started
from tests.forked_workers import worker

LOADED = "tests.forked_workers.loaded"
"""The module that loads it; loaded in that interpreter alone."""


def pytest_configure(config: pytest.Config) -> None:
    """Start the interpreter in the process that has workers, and have each of them be a fork of it, on Linux.

    It ends after this process, and removes its folder.
    """
    workers = config.getoption("numprocesses", None)
    if not workers or hasattr(config, "workerinput") or sys.platform != "linux":
        return
    folder = started(Path(sys.executable), os.getpid(), [LOADED], os.environ)
    config.option.tx = [f"popen//python={sys.executable} -IS {worker.__file__} {folder}"] * workers
