"""Datastores of the Data Lake, judged by Microsoft's client."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conformance.conftest import RunScript


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What Microsoft's client saw."""
    return run_script("datastores.py")


def test_a_datastore_of_the_data_lake(seen: dict[str, Any]) -> None:
    assert seen["found"] == ["AzureDataLakeGen2Datastore", True, True]


def test_a_job_reads_and_writes_it(seen: dict[str, Any]) -> None:
    assert seen["status"] == "Completed"
    assert seen["written"] == ["direct", "rows.csv"]
    assert re.fullmatch(r"azureml://.*/datastores/lake\w+/paths/in/", seen["direct"])


def test_what_a_job_wrote_is_downloaded_from_it(seen: dict[str, Any]) -> None:
    assert seen["downloaded"] == ["direct", "rows.csv"]
