"""The file system with a connection to the session's emulator, and a folder for each test."""

from __future__ import annotations

from uuid import uuid4

import pytest

from airflow_azureml.filesystems.file_system import AzureMLFileSystem
from tests.emulator_fixture import RunningEmulator

DATASTORE = "datastores/workspaceblobstore/paths"


@pytest.fixture
def fs(emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> AzureMLFileSystem:
    """A file system that nobody else uses."""
    monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", emulator["airflow_connection"])
    return AzureMLFileSystem(skip_instance_cache=True)


@pytest.fixture
def folder() -> str:
    """A folder that nobody else writes to."""
    return f"{DATASTORE}/files/{uuid4().hex}"
