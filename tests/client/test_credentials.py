"""Every way to authenticate, in both colours: azure-identity's own classes against a login service on this machine."""

from __future__ import annotations

import asyncio
import datetime
import json
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import azure.identity
import azure.identity.aio
import pytest
from azure.core.pipeline.policies._retry import RetryPolicyBase
from azure.identity._credentials import imds
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from airflow_azureml.client import AsyncMLClient, Limits, MLClient
from airflow_azureml.client.credentials import CREDENTIALS, make
from airflow_azureml.client.interruption import Interrupted
from airflow_azureml.client.login_exchange import Exchange
from airflow_azureml.hooks.connection import AUTH_NEEDS
from airflow_azureml.lifecycle.batch.ambiguous_post import was_not_sent
from airflow_azureml.rest.clouds import CLOUDS
from airflow_azureml.rest.errors import (
    AuthenticationError,
    SettingsError,
    TransientError,
    TransientServiceError,
    UnreachableError,
)
from airflow_azureml.rest.flow import Call, Reply
from airflow_azureml.rest.settings import Settings
from airflow_azureml.rest.times import retry_after
from tests.client.conftest import WORKSPACE, Drive, run_in
from tests.client.stub import DROP, Answer, Stub, claims_of, running

THING: Call[Any] = Call("GET", "/thing", Reply.json)


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


@pytest.fixture(scope="module")
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


NOW_NOT = [
    Answer(429, b""),
    Answer(429, {"error": "temporarily_unavailable", "error_description": "AADSTS90055: Too many requests."}),
    Answer(429, b"<html>slow down</html>"),
    Answer(408, b""),
    Answer(500, {"error": "server_error", "error_description": "AADSTS50000: An issue."}),
    Answer(503, b""),
    Answer(400, {"error": "temporarily_unavailable", "error_description": "AADSTS90033: The directory is away."}),
    Answer(401, {"error": "invalid_request", "error_description": "AADSTS90055: Blocked.", "error_codes": [90055]}),
]
NO_RETRIES = Limits(retries=0, throttled=0)


@pytest.fixture
def sign_in(
    stub: Stub, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], dict[str, Any]]:
    """Changes of the connection and of the environment with which each way to authenticate asks the stub."""
    (tmp_path / "token").write_text("token-of-the-pod")
    ways: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
        "client_secret": ({}, {}),
        "client_certificate": (
            {},
            {"certificate_path": str(certificate), "certificate_password": "k3y-password", "client_secret": None},
        ),
        "workload_identity": ({"AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token")}, {}),
        "managed_identity": ({"AZURE_POD_IDENTITY_AUTHORITY_HOST": stub.url}, {}),
        "app service": ({"IDENTITY_ENDPOINT": f"{stub.url}/msi/token", "IDENTITY_HEADER": "x"}, {}),
        "default": ({"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"}, {}),
        "default of a pod": (
            {
                "AZURE_TENANT_ID": "t",
                "AZURE_CLIENT_ID": "c",
                "AZURE_AUTHORITY_HOST": stub.url,
                "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
            },
            {},
        ),
        "default of a machine": ({"AZURE_POD_IDENTITY_AUTHORITY_HOST": stub.url}, {}),
    }

    def choose(way: str) -> dict[str, Any]:
        environment, changes = ways[way]
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        auth = "managed_identity" if way == "app service" else way.partition(" of ")[0]
        return {"auth": auth, **changes}

    monkeypatch.setenv("PATH", "/nowhere")  # no command lines of Azure
    # The machine's identity service is asked for more than a minute by azure-identity itself.
    monkeypatch.setitem(imds.PIPELINE_SETTINGS, "retry_total", 0)
    monkeypatch.setattr(RetryPolicyBase, "BACKOFF_MAX", 0)
    return choose


WAYS = [
    "client_secret",
    "client_certificate",
    "workload_identity",
    "managed_identity",
    "app service",
    "default",
    "default of a pod",
    "default of a machine",
]


