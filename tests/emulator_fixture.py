"""A pytest plugin: the real emulator as a process of its own, told and asked through its own command line."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from azureml_emulator.console import cli
from azureml_emulator.console.inspection import jobs_made, requests_received
from azureml_emulator.identity import tokens
from demo.warm_python import RunningScript
from tests import REPOSITORY
from tests.shared_python import SharedPython

START_PATIENCE = 60.0
STOP_PATIENCE = 60.0

COMMAND = cli.__name__
WARM = Path(__file__).with_name("warm_emulator.py")

ONE_AT_A_TIME = threading.Lock()
"""What commands print is caught by replacing ``sys.stdout``, which all threads share."""

Start = Callable[..., "RunningEmulator"]


@functools.cache
def warm_emulator() -> SharedPython:
    """A Python that has loaded the emulator: loading it takes most of an emulator's start."""
    loaded = (COMMAND, "azureml_emulator.console.server", "cryptography.hazmat.backends.openssl.backend", WARM)
    return SharedPython("emulator", Path(sys.executable), os.environ, loaded)


@functools.cache
def kept_key() -> bytes:
    """A key that an emulator has made to sign tokens with, once per worker: making one takes half of a first start."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, tokens.KEY)
        tokens.signing_key(place)
        return place.read_bytes()


def run_apart(
    *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one ``azureml-emulator`` command in a process of its own, a fork of the Python that has loaded it.

    :param folder: where; default: in this process's working directory.
    :param environment: all of its environment variables; default: this process's.
    """
    warm = warm_emulator()
    settings = {**dict.fromkeys(warm.environment), **(os.environ if environment is None else environment)}
    return warm.run("-m", COMMAND, *arguments, cwd=folder or Path.cwd(), settings=settings)


