"""What the emulator's tests share: credentials and storage clients of Microsoft's own libraries."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobServiceClient, ContainerClient

from tests.emulator_fixture import RunningEmulator


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