@pytest.mark.parametrize("answer", [NOW_NOT[0], NOW_NOT[-1]], ids=["429", "AADSTS90055"])
@pytest.mark.parametrize("way", WAYS)
def test_a_login_service_that_is_throttled_or_out_of_order_may_pass(
    drive: Drive, stub: Stub, sign_in: Callable[[str], dict[str, Any]], way: str, answer: Answer
) -> None:
    changes = sign_in(way)
    stub.token_answer = Answer(answer.status, answer.value, {"Retry-After": "0"})
    with pytest.raises(TransientServiceError) as caught:
        drive(THING, limits=NO_RETRIES, **changes)
    assert caught.value.reply.status == answer.status
    assert was_not_sent(caught.value), "the request that wanted the token"
    assert stub.requests("/thing") == []


@pytest.mark.parametrize("answer", NOW_NOT, ids=lambda answer: f"{answer.status}-{str(answer.value)[:40]}")
def test_an_answer_says_whether_it_may_pass(answer: Answer) -> None:
    body = answer.value if isinstance(answer.value, bytes) else json.dumps(answer.value).encode()
    assert Exchange("https://login/t", Reply(answer.status, {}, body, url="https://login/t")).may_pass()


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"7", b"busy"])
@pytest.mark.parametrize(
    ("status", "kind"), [(429, TransientServiceError), (400, AuthenticationError), (200, AuthenticationError)]
)
def test_an_answer_without_an_object_counts_by_its_status(
    drive: Drive, stub: Stub, body: bytes, status: int, kind: type[Exception]
) -> None:
    # Some of them end in a bare TypeError in azure-identity's coroutines: which, depends on its version.
    stub.token_answer = Answer(status, body, {"Retry-After": "0"})
    with pytest.raises(kind, match="127.0.0.1" if status == 429 else "client_secret"):
        drive(THING, limits=NO_RETRIES)
    assert stub.requests("/thing") == []


def test_a_mistake_before_any_answer_is_no_refusal() -> None:
    answered = Exchange("https://login/t", Reply(200, {}, b"7", url="https://login/t"))
    assert answered.explains(TypeError())
    assert not Exchange("https://login/t").explains(TypeError())


