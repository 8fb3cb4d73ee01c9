"""A Python that has loaded its modules once and runs many scripts, each in a fork of it that begins at once.

The file is module and script at the same time: as a script it runs in the other interpreter, with the standard library
alone, and answers on a socket. A script is named as on Python's command line: ``-c TEXT``, ``-m MODULE``, or a file.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

SOCKET = "socket"
END_PATIENCE = 10.0
LOOK = 0.5
"""Seconds after which a fork that does not answer is looked at: a process that it has left may hold its connection."""
SERVER_LOOK = 2.0
"""Seconds after which the interpreter looks again whether anybody may still ask."""
GARBAGE = (20_000, 20, 20)
"""How rarely a fork looks for garbage: Python itself does after each 700 new objects."""


class WarmPython:
    """One interpreter, kept ready.

    :param environment: the environment variables that its modules are loaded with, and all scripts begin with.
    :param modules: what it loads before the first script: names of modules, or files.
    """

    def __init__(self, python: Path, environment: Mapping[str, str], modules: Sequence[str | Path]) -> None:
        self.environment = dict(environment)
        self._folder = tempfile.TemporaryDirectory(prefix="warm-")
        self._served = Path(self._folder.name)
        process = begin(python, self.environment, modules, self._served, os.getpid())
        self._end: Callable[[], object] = weakref.finalize(self, end, process, self._folder)

    def run(
        self, *words: str | Path, cwd: Path | None = None, settings: Mapping[str, str | None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a script to its end; others may run at the same time.

        :param settings: environment variables of this script beside the common ones; None takes one away.
        """
        arguments = [str(word) for word in words]
        with tempfile.TemporaryDirectory(dir=self._folder.name) as folder:
            outputs = [Path(folder, name) for name in ("1", "2")]
            script = self.start(*arguments, cwd=cwd or Path(folder), settings=settings, outputs=outputs)
            code = script.wait()
            out, err = (output.read_text(errors="replace") for output in outputs)
        return subprocess.CompletedProcess(arguments, code, out, err)

    def start(
        self,
        *words: str | Path,
        cwd: Path,
        outputs: Sequence[Path],
        settings: Mapping[str, str | None] | None = None,
        input: Path = Path(os.devnull),
        leads: bool = False,
    ) -> RunningScript:
        """Start a script.

        :param outputs: the files that its standard output and standard error are added to.
        :param input: the file that it reads as its standard input.
        :param leads: it leads a session of its own, so that Ctrl-C does not reach it.
        """
        wanted = {
            "words": [str(word) for word in words],
            "cwd": str(cwd),
            "settings": dict(settings or {}),
            "outputs": [str(output) for output in outputs],
            "input": str(input),
            "leads": leads,
        }
        connection = self._connected()
        try:
            connection.sendall(json.dumps(wanted).encode() + b"\n")
            return RunningScript(connection)
        except (OSError, ValueError):
            # It has ended before it could answer.
            connection.close()
            raise RuntimeError(said(self._served)) from None

    @contextlib.contextmanager
    def talk(
        self, *words: str | Path, settings: Mapping[str, str | None] | None = None
    ) -> Iterator[tuple[IO[str], IO[str]]]:
        """Run a script that is asked on its standard input and answers on its standard output, and end it.

        Gives what it is asked by, and what it answers on; the rest that it says is dropped.
        """
        with tempfile.TemporaryDirectory(dir=self._folder.name) as folder:
            asked, answered = Path(folder, "asked"), Path(folder, "answered")
            os.mkfifo(asked)
            os.mkfifo(answered)
            outputs = [answered, Path(os.devnull)]
            script = self.start(*words, cwd=Path(folder), settings=settings, outputs=outputs, input=asked)
            # Either waits here for the other, in the order in which the script opens them.
            try:
                with asked.open("w", encoding="utf-8") as questions, answered.open(encoding="utf-8") as answers:
                    yield questions, answers
            finally:
                script.kill()
                script.wait()

    def close(self) -> None:
        """End it; when it is not used any more that happens by itself."""
        self._end()

    def _connected(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self._served / SOCKET))
        except ConnectionRefusedError:
            connection.close()
            raise RuntimeError(said(self._served)) from None
        return connection


