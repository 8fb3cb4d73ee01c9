"""How commands find the emulator that runs, emulators in the background, and the output of a job in a folder."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from azureml_emulator.console import register
from azureml_emulator.console.presence import Presence, RunningError
from azureml_emulator.console.server import serve
from azureml_emulator.core.settings import load_settings
from azureml_emulator.core.transitions import Transitions
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator, run_apart

PROGRAM = [sys.executable, "-m", "azureml_emulator.console.cli"]


class Desk:
    """A user with a register of their own, at work in one folder after the other."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.shell = {**os.environ, "XDG_STATE_HOME": str(root / "register")}

    def call(self, *words: str, folder: str = ".", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the emulator in a folder, which is made if it is missing."""
        here = self.root / folder
        here.mkdir(parents=True, exist_ok=True)
        return run_apart(*words, folder=here, environment=self.shell | variables)

    def sh(self, script: str, folder: str = ".") -> subprocess.CompletedProcess[str]:
        """Run a shell script that says ``azureml-emulator``."""
        (self.root / folder).mkdir(parents=True, exist_ok=True)
        text = f'azureml_emulator() {{ "{sys.executable}" -m azureml_emulator.console.cli "$@"; }}\n{script}'
        return subprocess.run(
            ["sh", "-c", text], capture_output=True, text=True, timeout=60, cwd=self.root / folder, env=self.shell
        )

    def running(self) -> int:
        """How many of this user's emulators run."""
        return self.call("status").stdout.count("running: https")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A user without emulators; those that a test leaves running are ended with it."""
    found = Desk(tmp_path)
    yield found
    for state in tmp_path.rglob("lock"):
        found.call("stop", "--state", str(state.parent))


def test_commands_find_the_one_that_runs(desk: Desk) -> None:
    started = desk.call("start", "--detach", folder="project")
    state = desk.root / "project" / ".azureml-emulator"
    assert (started.returncode, started.stderr) == (0, "")
    assert str(state) in started.stdout

    for folder in ("project", "elsewhere"):
        status = desk.call("status", folder=folder)
        assert (status.returncode, len(status.stdout.splitlines())) == (0, 1)
        assert str(state) in status.stdout
        assert "export AZUREML_WORKSPACE_NAME=" in desk.call("env", folder=folder).stdout
        assert desk.call("journal", folder=folder).returncode == 0
    assert desk.call("start", "--detach", folder="project").returncode == 2
    assert desk.call("reset", folder="elsewhere").stdout.startswith("nothing to remove")

    assert desk.call("stop", folder="elsewhere").stdout.startswith("stopped")
    status = desk.call("status", folder="elsewhere")
    assert (status.returncode, status.stdout.split(":")[0]) == (3, "not running")
    assert not any((desk.root / "register").rglob("*.txt"))


def test_of_several_the_one_of_this_folder_is_meant(desk: Desk) -> None:
    for folder in ("first", "second"):
        assert desk.call("start", "--detach", folder=folder).returncode == 0
    assert desk.running() == 2

    for command in ("env", "stop", "doctor"):
        refused = desk.call(command, folder="elsewhere")
        assert refused.returncode == 2
        assert all(f"--state {desk.root / folder}" in refused.stderr for folder in ("first", "second"))
    for command in ("env", "status"):
        here = desk.call(command, folder="second").stdout
        assert str(desk.root / "second") in here
        assert str(desk.root / "first") not in here

    assert desk.call("stop", folder="second").returncode == 0
    assert str(desk.root / "first") in desk.call("env", folder="second").stdout


def test_what_a_killed_one_noted_misleads_nobody(desk: Desk) -> None:
    desk.call("start", "--detach", folder="project")
    state = desk.root / "project" / ".azureml-emulator"
    os.kill(json.loads((state / "endpoint.json").read_text())["pid"], signal.SIGKILL)
    # What is killed takes a moment to be gone, and with it its locks.
    deadline = time.monotonic() + 60
    while (said := desk.call("status", folder="elsewhere")).returncode == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert said.returncode == 3, said.stdout + said.stderr
    assert any((desk.root / "register").rglob("*.txt")), "its note is still there"


def test_all_is_said_by_the_time_that_it_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def announced(*_: object) -> None:
        raise EOFError(capsys.readouterr().out)

    monkeypatch.setattr(Presence, "announce", announced)
    settings = load_settings(tmp_path, "127.0.0.1", None, {})
    with pytest.raises(EOFError, match=f"state +{tmp_path}\n  use it "):
        asyncio.run(serve(settings, Presence(tmp_path), Transitions(), None))


def test_whoever_looks_for_an_emulator_keeps_none_from_starting(tmp_path: Path) -> None:
    presence = Presence(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        with (tmp_path / "lock").open("w") as looking:
            fcntl.flock(looking, fcntl.LOCK_SH)
            taken = pool.submit(presence.take)
            wait([taken], timeout=0.3)
        taken.result()
    assert presence.alive()
    with pytest.raises(RunningError):
        Presence(tmp_path).take()
    presence.leave()
    assert not presence.alive()


def test_a_register_that_cannot_be_written_stops_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk.root / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(desk.root / "file"))
    register.add(desk.root)
    register.remove(desk.root)
    assert list(register.noted()) == []


def test_eval_of_env_fails_where_there_is_nothing_to_export(desk: Desk) -> None:
    done = desk.sh('eval "$(azureml_emulator env)" || echo "failed with $?"')
    assert done.stdout == "failed with 3\n"
    assert "No emulator is running" in done.stderr
    stopped = desk.sh('set -e\neval "$(azureml_emulator env)"\necho went on')
    assert (stopped.returncode, stopped.stdout) == (3, "")


def test_a_detached_one_that_cannot_start_says_why(desk: Desk) -> None:
    done = desk.call("start", "--detach", "--host", "192.0.2.1")
    assert done.returncode == 1
    assert done.stderr.startswith("azureml-emulator: ")
    assert "192.0.2.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_run_gives_a_command_an_emulator_of_its_own(desk: Desk) -> None:
    script = "import os, sys; print(os.environ['AZUREML_WORKSPACE_NAME']); sys.exit(7)"
    done = desk.call("run", "--environment", f"*={sys.executable}", "--", sys.executable, "-c", script)
    assert (done.returncode, done.stdout) == (7, "emulator-ws\n")
    assert desk.running() == 0


def test_run_ends_its_emulator_whatever_becomes_of_the_command(desk: Desk) -> None:
    missing = desk.call("run", "--", "no-such-program")
    assert (missing.returncode, missing.stderr) == (127, "azureml-emulator: no-such-program: not found\n")
    killed = desk.call("run", "--", "sh", "-c", "kill -9 $$")
    assert killed.returncode == 137
    assert desk.call("run").returncode == 2
    assert desk.running() == 0


def test_run_hands_a_signal_on(desk: Desk) -> None:
    words = [*PROGRAM, "run", "--", "sh", "-c", "trap 'exit 5' TERM; touch ready; while :; do sleep 0.05; done"]
    process = subprocess.Popen(words, cwd=desk.root, env=desk.shell)
    deadline = time.monotonic() + 30
    while not (desk.root / "ready").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 5
    assert desk.running() == 0


@pytest.fixture(scope="module")
def job(emulator: RunningEmulator) -> str:
    """A job that wrote two files to one output and none to another."""
    name = f"copied-{uuid.uuid4().hex[:8]}"
    command = (
        "mkdir ${{outputs.report}}/deep; echo a > ${{outputs.report}}/a.txt; echo b > ${{outputs.report}}/deep/b.txt"
    )
    outputs = {output: {"jobOutputType": "uri_folder"} for output in ("report", "empty")}
    assert Service(emulator).run(name, command, outputs=outputs)["status"] == "Completed"
    return name


def test_an_output_is_copied_into_a_folder(emulator: RunningEmulator, job: str, tmp_path: Path) -> None:
    target = tmp_path / "here" / "report"
    done = emulator.command("download", job, "report", str(target))
    assert done.stdout.splitlines() == [str(target / "a.txt"), str(target / "deep" / "b.txt")]
    assert (target / "deep" / "b.txt").read_text() == "b\n"

    again = emulator.command("download", job, "report", str(target), check=False)
    assert (again.returncode, "exists already" in again.stderr) == (2, True)


def test_the_output_default_is_the_log_and_the_like(emulator: RunningEmulator, job: str, tmp_path: Path) -> None:
    emulator.command("download", job, "default", str(tmp_path))
    assert (tmp_path / "user_logs" / "std_log.txt").is_file()


@pytest.mark.parametrize(
    ("output", "words"),
    [("reprot", ["OUTPUT", "reprot", "empty, report, default"]), ("empty", ["OUTPUT", "holds no files"])],
)
def test_what_is_not_there_is_said(
    emulator: RunningEmulator, job: str, tmp_path: Path, output: str, words: list[str]
) -> None:
    done = emulator.command("download", job, output, str(tmp_path / "target"), check=False)
    assert done.returncode == 2
    assert all(word in done.stderr for word in words), done.stderr
    assert not (tmp_path / "target").exists()


def test_a_job_that_is_not_there_is_said(emulator: RunningEmulator, tmp_path: Path) -> None:
    done = emulator.command("download", "nobody", "report", str(tmp_path), check=False)
    assert (done.returncode, "JOB: 'nobody'" in done.stderr) == (2, True)
