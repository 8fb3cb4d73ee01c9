"""Which control plane a connection leads to, and whom its tokens may be sent to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_azureml.rest import clouds
from airflow_azureml.rest.errors import SettingsError, UntrustedHostError
from airflow_azureml.rest.flow import Call, Plane
from airflow_azureml.rest.settings import Settings
from tests.rest.driving import WS, Drive, reply, run

SETTINGS = Settings(WS)
ENDPOINT = "https://127.0.0.1:8443"
LOCAL = {
    "name": "Local",
    "portal": "https://portal.azure.local",
    "resourceManager": f"{ENDPOINT}/",
    "authentication": {"loginEndpoint": f"{ENDPOINT}/"},
    "suffixes": {"storage": "local"},
}


@pytest.mark.parametrize("name", ["public", "usgov", "china"])
def test_known_clouds_ask_nobody(name: str) -> None:
    plane = run(clouds.control_plane(replace(SETTINGS, cloud=name)))
    assert plane == clouds.CLOUDS[name]
    assert plane.trusts(f"{plane.arm}/x")
    assert plane.trusts(f"https://x.blob.{plane.storage_suffix}/c")


def test_unknown_cloud() -> None:
    with pytest.raises(SettingsError, match=r"cloud: 'mars' is not a cloud. Accepted: public, usgov, china"):
        run(clouds.control_plane(replace(SETTINGS, cloud="mars")))


def test_endpoint_describes_itself() -> None:
    drive = Drive(lambda _: reply(200, [{"name": "other"}, LOCAL]))
    plane = drive.run(clouds.control_plane(replace(SETTINGS, endpoint=f"{ENDPOINT}/")))
    asked = drive.effects[0]
    assert isinstance(asked, Call)
    assert (asked.path, asked.plane, asked.query) == (
        f"{ENDPOINT}/metadata/endpoints",
        Plane.OPEN,
        {"api-version": "2019-05-01"},
    )
    assert plane == clouds.ControlPlane(
        ENDPOINT, ENDPOINT, "https://ml.azure.local", ENDPOINT, "local", ("127.0.0.1:8443",)
    )


def test_connection_fields_win() -> None:
    settings = replace(SETTINGS, endpoint=ENDPOINT, storage_suffix="s.example", ml_audience="https://ml.x/")
    plane = run(clouds.control_plane(settings), reply(200, LOCAL))
    assert (plane.storage_suffix, plane.ml_audience) == ("s.example", "https://ml.x")
    settings = replace(settings, authority="https://login.x", trusted_hosts=("a.example", ".b.example"))
    plane = run(clouds.control_plane(settings))
    assert (plane.arm, plane.authority) == (ENDPOINT, "https://login.x")
    assert plane.trusts("https://a.example/x")
    assert plane.trusts("https://x.b.example")


@pytest.mark.parametrize(
    "value", [None, [], {}, [{**LOCAL, "resourceManager": "https://other"}], {**LOCAL, "portal": None}]
)
def test_endpoint_that_does_not_describe_itself(value: Any) -> None:
    with pytest.raises(SettingsError, match=r"endpoint: .* does not describe this control plane"):
        run(clouds.control_plane(replace(SETTINGS, endpoint=ENDPOINT)), reply(200, value))


def test_login_service_elsewhere_is_refused() -> None:
    evil = {**LOCAL, "authentication": {"loginEndpoint": "https://evil.example/"}}
    with pytest.raises(UntrustedHostError, match=r"evil.example"):
        run(clouds.control_plane(replace(SETTINGS, endpoint=ENDPOINT)), reply(200, evil))
    settings = replace(SETTINGS, endpoint=ENDPOINT, authority="https://evil.example")
    assert run(clouds.control_plane(settings), reply(200, evil)).authority == "https://evil.example"


def test_login_service_of_a_known_cloud_is_fine() -> None:
    stack = {**LOCAL, "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"}}
    plane = run(clouds.control_plane(replace(SETTINGS, endpoint=ENDPOINT)), reply(200, stack))
    assert plane.authority == "https://login.microsoftonline.com"


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:1", "https://", "ftp://x", "https://u:SECRET@h", "https://h/?a=b"]
)
def test_endpoint_must_be_https(endpoint: str) -> None:
    with pytest.raises(SettingsError, match="endpoint: ") as caught:
        run(clouds.control_plane(replace(SETTINGS, endpoint=endpoint)))
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://management.azure.com/x", True),
        ("https://management.azure.com:443/x", True),
        ("https://MANAGEMENT.azure.com/x", True),
        ("https://eastus.api.azureml.ms/history", True),
        ("https://guid.workspace.eastus.api.azureml.ms", True),
        ("https://ep.eastus.inference.ml.azure.com/jobs", True),
        ("http://management.azure.com/x", False),
        ("https://evilazureml.ms/x", False),
        ("https://management.azure.com.evil.example/x", False),
        ("https://management.azure.com@evil.example/x", False),
        ("https://evil.example/management.azure.com", False),
        ("", False),
    ],
)
def test_trust_in_the_public_cloud(url: str, trusted: bool) -> None:
    assert clouds.CLOUDS["public"].trusts(url) is trusted


def test_trust_with_a_port() -> None:
    plane = clouds.ControlPlane(ENDPOINT, ENDPOINT, "a", ENDPOINT, "local", ("127.0.0.1:8443",))
    assert plane.trusts(f"{ENDPOINT}/x")
    assert not plane.trusts("https://127.0.0.1:9999/x")
    assert plane.trusting("https://data.example:1/p", "Other.example").trusts("https://data.example:1/q")
    assert plane.trusting("Other.example").trusts("https://other.example:7/")
