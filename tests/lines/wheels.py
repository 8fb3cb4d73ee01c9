"""The wheel in environments of their own, with the packages of a day."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests import REPOSITORY
from tests.lines.versions import Line


def build(home: Path) -> Path:
    """Build the wheel."""
    uv("build", "--quiet", "--wheel", "--out-dir", str(home), str(REPOSITORY))
    return next(home.glob("*.whl"))


def install(line: Line, python: str, wheel: str, environment: Path, *, lowest: bool = False) -> None:
    """Install a line, the wheel and what both need, none of it newer than the line's day.

    :param wheel: its path, perhaps with extras.
    :param lowest: take the lowest versions that ``pyproject.toml`` allows, those of the emulator included.
    """
    uv("venv", "--quiet", "--clear", "--python", python, str(environment))
    dated = ["--prerelease=allow"] if line.is_prerelease else ["--exclude-newer", line.date]
    airflow = f"apache-airflow=={line.airflow}"
    if lowest:
        # Of the wheel's dependencies uv would take the newest: they are not asked for directly.
        own = ("--requirements", str(REPOSITORY / "pyproject.toml"), "--extra", "emulator")
        uv(*pip(environment), *dated, "--resolution", "lowest-direct", airflow, *own)
    uv(*pip(environment), *dated, airflow, wheel)


def pip(environment: Path) -> tuple[str, ...]:
    """The words of uv that install into an environment."""
    return ("pip", "install", "--quiet", "--python", str(environment / "bin" / "python"))


def versions(environment: Path, names: tuple[str, ...]) -> dict[str, str]:
    """The versions of some libraries of an environment."""
    code = f"from importlib.metadata import version as v\nfor n in {names!r}: print(n, v(n))"
    command = [str(environment / "bin" / "python"), "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(line.split() for line in printed.splitlines())


def uv(*words: str) -> None:
    """Run the uv of this environment.

    :raises subprocess.CalledProcessError: it refuses.
    """
    command = [str(Path(sys.executable).with_name("uv")), *words]
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def say(text: str) -> None:
    """Tell how far it is; the table alone goes to stdout."""
    print(text, file=sys.stderr, flush=True)
