"""The lock files: an environment that gets this project as an editable install has what builds it."""

from __future__ import annotations

import re

import pytest

from tests import REPOSITORY

MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
BUILT = re.findall(r"^\.venvs/(\w+)/\.installed: requirements/\w+\.txt pyproject\.toml", MAKEFILE, re.MULTILINE)
"""The environments that are made anew when ``pyproject.toml`` changes: those that hold this project."""


def names(text: str) -> set[str]:
    """The names of the packages that lines begin with."""
    return set(re.findall(r"^\s*\"?([A-Za-z0-9_.-]+)\s*[=>]=", text, re.MULTILINE))


@pytest.mark.parametrize("environment", ["airflow3", *BUILT])
def test_what_builds_the_project_is_locked(environment: str) -> None:
    _, _, build = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8").partition("\nbuild = [")
    needed = names(build.partition("]")[0])
    locked = names((REPOSITORY / "requirements" / f"{environment}.txt").read_text(encoding="utf-8"))
    assert needed
    assert needed <= locked
