"""From an Airflow connection to settings: what is read, what is refused, and what the refusal says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.hooks.connection import CHECKS, ConnectionFields, settings
from airflow_azureml.provider_info import CONNECTION_FIELDS
from airflow_azureml.rest.errors import SettingsError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.settings import Settings

PLACE = {"subscription_id": "sub-1", "resource_group": "rg-1", "workspace_name": "ws-1"}


def read(
    extra: Any = None,
    *,
    login: str | None = None,
    password: str | None = None,
    kind: str | None = "azureml",
    **given: Any,
) -> Settings:
    """Settings of a connection with these extras (in the place of the coordinates above, if they name them)."""
    text = extra if isinstance(extra, str) else json.dumps({**PLACE, **(extra or {})})
    return settings(ConnectionFields("conn-1", kind, login, password, text), given)


def refusal(*arguments: Any, **keywords: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        read(*arguments, **keywords)
    assert caught.value.__suppress_context__
    return str(caught.value)


def test_login_and_password_mean_a_client_secret() -> None:
    found = read({"tenant_id": "t-1"}, login="c-1", password="s-1")
    assert (found.auth, found.client_id, found.client_secret) == ("client_secret", "c-1", "s-1")
    assert found.workspace == Workspace("sub-1", "rg-1", "ws-1")
    assert found.api_version == "2025-12-01"


@pytest.mark.parametrize(("login", "password"), [(None, None), ("", ""), ("c-1", None), (None, "s-1"), ("c-1", " ")])
def test_anything_less_means_the_default_credential(login: str | None, password: str | None) -> None:
    found = read(login=login, password=password)
    assert (found.auth, found.client_secret) == ("default", None)


def test_a_certificates_password_is_not_a_client_secret(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("x")
    extra = {"tenant_id": "t", "auth": "client_certificate", "certificate_path": str(tmp_path / "cert.pem")}
    found = read(extra, login="c-1", password="p-1")
    assert (found.certificate_password, found.client_secret) == ("p-1", None)


def test_the_word_given_wins_over_what_is_there() -> None:
    assert read({"auth": "managed_identity"}, login="c-1", password="s-1").auth == "managed_identity"


def test_every_extra_is_read(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("x")
    extra = {
        "tenant_id": "t",
        "auth": "azure_cli",
        "managed_identity_client_id": "m",
        "workload_identity_tenant_id": "w",
        "certificate_path": str(bundle),
        "cloud": "usgov",
        "verify": str(bundle),
        "endpoint": "https://127.0.0.1:8443",
        "authority": "login.example",
        "ml_audience": "https://ml.example",
        "storage_suffix": "local",
        "api_version": "2024-01-01-preview",
        "trusted_hosts": ["a.example", ".b.example"],
    }
    found = read(extra)
    for name, value in extra.items():
        assert getattr(found, name) == (tuple(value) if isinstance(value, list) else value)


def test_the_form_offers_what_is_read_and_nothing_else() -> None:
    assert set(CONNECTION_FIELDS) == set(CHECKS)


@pytest.mark.parametrize("empty", ["", "   ", None])
def test_fields_left_empty_in_a_form_are_missing_ones(empty: Any) -> None:
    found = read({name: empty for name in CHECKS if name not in PLACE})
    assert found == read()


@pytest.mark.parametrize(
    "given",
    [["a.example", ".b.example"], '["a.example", ".b.example"]', "a.example, .b.example", "a.example .b.example,"],
)
def test_trusted_hosts_come_as_list_or_text(given: Any) -> None:
    assert read({"trusted_hosts": given}).trusted_hosts == ("a.example", ".b.example")


def test_the_user_of_a_hook_overrides_the_workspace() -> None:
    found = read(workspace_name="ws-2", resource_group=None, subscription_id="")
    assert found.workspace == Workspace("sub-1", "rg-1", "ws-2")


def test_coordinates_may_come_from_the_user_alone() -> None:
    assert read("{}", **PLACE).workspace == Workspace("sub-1", "rg-1", "ws-1")


def test_the_official_providers_connection_works() -> None:
    extra = {
        "tenantId": "t-1",
        "subscriptionId": "sub-9",
        "managed_identity_client_id": "m",
        "workload_identity_tenant_id": "w",
        "something_of_its_own": "x",
    }
    coordinates = {"resource_group": "rg", "workspace_name": "ws"}
    found = read(json.dumps(extra), kind="azure", login="c", password="s", **coordinates)
    assert found.workspace == Workspace("sub-9", "rg", "ws")
    assert (found.auth, found.tenant_id, found.managed_identity_client_id) == ("client_secret", "t-1", "m")
    assert found.workload_identity_tenant_id == "w"


AZURE = {"tenantId": "t", "subscriptionId": "s", "resource_group": "rg", "workspace_name": "ws"}


def of_azure(**more: Any) -> Settings:
    """Read a connection of the official provider's type."""
    return read(json.dumps({**AZURE, **more}), kind="azure", login="c", password="s")


