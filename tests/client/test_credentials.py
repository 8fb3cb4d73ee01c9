"""Every way to authenticate, in both colours: azure-identity's own classes against a login service on this machine."""

from __future__ import annotations

import stat
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import azure.identity
import azure.identity.aio
import pytest

from airflow_azureml.client import Limits
from airflow_azureml.client.credentials import CREDENTIALS, make
from airflow_azureml.hooks.connection import AUTH_NEEDS
from airflow_azureml.rest.clouds import CLOUDS
from airflow_azureml.rest.errors import (
    AuthenticationError,
    SettingsError,
)
from airflow_azureml.rest.flow import Call, Reply
from airflow_azureml.rest.settings import Settings
from tests.client.conftest import THING, WORKSPACE, Drive
from tests.client.stub import Answer, Stub, claims_of


def form(stub: Stub) -> dict[str, str]:
    """What the login service was sent last."""
    body = next(seen.body for seen in reversed(stub.seen) if seen.path.endswith("/oauth2/v2.0/token"))
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def refused(code: int, text: str) -> Answer:
    body = {
        "error": "invalid_client",
        "error_description": f"AADSTS{code}: {text} Trace ID: 1-2-3",
        "error_codes": [code],
    }
    return Answer(401, body)


def test_a_client_secret(drive: Drive, stub: Stub) -> None:
    drive(THING)
    sent = form(stub)
    assert (sent["client_id"], sent["client_secret"]) == ("client-1", "s3cret-value")
    assert sent["scope"] == f"{stub.url}/.default"
    assert any(seen.path.startswith("/tenant-1/") for seen in stub.seen)


def test_a_certificate_with_a_password(drive: Drive, stub: Stub, certificate: Path) -> None:
    drive(
        THING,
        auth="client_certificate",
        client_secret=None,
        certificate_path=str(certificate),
        certificate_password="k3y-password",
    )
    assert form(stub)["client_assertion"].count(".") == 2


def test_a_workload_identity(drive: Drive, stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("token-of-the-pod")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    drive(THING, auth="workload_identity", client_secret=None, workload_identity_tenant_id="tenant-2")
    assert form(stub)["client_assertion"] == "token-of-the-pod"
    assert any(seen.path.startswith("/tenant-2/") for seen in stub.seen)


def test_a_managed_identity(drive: Drive, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{stub.url}/msi/identity")
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    answer = {"access_token": "a.e30.c", "expires_on": str(int(time.time()) + 3600), "token_type": "Bearer"}
    stub.script("/msi/identity", Answer(value={**answer, "resource": stub.url}))
    drive(THING, auth="managed_identity", client_secret=None, managed_identity_client_id="identity-1")
    (asked,) = stub.requests("/msi/")
    assert "identity-1" in asked.path
    assert stub.requests("/thing")[0].headers["Authorization"] == "Bearer a.e30.c"


def test_the_default_credential(drive: Drive, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TENANT_ID": "tenant-3", "CLIENT_ID": "client-3", "CLIENT_SECRET": "secret-3"}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    drive(THING, auth="default", client_secret=None, client_id=None)
    assert form(stub)["client_id"] == "client-3"


def test_the_azure_command_line(drive: Drive, stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "az"
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {tmp_path}/asked\n'
        'echo \'{"accessToken": "from.e30.az", "expiresOn": "2999-01-01 00:00:00.0", "expires_on": 32472144000}\'\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    drive(THING, auth="azure_cli", client_secret=None)
    assert stub.requests("/thing")[0].headers["Authorization"] == "Bearer from.e30.az"
    assert "--tenant tenant-1" in (tmp_path / "asked").read_text()


@pytest.mark.parametrize("auth", CREDENTIALS)
@pytest.mark.parametrize("library", [azure.identity, azure.identity.aio])
def test_each_word_makes_azure_identitys_own_class(
    auth: str, library: Any, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("x")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    settings = Settings(
        WORKSPACE,
        auth=auth,
        tenant_id="t",
        client_id="c",
        client_secret="s",
        certificate_path=str(certificate),
        certificate_password="k3y-password",
    )
    made = make(library, settings, CLOUDS["usgov"], Limits())
    assert type(made) is getattr(library, CREDENTIALS[auth].name)


def test_connections_and_credentials_know_the_same_words() -> None:
    assert list(AUTH_NEEDS) == list(CREDENTIALS)


@pytest.mark.parametrize(
    ("code", "text", "field"),
    [
        (7000215, "Invalid client secret provided.", "`password`"),
        (7000222, "The provided client secret keys are expired.", "`password`"),
        (700016, "Application was not found in the directory.", "`login`"),
        (90002, "Tenant was not found.", "`tenant_id`"),
        (12345, "Something new.", "`login`, `password` and `tenant_id`"),
    ],
)
def test_a_refused_credential_fails_at_once_and_names_the_field(
    drive: Drive, stub: Stub, code: int, text: str, field: str
) -> None:
    stub.token_answer = refused(code, text)
    began = time.monotonic()
    with pytest.raises(AuthenticationError) as caught:
        drive(THING, limits=Limits(retries=6))
    said = str(caught.value)
    assert time.monotonic() - began < 10, "six retries would take twice as long at least"
    assert f"AADSTS{code}: {text}" in said
    assert field in said.partition("Check the connection's")[2]
    assert "s3cret-value" not in said
    assert "Trace ID" not in said
    assert stub.tokens == 1
    assert stub.lines() == []


def test_a_secret_that_the_login_service_repeats_is_not_shown(drive: Drive, stub: Stub) -> None:
    stub.token_answer = refused(1, "You sent s3cret-value.")
    with pytest.raises(AuthenticationError) as caught:
        drive(THING)
    assert "You sent ***." in str(caught.value)


def test_a_credential_that_is_not_there_is_told(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(AuthenticationError, match=r"auth='azure_cli'.*`az login`"):
        drive(THING, auth="azure_cli", client_secret=None)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"auth": "magic"}, "auth: 'magic' is not a way to sign in. Accepted: default, client_secret"),
        ({"auth": "client_certificate", "certificate_path": "/nowhere.pem"}, "nowhere.pem"),
        ({"auth": "client_secret", "tenant_id": None}, "tenant"),
        (
            {"auth": "workload_identity", "client_id": None, "tenant_id": None},
            "'workload_identity' cannot be used",
        ),
    ],
)
def test_settings_that_no_credential_can_be_made_of_are_told(drive: Drive, changes: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingsError, match=text):
        drive(THING, **changes)


def test_a_wrong_certificate_password_is_told_without_it(drive: Drive, certificate: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        drive(
            THING,
            auth="client_certificate",
            certificate_path=str(certificate),
            certificate_password="wr0ng-password",
        )
    assert "auth='client_certificate' cannot be used" in str(caught.value)
    assert "`certificate_path` and `password`." in str(caught.value)
    assert "wr0ng-password" not in str(caught.value)


def test_tokens_of_the_two_audiences_are_kept_apart(drive: Drive, stub: Stub) -> None:
    def flow() -> Any:
        for _ in range(2):
            yield from THING
            yield from Call("PUT", "/thing", Reply.json, body={}, user_token=True)

    drive(flow())
    assert stub.tokens == 2
    audiences = {claims_of(seen.headers["Authorization"])["aud"] for seen in stub.requests("/thing")}
    assert len(audiences) == 1


def test_no_secret_in_the_settings_repr() -> None:
    settings = Settings(WORKSPACE, client_secret="s3cret-value", certificate_password="k3y-password")
    assert "s3cret" not in repr(settings)
    assert "k3y" not in repr(settings)
