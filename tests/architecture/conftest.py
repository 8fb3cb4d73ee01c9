"""Airflow 3.3 and 2.11 as a DAG file finds them, each loaded once: every script of a guard is a fork of one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.warm_python import WarmPython

FOLDER = Path(__file__).parent


def warm(python: Path) -> WarmPython:
    """An interpreter that has loaded its Airflow, but nothing of ours."""
    places = os.pathsep.join(filter(None, (str(FOLDER), os.environ.get("PYTHONPATH"))))
    return WarmPython(python, os.environ | {"PYTHONPATH": places}, [FOLDER / "preload.py"])


@pytest.fixture(scope="session")
def bare_airflow3() -> Iterator[WarmPython]:
    """Airflow 3.3 without our modules."""
    python = warm(Path(sys.executable))
    yield python
    python.close()


@pytest.fixture(scope="session")
def bare_airflow2(airflow2_python: Path) -> Iterator[WarmPython]:
    """Airflow 2.11 without our modules."""
    python = warm(airflow2_python)
    yield python
    python.close()
