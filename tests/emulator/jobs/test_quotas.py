"""What the name of a machine's size says: its family and its vCPUs."""

from __future__ import annotations

import pytest

from azureml_emulator.jobs.quotas import family_and_cores


@pytest.mark.parametrize(
    ("size", "family", "cores"),
    [
        ("STANDARD_DS3_V2", "Standard DSv2 family", 4),
        ("Standard_DS11_v2", "Standard DSv2 family", 2),
        ("Standard_D2", "Standard D family", 2),
        ("Standard_D4s_v3", "Standard DSv3 family", 4),
        ("STANDARD_NC6S_V3", "Standard NCSv3 family", 6),
        ("Standard_NC24ads_A100_v4", "Standard NCADSv4 family", 24),
        ("", "total", 1),
        ("nonsense", "total", 1),
    ],
)
def test_family_and_cores(size: str, family: str, cores: int) -> None:
    assert family_and_cores(size) == (family, cores)
