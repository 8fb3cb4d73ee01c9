"""Tokens: real azure-identity credentials against the authority, its refusals, and what each plane demands."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import azure.identity.aio
import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from azureml_emulator.core.settings import load_settings
from azureml_emulator.identity.tokens import Tokens
from tests.emulator_fixture import RunningEmulator

STORAGE = "https://storage.azure.com"


def read(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


@pytest.mark.parametrize(
    "audience", ["", "https://ml.azure.local", "https://ml.azure.com", STORAGE, "https://management.azure.com"]
)
def test_a_client_secret_gets_a_token_for_the_audience_it_asked_for(
    emulator: RunningEmulator, credential: ClientSecretCredential, audience: str
) -> None:
    audience = audience or emulator["endpoint"]
    token = credential.get_token(f"{audience}/.default")
    claims = read(token.token)
    assert claims["aud"] == audience
    assert claims["tid"] == emulator["tenant_id"]
    assert claims["exp"] == pytest.approx(time.time() + 86399, abs=60)
    assert token.expires_on == pytest.approx(claims["exp"], abs=60)


def test_the_signature_is_that_of_the_published_key(
    emulator: RunningEmulator, credential: ClientSecretCredential
) -> None:
    base = f"{emulator['authority']}/{emulator['tenant_id']}"
    configuration = requests.get(f"{base}/v2.0/.well-known/openid-configuration", verify=emulator["ca_bundle"]).json()
    keys = jwt.PyJWKSet.from_dict(requests.get(configuration["jwks_uri"], verify=emulator["ca_bundle"]).json())
    token = credential.get_token(f"{emulator['endpoint']}/.default").token
    key = next(key for key in keys.keys if key.key_id == jwt.get_unverified_header(token)["kid"])
    claims = jwt.decode(token, key.key, algorithms=["RS256"], audience=emulator["endpoint"])
    assert claims["iss"] == configuration["issuer"]


ASYNCHRONOUS = """
import asyncio, sys, azure.identity.aio
async def main():
    kind = getattr(azure.identity.aio, sys.argv[1])
    async with kind(disable_instance_discovery=True) as credential:
        print((await credential.get_token("https://storage.azure.com/.default")).token)
asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["DefaultAzureCredential", "EnvironmentCredential", "WorkloadIdentityCredential"])
def test_a_process_that_is_told_what_env_prints_gets_one(kind: str, emulator: RunningEmulator, tmp_path: Path) -> None:
    """Asynchronous credentials; aiohttp reads SSL_CERT_FILE once, when it is imported: hence a process."""
    file = tmp_path / "federated"
    file.write_text("any text")
    environment = {**os.environ, **emulator.env}
    if kind == "WorkloadIdentityCredential":
        environment["AZURE_FEDERATED_TOKEN_FILE"] = str(file)
    command = [sys.executable, "-c", ASYNCHRONOUS, kind]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60)
    assert read(done.stdout.strip())["aud"] == STORAGE


async def test_the_asynchronous_credential_gets_one(emulator: RunningEmulator, emulator_environment: object) -> None:
    async with azure.identity.aio.ClientSecretCredential(
        emulator["tenant_id"],
        emulator["client_id"],
        emulator["client_secret"],
        disable_instance_discovery=True,
        connection_verify=emulator["ca_bundle"],
    ) as credential:
        token = await credential.get_token(f"{emulator['endpoint']}/.default")
    assert read(token.token)["aud"] == emulator["endpoint"]


@pytest.mark.parametrize("kind", [EnvironmentCredential, DefaultAzureCredential])
def test_credentials_from_the_environment_get_one(
    kind: Any, emulator: RunningEmulator, emulator_environment: object
) -> None:
    token = kind(disable_instance_discovery=True).get_token(f"{emulator['endpoint']}/.default")
    assert read(token.token)["aud"] == emulator["endpoint"]


def test_a_federated_token_is_taken(emulator: RunningEmulator, emulator_environment: object, tmp_path: Path) -> None:
    file = tmp_path / "federated"
    file.write_text("any text")
    credential = WorkloadIdentityCredential(
        tenant_id=emulator["tenant_id"],
        client_id=emulator["client_id"],
        token_file_path=str(file),
        disable_instance_discovery=True,
    )
    assert read(credential.get_token(f"{STORAGE}/.default").token)["aud"] == STORAGE


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    today = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, today, today + timedelta(days=1))
    made = builder.sign(key, hashes.SHA256())
    file = tmp_path / "client.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("send_chain", [False, True])
