"""A pytest plugin: interpreters that have loaded what takes seconds, one of each kind for all workers of a test run."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from demo.warm_python import WarmPython, begin
from tests.one_at_a_time import one_at_a_time

PLACE = "SHARED_PYTHONS"
"""The variable that tells workers where the interpreters of their run are asked."""
MASTER = "master"
"""The file there with the number of the process that the workers belong to."""


class SharedPython(WarmPython):
    """The interpreter of a name: whoever needs it first starts it; without workers it is this process's own.

    :param environment: what it is started with; :attr:`environment` is what whoever was first gave.
    """

    def __init__(self, name: str, python: Path, environment: Mapping[str, str], modules: Sequence[str | Path]) -> None:
        place = os.environ.get(PLACE)
        if place is None:
            super().__init__(python, environment, modules)
            return
        self._folder = tempfile.TemporaryDirectory(prefix="warm-")
        self._served = Path(place, name)
        with one_at_a_time(self._served):
            given = self._served / "environment.json"
            if not given.exists():
                self._served.mkdir()
                begin(python, environment, modules, self._served, master())
                given.write_text(json.dumps(dict(environment)))
            self.environment = json.loads(given.read_text())
        self._end = weakref.finalize(self, self._folder.cleanup)


def master() -> int:
    """The process that this test run ends with."""
    place = os.environ.get(PLACE)
    return int(Path(place, MASTER).read_text()) if place else os.getpid()


def pytest_configure(config: pytest.Config) -> None:
    """Make a folder for the interpreters, in the process that has workers; those inherit the variable."""
    if hasattr(config, "workerinput"):
        return
    # A test run in a test has its own.
    os.environ.pop(PLACE, None)
    if config.getoption("numprocesses", None):
        os.environ[PLACE] = tempfile.mkdtemp(prefix="shared-")
        Path(os.environ[PLACE], MASTER).write_text(str(os.getpid()))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it; the interpreters end when they see that this process has ended."""
    if not hasattr(config, "workerinput") and (place := os.environ.pop(PLACE, None)):
        shutil.rmtree(place, ignore_errors=True)
