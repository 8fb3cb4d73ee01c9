"""What the emulator's tests share: short words for requests, and clients of Microsoft's own libraries."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobServiceClient, ContainerClient

from azureml_emulator.core.transitions import PACE
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator

Call = Callable[..., Any]
"""``call(method, path, body)``: one request below the workspace, ``{ws}`` in the path; returns status and JSON."""


@pytest.fixture(scope="session")
def unhurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """An emulator at its default pace: its jobs spend a while in each of their states."""
    running = RunningEmulator(tmp_path_factory.mktemp("unhurried") / "state", "--pace", str(PACE))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def hesitant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """An emulator whose jobs do not begin before a test has looked at them."""
    running = RunningEmulator(tmp_path_factory.mktemp("hesitant") / "state", "--pace", "60")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def preloaded(forked_jobs_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """An emulator whose jobs find MLflow and pandas loaded, which takes seconds otherwise."""
    state = tmp_path_factory.mktemp("preloaded") / "state"
    running = RunningEmulator(state, "--environment", f"*={forked_jobs_python}")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> Service:
    """The session's emulator, asked in short words."""
    return Service(emulator)


@pytest.fixture
def name() -> str:
    """A job's name that was never used."""
    return f"job-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def credential(emulator: RunningEmulator, emulator_environment: object) -> ClientSecretCredential:
    """The emulator's own application."""
    return ClientSecretCredential(
        emulator["tenant_id"], emulator["client_id"], emulator["client_secret"], disable_instance_discovery=True
    )


@pytest.fixture
def bearer(credential: ClientSecretCredential, emulator: RunningEmulator) -> Callable[..., dict[str, str]]:
    """Authorization headers with a token for an audience; for ARM when none is named."""

    def headers(audience: str = "") -> dict[str, str]:
        token = credential.get_token(f"{audience or emulator['endpoint']}/.default").token
        return {"Authorization": f"Bearer {token}"}

    return headers


@pytest.fixture
def storage(emulator: RunningEmulator, credential: ClientSecretCredential) -> BlobServiceClient:
    """A client of the whole account, with a bearer token."""
    return BlobServiceClient(emulator["storage_url"], credential=credential, retry_total=0)


@pytest.fixture
def container(storage: BlobServiceClient) -> Iterator[ContainerClient]:
    """A container of the test's own."""
    client = storage.create_container(f"test-{uuid.uuid4().hex}")
    yield client
    client.delete_container()


@pytest.fixture
def workspace(emulator: RunningEmulator) -> str:
    return (
        f"/subscriptions/{emulator['subscription_id']}/resourceGroups/{emulator['resource_group']}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{emulator['workspace_name']}"
    )


@pytest.fixture
def call(emulator: RunningEmulator, workspace: str, bearer: Callable[..., dict[str, str]]) -> Call:
    """One request below the workspace; returns status and JSON. ``{ws}`` stands for its path."""
    headers = bearer()

    def send(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        url = emulator["endpoint"] + path.replace("{ws}", workspace)
        answer = requests.request(method, url, json=body, headers=headers, verify=emulator["ca_bundle"])
        return answer.status_code, answer.json()

    return send


def wait_for_job(call: Call, job: str) -> dict[str, Any]:
    """The job when it has ended."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found: dict[str, Any] = call("GET", f"{{ws}}/jobs/{job}?api-version=2025-12-01")[1]
        if found["properties"]["status"] in ("Completed", "Failed", "Canceled"):
            return found
        time.sleep(0.2)
    raise AssertionError(f"{job} did not end: {found['properties']['status']}")