class RunningScript:
    """A script in a fork, asked and signalled as a :class:`subprocess.Popen` is."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._answers = connection.makefile("rb")
        self._lock = threading.Lock()
        self.pid = int(self._answers.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and give back its exit code.

        :raises subprocess.TimeoutExpired: it has not ended after ``timeout`` seconds.
        """
        with self._lock:
            if self.returncode is None:
                # Without an answer the fork was killed.
                answer = self._answers.readline() if self._answered(timeout) else b""
                self.returncode = int(answer or -signal.SIGKILL)
                self._answers.close()
                self._connection.close()
                self._wait_until_gone()
            return self.returncode

    def _answered(self, timeout: float | None) -> bool:
        """Wait for its answer or its end; false where it has ended, but what it has left holds the connection open.

        :raises subprocess.TimeoutExpired: it has not ended after ``timeout`` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LOOK if deadline is None else max(0.0, min(LOOK, deadline - time.monotonic()))
            if select.select([self._connection], [], [], left)[0]:
                return True
            if not exists(self.pid):
                return bool(select.select([self._connection], [], [], 0)[0])
            if deadline is not None and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)

    def _wait_until_gone(self) -> None:
        """Wait until nothing of it is left: it answers just before its end, and holds its locks up to that."""
        deadline = time.monotonic() + END_PATIENCE
        while time.monotonic() < deadline and exists(self.pid):
            time.sleep(0.001)

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def begin(
    python: Path, environment: Mapping[str, str], modules: Sequence[str | Path], folder: Path, master: int
) -> subprocess.Popen[bytes]:
    """Start an interpreter that is asked on a socket in a folder; whoever asks before it is ready waits for it.

    :param master: the process with which it ends at the latest.
    """
    with (folder / "log").open("wb") as log, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / SOCKET))
        listening.listen(64)
        return subprocess.Popen(
            [python, "-W", "ignore", __file__, str(listening.fileno()), str(master), *modules],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[listening.fileno()],
        )


def said(folder: Path) -> str:
    """What an interpreter has said that did not become ready."""
    return (folder / "log").read_text(errors="replace")


def end(process: subprocess.Popen[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
    """End a process and remove its folder."""
    process.terminate()
    process.wait()
    folder.cleanup()


def serve(listening: int, master: int, modules: Sequence[str]) -> None:
    """Load modules, then run a script for whoever connects, each in a fork, until the process ``master`` has ended.

    Scripts that run then are asked to end: nobody is left who would.
    """
    # Where this file lies are no modules of the scripts'.
    sys.path.pop(0)
    # Until this is done nothing closes the socket: whoever waits for one that fails hears of it when all has been said.
    # Nearly all that is made meanwhile stays: to look for garbage in it takes a third of the time.
    gc.disable()
    for name in modules:
        if name.endswith(".py"):
            runpy.run_path(name)
        else:
            importlib.import_module(name)
    # What the modules made is in no fork's way when it looks for garbage.
    gc.freeze()
    gc.enable()
    gc.set_threshold(*GARBAGE)
    with socket.socket(fileno=listening) as server:
        forks = set[int]()
        signal.signal(signal.SIGCHLD, lambda *_: reap(forks))
        while exists(master):
            if not select.select([server], [], [], SERVER_LOOK)[0]:
                continue
            connection, _ = server.accept()
            fork = begun(forks)
            if fork:
                connection.close()
                continue
            server.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            connection.sendall(f"{os.getpid()}\n".encode())
            code = run(json.loads(connection.makefile("rb").readline()))
            connection.sendall(f"{code}\n".encode())
            os._exit(0)
    for fork in forks.copy():
        with contextlib.suppress(ProcessLookupError):
            os.kill(fork, signal.SIGTERM)


def begun(forks: set[int]) -> int:
    """Fork, and note the fork's number before anything can take note of its end; 0 in the fork."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    try:
        fork = os.fork()
        if fork:
            forks.add(fork)
        return fork
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def exists(pid: int) -> bool:
    """Whether a process has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def reap(forks: set[int]) -> None:
    """Take note of the forks that have ended: their time is a part of this process's, which ``time`` tells."""
    with contextlib.suppress(ChildProcessError):
        while fork := os.waitpid(-1, os.WNOHANG)[0]:
            forks.discard(fork)


def run(wanted: Mapping[str, Any]) -> int:
    """Run one script in this process and give back its exit code."""
    openings = [(wanted["input"], os.O_RDONLY)]
    openings += [(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for output in wanted["outputs"]]
    for number, (place, flags) in enumerate(openings):
        file = os.open(place, flags, 0o600)
        os.dup2(file, number)
        os.close(file)
    if wanted["leads"]:
        os.setsid()
    for name, value in wanted["settings"].items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    os.chdir(wanted["cwd"])
    code = exit_code(wanted["words"])
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def exit_code(words: Sequence[str]) -> int:
    """Do what Python does with these words of its command line, and give back the code that it would end with."""
    try:
        execute(words)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - as Python does: the text, and exit code 1
        traceback.print_exc()
        return 1
    return 0


def execute(words: Sequence[str]) -> None:
    """Do what Python does with these words of its command line."""
    if words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        exec(compile(words[1], "<string>", "exec", dont_inherit=True), {"__name__": "__main__"})
    elif words[0] == "-m":
        sys.argv = [words[1], *words[2:]]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(words)
        sys.path.insert(0, os.path.dirname(os.path.abspath(words[0])))
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
