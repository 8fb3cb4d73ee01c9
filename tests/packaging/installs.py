"""Our wheel in an empty environment with Airflow, where nothing of the repository is in reach."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import REPOSITORY

UV = Path(sys.executable).with_name("uv")
SETTINGS = {"UV_CACHE_DIR": str(REPOSITORY / ".cache" / "uv"), "UV_PYTHON_DOWNLOADS": "never"}
"""The variables with which uv finds what is there already."""


def run(*command: str | Path, environment: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run a command that must succeed, and return what it prints."""
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Installed:
    """An environment that has Airflow and our wheel, and a folder of its own to work in."""

    environment: Path
    folder: Path

    def run(self, program: str, *arguments: str, **variables: str) -> str:
        """Run one of the environment's programs where nothing of the repository is in reach."""
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        kept |= {"AIRFLOW_HOME": str(self.folder / "airflow"), "PYTHONWARNINGS": "ignore", **variables}
        return run(self.environment / "bin" / program, *arguments, environment=kept, cwd=self.folder)

    def airflow(self, *arguments: str) -> list[dict[str, Any]]:
        """The rows that an Airflow command prints as JSON, below whatever it prints before."""
        rows: list[dict[str, Any]] = json.loads(self.run("airflow", *arguments, "--output", "json").splitlines()[-1])
        return rows


def lend_byte_code(lender: Path, borrower: Path) -> None:
    """Copy an environment's byte code to another of the same versions, whose programs would take seconds to make it.

    Python takes byte code only for the very source that it was made of.
    """
    (source,), (target,) = (list(place.glob("lib/python3*/site-packages")) for place in (lender, borrower))
    for file in source.rglob("__pycache__/*.pyc"):
        own = target / file.relative_to(source)
        if own.parent.parent.is_dir() and not own.exists():
            own.parent.mkdir(exist_ok=True)
            shutil.copyfile(file, own)
