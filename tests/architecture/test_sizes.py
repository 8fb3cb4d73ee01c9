"""A file has one subject and a folder one floor: 300 lines a module, 20 modules a folder at the most."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath

from tests.architecture.sources import PROVIDER, python_files

MOST_LINES = 300
MOST_MODULES = 20

STILL_TOO_LONG: set[str] = set()
"""Modules that are still longer. An entry that is not needed must go."""

STILL_TOO_FULL: set[str] = set()
"""Folders that still hold more. An entry that is not needed must go."""


def lines(place: str) -> int:
    """How many lines a module has."""
    return len((PROVIDER / place).read_text().splitlines())


def test_no_module_is_too_long() -> None:
    found = {place: lines(place) for place in python_files(PROVIDER) if lines(place) > MOST_LINES}
    new = {place: count for place, count in found.items() if place not in STILL_TOO_LONG}
    assert not new, f"Longer than {MOST_LINES} lines: {new}"
    assert set(found) == STILL_TOO_LONG, "An entry of STILL_TOO_LONG is no longer needed: take it out."


def test_no_folder_is_too_full() -> None:
    modules = [PurePosixPath(place) for place in python_files(PROVIDER)]
    counts = Counter(str(place.parent) for place in modules if place.name != "__init__.py")
    found = {folder: count for folder, count in counts.items() if count > MOST_MODULES}
    new = {folder: count for folder, count in found.items() if folder not in STILL_TOO_FULL}
    assert not new, f"More than {MOST_MODULES} modules: {new}"
    assert set(found) == STILL_TOO_FULL, "An entry of STILL_TOO_FULL is no longer needed: take it out."
