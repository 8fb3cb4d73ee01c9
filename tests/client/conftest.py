"""Both drivers as one fixture, and servers for them to talk to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from airflow_azureml.client import AsyncMLClient, Limits, MLClient
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.settings import Settings
from tests.client.stub import Stub, running

Drive = Callable[..., Any]

WORKSPACE = Workspace("sub-1", "rg-1", "ws-1")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The certificate authority of all stubs."""
    return trustme.CA()


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
