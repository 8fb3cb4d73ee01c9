"""The wheel and the sdist: how they are built, and what is in them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"airflow_azureml", "airflow_provider_azureml", "azureml_emulator"}
"""What the wheel installs."""
SDIST = {"CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "dags_examples", "docs", "provider", "pyproject.toml"}
"""What lies at the top of the sdist; hatchling adds .gitignore."""


class BuildError(Exception):
    """A build that failed, with what it said."""


def build(folder: Path) -> tuple[Path, Path]:
    """Build the sdist from the sources, and the wheel from the sdist, as an index's users do.

    :return: the sdist and the wheel.
    :raises BuildError: with what the build said.
    """
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{done.stdout}\n{done.stderr}")
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def digest(file: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def metadata(wheel: Path) -> Message:
    """What the wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


def names_in_wheel(wheel: Path) -> list[str]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def names_in_sdist(sdist: Path) -> list[str]:
    """The files of an sdist, without the folder that holds them all."""
    with tarfile.open(sdist) as archive:
        return [name.partition("/")[2] for name in archive.getnames()]


def strangers(names: list[str]) -> list[str]:
    """Files that belong in no package: byte code, caches, secrets, what an editor leaves."""
    bad = (
        "__pycache__",
        ".pyc",
        ".env",
        ".pem",
        ".key",
        ".db",
        ".log",
        ".orig",
        ".rej",
        "~",
        ".DS_Store",
        ".azureml-emulator",
    )
    return [name for name in names if any(part.endswith(bad) for part in name.split("/"))]


def twine(*files: Path) -> str:
    """What twine says against the packages; empty where it says nothing."""
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    return f"{done.stdout}{done.stderr}" if done.returncode else ""
