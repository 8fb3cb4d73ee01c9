"""Where the jobs of all patients look whether they may end."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files that jobs wait for."""
    return tmp_path_factory.mktemp("gates")
