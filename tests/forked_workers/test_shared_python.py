"""Interpreters that the workers of a test run share; and what becomes of those that nobody may ask any more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.warm_python import WarmPython, begin
from tests.shared_python import MASTER, PLACE, SharedPython

SAYS_ITS_PARENT = ("-c", "import os; print(os.getppid(), os.environ.get('WHOSE'))")


@pytest.fixture
def master() -> Iterator[subprocess.Popen[bytes]]:
    """A process that others end with."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, as sockets need."""
    place = Path(tempfile.mkdtemp(prefix="shared-"))
    yield place
    shutil.rmtree(place)


def test_workers_share_the_interpreter_of_a_name(
    folder: Path, master: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / MASTER).write_text(str(master.pid))
    monkeypatch.setenv(PLACE, str(folder))
    first, second, other = (
        SharedPython(name, Path(sys.executable), {"WHOSE": whose}, ())
        for name, whose in (("one", "first"), ("one", "second"), ("other", "third"))
    )

    said = [python.run(*SAYS_ITS_PARENT).stdout.split() for python in (first, second, other)]
    assert said[0] == said[1]
    assert said[0][0] != said[2][0]
    assert [whose for _, whose in said] == ["first", "first", "third"]
    # So that a script can be given none of what another worker has set.
    assert second.environment == {"WHOSE": "first"}


def test_without_workers_each_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PLACE, raising=False)
    pythons = [SharedPython("one", Path(sys.executable), dict(os.environ), ()) for _ in range(2)]
    assert len({python.run(*SAYS_ITS_PARENT).stdout for python in pythons}) == 2


def test_an_interpreter_ends_with_its_master(folder: Path, master: subprocess.Popen[bytes]) -> None:
    python = begin(Path(sys.executable), os.environ, (), folder, master.pid)
    with pytest.raises(subprocess.TimeoutExpired):
        python.wait(3)
    master.kill()
    master.wait()
    assert python.wait(60) == 0


def test_one_that_cannot_load_its_modules_says_why() -> None:
    python = WarmPython(Path(sys.executable), dict(os.environ), ["no_such_module_anywhere"])
    with pytest.raises(RuntimeError, match="No module named 'no_such_module_anywhere'"):
        python.run(*SAYS_ITS_PARENT)
    with pytest.raises(RuntimeError, match="No module named 'no_such_module_anywhere'"):
        python.run(*SAYS_ITS_PARENT)
