"""Secrets that are planted in a run of each kind of task are found nowhere but where they belong.

Looked through: all files of Airflow's home (logs of all processes and tasks, the database with what SQLite has beside
it), the arguments and environments of all its processes while it runs, and the emulator's journal. In the database the
connection and the variable stand encrypted.
"""

from __future__ import annotations

import pytest

from tests.bundles.conftest import Ground
from tests.planted_secrets import DAG, left_by, plant
from tests.real_airflow import Service

pytestmark = [pytest.mark.timeout(1800), pytest.mark.long]

RUN = "run"


def test_planted_secrets_are_found_nowhere(ground: Ground, service: Service) -> None:
    planted = plant(ground.airflow, service.wait())
    assert left_by(ground.airflow, planted, lambda: ground.begin(DAG, RUN), RUN, processes=10) == set()