def test_a_certificate_is_taken(
    send_chain: bool, emulator: RunningEmulator, emulator_environment: object, certificate: Path
) -> None:
    credential = CertificateCredential(
        emulator["tenant_id"],
        emulator["client_id"],
        str(certificate),
        send_certificate_chain=send_chain,
        disable_instance_discovery=True,
    )
    assert read(credential.get_token(f"{STORAGE}/.default").token)["aud"] == STORAGE


def test_a_certificate_assertion_for_another_client_is_refused(emulator: RunningEmulator, certificate: Path) -> None:
    key = serialization.load_pem_private_key(certificate.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    claims = {"aud": emulator["tenant_id"], "iss": "another", "sub": "another", "exp": time.time() + 60}
    assertion = jwt.encode(claims, key, algorithm="RS256", headers={"x5t": "AAAA"})
    answer = ask(emulator, client_secret=None, client_assertion=assertion)
    assert (answer.status_code, answer.json()["error_codes"]) == (401, [700023])


MANAGED = {
    "virtual machine": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "{endpoint}"},
    "app service": {"IDENTITY_ENDPOINT": "{endpoint}/msi/token", "IDENTITY_HEADER": "any"},
    "cloud shell": {"MSI_ENDPOINT": "{endpoint}/msi/token"},
    "azure ml compute": {"MSI_ENDPOINT": "{endpoint}/msi/token", "MSI_SECRET": "any"},
}


