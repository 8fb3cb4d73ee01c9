"""What happens to one request: how often it is sent, what goes with it, and how its failures are told."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from airflow_azureml import __version__
from airflow_azureml.client import Limits, MLClient
from airflow_azureml.rest.errors import (
    AzureMLError,
    NoAnswerError,
    ServiceError,
    SettingsError,
    TransientServiceError,
    UnreachableError,
)
from airflow_azureml.rest.flow import Call, Plane, Reply
from airflow_azureml.rest.settings import Settings
from tests.client.conftest import Drive
from tests.client.proxy import Proxy
from tests.client.stub import DROP, TRUNCATE, Answer, Stub, claims_of, running

SOON = {"Retry-After": "1"}


def call(method: str, path: str = "/thing", **options: Any) -> Call[Any]:
    return Call(method, path, Reply.json, **options)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("status", [408, 429, 500, 503, 409])
def test_a_call_that_must_not_happen_twice_is_sent_once(drive: Drive, stub: Stub, method: str, status: int) -> None:
    stub.script("/thing", Answer(status, {"error": {"code": "Busy", "message": "later"}}, SOON))
    with pytest.raises(ServiceError):
        drive(call(method, body={}))
    assert len(stub.lines("/thing")) == 1


def test_a_put_marked_as_not_repeatable_is_sent_once(drive: Drive, stub: Stub) -> None:
    stub.script("/thing", Answer(500, {}, SOON))
    with pytest.raises(TransientServiceError):
        drive(call("PUT", body={}, repeatable=False))
    assert len(stub.lines("/thing")) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 530])
def test_a_get_is_repeated(drive: Drive, stub: Stub, status: int) -> None:
    stub.script("/thing", Answer(status), Answer(200, {"fine": True}))
    assert drive(call("GET")) == {"fine": True}
    assert len(stub.lines("/thing")) == 2


@pytest.mark.parametrize("status", [408, 429, 502, 503])
def test_a_question_asked_by_post_is_repeated(drive: Drive, stub: Stub, status: int) -> None:
    stub.script("/thing", Answer(status), Answer(200, {"fine": True}))
    assert drive(call("POST", body={"a": 1}, repeatable=True)) == {"fine": True}
    assert [seen.body for seen in stub.requests("/thing")] == [b'{"a": 1}'] * 2


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_is_not_repeated(drive: Drive, stub: Stub, status: int) -> None:
    stub.script("/thing", Answer(status, {"error": {"code": "No", "message": "never"}}))
    with pytest.raises(ServiceError, match="never"):
        drive(call("GET"))
    assert len(stub.lines("/thing")) == 1


def test_retry_after_is_waited_for(drive: Drive, stub: Stub) -> None:
    stub.script("/thing", Answer(429, {}, SOON), Answer(200, {"fine": True}))
    drive(call("GET"))
    first, second = stub.requests("/thing")
    assert second.at - first.at >= 1


def test_a_long_retry_after_is_left_to_the_flow(drive: Drive, stub: Stub) -> None:
    stub.script("/thing", Answer(429, {}, {"Retry-After": "3600"}))
    began = time.monotonic()
    with pytest.raises(TransientServiceError) as caught:
        drive(call("GET"))
    assert caught.value.reply.header("retry-after") == "3600"
    assert len(stub.lines("/thing")) == 1
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("told", ["soon", "-5", ""])
def test_a_retry_after_that_makes_no_sense_does_no_harm(drive: Drive, stub: Stub, told: str) -> None:
    stub.script("/thing", Answer(503, {}, {"Retry-After": told}), Answer(200, {"fine": True}))
    assert drive(call("GET")) == {"fine": True}


def test_failures_that_stay_are_given_up(drive: Drive, stub: Stub) -> None:
    stub.script("/thing", Answer(503, {"error": {"code": "Busy", "message": "overloaded"}}))
    with pytest.raises(TransientServiceError, match="overloaded"):
        drive(call("GET"), limits=Limits(retries=1))
    assert len(stub.lines("/thing")) == 2


@pytest.mark.parametrize("how", [DROP, TRUNCATE])
def test_a_connection_that_breaks_may_have_reached_the_server(drive: Drive, stub: Stub, how: str) -> None:
    stub.script("/thing", how)
    with pytest.raises(NoAnswerError, match=rf"127\.0\.0\.1:{stub.port} "):
        drive(call("POST", body={}))
    assert len(stub.lines("/thing")) == 1


def test_a_get_survives_a_broken_connection(drive: Drive, stub: Stub) -> None:
    stub.script("/thing", DROP, Answer(200, {"fine": True}))
    assert drive(call("GET")) == {"fine": True}


def test_a_silent_server_gave_no_answer(drive: Drive, stub: Stub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/log"
        with pytest.raises(NoAnswerError):
            drive(call("GET", address, plane=Plane.SIGNED), limits=Limits(read=0.2, retries=0))


def test_nobody_at_the_address_is_told_with_host_and_port(drive: Drive, stub: Stub) -> None:
    stub.close()
    try:
        with pytest.raises(UnreachableError) as caught:
            drive(call("GET"), limits=Limits(retries=1))
        assert str(caught.value) == (
            f"127.0.0.1:{stub.port} cannot be reached: Connection refused. Nothing was sent."
            " Is the emulator running? Start it with `azureml-emulator start`."
        )
    finally:
        stub.server.socket.close()


def test_an_emulator_that_does_not_run_is_told_at_once(drive: Drive, stub: Stub) -> None:
    """No retry makes it start: azure-core's own would take seconds for each request."""
    stub.close()
    began = time.monotonic()
    try:
        with pytest.raises(UnreachableError, match="Is the emulator running"):
            drive(call("GET"), limits=Limits(retries=6))
        assert time.monotonic() - began < 10, "six retries would take twice as long at least"
    finally:
        stub.server.socket.close()