@pytest.mark.parametrize("way", WAYS)
def test_a_refused_identity_fails_at_once(
    drive: Drive, stub: Stub, sign_in: Callable[[str], dict[str, Any]], way: str
) -> None:
    changes = sign_in(way)
    stub.token_answer = Answer(400, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid secret."})
    began = time.monotonic()
    with pytest.raises(AuthenticationError):
        drive(THING, **changes)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("way", ["managed_identity", "default of a machine"])
def test_an_identity_service_that_is_updating_may_pass(
    drive: Drive, stub: Stub, sign_in: Callable[[str], dict[str, Any]], way: str, status: int
) -> None:
    changes = sign_in(way)
    stub.token_answer = Answer(status, {"error": "not_ready"})
    with pytest.raises(TransientServiceError, match=str(status)):
        drive(THING, limits=NO_RETRIES, **changes)


@pytest.mark.parametrize("way", WAYS)
def test_a_login_service_that_hangs_up_may_pass_whoever_asks(
    drive: Drive, stub: Stub, sign_in: Callable[[str], dict[str, Any]], way: str
) -> None:
    changes = sign_in(way)
    stub.token_answer = DROP
    expected = AuthenticationError if way == "default of a machine" else TransientError
    with pytest.raises(expected):
        drive(THING, limits=NO_RETRIES, **changes)


def test_a_worker_rides_out_what_may_pass_as_late_as_it_is_asked_to(stub: Stub, settings: Settings) -> None:
    # A plain 400 with its words is what msal keeps for a minute, and 429 for as long as it asks.
    stub.token_answers = [
        Answer(429, b"", {"Retry-After": "2"}),
        Answer(400, {"error": "temporarily_unavailable", "error_description": "AADSTS90055: Too many."}),
    ]
    began = time.monotonic()
    run_in("sync", settings, THING)
    assert time.monotonic() - began >= 2 + 2
    assert stub.tokens == 3
    assert len(stub.requests("GET /thing")) == 1


def test_a_worker_gives_up_at_once_where_it_is_asked_for_too_long_a_wait(stub: Stub, settings: Settings) -> None:
    stub.token_answer = Answer(429, b"", {"Retry-After": "3600"})
    began = time.monotonic()
    with pytest.raises(TransientServiceError) as caught:
        run_in("sync", settings, THING)
    assert time.monotonic() - began < 60
    assert retry_after(caught.value.reply) == 3600


def test_a_task_told_to_end_waits_for_no_token(stub: Stub, settings: Settings) -> None:
    stub.token_answer = Answer(429, b"", {"Retry-After": "60"})
    stop = threading.Event()
    threading.Timer(1, stop.set).start()
    began = time.monotonic()
    with MLClient(settings) as client, pytest.raises(Interrupted):
        client.run(THING, stop=stop)
    assert time.monotonic() - began < 10


def test_whoever_waits_in_the_triggerer_is_told_how_long(stub: Stub, settings: Settings) -> None:
    stub.token_answer = Answer(429, b"", {"Retry-After": "70"})
    began = time.monotonic()
    with pytest.raises(TransientServiceError) as caught:
        run_in("async", settings, THING)
    assert time.monotonic() - began < 60
    assert retry_after(caught.value.reply) == 70


async def test_nobody_asks_a_login_service_that_wants_to_be_left_alone(stub: Stub, settings: Settings) -> None:
    stub.token_answers = [Answer(429, b"", {"Retry-After": "2"})]
    async with AsyncMLClient(settings, NO_RETRIES) as client:
        for _ in range(3):
            with pytest.raises(TransientServiceError) as caught:
                await client.run(THING)
            assert retry_after(caught.value.reply) == 2
        assert stub.tokens == 1
        await asyncio.sleep(2.1)
        await client.run(THING)
    assert stub.tokens == 2


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("ERROR: HTTPSConnectionPool(host='login', port=443): Max retries exceeded with url: /", UnreachableError),
        ("ERROR: AADSTS90055: There are too many incoming requests.", UnreachableError),
        ("ERROR: temporarily_unavailable", UnreachableError),
        ("ERROR: AADSTS7000215: Invalid client secret provided.", AuthenticationError),
        ("ERROR: Please run 'az login' to setup account.", AuthenticationError),
    ],
)
def test_what_the_azure_command_line_says(
    drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, kind: type[Exception]
) -> None:
    program = tmp_path / "az"
    program.write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 1\n')
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(kind):
        drive(THING, auth="azure_cli", client_secret=None)


def test_an_azure_command_line_that_takes_too_long_may_pass(
    drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "az"
    program.write_text("#!/bin/sh\nexec sleep 30\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    row = CREDENTIALS["azure_cli"]
    impatient = row._replace(arguments=lambda s: {**row.arguments(s), "process_timeout": 1})
    monkeypatch.setitem(CREDENTIALS, "azure_cli", impatient)
    with pytest.raises(UnreachableError):
        drive(THING, auth="azure_cli", client_secret=None)


def test_a_login_service_that_hangs_up_may_pass(drive: Drive, stub: Stub) -> None:
    stub.token_answer = DROP
    with pytest.raises(TransientError, match=rf"127\.0\.0\.1:{stub.port}"):
        drive(THING, limits=NO_RETRIES)


def test_a_login_service_that_cannot_be_reached_is_named(
    drive: Drive, stub: Stub, tmp_path: Path, authority: Any
) -> None:
    (tmp_path / "other").mkdir()
    with running(tmp_path / "other", authority) as other:
        gone = other.url
    began = time.monotonic()
    with pytest.raises(UnreachableError) as caught:
        drive(THING, authority=gone, ml_audience="https://ml.azure.stub")
    assert str(caught.value).startswith(f"{gone.removeprefix('https://')} cannot be reached: Connection refused")
    assert time.monotonic() - began < 15


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
