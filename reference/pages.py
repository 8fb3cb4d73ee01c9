"""The pages of docs/reference, and what prints each. A further page is a further row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reference import emulator_coverage, exceptions, job_kinds, operators, settings

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "emulator-coverage.md": emulator_coverage.page,
    "exceptions.md": exceptions.page,
    "job-kinds.md": job_kinds.page,
    "operators.md": operators.page,
    "settings.md": settings.page,
}
"""Name of the file to the function that gives its whole text."""
