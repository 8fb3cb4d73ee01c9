"""The wheel, and environments that it is installed into."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests import REPOSITORY
from tests.packaging.installs import SETTINGS, UV, Installed, lend_byte_code, run


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built from its sources with what is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=REPOSITORY)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module", params=["airflow3", "airflow2"])
def installed(wheel: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An empty environment, then the wheel and what it requires, in the versions that the lock files name."""
    line: str = request.param
    python = Path(sys.executable) if line == "airflow3" else request.getfixturevalue("airflow2_python")
    folder = tmp_path_factory.mktemp(line)
    settings = SETTINGS | os.environ
    lock = REPOSITORY / "requirements" / f"{line}.txt"
    run(UV, "venv", "--quiet", "--python", python, folder / "venv", environment=settings)
    run(
        *(UV, "pip", "install", "--quiet", "--python", folder / "venv", "--constraints", lock, wheel),
        environment=settings,
        cwd=folder,
    )
    lend_byte_code(python.parent.parent, folder / "venv")
    return Installed(folder / "venv", folder)
