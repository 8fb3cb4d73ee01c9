"""A file has one subject and a folder one floor: 300 lines a module, 20 modules a folder at the most."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath

from tests.architecture.sources import PROVIDER, python_files

MOST_LINES = 300
MOST_MODULES = 20


def lines(place: str) -> int:
    """How many lines a module has."""
    return len((PROVIDER / place).read_text().splitlines())


def test_no_module_is_too_long() -> None:
    found = {place: lines(place) for place in python_files(PROVIDER) if lines(place) > MOST_LINES}
    assert not found, f"Longer than {MOST_LINES} lines: {found}"


def test_no_folder_is_too_full() -> None:
    modules = [PurePosixPath(place) for place in python_files(PROVIDER)]
    counts = Counter(str(place.parent) for place in modules if place.name != "__init__.py")
    found = {folder: count for folder, count in counts.items() if count > MOST_MODULES}
    assert not found, f"More than {MOST_MODULES} modules: {found}"
