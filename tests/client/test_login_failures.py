"""A login service, a machine or a command line that gives no token: what may pass, what does not, and what is told."""

from __future__ import annotations

import asyncio
import json
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.core.pipeline.policies._retry import RetryPolicyBase
from azure.identity._credentials import imds

from airflow_azureml.client import AsyncMLClient, Limits, MLClient
from airflow_azureml.client.credentials import CREDENTIALS
from airflow_azureml.client.interruption import Interrupted
from airflow_azureml.client.login_exchange import Exchange
from airflow_azureml.lifecycle.batch.ambiguous_post import was_not_sent
from airflow_azureml.rest.errors import (
    AuthenticationError,
    TransientError,
    TransientServiceError,
    UnreachableError,
)
from airflow_azureml.rest.flow import Reply
from airflow_azureml.rest.settings import Settings
from airflow_azureml.rest.times import retry_after
from tests.client.conftest import THING, Drive, run_in
from tests.client.stub import DROP, Answer, Stub, running

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
