"""Whom a token is sent to: nobody that the cloud, discovery or the user did not vouch for."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.client.trust import check_token, data_plane_of
from airflow_azureml.rest.clouds import CLOUDS
from airflow_azureml.rest.errors import UntrustedHostError
from airflow_azureml.rest.flow import Call, Plane, Reply
from airflow_azureml.rest.settings import Settings
from tests.client.conftest import WORKSPACE, Drive
from tests.client.stub import Answer, Stub

PUBLIC = CLOUDS["public"]
PLAIN = Settings(WORKSPACE)


def call(path: str, plane: Plane) -> Call[Any]:
    return Call("GET", path, Reply.json, plane=plane)


@pytest.mark.parametrize("plane", [Plane.ARM, Plane.SCORING])
@pytest.mark.parametrize(
    "address", ["https://localhost:{port}/x", "https://evil.example/x", "https://127.0.0.1:{port}@evil.example/x"]
)
def test_an_address_of_a_stranger_gets_no_token(drive: Drive, stub: Stub, plane: Plane, address: str) -> None:
    with pytest.raises(UntrustedHostError):
        drive(call(address.format(port=stub.port), plane))
    assert stub.tokens == 0
    assert stub.lines() == []


def test_the_refusal_names_host_trusted_hosts_and_field(drive: Drive, stub: Stub) -> None:
    with pytest.raises(UntrustedHostError) as caught:
        drive(call("https://evil.example/x?sig=abc", Plane.SCORING))
    text = str(caught.value)
    assert "evil.example:443" in text
    assert f"127.0.0.1:{stub.port}" in text
    assert "`trusted_hosts`" in text
    assert "abc" not in text


@pytest.mark.parametrize("plane", [Plane.ARM, Plane.SCORING])
@pytest.mark.parametrize("entry", ["localhost", "https://localhost:{port}"])
def test_a_host_that_the_user_trusts_gets_one(drive: Drive, stub: Stub, plane: Plane, entry: str) -> None:
    address = f"https://localhost:{stub.port}/x"
    drive(call(address, plane), trusted_hosts=(entry.format(port=stub.port),))
    (seen,) = stub.requests("/x")
    assert seen.headers["Authorization"].startswith("Bearer ")


@pytest.mark.parametrize("plane", list(Plane))
def test_plain_http_beyond_this_machine_is_refused(drive: Drive, stub: Stub, plane: Plane) -> None:
    stub.script(f"GET {WORKSPACE.path}\\?", Answer(value={"properties": {"discoveryUrl": f"{stub.url}/discovery"}}))
    stub.script("GET /discovery", Answer(value={"api": stub.url}))
    with pytest.raises(UntrustedHostError, match=r"http://azure\.example"):
        drive(call("http://azure.example/x", plane))


@pytest.mark.parametrize("plane", [Plane.ARM, Plane.SCORING])
def test_plain_http_on_this_machine_gets_no_token(drive: Drive, stub: Stub, plane: Plane) -> None:
    with pytest.raises(UntrustedHostError):
        drive(call(f"http://127.0.0.1:{stub.port}/x", plane))
    assert stub.tokens == 0


def test_the_host_that_discovery_names_is_trusted_with_an_endpoint(drive: Drive, stub: Stub) -> None:
    api = f"https://localhost:{stub.port}"
    stub.script(f"GET {WORKSPACE.path}\\?", Answer(value={"properties": {"discoveryUrl": f"{stub.url}/discovery"}}))
    stub.script("GET /discovery", Answer(value={"api": api}))

    def flow() -> Any:
        yield from call("/x", Plane.DATA)
        yield from call(f"{api}/y", Plane.SCORING)

    drive(flow())
    assert [seen.headers["Host"] for seen in stub.requests("/[xy]")] == [f"localhost:{stub.port}"] * 2


def test_a_workspace_cannot_name_a_data_plane_outside_its_cloud() -> None:
    with pytest.raises(UntrustedHostError, match=r"evil\.example"):
        data_plane_of("https://evil.example", PUBLIC, PLAIN)
    assert data_plane_of("https://eastus.api.azureml.ms", PUBLIC, PLAIN) == PUBLIC


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://e1.eastus.inference.ml.azure.com/jobs", True),
        ("https://E1.EastUS.Inference.ML.Azure.com/jobs", True),
        ("https://e1.eastus.inference.ml.azure.com.evil.example/jobs", False),
        ("https://evil-ml.azure.com/jobs", False),
        ("https://ml.azure.us/jobs", False),
    ],
)
def test_scoring_hosts_of_the_public_cloud(url: str, fine: bool) -> None:
    if fine:
        check_token(url, PUBLIC, None, PLAIN)
    else:
        with pytest.raises(UntrustedHostError):
            check_token(url, PUBLIC, None, PLAIN)


def test_a_management_token_never_goes_to_an_endpoint_that_anybody_can_make() -> None:
    with pytest.raises(UntrustedHostError):
        check_token("https://mine.eastus.inference.ml.azure.com/x", PUBLIC, PUBLIC.arm, PLAIN)
    check_token("https://management.azure.com:443/next?page=2", PUBLIC, PUBLIC.arm, PLAIN)