@pytest.mark.parametrize(
    ("word", "cloud"),
    [
        ("AzureUSGovernment", "usgov"),
        ("azureusgovernment ", "usgov"),
        ("AzureChinaCloud", "china"),
        ("AzurePublicCloud", "public"),
        ("", "public"),
        (None, "public"),
    ],
)
def test_the_cloud_of_the_official_providers_connection(word: str | None, cloud: str) -> None:
    assert of_azure(cloud_environment=word).cloud == cloud
    assert of_azure(extra__azure__cloud_environment=word).cloud == cloud


@pytest.mark.parametrize("word", ["AzureGermanCloud", "usgov", 3, ["AzureUSGovernment"]])
def test_an_unknown_cloud_of_it_is_refused(word: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        of_azure(cloud_environment=word)
    accepted = "Accepted: AzurePublicCloud, AzureUSGovernment, AzureChinaCloud."
    assert f"cloud_environment: {word!r} is not accepted. {accepted}" in str(caught.value)


def test_two_clouds_that_contradict_each_other_are_refused() -> None:
    assert of_azure(cloud_environment="AzureUSGovernment", cloud="usgov").cloud == "usgov"
    with pytest.raises(SettingsError, match="contradicts cloud 'china'"):
        of_azure(cloud_environment="AzureUSGovernment", cloud="china")


def test_old_names_of_extras_count_where_the_short_ones_are_missing() -> None:
    old = {f"extra__azure__{name}": value for name, value in {"tenantId": "old-t", "subscriptionId": "old-s"}.items()}
    coordinates = {"resource_group": "rg", "workspace_name": "ws"}
    found = read(json.dumps(old), kind="azure", login="c", password="s", **coordinates)
    assert (found.tenant_id, found.workspace.subscription_id) == ("old-t", "old-s")
    found = read(
        json.dumps({**old, "tenantId": "t", "subscriptionId": ""}), kind="azure", login="c", password="s", **coordinates
    )
    assert (found.tenant_id, found.workspace.subscription_id) == ("t", "old-s")
    own = {"extra__azureml__tenant_id": "t", "extra__azureml__subscription_id": "s"}
    assert read(json.dumps(own), login="c", password="s", **coordinates).tenant_id == "t"
    with pytest.raises(SettingsError, match="extra__azure__tenantId: not a known extra"):
        read(json.dumps(old), login="c", password="s", **coordinates)


def test_a_key_file_of_it_is_not_passed_over() -> None:
    extra = json.dumps({**AZURE, "key_path": "/x.json"})
    with pytest.raises(SettingsError, match="key_path: this way to sign in is not supported"):
        read(extra, kind="azure")
    assert read(extra, kind="azure", login="c", password="s").auth == "client_secret"


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"auth": "clientsecret"}, "auth: 'clientsecret' is not accepted. Accepted: default, client_secret"),
        ({"cloud": "mars"}, "cloud: 'mars' is not accepted. Accepted: public, usgov, china."),
        ({"verify": "/nowhere/ca.pem"}, "verify: '/nowhere/ca.pem' is not a file"),
        ({"verify": True}, "verify: True is not a file"),
        ({"endpoint": "http://127.0.0.1:1"}, "endpoint: 'http://127.0.0.1:1' is not accepted. Expected https://"),
        ({"endpoint": 5}, "endpoint: 5 is not accepted"),
        (
            {"endpoint": "https://127.0.0.1:99999"},
            "endpoint: 'https://127.0.0.1:99999' is not accepted. Expected https:",
        ),
        ({"authority": "https://[1:2]"}, "authority: 'https://[1:2]' is not accepted. Expected https://"),
        ({"trusted_hosts": "a.b:99999"}, "trusted_hosts: 'a.b:99999' is not accepted"),
        ({"resource_group": ".."}, "resource_group: '..' is not accepted. Expected the name or id alone."),
        ({"api_version": "latest"}, "api_version: 'latest' is not accepted. Expected a date such as 2025-12-01."),
        ({"trusted_hosts": "a b/c"}, "trusted_hosts: 'a b/c' is not accepted. Expected a list of host names"),
        ({"trusted_hosts": {"a": 1}}, "trusted_hosts: {'a': 1} is not accepted"),
        ({"trusted_hosts": "[broken"}, "trusted_hosts:"),
        ({"trusted_hosts": "*"}, "trusted_hosts: '*' is not accepted"),
        ({"workspace_name": "/subscriptions/x"}, "workspace_name: '/subscriptions/x' is not accepted"),
        ({"subscription_id": 7}, "subscription_id: 7 is not accepted"),
        ({"workspace": "ws"}, "workspace: not a known extra. Did you mean 'workspace_name'? Accepted: tenant_id,"),
        ({"tenantId": "t"}, "tenantId: not a known extra. Did you mean 'tenant_id'?"),
        ({"client_secret": "s"}, "client_secret: not an extra. The client id belongs in `login`, its secret in `pass"),
        ("[1]", "extra: a JSON list is not accepted. Expected an object."),
        ("{broken", "extra: not JSON"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_accepted(extra: Any, said: str) -> None:
    assert said in refusal(extra)


@pytest.mark.parametrize("name", PLACE)
def test_a_missing_coordinate_is_named(name: str) -> None:
    assert refusal({name: None}) == (
        f"Connection 'conn-1': {name}: missing. Give it in the connection's extras, or where the connection is used."
    )


@pytest.mark.parametrize(
    ("auth", "missing"),
    [("client_secret", "login"), ("client_secret", "tenant_id"), ("client_certificate", "certificate_path")],
)
def test_what_a_way_to_authenticate_lacks_is_named(auth: str, missing: str) -> None:
    assert f"{missing}: missing; auth='{auth}' needs login," in refusal({"auth": auth})


def test_a_tenant_is_missed_when_the_client_secret_was_only_implied() -> None:
    assert "tenant_id: missing; auth='client_secret' needs login, password, tenant_id." in refusal(
        login="c", password="s"
    )


def test_all_mistakes_are_told_at_once() -> None:
    said = refusal({"auth": "x", "cloud": "y", "workspace_name": None, "surplus": 1})
    assert [line.split(":")[0].strip() for line in said.splitlines()[1:]] == [
        "surplus",
        "auth",
        "cloud",
        "workspace_name",
    ]


def test_another_type_of_connection_is_refused() -> None:
    assert "conn_type: 'http' is not accepted. Accepted: azureml, azure." in refusal(kind="http")


def test_a_connection_without_a_type_is_taken_as_ours() -> None:
    assert read(kind=None) == read()


def test_no_secret_is_shown() -> None:
    said = refusal({"auth": "x", "client_secret": "s3cret-1", "api_key": "s3cret-2"}, login="c", password="s3cret-3")
    assert "s3cret" not in said
    assert "s3cret" not in repr(ConnectionFields("c", "azureml", "l", "s3cret", '{"a": "s3cret"}'))
    assert "s3cret" not in refusal({"endpoint": "https://u:s3cret@h/?k=s3cret"})


@pytest.mark.parametrize("name", CHECKS)
def test_an_address_in_the_wrong_field_is_shown_without_its_secrets(name: str) -> None:
    said = refusal({name: "https://u:s3cret@h/ p?sig=s3cret"})
    assert f"{name}: " in said
    assert "s3cret" not in said
