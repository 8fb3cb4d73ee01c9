"""``python -m tests.upgrades COMMIT ...``: record what releases leave behind; kept below ``recorded``."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests import REPOSITORY

RECORDED = Path(__file__).with_name("recorded")


@contextlib.contextmanager
def sources(commit: str) -> Iterator[Path]:
    """The folder ``provider`` as it was at a commit.

    :raises LookupError: this is no clone that has it.
    """
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as archive:
        command = ["git", "-C", str(REPOSITORY), "archive", "--format=zip", commit, "provider"]
        if subprocess.run(command, stdout=archive, stderr=subprocess.DEVNULL, check=False).returncode:
            raise LookupError(f"There is no commit {commit} in {REPOSITORY}.")
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
        yield Path(folder) / "provider"


def record(commit: str) -> Path:
    """Record one release; the file with the record."""
    with sources(commit) as provider, tempfile.TemporaryDirectory() as home:
        settings = {"PYTHONPATH": str(provider), "AIRFLOW_HOME": home, "PYTHONSAFEPATH": "1"}
        command = [sys.executable, str(Path(__file__).with_name("recorder.py"))]
        done = subprocess.run(
            command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True, check=True, cwd="/"
        )
    path = RECORDED / f"{commit}.json"
    path.write_text(done.stdout[done.stdout.index("{") :], encoding="utf-8")
    return path


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(record(name))
