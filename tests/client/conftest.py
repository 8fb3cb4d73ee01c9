"""Both drivers as one fixture, and servers for them to talk to."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from airflow_azureml.client import AsyncMLClient, Limits, MLClient
from airflow_azureml.rest.flow import Call, Reply
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.settings import Settings
from tests.client.stub import Stub, running

Drive = Callable[..., Any]

WORKSPACE = Workspace("sub-1", "rg-1", "ws-1")
THING: Call[Any] = Call("GET", "/thing", Reply.json)
"""A request that needs a token and nothing else."""


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The certificate authority of all stubs."""
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate with its RSA key, the key under a password; no test changes it."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client-1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    lock = serialization.BestAvailableEncryption(b"k3y-password")
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    path = tmp_path_factory.mktemp("certificate") / "client.pem"
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def stub(tmp_path: Path, authority: trustme.CA) -> Iterator[Stub]:
    """A server that answers ``{}`` to everything but what a test scripts."""
    with running(tmp_path, authority) as server:
        yield server


@pytest.fixture
def settings(stub: Stub) -> Settings:
    """A client secret for the stub."""
    return Settings(
        WORKSPACE,
        auth="client_secret",
        tenant_id="tenant-1",
        client_id="client-1",
        client_secret="s3cret-value",
        endpoint=stub.url,
        verify=str(stub.ca_file),
    )


@pytest.fixture(params=["sync", "async"])
def drive(request: pytest.FixtureRequest, settings: Settings) -> Drive:
    """Run a flow in one of the two drivers, with a client of its own: ``drive(flow, news=, limits=, **settings)``."""

    def run(flow: Any, *, news: Any = None, limits: Limits | None = None, **changes: Any) -> Any:
        return run_in(request.param, replace(settings, **changes), flow, news, limits)

    return run


def run_in(
    colour: str, settings: Settings, flow: Any, news: Any = None, limits: Limits | None = None, count: Any = None
) -> Any:
    """Run a flow in the driver of one colour."""
    if colour == "sync":
        with MLClient(settings, limits, count=count) as client:
            return client.run(flow, news=news)

    async def go() -> Any:
        async with AsyncMLClient(settings, limits, count=count) as client:
            return await client.run(flow, news=news)

    return asyncio.run(go())
