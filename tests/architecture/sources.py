"""What the guards look at: the sources of the provider and the emulator, and all files that are kept in git."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests import REPOSITORY

PROVIDER = REPOSITORY / "provider"


def python_files(folder: Path) -> list[str]:
    """The Python files below a folder, as places relative to it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))


def modules(package: str) -> list[str]:
    """Dotted names of all modules of one of our packages, the package itself included."""
    places = [place for place in python_files(PROVIDER) if place.startswith(f"{package}/")]
    return [place.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for place in places]


def kept_files() -> list[str]:
    """The files that git keeps or would keep, relative to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(name for name in listed.stdout.splitlines() if (REPOSITORY / name).is_file())
