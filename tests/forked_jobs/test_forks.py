"""A command in a fork is what it would be in an interpreter of its own, seen from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked_jobs.asking import can_be_a_fork
from tests.forked_jobs.fixture import started


@pytest.fixture(scope="module")
def python() -> Iterator[Path]:
    """A program in whose place a fork of this interpreter runs, which has loaded little and ends with the module."""
    if sys.platform != "linux":
        pytest.skip("The kernel ends a fork with the one that asked for it only on Linux.")
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as master:
        yield started(Path(sys.executable), master.pid, ["json"], {"PATH": os.defpath}) / "bin" / "python"


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, text=True, capture_output=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("words", [("script.py", "a", "b c"), ("-m", "script", "a"), ("-c", "import script", "a")])
def test_it_does_the_same(python: Path, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import os, sys\n"
        "print(sys.argv, sys.path, sys.prefix, os.getcwd(), sorted(os.environ.items()), sys.stdin.read(), __name__)\n"
        "print('said', file=sys.stderr)\n"
        "sys.exit(7)\n"
    )
    options = {"cwd": tmp_path, "input": "told", "env": {"PATH": "/bin", "PYTHONPATH": "/first:/second", "OWN": "1"}}

    forked, plain = run(python, *words, **options), run(sys.executable, *words, **options)

    assert (forked.returncode, forked.stdout, forked.stderr) == (7, plain.stdout, "said\n")


def test_it_has_loaded_what_the_server_has_and_starts_its_like_by_the_same_name(python: Path) -> None:
    done = run(python, "-c", "import sys; print('json' in sys.modules, sys.executable)")

    assert done.stdout == f"True {python}\n"


def test_files_keep_their_numbers(python: Path) -> None:
    ours, theirs = os.pipe()
    with os.fdopen(ours) as reader:
        run(python, "-c", f"import os; os.write({theirs}, b'through')", pass_fds=[theirs])
        os.close(theirs)

        assert reader.read() == "through"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGABRT])
def test_it_ends_by_the_signal_that_its_command_ends_by(python: Path, number: int) -> None:
    assert run(python, "-c", f"import os; os.kill(os.getpid(), {number})").returncode == -number


def begun(python: Path, text: str) -> tuple[subprocess.Popen[str], int]:
    """Begin a command that prints its number first."""
    command = [str(python), "-c", f"import os, time; print(os.getpid(), flush=True)\n{text}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, int(process.stdout.readline())


def test_a_warning_is_passed_on(python: Path) -> None:
    text = "import signal; signal.signal(15, lambda *_: os._exit(5)); print('ready', flush=True); time.sleep(60)"
    process, _ = begun(python, text)
    with process:
        assert process.stdout
        process.stdout.readline()
        process.terminate()

        assert process.wait(30) == 5


def test_the_command_ends_with_the_one_that_asked(python: Path) -> None:
    process, pid = begun(python, "time.sleep(60)")
    with process:
        process.kill()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("words", "environment", "fork"),
    [
        (["job.py", "-u"], {"PYTHONPATH": "x", "PYTHONUNBUFFERED": "1"}, True),
        (["job.py"], {"PYTHON": "/usr/bin/python3"}, True),
        (["-u", "job.py"], {}, False),
        ([], {}, False),
        (["job.py"], {"PYTHONHASHSEED": "0"}, False),
        (["job.py"], {"AZUREML_EMULATOR_HIDDEN": "azureml.mlflow"}, False),
    ],
)
def test_what_a_fork_could_do_otherwise_is_left_to_an_interpreter_of_its_own(
    words: list[str], environment: dict[str, str], fork: bool
) -> None:
    assert can_be_a_fork(words, environment) is fork