def test_an_unknown_host_is_told(drive: Drive) -> None:
    with pytest.raises(UnreachableError, match=r"nowhere\.invalid:443 cannot be reached"):
        drive(call("GET", "https://nowhere.invalid/x", plane=Plane.OPEN), limits=Limits(retries=0))


def test_a_foreign_certificate_is_told_with_the_field_to_set(
    drive: Drive, stub: Stub, tmp_path: Path, authority: trustme.CA
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    with pytest.raises(UnreachableError, match=r"certificate is not trusted.*extra `verify`"):
        drive(call("GET"), verify=str(other), limits=Limits(retries=0))
    assert stub.seen == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_both_colours_take_the_roots_of_either_variable(
    drive: Drive, stub: Stub, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(stub.ca_file))
    assert drive(call("GET"), verify=None) == {}


def test_a_missing_bundle_is_told(drive: Drive, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"verify: .*missing\.pem"):
        drive(call("GET"), verify=str(tmp_path / "missing.pem"))


NO_BUNDLES = {
    "another file": ("hello\n", "holds no certificate"),
    "an empty one": ("", "holds no certificate"),
    "a broken certificate": ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
}


@pytest.mark.parametrize(("text", "reason"), NO_BUNDLES.values(), ids=NO_BUNDLES)
def test_a_file_without_roots_is_told(drive: Drive, stub: Stub, tmp_path: Path, text: str, reason: str) -> None:
    """The libraries would call it a fault of the login service, which is retried."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(text)
    with pytest.raises(SettingsError, match=rf"^verify: .*bundle\.pem' {reason}.* Accepted: the path of a CA bundle"):
        drive(call("GET"), verify=str(bundle))
    assert stub.seen == []


@pytest.mark.parametrize(("text", "reason"), NO_BUNDLES.values(), ids=NO_BUNDLES)
def test_a_variable_that_names_no_roots_is_told(
    drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    (tmp_path / "bundle.pem").write_text(text)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "bundle.pem"))
    with pytest.raises(SettingsError, match=rf"^REQUESTS_CA_BUNDLE: .* {reason}"):
        drive(call("GET"), verify=None)


def test_a_redirect_is_not_followed(drive: Drive, stub: Stub, tmp_path: Path, authority: trustme.CA) -> None:
    (tmp_path / "other").mkdir()
    with running(tmp_path / "other", authority) as other:
        stub.script("/thing", Answer(307, {}, {"Location": f"{other.url}/elsewhere"}))
        with pytest.raises(AzureMLError):
            drive(call("GET"))
        assert other.seen == []
    assert len(stub.lines("/thing")) == 1


def test_what_goes_with_a_request(drive: Drive, stub: Stub) -> None:
    punctuation = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum())
    drive(call("GET", query={"$top": "1", "q": f"a b&c é {punctuation}"}, headers={"X-Own": "1"}))
    (seen,) = stub.requests("/thing")
    headers = {name.lower(): value for name, value in seen.headers.items()}
    escaped = "!%22%23$%25%26'()*%2B,-./:%3B%3C%3D%3E?@%5B%5C%5D%5E_%60%7B%7C%7D~"
    assert seen.path == f"/thing?$top=1&q=a%20b%26c%20%C3%A9%20{escaped}&api-version=2025-12-01"
    assert headers["user-agent"] == f"airflow-provider-azureml/{__version__}"
    assert len(headers["x-ms-client-request-id"]) == 36
    assert headers["accept"] == "application/json"
    assert headers["x-own"] == "1"
    assert claims_of(headers["authorization"])["aud"].endswith("%2F.default")


def test_the_api_version_can_be_chosen(drive: Drive, stub: Stub) -> None:
    drive(call("GET", query={"api-version": "2024-01-01-preview"}))
    drive(call("GET", f"{stub.url}/thing?api-version=2023-10-01&skip=2"), api_version="2022-05-01")
    assert stub.lines("/thing") == [
        "GET /thing?api-version=2024-01-01-preview",
        "GET /thing?api-version=2023-10-01&skip=2",
    ]


def test_the_users_own_token_goes_along_where_it_is_asked_for(drive: Drive, stub: Stub) -> None:
    drive(call("PUT", body={}, user_token=True))
    drive(call("PUT", body={}))
    first, second = ({name.lower(): value for name, value in seen.headers.items()} for seen in stub.requests("/thing"))
    assert claims_of(first["x-azureml-token"])["aud"] == "https%3A%2F%2Fml.azure.stub%2F.default"
    assert "x-azureml-token" not in second


def test_signed_addresses_get_no_token(drive: Drive, stub: Stub) -> None:
    drive(call("GET", f"{stub.url}/log?sig=abc%2Fdef", plane=Plane.SIGNED))
    (seen,) = stub.requests("/log")
    assert "authorization" not in {name.lower() for name in seen.headers}
    assert stub.tokens == 0


def test_no_signature_in_a_message(drive: Drive, stub: Stub) -> None:
    stub.script("/log", Answer(404, {}), DROP)
    for _ in range(2):
        with pytest.raises(AzureMLError) as caught:
            drive(call("GET", f"{stub.url}/log?sig=abcdefgh", plane=Plane.SIGNED), limits=Limits(retries=0))
        assert "abcdefgh" not in str(caught.value)


def test_a_token_that_is_about_to_expire_is_renewed(drive: Drive, stub: Stub) -> None:
    stub.token_life = 1

    def twice() -> Any:
        yield from call("GET")
        time.sleep(1.1)
        yield from call("GET")

    drive(twice())
    numbers = [claims_of(seen.headers["Authorization"])["number"] for seen in stub.requests("/thing")]
    assert len(set(numbers)) == 2


def test_a_proxy_that_refuses_sent_nothing(drive: Drive, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(refuses=True) as proxy:
        for name in ("NO_PROXY", "no_proxy", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//user:pr0xy-secret@"))
        with pytest.raises(UnreachableError) as caught:
            drive(call("GET"), limits=Limits(retries=0))
    assert "pr0xy-secret" not in str(caught.value)
    assert stub.seen == []


def test_a_proxy_is_used(drive: Drive, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy() as proxy:
        for name in ("NO_PROXY", "no_proxy", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert drive(call("GET")) == {}
        assert f"127.0.0.1:{stub.port}" in proxy.asked


def test_a_proxy_that_is_named_later_is_used(drive: Drive, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(proxy: Proxy) -> Any:
        yield from call("GET")
        assert proxy.asked == []
        for name in ("NO_PROXY", "no_proxy", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        yield from call("GET")

    with Proxy() as proxy:
        drive(meanwhile(proxy))
        assert f"127.0.0.1:{stub.port}" in proxy.asked


def test_the_environment_is_looked_at_once_for_each_host(
    settings: Settings, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    find = requests.utils.get_environ_proxies

    def found(url: str, no_proxy: str | None = None) -> dict[str, str]:
        asked.append(url)
        return find(url, no_proxy)

    monkeypatch.setattr("requests.sessions.get_environ_proxies", found)
    with MLClient(settings) as client:
        client.run(call("GET"))
        first = len(asked)
        for _ in range(3):
            client.run(call("GET"))
    assert len(stub.requests("/thing")) == 4
    assert len(asked) == first
