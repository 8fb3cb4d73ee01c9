"""The emulator as a child process: `azureml-emulator start`, the facts it writes, the journal it keeps."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from demo import processes


class EmulatorError(Exception):
    """The emulator did not start or ended too early; the text says what it said."""


class Emulator:
    """One emulator whose state lies in ``home / "state"`` and survives from run to run.

    :param bin: the ``bin`` folder with ``azureml-emulator`` in it.
    :param python: the interpreter that jobs run under, whatever environment they name.
    """

    def __init__(self, bin: Path, home: Path, python: Path) -> None:
        self.command, self.home, self.python = bin / "azureml-emulator", home.resolve(), python
        self.state = self.home / "state"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; ``wait`` says when it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        log = self.home / "emulator.log"
        log.unlink(missing_ok=True)
        words: list[str | Path] = [self.command, "start", "--state", self.state, "--environment", f"*={self.python}"]
        self.process = processes.start(words, home=self.home, environment=processes.inherited(), log=log)

    def wait(self, timeout: float = 90) -> dict[str, Any]:
        """Wait until it answers and give back what it wrote to ``endpoint.json``."""
        place = self.state / "endpoint.json"
        deadline = time.monotonic() + timeout
        while self.process and self.process.poll() is None and time.monotonic() < deadline:
            if place.exists():
                endpoint: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
                if endpoint["pid"] == self.process.pid:
                    return endpoint
            time.sleep(0.05)
        said = (self.home / "emulator.log").read_text(encoding="utf-8", errors="replace")
        raise EmulatorError(f"The emulator does not answer. It said:\n{said[-2000:]}")

    def stop(self) -> None:
        """End it, and with it the jobs that still run."""
        if self.process:
            processes.stop([self.process], patience=30)
        processes.sweep(self.home)
        self.process = None

    def jobs(self) -> dict[str, dict[str, Any]]:
        """Every job ever made here by its name, as `azureml-emulator journal --jobs` tells it."""
        return {job["name"]: job for job in self._journal("--jobs")}

    def requests(self) -> list[dict[str, Any]]:
        """Every request received, as `azureml-emulator journal` tells it."""
        return self._journal()

    def _journal(self, *words: str) -> list[dict[str, Any]]:
        command = [str(self.command), "journal", "--state", str(self.state), "--json", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise EmulatorError(f"The journal cannot be read: {done.stderr.strip()}")
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows
