"""Airflow's names come through one door, which also opens where ``common-compat`` does not know them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from demo.warm_python import WarmPython
from tests import REPOSITORY

PROVIDER = REPOSITORY / "provider" / "airflow_azureml"

WITHOUT_COMPAT = """
import fresh
fresh.import_airflow()
from airflow_azureml import version_compat
version_compat.COMPAT = "airflow.providers.common.compat.missing"
fresh.use_ours()
since_3_3 = {"RetryDecision", "RetryPolicy"}
for name in set(version_compat.PLACES) - (set() if version_compat.AIRFLOW_V_3_3_PLUS else since_3_3):
    getattr(version_compat, name)
"""


def test_nobody_else_asks_common_compat() -> None:
    asking = [str(place) for place in PROVIDER.rglob("*.py") if "import" in place.read_text() and asks(place)]
    assert asking == [str(PROVIDER / "version_compat.py")]


def asks(place: Path) -> bool:
    """Whether a file imports from ``common-compat``."""
    lines = place.read_text().splitlines()
    return any("airflow.providers.common.compat" in line and "import" in line for line in lines)


@pytest.mark.parametrize("line", ["3.3", "2.11"])
def test_our_names_are_found_without_common_compat(line: str, request: pytest.FixtureRequest) -> None:
    # The constraints of Airflow 3.0.6 hold it at 1.7.3, which has no module ``sdk`` (its wheel shows none).
    airflow: WarmPython = request.getfixturevalue("bare_airflow3" if line == "3.3" else "bare_airflow2")
    done = airflow.run("-c", WITHOUT_COMPAT)
    assert done.returncode == 0, done.stderr


def test_the_floor_of_common_compat_leaves_room_for_old_constraints() -> None:
    floors = re.findall(
        r'"apache-airflow-providers-common-compat>=([\d.]+)"', (REPOSITORY / "pyproject.toml").read_text()
    )
    assert [tuple(map(int, floor.split("."))) <= (1, 7, 3) for floor in floors] == [True]
