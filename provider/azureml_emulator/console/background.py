"""An emulator as a background process: ``start --detach``, and ``run`` with a command beside it."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from azureml_emulator.console.presence import NotRunningError, Presence, RunningError, shell_environment
from azureml_emulator.core.settings import SettingsError

START_PATIENCE = 60.0
"""Seconds until an emulator that does not answer is given up."""

STOP_PATIENCE = 60.0
"""Seconds that the process has to end."""

NOT_FOUND = 127
NOT_EXECUTABLE = 126
"""What a POSIX shell answers for a command that is not there, or cannot be run."""


class StartError(SettingsError):
    """The emulator did not start; the text is its output."""


class StopError(Exception):
    """The emulator did not stop; the text says how long it was waited for."""


def end_process(pid: int, ended: Callable[[], bool]) -> None:
    """Ask an emulator's process to end, and wait until it has.

    :param ended: whether it has.
    :raises StopError: it has not within ``STOP_PATIENCE`` seconds.
    """
    if ended():
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_PATIENCE
    while not ended():
        if time.monotonic() > deadline:
            raise StopError(f"process {pid} did not end within {STOP_PATIENCE:.0f} seconds of SIGTERM.")
        time.sleep(0.05)


class BackgroundEmulator:
    """An emulator in a process and session of its own; its output goes to ``emulator.log`` in the state directory."""

    def __init__(self, state: Path, words: Sequence[str]) -> None:
        """Start it and wait until it answers.

        :param words: further arguments of ``start``.
        :raises RunningError: one runs in this directory.
        :raises StartError: it ended, or does not answer.
        :raises UsageError: the directory cannot be made.
        """
        self.presence = Presence(state)
        if self.presence.alive():
            raise RunningError(self.presence.state, self.presence.pid())
        self.presence.make_directory()
        self.log = self.presence.state / "emulator.log"
        command = [
            sys.executable,
            "-m",
            "azureml_emulator.console.cli",
            "start",
            "--state",
            str(self.presence.state),
            *words,
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self.endpoint = self._answering()
        except BaseException:
            self.stop()
            raise

    def greeting(self) -> str:
        """What it printed when it began to answer."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End it and wait for the end."""
        try:
            end_process(self.process.pid, lambda: self.process.poll() is not None)
        except StopError:
            self.process.kill()
            self.process.wait()

    def _answering(self) -> dict[str, Any]:
        deadline = time.monotonic() + START_PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                endpoint = self.presence.endpoint()
            except NotRunningError:
                time.sleep(0.02)
                continue
            if endpoint["pid"] == self.process.pid:
                return endpoint
        greeting = self.greeting().strip().removeprefix("azureml-emulator: ")
        raise StartError(greeting or f"It did not answer within {START_PATIENCE:.0f} seconds.")


def run_beside(emulator: BackgroundEmulator, command: Sequence[str]) -> int:
    """Run a command with the environment that leads clients to the emulator; then stop the emulator.

    Ctrl-C reaches the command, as it would without us; SIGTERM and SIGHUP are handed on to it, also when they come
    while it is started.

    :return: the command's exit code, for one that a signal ended 128 and the signal's number, as shells say it.
    """
    started: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def hand_on(number: int, frame: FrameType | None) -> None:
        if started:
            started[0].send_signal(number)
        else:
            early.append(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, hand_on)
    try:
        with subprocess.Popen(command, env={**os.environ, **shell_environment(emulator.endpoint)}) as process:
            started.append(process)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            for missed in early:
                process.send_signal(missed)
            code = process.wait()
    except FileNotFoundError:
        print(f"azureml-emulator: {command[0]}: not found", file=sys.stderr)
        return NOT_FOUND
    except OSError as error:
        print(f"azureml-emulator: {command[0]}: {error.strerror}", file=sys.stderr)
        return NOT_EXECUTABLE
    finally:
        emulator.stop()
    return code if code >= 0 else 128 - code


def words_of(options: argparse.Namespace, defaults: argparse.Namespace) -> list[str]:
    """Options of ``start`` as arguments of another process, but those that have their default."""
    words: list[str] = []
    for name, default in vars(defaults).items():
        value = getattr(options, name)
        if value == default:
            continue
        flag = f"--{name.replace('_', '-')}"
        words += [flag] if value is True else [flag, *value] if isinstance(value, list) else [flag, str(value)]
    return words