@pytest.mark.parametrize("place", MANAGED)
def test_managed_identities_get_one(
    place: str, emulator: RunningEmulator, emulator_environment: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in MANAGED[place].items():
        monkeypatch.setenv(name, value.format(endpoint=emulator["endpoint"]))
    claims = read(ManagedIdentityCredential().get_token(f"{emulator['endpoint']}/.default").token)
    assert claims["aud"] == emulator["endpoint"]


def test_a_managed_identity_of_another_client_id_is_refused(emulator: RunningEmulator) -> None:
    url = f"{emulator['endpoint']}/metadata/identity/oauth2/token"
    query = {"api-version": "2018-02-01", "resource": STORAGE}
    wrong = requests.get(
        url, {**query, "client_id": "other"}, headers={"Metadata": "true"}, verify=emulator["ca_bundle"]
    )
    assert (wrong.status_code, wrong.json()["error_description"]) == (400, "Identity not found")
    assert requests.get(url, query, verify=emulator["ca_bundle"]).status_code == 400


def ask(emulator: RunningEmulator, tenant: str | None = None, **changes: str | None) -> requests.Response:
    form: dict[str, str | None] = {
        "grant_type": "client_credentials",
        "client_id": emulator["client_id"],
        "client_secret": emulator["client_secret"],
        "scope": f"{emulator['endpoint']}/.default",
    }
    if "client_assertion" in changes:
        form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    url = f"{emulator['authority']}/{tenant or emulator['tenant_id']}/oauth2/v2.0/token"
    sent = {name: value for name, value in {**form, **changes}.items() if value is not None}
    return requests.post(url, sent, verify=emulator["ca_bundle"])


def test_a_client_that_comes_through_a_proxy_of_this_machine_is_served(
    emulator: RunningEmulator, credential: ClientSecretCredential
) -> None:
    token = credential.get_token("https://127.0.0.1:1/.default").token
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{emulator['endpoint']}{workspace(emulator)}?api-version=2025-12-01"
    assert requests.get(url, headers=headers, verify=emulator["ca_bundle"]).status_code == 200


REFUSALS: list[tuple[dict[str, Any], int, str, int]] = [
    ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
    ({"client_secret": None}, 401, "invalid_client", 7000218),
    ({"client_id": "00000000-0000-0000-0000-000000000001"}, 400, "unauthorized_client", 700016),
    ({"client_id": None}, 400, "invalid_request", 900144),
    ({"tenant": "00000000-0000-0000-0000-000000000002"}, 400, "invalid_request", 90002),
    ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
    ({"grant_type": None}, 400, "invalid_request", 900144),
    ({"scope": "https://example.org/.default"}, 400, "invalid_resource", 500011),
    ({"scope": "http://127.0.0.1:1/.default"}, 400, "invalid_resource", 500011),
    ({"scope": "https://127.0.0.1.example.org:1/.default"}, 400, "invalid_resource", 500011),
    ({"scope": "https://management.azure.com/user_impersonation"}, 400, "invalid_scope", 1002012),
    ({"scope": None}, 400, "invalid_scope", 1002012),
]


@pytest.mark.parametrize(("changes", "status", "error", "number"), REFUSALS)
def test_the_authority_refuses_with_its_own_numbers(
    emulator: RunningEmulator, changes: dict[str, Any], status: int, error: str, number: int
) -> None:
    answer = ask(emulator, **changes)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert emulator["client_secret"] not in answer.text


def test_azure_identity_shows_a_wrong_secret_as_such(emulator: RunningEmulator, emulator_environment: object) -> None:
    credential = ClientSecretCredential(
        emulator["tenant_id"], emulator["client_id"], "wrong", disable_instance_discovery=True
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential.get_token(f"{emulator['endpoint']}/.default")


def workspace(emulator: RunningEmulator) -> str:
    return (
        f"/subscriptions/{emulator['subscription_id']}/resourceGroups/{emulator['resource_group']}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{emulator['workspace_name']}"
    )


def forged(emulator: RunningEmulator) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"aud": emulator["endpoint"], "tid": emulator["tenant_id"], "exp": time.time() + 600}
    return jwt.encode(claims, key, algorithm="RS256")


def test_arm_refuses_what_is_no_token_of_its_own(
    emulator: RunningEmulator, bearer: Callable[..., dict[str, str]]
) -> None:
    url = f"{emulator['endpoint']}{workspace(emulator)}?api-version=2025-12-01"
    cases = {
        "AuthenticationFailed": {},
        "InvalidAuthenticationToken": {"Authorization": f"Bearer {forged(emulator)}"},
        "InvalidAuthenticationTokenAudience": bearer(STORAGE),
    }
    for code, headers in cases.items():
        answer = requests.get(url, headers=headers, verify=emulator["ca_bundle"])
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
        assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert requests.get(url, headers=bearer(), verify=emulator["ca_bundle"]).status_code == 200


def test_an_expired_token_is_refused(emulator: RunningEmulator) -> None:
    key = serialization.load_pem_private_key((emulator.state / "signing-key.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    claims = {"aud": emulator["endpoint"], "tid": emulator["tenant_id"], "exp": time.time() - 1}
    headers = {"Authorization": f"Bearer {jwt.encode(claims, key, algorithm='RS256')}"}
    url = f"{emulator['endpoint']}{workspace(emulator)}?api-version=2025-12-01"
    answer = requests.get(url, headers=headers, verify=emulator["ca_bundle"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")


COORDINATES = [
    ("subscription_id", "11111111-1111-1111-1111-111111111111", 404, "SubscriptionNotFound"),
    ("subscription_id", "not-a-guid", 400, "InvalidSubscriptionId"),
    ("resource_group", "other", 404, "ResourceGroupNotFound"),
    ("workspace_name", "other", 404, "ResourceNotFound"),
]


@pytest.mark.parametrize(("part", "value", "status", "code"), COORDINATES)
def test_other_coordinates_are_not_found(
    emulator: RunningEmulator, bearer: Callable[..., dict[str, str]], part: str, value: str, status: int, code: str
) -> None:
    path = workspace(emulator).replace(emulator[part], value)
    url = f"{emulator['endpoint']}{path}?api-version=2025-12-01"
    answer = requests.get(url, headers=bearer(), verify=emulator["ca_bundle"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_arm_demands_an_api_version(emulator: RunningEmulator, bearer: Callable[..., dict[str, str]]) -> None:
    url = f"{emulator['endpoint']}{workspace(emulator)}"
    answer = requests.get(url, headers=bearer(), verify=emulator["ca_bundle"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "MissingApiVersionParameter")
    answer = requests.get(f"{url}?api-version=latest", headers=bearer(), verify=emulator["ca_bundle"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidApiVersionParameter")


def test_what_is_not_here_says_so(emulator: RunningEmulator, bearer: Callable[..., dict[str, str]]) -> None:
    answer = requests.post(f"{emulator['endpoint']}/no/such/route", headers=bearer(), verify=emulator["ca_bundle"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "NotEmulated")
    assert "POST /no/such/route" in answer.json()["error"]["message"]


def test_tokens_of_jobs_are_not_remembered(tmp_path: Path) -> None:
    tokens = Tokens(load_settings(tmp_path, "127.0.0.1", None, {}))
    tokens.issue("https://ml.azure.com")
    for _ in range(3):
        tokens.of_run("app")
    assert len(tokens._issued) == 1
