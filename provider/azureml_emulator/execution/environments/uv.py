"""The program uv: where it is, the variables that it gets, and the interpreters that it finds."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

NOT_FOUND = (
    "--environments build makes environments with uv, which is neither a program on PATH nor a module of "
    "{python}. Install it there: {python} -m pip install uv"
)

FOREIGN = ("CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "UV_PYTHON", "UV_SYSTEM_PYTHON", "VIRTUAL_ENV")
"""Variables that would name another environment than the one that is made."""


class UvMissingError(Exception):
    """There is no uv; the text says what to install."""


def command() -> list[str]:
    """The words that run uv: the program on PATH, or beside the emulator's Python, or the module of the latter.

    :raises UvMissingError: there is none.
    """
    program = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if program:
        return [os.path.abspath(program)]
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    raise UvMissingError(NOT_FOUND.format(python=sys.executable))


def variables() -> dict[str, str]:
    """The emulator's own environment, in which its user says where packages come from, made quiet."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return {**kept, "NO_COLOR": "1", "UV_NO_PROGRESS": "1"}


async def find_python(wanted: SpecifierSet | None) -> Path | None:
    """An interpreter of this machine whose version is accepted: the emulator's own, one that uv finds, one of pyenv's;
    None where there is none. Nothing is downloaded."""
    if wanted is None or wanted.contains(sys.version.split()[0].rstrip("+"), prereleases=True):
        return Path(sys.executable)
    process = await asyncio.create_subprocess_exec(
        *command(),
        *("python", "find", "--no-python-downloads", "--system", "--no-project", str(wanted)),
        env=variables(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    found = output.decode().strip()
    if process.returncode == 0 and found:
        return Path(found)
    return next((python for version, python in of_pyenv() if wanted.contains(version, prereleases=True)), None)


def of_pyenv() -> Iterator[tuple[Version, Path]]:
    """The interpreters that pyenv installed, the newest first: uv finds them only where pyenv has made them active."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = []
    for folder in root.glob("versions/*"):
        python = folder / "bin" / "python"
        if re.match(r"3\.\d+\.", folder.name) and python.exists():
            try:
                found.append((Version(folder.name), python))
            except InvalidVersion:
                continue
    yield from sorted(found, reverse=True)
