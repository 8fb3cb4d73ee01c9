"""What the examples' tests on a real Airflow share."""

from __future__ import annotations

import pytest

from tests.real_airflow import Service


@pytest.fixture(scope="module")
def earlier(service: Service) -> set[str]:
    """Names of the jobs that were there before a file's runs: the examples on Airflow 2.11 may share the emulator."""
    service.wait()
    return set(service.jobs())
