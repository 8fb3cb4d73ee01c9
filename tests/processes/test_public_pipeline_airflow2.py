"""A public pipeline file, unchanged, as a group of tasks on Airflow 2.11: one step fails, one is cleared."""

from __future__ import annotations

import pytest

from tests.processes.public_pipeline import PublicPipeline
from tests.real_airflow import RealAirflow

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]


@pytest.fixture(scope="module")
def tested_airflow(older_airflow: RealAirflow) -> RealAirflow:
    """The session's Airflow 2.11."""
    return older_airflow


class TestPublicPipeline(PublicPipeline):
    """What holds on each line."""
