"""Loads what jobs import, then runs the command of each that asks in a fork.

A script of the jobs' interpreter: ``server.py FOLDER SOCKET PID MODULE...``. It is given the number of the socket on
which it is asked; the folder it removes at its end: once the process PID has ended.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, KeysView, Sequence
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[2])
from demo.warm_python import exit_code  # noqa: E402 - it is found only now

ASKING: dict[int, socket.socket] = {}
"""Who waits for the end of a fork, by its number."""
LOOK = 2.0
"""Seconds after which the server looks again whether anybody may still ask."""
FREE = 512
"""File numbers from here on are none of a job's."""


class ReadLater(dict[str, Any]):
    """A dictionary that is filled when its keys are first looked at.

    :param read: gives what it holds.
    """

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        super().__init__()
        self._read = read

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        """Read it now, at the latest."""
        if not self:
            self.update(self._read())
        return super().keys()


def serve(folder: Path, listening: int, master: int, modules: Sequence[str]) -> None:
    """Answer until ``master`` has ended."""
    with socket.socket(fileno=listening) as server:
        # Nearly all that is made meanwhile stays.
        gc.disable()
        for name in modules:
            importlib.import_module(name)
        gc.enable()
        sys.path.pop(0)
        if clouds := sys.modules.get("azureml.mlflow._common._cloud.cloud"):
            # It has asked for them when it was loaded, by variables that each job has for itself.
            clouds.KNOWN_CLOUDS = ReadLater(clouds.get_known_clouds)  # type: ignore[attr-defined]
        signal.signal(signal.SIGCHLD, tell_of_the_ended)
        gc.freeze()
        while Path(f"/proc/{master}").exists():
            if not select.select([server], [], [], LOOK)[0]:
                continue
            connection, _ = server.accept()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
            pid = os.fork()
            if not pid:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ASKING[pid] = connection
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            if not pid:
                server.close()
                os._exit(run(connection))
    shutil.rmtree(folder, ignore_errors=True)


def tell_of_the_ended(*_: object) -> None:
    """Tell who asked for a fork that has ended its exit code, or the negative number of the signal it ended by."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            with ASKING.pop(ended[0]) as connection, contextlib.suppress(OSError):
                connection.sendall(f"{os.waitstatus_to_exitcode(ended[1])}\n".encode())


def run(connection: socket.socket) -> int:
    """Run one command in this process, a fork, and give back its exit code."""
    wanted, files = received(connection)
    own = fcntl.fcntl(connection, fcntl.F_DUPFD_CLOEXEC, FREE)
    connection.close()
    moved = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, FREE) for file in files]
    os.closerange(0, FREE)
    for file, number in zip(moved, wanted["files"], strict=True):
        os.dup2(file, number)
        os.close(file)
    # The kernel ends this process as soon as the one that asked has ended.
    fcntl.fcntl(own, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(own, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(own, fcntl.F_SETFL, fcntl.fcntl(own, fcntl.F_GETFL) | os.O_ASYNC)
    if wanted["leads"]:
        os.setsid()
    os.write(own, f"{os.getpid()}\n".encode())
    enter(wanted)
    code = exit_code(wanted["words"])
    # What Python does at its end; the memory of what was loaded is left to the system.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Read what is wanted, and the files for it."""
    head, files, _, _ = socket.recv_fds(connection, 8, FREE // 2)
    text = connection.makefile("rb").read(int.from_bytes(head, "big"))
    return json.loads(text), files


def enter(wanted: dict[str, Any]) -> None:
    """Make this process's surroundings those of the one that asked."""
    environment: dict[str, str] = wanted["environment"]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(wanted["cwd"])
    tempfile.tempdir = None
    sys.executable = wanted["program"]
    if random := sys.modules.get("numpy.random"):
        random.seed()
    if path := environment.get("PYTHONPATH"):
        sys.path[:0] = path.split(os.pathsep)
        sys.modules.pop("sitecustomize", None)
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module("sitecustomize")
    # A script's own folder is put there when it is run.
    if wanted["words"][0] in ("-c", "-m"):
        sys.path.insert(0, "" if wanted["words"][0] == "-c" else os.getcwd())


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