class RunningEmulator:
    """One emulator process with its state directory.

    ``emulator["client_id"]`` and the like are the values of ``endpoint.json``; ``emulator.env`` is what ``env`` prints.
    Its jobs pass through their states without a pause, unless ``arguments`` say otherwise.

    :param public_roots: leave the public roots in the bundle that it makes for its clients.
    :param new_key: let it make its signing key, instead of finding one in its state directory.
    """

    faulty: ClassVar[set[RunningEmulator]] = set()
    """Those that were asked for faults and have not forgotten them."""

    def __init__(self, state: Path, *arguments: str, public_roots: bool = False, new_key: bool = False) -> None:
        self.state = state
        self.arguments = ("--pace", "0", *arguments)
        self.public_roots = public_roots
        self.log = state.with_name(f"{state.name}.log")
        self.process: RunningScript | None = None
        self.endpoint: dict[str, Any] = {}
        self.env: dict[str, str] = {}
        if not state.exists() and not new_key:
            state.mkdir(parents=True, mode=0o700)
            (state / tokens.KEY).write_bytes(kept_key())
        self.start()

    def __getitem__(self, key: str) -> Any:
        return self.endpoint[key]

    def start(self) -> None:
        """Start the process and wait for ``endpoint.json``."""
        words = ["-m", COMMAND, "start", "--state", str(self.state), *self.arguments]
        warm = warm_emulator()
        settings = {**dict.fromkeys(warm.environment), **os.environ}
        self.process = warm.start(*words, cwd=Path.cwd(), settings=settings, outputs=[self.log, self.log])
        deadline = time.monotonic() + START_PATIENCE
        while (found := self.announced()) is None or found["pid"] != self.process.pid:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the emulator did not start:\n{self.log.read_text()}")
            time.sleep(0.02)
        self.endpoint = found
        if not self.public_roots:
            leave_out_public_roots(found)
        self.env = read_exports(run_cli("env", state=self.state))

    def announced(self) -> dict[str, Any] | None:
        """The content of ``endpoint.json``, which a killed emulator may have left; None when there is none."""
        try:
            return dict(json.loads((self.state / "endpoint.json").read_text()))
        except FileNotFoundError:
            return None

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one ``azureml-emulator`` command on this state directory."""
        done = run_apart(*arguments, "--state", str(self.state))
        if check:
            done.check_returncode()
        return done

    def journal(self, path: str = "") -> list[Any]:
        """The requests received whose path contains a text: time, method, path, status, client_request_id, job."""
        return requests_received(self.state, path)

    def jobs(self, experiment: str | None = None) -> list[Any]:
        """The jobs made, or those of an experiment: name, type, status, experiment and times."""
        return jobs_made(self.state, experiment)

    def fault(self, kind: str, **options: Any) -> None:
        """Ask for a fault: ``route``, ``times``, ``status``, ``delay``, ``when``, ``requeue``, ``scope``.

        ``then`` is the list of the faults that follow: each a mapping of its ``kind`` and options.
        """
        self.faulty.add(self)
        run_cli("fault", "add", *fault_words(kind, **options), state=self.state)

    def faults(self) -> list[str]:
        """The faults asked for, a line each, with how often each came."""
        return run_cli("fault", "list", state=self.state).splitlines()

    def clear_faults(self) -> None:
        """Forget all faults."""
        run_cli("fault", "clear", state=self.state)
        self.faulty.discard(self)

    def signal(self, number: int) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(STOP_PATIENCE)

    def stop(self) -> int:
        """End the process, if it runs; returns the exit code."""
        assert self.process
        return self.signal(signal.SIGTERM) if self.runs() else self.process.wait()

    def runs(self) -> bool:
        """Whether its process has not ended."""
        assert self.process
        return self.process.poll() is None


def fault_words(kind: str, *, then: Sequence[Mapping[str, Any]] = (), **options: Any) -> list[str]:
    """A fault, with those that follow it, as words of the command line."""
    words = [kind]
    for name, value in options.items():
        words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    for step in then:
        words += ["--then", *fault_words(**step)]
    return words


def leave_out_public_roots(endpoint: Mapping[str, Any]) -> None:
    """Leave only the emulator's own root in the bundle for its clients.

    Whoever uses ``requests`` reads the bundle at each new connection, which takes 20 ms with all public roots.
    """
    bundle = Path(endpoint["ca_bundle"])
    # In one step: clients of an emulator that starts again are reading it.
    own = bundle.with_name("own-root.pem")
    own.write_bytes(bundle.with_name("ca.pem").read_bytes())
    own.replace(bundle)


class OwnOutput(io.StringIO):
    """What this thread prints; what others print goes where it would have gone."""

    def __init__(self) -> None:
        super().__init__()
        self._owner = threading.get_ident()
        self._others = sys.stdout

    def write(self, text: str) -> int:
        """Take what this thread writes."""
        return super().write(text) if threading.get_ident() == self._owner else self._others.write(text)


def run_cli(*arguments: str, state: Path) -> str:
    """What one ``azureml-emulator`` command prints, which must succeed; run in this process: tests ask very often."""
    with ONE_AT_A_TIME, contextlib.redirect_stdout(OwnOutput()) as printed:
        code = cli.main([*arguments, "--state", str(state)])
    assert code == 0, f"{' '.join(arguments)}: exit code {code}"
    return printed.getvalue()


def read_exports(text: str) -> dict[str, str]:
    """Shell exports as a mapping."""
    words = [shlex.split(line) for line in text.splitlines()]
    return dict(pair[1].split("=", 1) for pair in words if pair and pair[0] == "export")


def job_environments() -> list[str]:
    """Jobs run in ``.venvs/jobs`` where that was made, else in the emulator's own interpreter."""
    python = REPOSITORY / ".venvs" / "jobs" / "bin" / "python"
    return ["--environment", f"*={python}"] if python.exists() else []


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """One emulator for the whole session; the faults that a test asks it for end with that test."""
    running = RunningEmulator(tmp_path_factory.mktemp("emulator") / "state", *job_environments())
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def no_fault_outlives_its_test() -> Iterator[None]:
    """An emulator that several tests share has forgotten all faults when the next of them begins."""
    yield
    while RunningEmulator.faulty:
        running = RunningEmulator.faulty.pop()
        if running.runs():
            running.clear_faults()


@pytest.fixture
def start_emulator(tmp_path: Path) -> Iterator[Start]:
    """Starts emulators with options of a test's own; all are ended with the test."""
    started: list[RunningEmulator] = []

    def start(*arguments: str, state: Path | None = None, **options: bool) -> RunningEmulator:
        place = state or tmp_path / f"state{len(started)}"
        started.append(RunningEmulator(place, *arguments, **options))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def fresh_emulator(start_emulator: Start) -> RunningEmulator:
    """An emulator with an empty state directory, for one test."""
    return start_emulator(*job_environments())


@pytest.fixture
def emulator_environment(emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The session's emulator as this process's environment, as ``eval "$(azureml-emulator env)"`` would set it."""
    for name, value in emulator.env.items():
        monkeypatch.setenv(name, value)
    return dict(os.environ)
