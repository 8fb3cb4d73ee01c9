"""Each operator and sensor by the scheduler of Airflow 3.3, waiting on a worker and deferred."""

from __future__ import annotations

import pytest

from tests.processes.every_operator import EveryOperator
from tests.real_airflow import RealAirflow

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]


@pytest.fixture(scope="module")
def tested_airflow(airflow: RealAirflow) -> RealAirflow:
    """The session's Airflow 3.3."""
    return airflow


class TestEveryOperator(EveryOperator):
    """What holds on each line."""
