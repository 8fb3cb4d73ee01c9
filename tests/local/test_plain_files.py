"""Named pipes and devices where a file is expected: refused, for their reading need not come to an end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_azureml.cli import main
from airflow_azureml.jobspec.document.load import LocalFiles, load
from airflow_azureml.local import additional_includes, ignore_files
from airflow_azureml.local.folders import FolderError
from airflow_azureml.local.plain_files import check_plain
from airflow_azureml.rest.errors import SpecError

JOB = "command: echo\nenvironment: azureml:e:1\n"


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe that nobody writes to."""
    os.mkfifo(tmp_path / "pipe.yml")
    return tmp_path / "pipe.yml"


@pytest.mark.parametrize("command", [["validate"], ["validate", "--dags"], ["render"]])
def test_the_command_line_does_not_wait_for_a_named_pipe(pipe: Path, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "airflow_azureml.cli", *command, str(pipe)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.strip().splitlines()[-1].endswith("cannot be read: it is a named pipe, not a file.")


def test_a_device_is_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "/dev/null"]) == 1
    assert "cannot be read: it is a device, not a file." in capsys.readouterr().err
    with pytest.raises(SpecError, match=r"/dev/null cannot be read: it is a device"):
        load(Path("/dev/null"), field="job")
    with pytest.raises(OSError, match="a device"):
        LocalFiles().content("/dev/null")


def test_a_pipe_that_a_shell_hands_over_is_read() -> None:
    program = [sys.executable, "-m", "airflow_azureml.cli", "validate", "/dev/stdin"]
    done = subprocess.run(program, input=JOB, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_uploaded_is_no_pipe_either(tmp_path: Path, pipe: Path) -> None:
    os.rename(pipe, tmp_path / ".amlignore")
    with pytest.raises(ValueError, match="it is a named pipe, not a file"):
        ignore_files.read(str(tmp_path))
    with pytest.raises(FolderError, match=r"\.amlignore is neither a file nor a folder"):
        additional_includes.merge(None, [str(tmp_path / ".amlignore")], str(tmp_path / "below"))


def test_other_things_are_named_as_what_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket has to be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("there")
        with pytest.raises(OSError, match="it is a socket, not a file"):
            check_plain("there")
    with pytest.raises(IsADirectoryError):
        check_plain(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        check_plain(str(tmp_path / "absent"))
    (tmp_path / "file").write_text("x")
    check_plain(str(tmp_path / "file"))
