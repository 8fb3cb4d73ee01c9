"""A pytest plugin: the program that emulators are given as the jobs' Python, and the server behind it, one for all
workers of a test run."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.forked_jobs import asking, server
from tests.one_at_a_time import one_at_a_time
from tests.shared_python import master

LOADED = ("numpy", "pandas", "mlflow.pyfunc", "mlflow.sklearn", "sklearn.ensemble", "sklearn.metrics")
"""What takes seconds to load, in the jobs of examples."""

PROGRAM = """#!{python} -IS
import sys
sys.path.insert(0, {folder!r})
import asking
asking.main({socket!r}, {python!r}, __file__)
"""


@pytest.fixture(scope="session")
def forked_jobs_python(jobs_python: Path, databases: Path) -> Path:
    """The Python for jobs, on Linux by forks of one for all workers: whoever needs it first starts the server."""
    if sys.platform != "linux":
        return jobs_python
    link = databases / "jobs-python"
    with one_at_a_time(link):
        if not link.exists():
            environment = {
                "PATH": os.defpath,
                "LANG": "C.UTF-8",
                "PYTHONUNBUFFERED": "1",
                "MLFLOW_DISABLE_TELEMETRY": "true",
            }
            link.symlink_to(started(jobs_python, master(), LOADED, environment))
    return link.resolve() / "bin" / "python"


def started(python: Path, master: int, modules: Sequence[str], environment: Mapping[str, str]) -> Path:
    """Start the server of an interpreter, and give back its folder, which has what that interpreter's has: programs.

    :param master: the process with which it ends.
    :param environment: what the modules are loaded with, beside a home of their own.
    """
    folder = Path(tempfile.mkdtemp(prefix="jobs-"))
    programs = folder / "bin"
    programs.mkdir()
    for program in python.parent.iterdir():
        if not program.name.startswith("python"):
            (programs / program.name).symlink_to(program)
    own = PROGRAM.format(python=str(python), folder=str(Path(asking.__file__).parent), socket=str(folder / "socket"))
    for name in ("python", "python3"):
        (programs / name).write_text(own)
        (programs / name).chmod(0o755)
    with (folder / "log").open("wb") as log, socket.socket(socket.AF_UNIX) as listening:
        # Who asks before the server has begun waits for it.
        listening.bind(str(folder / "socket"))
        listening.listen(64)
        subprocess.Popen(
            [python, "-W", "ignore", server.__file__, folder, str(listening.fileno()), str(master), *modules],
            env={**environment, "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[listening.fileno()],
        )
    return folder
